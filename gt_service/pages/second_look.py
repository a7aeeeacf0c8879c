"""Labels that seem wrong, each on its image with what the machine says there."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from gt_service.chain.second_look import Suspect, Suspects
from gt_service.corrections.files import label_attribute
from gt_service.gallery.rows import row_of
from gt_service.objects import S3Uri
from gt_service.outputs.records import JsonObject, label_record
from gt_service.pages.samples import LabeledImage, picture, shown
from gt_service.pages.status import second_look_dialogs
from gt_service.reports.amounts import number, percent

MISTAKES: Mapping[str, str] = {
    "missed": "an object seems to have no box",
    "spurious": "a box seems to hold nothing",
    "moved": "a box seems to be in the wrong place",
    "swapped": "the class seems wrong",
}
_STEP = 24


def compared(suspect: Suspect) -> tuple[LabeledImage, LabeledImage]:
    """What a page draws of a label that seems wrong: people's label, and the machine's."""
    return _image(suspect.source, suspect.label, human=True), _image(suspect.source, suspect.machine, human=False)


def second_look_values(
    campaign: str,
    suspects: Suspects,
    images: Sequence[tuple[LabeledImage, LabeledImage]],
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
            (picture(image, address(image[0].source)), _caption(*image, suspect), suspect.job)
            for image, suspect in zip(images, suspects.worst, strict=True)
        ],
        "more": f"?top={count + _STEP}" if len(images) == count and count + _STEP <= 1_000 else None,
        "actions": offered,
        "dialogs": offered,
    }


def _image(source: str, label: JsonObject, *, human: bool) -> LabeledImage:
    record = label_record(label, label_attribute(label))
    row = None if record is None else row_of(source, record, human=human)
    return shown(row or {"source": source, "human": human})


def _caption(people: LabeledImage, machine: LabeledImage, suspect: Suspect) -> str:
    answers = f": people say {people.answer}, the machine {machine.answer}" if people.answer else ""
    return f"{people.name} · {MISTAKES[suspect.mistake]}{answers} · {percent(suspect.suspicion)}"
