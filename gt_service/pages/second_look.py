"""Labels that seem wrong, each on its image with what the machine says there."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from gt_service.chain.second_look import Suspect, Suspects
from gt_service.objects import S3Uri
from gt_service.outputs.corrections import label_attribute
from gt_service.outputs.labels import Boxes, label_of
from gt_service.outputs.records import JsonObject, label_record
from gt_service.pages.charts import Box, sample
from gt_service.pages.formats import number, percent
from gt_service.pages.samples import LabeledImage
from gt_service.pages.status import second_look_dialogs

MISTAKES: Mapping[str, str] = {
    "missed": "an object seems to have no box",
    "spurious": "a box seems to hold nothing",
    "moved": "a box seems to be in the wrong place",
    "swapped": "the class seems wrong",
}
_STEP = 24


@dataclass(frozen=True)
class Compared:
    """An image with people's label and the machine's."""

    source: S3Uri
    people: LabeledImage
    machine: LabeledImage


def compared(suspect: Suspect) -> Compared:
    """What a page draws of a label that seems wrong."""
    source = S3Uri.parse(suspect.source)
    return Compared(
        source,
        _image(source, suspect.label, by_machine=False),
        _image(source, suspect.machine, by_machine=True),
    )


def second_look_values(
    campaign: str,
    found: Suspects,
    images: Sequence[Compared],
    *,
    count: int,
    address: Callable[[S3Uri], str],
    may_operate: bool,
) -> Mapping[str, Any]:
    """What the template shows."""
    offered = second_look_dialogs(campaign, len(images)) if may_operate else ()
    return {
        "name": campaign,
        "judged": number(found.judged),
        "count": len(images),
        "images": [
            (_drawn(image, address(image.source)), _caption(image, suspect), suspect.job)
            for image, suspect in zip(images, found.worst, strict=True)
        ],
        "more": f"?top={count + _STEP}" if len(images) == count and count + _STEP <= 1_000 else None,
        "actions": offered,
        "dialogs": offered,
    }


def _image(source: S3Uri, label: JsonObject, *, by_machine: bool) -> LabeledImage:
    record = label_record(label, label_attribute(label))
    found = None if record is None else label_of(record)
    if not isinstance(found, Boxes):
        return LabeledImage(source, 0, 0, (), ", ".join(found.names) if found else "", by_machine)
    width, height, _ = found.image_size or (0, 0, 0)
    # People's confidence says how far they agreed, which a reader would take for the machine's.
    sure = [*found.confidences, *[None] * len(found.boxes)] if by_machine else [None] * len(found.boxes)
    boxes = tuple(
        Box(box.left, box.top, box.width, box.height, box.label, by_machine, confidence)
        for box, confidence in zip(found.boxes, sure, strict=False)
    )
    return LabeledImage(source, width, height, boxes, "", by_machine)


def _drawn(image: Compared, href: str) -> Any:
    name = image.source.key.rsplit("/", 1)[-1]
    return sample(
        href=href,
        width=image.people.width or image.machine.width or 400,
        height=image.people.height or image.machine.height or 300,
        boxes=(*image.people.boxes, *image.machine.boxes),
        title=f"{name}: {_counted(image.people)} by people, {_counted(image.machine)} by the machine",
    )


def _counted(image: LabeledImage) -> str:
    return image.answer or f"{len(image.boxes)} box{'' if len(image.boxes) == 1 else 'es'}"


def _caption(image: Compared, suspect: Suspect) -> str:
    name = image.source.key.rsplit("/", 1)[-1]
    answers = f": people say {image.people.answer}, the machine {image.machine.answer}" if image.people.answer else ""
    return f"{name} · {MISTAKES[suspect.mistake]}{answers} · {percent(suspect.suspicion)}"
