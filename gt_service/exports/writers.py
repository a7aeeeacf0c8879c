"""One writer for each form. Pure: labeled images in, files out, image after image.

* COCO: one JSON file, boxes as [left, top, width, height], category ids from 1.
* YOLO: `labels/<image>.txt` with a line for each box, class and centre, width and height as shares of the image;
  `data.yaml` names the classes.
* Pascal VOC: `Annotations/<image>.xml` with corners in whole pixels.
* Augmented manifest: JSON Lines for SageMaker training, labeled objects only.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from itertools import count
from typing import Any
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from gt_service.errors import InvalidInput
from gt_service.exports.images import ExportedFile, LabeledImage, boxes_of, size_of
from gt_service.outputs.labels import Box
from gt_service.outputs.records import metadata_key

TEXT = "text/plain; charset=utf-8"


def coco(images: Iterable[LabeledImage], classes: Sequence[str]) -> Iterator[ExportedFile]:
    """`annotations.json`. Each annotation says in `attributes` who drew it; `score` is the machine's confidence."""
    yield ExportedFile("annotations.json", "application/json", _coco(images, classes))


def yolo(images: Iterable[LabeledImage], classes: Sequence[str]) -> Iterator[ExportedFile]:
    """`labels/….txt` for each image, an empty one where it has no boxes, and `data.yaml`."""
    names = {name: number for number, name in enumerate(classes)}
    for image in images:
        width, height, _ = size_of(image)
        lines = [
            f"{_class_number(box, names)} {_share(box.left + box.width / 2, width)} "
            f"{_share(box.top + box.height / 2, height)} {_share(box.width, width)} {_share(box.height, height)}\n"
            for box in boxes_of(image).boxes
        ]
        yield ExportedFile(f"labels/{image.stem}.txt", TEXT, ["".join(lines).encode()])
    listed = "".join(f"  {number}: {json.dumps(name)}\n" for name, number in names.items())
    yield ExportedFile("data.yaml", TEXT, [f"path: .\ntrain: images\nval: images\nnames:\n{listed}".encode()])


def voc(images: Iterable[LabeledImage], classes: Sequence[str]) -> Iterator[ExportedFile]:
    """`Annotations/….xml` for each image."""
    names = {name: number for number, name in enumerate(classes)}
    for image in images:
        root = Element("annotation")
        SubElement(root, "folder").text = "images"
        SubElement(root, "filename").text = image.path
        SubElement(SubElement(root, "source"), "database").text = str(image.source)
        size = SubElement(root, "size")
        for part, value in zip(("width", "height", "depth"), size_of(image), strict=True):
            SubElement(size, part).text = str(value)
        SubElement(root, "segmented").text = "0"
        for box in boxes_of(image).boxes:
            _class_number(box, names)
            _voc_object(root, box)
        indent(root)
        yield ExportedFile(f"Annotations/{image.stem}.xml", "application/xml", [tostring(root, "utf-8")])


def augmented_manifest(
    images: Iterable[LabeledImage], classes: Sequence[str], *, attribute: str = "category"
) -> Iterator[ExportedFile]:
    """`labels.manifest`: the labeled lines as they are, without whatever else they carried."""
    keys = ("source-ref", attribute, metadata_key(attribute))
    lines = (
        json.dumps({key: image.line[key] for key in keys if key in image.line}, separators=(",", ":")).encode() + b"\n"
        for image in images
    )
    yield ExportedFile("labels.manifest", "application/x-ndjson", lines)


def _coco(images: Iterable[LabeledImage], classes: Sequence[str]) -> Iterator[bytes]:
    """The file's parts. Annotations come after all images in it, so their text waits; the images do not."""
    names = {name: number for number, name in enumerate(classes, start=1)}
    numbers = count(1)
    waiting: list[bytes] = []
    yield b'{"info":{"description":"Labels by gt-service"},"licenses":[],"images":['
    for image_id, image in enumerate(images, start=1):
        width, height, _ = size_of(image)
        about = {"id": image_id, "file_name": image.path, "width": width, "height": height}
        yield _item({**about, "coco_url": str(image.source)}, first=image_id == 1)
        label = boxes_of(image)
        for index, box in enumerate(label.boxes):
            number = next(numbers)
            record: dict[str, Any] = {
                "id": number,
                "image_id": image_id,
                "category_id": _class_number(box, names),
                "bbox": [box.left, box.top, box.width, box.height],
                "area": box.width * box.height,
                "iscrowd": 0,
                "attributes": {"human_annotated": image.human},
            }
            if not image.human and index < len(label.confidences):
                record["score"] = label.confidences[index]
            waiting.append(_item(record, first=number == 1))
    yield b'],"annotations":['
    yield from waiting
    categories = [{"id": number, "name": name, "supercategory": ""} for name, number in names.items()]
    yield b'],"categories":' + json.dumps(categories).encode() + b"}\n"


def _item(record: dict[str, Any], *, first: bool) -> bytes:
    return (b"" if first else b",\n") + json.dumps(record, separators=(",", ":")).encode()


def _voc_object(root: Element, box: Box) -> None:
    item = SubElement(root, "object")
    SubElement(item, "name").text = box.label
    for name in ("pose", "truncated", "difficult"):
        SubElement(item, name).text = "Unspecified" if name == "pose" else "0"
    corners = SubElement(item, "bndbox")
    edges = (box.left, box.top, box.left + box.width, box.top + box.height)
    for name, edge in zip(("xmin", "ymin", "xmax", "ymax"), edges, strict=True):
        SubElement(corners, name).text = str(round(edge))


def _class_number(box: Box, names: dict[str, int]) -> int:
    try:
        return names[box.label]
    except KeyError:
        raise InvalidInput(
            f"a box is labeled {box.label!r}, which is not among the classes",
            remedy="Give all labels of the campaign, in their order.",
            field="classes",
        ) from None


def _share(pixels: float, of: int) -> str:
    return f"{pixels / of:.6f}"
