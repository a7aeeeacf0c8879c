"""Sample images of a labeling job with their boxes, from the first lines of its output manifest."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from gt_service.errors import UnknownState
from gt_service.objects import S3Uri
from gt_service.outputs.records import LabelRecord, label_record, manifest_object
from gt_service.pages.charts import Box, sample
from gt_service.pages.parts import Sample

READ_BYTES = 512 * 1024
"""How much of an output manifest is read for its samples: some hundred lines, whatever the manifest's length."""


@dataclass(frozen=True)
class LabeledImage:
    """One image of an output manifest; `boxes` in pixels, or `answer` for a class label."""

    source: S3Uri
    width: int
    height: int
    boxes: tuple[Box, ...]
    answer: str
    by_machine: bool


def labeled_images(lines: Iterable[bytes], *, attribute: str) -> list[LabeledImage]:
    """The labeled images among manifest lines, without those that have no label or that the read cut off."""
    found = []
    for line in lines:
        try:
            record = manifest_object(line)
        except UnknownState:
            continue
        label = label_record(record, attribute)
        if label is not None and isinstance(record.get("source-ref"), str):
            found.append(_image(S3Uri.parse(record["source-ref"]), label))
    return found


def _image(source: S3Uri, label: LabelRecord) -> LabeledImage:
    value = label.value if isinstance(label.value, Mapping) else {}
    size = (value.get("image_size") or [{}])[0]
    return LabeledImage(
        source=source,
        width=int(size.get("width") or 0),
        height=int(size.get("height") or 0),
        boxes=_boxes(value, label),
        answer="" if "annotations" in value else str(label.metadata.get("class-name", "")),
        by_machine=label.human is False,
    )


def _boxes(value: Mapping[str, Any], label: LabelRecord) -> tuple[Box, ...]:
    names = label.metadata.get("class-map") or {}
    objects = label.metadata.get("objects") or ()
    boxes = []
    for index, box in enumerate(value.get("annotations") or ()):
        confidence = objects[index].get("confidence") if index < len(objects) else None
        boxes.append(
            Box(
                left=float(box["left"]),
                top=float(box["top"]),
                width=float(box["width"]),
                height=float(box["height"]),
                label=str(names.get(str(box["class_id"]), box["class_id"])),
                by_machine=label.human is False,
                # People's confidence says how far they agreed, which a reader would take for the machine's.
                confidence=float(confidence) if confidence is not None and label.human is False else None,
            )
        )
    return tuple(boxes)


def choose(images: Sequence[LabeledImage], *, each: int) -> list[LabeledImage]:
    """Up to `each` images by people and as many by machine, taking turns, spread evenly over those given."""
    chosen: list[list[LabeledImage]] = []
    for by_machine in (False, True):
        side = [image for image in images if image.by_machine is by_machine]
        step = max(1, len(side) // each)
        chosen.append(side[::step][:each])
    people, machine = chosen
    turns = [image for pair in zip(people, machine, strict=False) for image in pair]
    shorter = min(len(people), len(machine))
    return turns + people[shorter:] + machine[shorter:]


def drawn(images: Sequence[LabeledImage], *, address: Callable[[S3Uri], str]) -> list[Sample]:
    """The images with their boxes over them; `address` presigns an image's URI."""
    return [_draw(image, address(image.source)) for image in images]


def _draw(image: LabeledImage, href: str) -> Sample:
    name = image.source.key.rsplit("/", 1)[-1]
    who = "the machine" if image.by_machine else "people"
    what = image.answer or f"{len(image.boxes)} box{'' if len(image.boxes) == 1 else 'es'}"
    return Sample(
        drawing=sample(
            href=href,
            width=image.width or 400,
            height=image.height or 300,
            boxes=image.boxes,
            title=f"{name}: {what} by {who}",
        ),
        caption=f"{name} · {what} by {who}",
    )


def shown(row: Mapping[str, Any]) -> LabeledImage:
    """An image of a job's gallery (`gt_service.reports.gallery`)."""
    width, height = row.get("size") or (0, 0)
    boxes = tuple(
        Box(
            left=float(left),
            top=float(top),
            width=float(across),
            height=float(down),
            label=str(label),
            by_machine=not row["human"],
            confidence=float(confidence) if confidence is not None and not row["human"] else None,
        )
        for label, left, top, across, down, confidence in row.get("boxes") or ()
    )
    answer = ", ".join(row.get("classes") or ())
    return LabeledImage(S3Uri.parse(row["source"]), int(width), int(height), boxes, answer, not row["human"])
