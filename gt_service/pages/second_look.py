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
from gt_service.pages.samples import LabeledImage, picture
from gt_service.pages.status import second_look_dialogs
from gt_service.reports.amounts import number, percent

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
    suspects: Suspects,
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
        "judged": number(suspects.judged),
        "count": len(images),
        "images": [
            (picture([image.people, image.machine], address(image.source)), _caption(image, suspect), suspect.job)
            for image, suspect in zip(images, suspects.worst, strict=True)
        ],
        "more": f"?top={count + _STEP}" if len(images) == count and count + _STEP <= 1_000 else None,
        "actions": offered,
        "dialogs": offered,
    }


def _image(source: S3Uri, label: JsonObject, *, by_machine: bool) -> LabeledImage:
    record = label_record(label, label_attribute(label))
    parsed = None if record is None else label_of(record)
    if not isinstance(parsed, Boxes):
        return LabeledImage(source, 0, 0, (), ", ".join(parsed.names) if parsed else "", by_machine)
    width, height, _ = parsed.image_size or (0, 0, 0)
    # People's confidence says how far they agreed, which a reader would take for the machine's.
    confidences = parsed.confidences if by_machine else ()
    return LabeledImage(source, width, height, parsed.boxes, "", by_machine, confidences)


def _caption(image: Compared, suspect: Suspect) -> str:
    answers = f": people say {image.people.answer}, the machine {image.machine.answer}" if image.people.answer else ""
    return f"{image.people.name} · {MISTAKES[suspect.mistake]}{answers} · {percent(suspect.suspicion)}"
