"""What a labeling job labeled, as manifest lines, and the same label for an image's twin. Streams; nothing is listed
where the job has an output manifest."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from gt_service.errors import NotFound
from gt_service.objects import ObjectStore, S3Uri
from gt_service.outputs import layout
from gt_service.outputs.files import find_files
from gt_service.outputs.records import (
    JsonObject,
    LabelRecord,
    auto_label,
    consolidated,
    label_record,
    manifest_object,
    metadata_key,
)

DUPLICATE_OF = "duplicate-of"
"""In the line of a duplicate: the image that was labeled in its stead."""


def labeled_lines(objects: ObjectStore, manifest: S3Uri, description: Mapping[str, Any]) -> Iterator[JsonObject]:
    """The lines of the objects that a job labeled, with their labels, in the manifest's order.

    manifest: the job's input. description: of DescribeLabelingJob, or just the name, the label attribute and
    S3OutputPath. Of a job that failed before it wrote an output manifest, its consolidations and machine labels are
    put beside the input's lines.
    """
    attribute: str = description["LabelAttributeName"]
    for root in layout.possible_roots(description):
        try:
            for line in objects.lines(root / layout.OUTPUT_MANIFEST):
                if line.strip() and label_record(found := manifest_object(line), attribute):
                    yield found
            return
        except NotFound:
            continue
    yield from _without_manifest(objects, manifest, description, attribute)


def twin_line(line: JsonObject, attribute: str, twin: S3Uri, size: tuple[int, int]) -> dict[str, Any]:
    """The line of an image that was not sent to people, from that of its twin. size: its width and height in pixels.

    Boxes are scaled from the size of the image that was labeled.
    """
    value = line[attribute]
    return {
        **line,
        "source-ref": str(twin),
        attribute: _scaled(value, size) if isinstance(value, Mapping) else value,
        DUPLICATE_OF: line["source-ref"],
    }


def _scaled(value: Mapping[str, Any], size: tuple[int, int]) -> Mapping[str, Any]:
    sizes = value.get("image_size")
    if not isinstance(sizes, list) or not sizes or (sizes[0]["width"], sizes[0]["height"]) == size:
        return value
    width, height = size
    across, down = width / sizes[0]["width"], height / sizes[0]["height"]
    boxes = [_scaled_box(box, across, down) for box in value.get("annotations") or ()]
    return {**value, "image_size": [{**sizes[0], "width": width, "height": height}], "annotations": boxes}


def _scaled_box(box: Mapping[str, Any], across: float, down: float) -> dict[str, Any]:
    """Edges are rounded, not extents, so that a box never reaches out of its image."""
    left, top = round(box["left"] * across), round(box["top"] * down)
    right, bottom = round((box["left"] + box["width"]) * across), round((box["top"] + box["height"]) * down)
    return {**box, "left": left, "top": top, "width": right - left, "height": bottom - top}


def _without_manifest(
    objects: ObjectStore, manifest: S3Uri, description: Mapping[str, Any], attribute: str
) -> Iterator[JsonObject]:
    files = find_files(objects, description)
    labels = dict[int, LabelRecord]()
    for file in files.responses:
        labels |= {int(number): record for number, record in consolidated(objects.read(file.uri), attribute)}
    for _, uri in files.machine:
        for each in map(auto_label, objects.lines(uri)):
            record = label_record(each[1], attribute) if each else None
            if each and record:
                labels[int(each[0])] = record
    for number, line in enumerate(objects.lines(manifest)):
        if number in labels:
            record = labels[number]
            yield {**manifest_object(line), attribute: record.value, metadata_key(attribute): record.metadata}
