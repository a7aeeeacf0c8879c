"""What a person asks for on a page or by the API: a label for an image, checked and in Ground Truth's form. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from gt_service.campaign.values import unusable_character
from gt_service.corrections.files import Correction
from gt_service.errors import InvalidInput, quoted
from gt_service.outputs.labels import MOST_PIXELS
from gt_service.outputs.records import CORRECTIONS_JOB, JsonObject, metadata_key
from gt_service.task_types import TaskType

MOST_BOXES = 1_000
LONGEST_TEXT = 2_000
_EDGES = ("left", "top", "width", "height")
_TEXTS = ("image", "source", "replaces", "why")


@dataclass(frozen=True)
class LabelNow:
    """The label that an image has at this moment.

    source   the image's `source-ref`
    job      the job or the import that gave the label; "corrections" where only a person did
    size     width and height of the image in pixels; zeros where it has no boxes
    classes  the names that the label uses
    history  what was put right before, oldest first
    """

    source: str
    job: str
    size: tuple[int, int]
    classes: tuple[str, ...]
    history: tuple[Correction, ...]


@dataclass(frozen=True)
class Asked:
    """A correction as it is asked for.

    image     by its id in the gallery
    label     in the API's form (`corrected_label`); None takes the image's label out
    source    the image's `source-ref`, where the caller says which they saw
    replaces  the name of the correction that they saw; empty where they saw none
    """

    image: str
    label: Any
    source: str = ""
    replaces: str = ""
    why: str = ""

    @classmethod
    def parse(cls, body: Any) -> Asked:
        """Errors: `InvalidInput` naming the field."""
        if not isinstance(body, dict) or not {"image", "label"} <= set(body) <= {"label", *_TEXTS}:
            raise InvalidInput("a correction has image and label, and may have source, replaces and why", field="image")
        texts = {name: body.get(name, "") for name in _TEXTS}
        for field, text in texts.items():
            if not isinstance(text, str) or len(text) > LONGEST_TEXT or unusable_character(text, but="\t\n\r"):
                raise InvalidInput(
                    f"{field} is a text of at most {LONGEST_TEXT:,} characters, none of them a control character",
                    field=field,
                )
        return cls(label=body["label"], **texts)


def corrected_label(
    given: Any,
    *,
    task: TaskType,
    attribute: str,
    known: Sequence[str],
    size: tuple[int, int],
    by: str,
    at: datetime,
) -> JsonObject | None:
    """What was given as an image's label; None where its label is to be taken out.

    given: `{"boxes": [{"label", "left", "top", "width", "height"}, …]}` in whole pixels, `{"classes": [name, …]}`, or
    null. known: the names that it may use, by their numbers. size: the image's width and height in pixels.
    Errors: `InvalidInput` naming what is wrong.
    """
    if given is None:
        return None
    boxes = task in {TaskType.OBJECT_DETECTION, TaskType.OBJECT_DETECTION_ADJUSTMENT}
    word = "boxes" if boxes else "classes"
    parts = given.get(word) if isinstance(given, Mapping) else None
    if not isinstance(parts, list) or len(given) != 1 or len(parts) > MOST_BOXES:
        raise InvalidInput(
            f"a label here is an object with {word}, at most {MOST_BOXES:,} of them, or null", field="label"
        )
    common = {
        "human-annotated": "yes",
        "creation-date": at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%f"),
        "type": f"groundtruth/{task.facts.metadata_type}",
        "job-name": CORRECTIONS_JOB,
        "corrected-by": by,
    }
    if boxes:
        value, metadata = _boxes(parts, size, known)
    elif task is TaskType.IMAGE_CLASSIFICATION_MULTI_LABEL:
        value, metadata = _classes(parts, known)
    else:
        value, metadata = _class(parts, known)
    return {attribute: value, metadata_key(attribute): {**metadata, **common}}


def _boxes(parts: Sequence[Any], size: tuple[int, int], known: Sequence[str]) -> tuple[Any, dict[str, Any]]:
    width, height = size
    annotations = []
    for place, part in enumerate(parts):
        field = f"label.boxes[{place}]"
        if not isinstance(part, Mapping) or set(part) != {"label", *_EDGES}:
            raise InvalidInput("a box has label, left, top, width and height", field=field)
        edges = {edge: _pixels(part[edge], f"{field}.{edge}") for edge in _EDGES}
        if edges["width"] < 1 or edges["height"] < 1:
            raise InvalidInput("a box is at least one pixel wide and high", field=field)
        if edges["left"] + edges["width"] > width or edges["top"] + edges["height"] > height:
            raise InvalidInput(f"the box reaches out of the image of {width} × {height} pixels", field=field)
        annotations.append({"class_id": _number(part["label"], known, f"{field}.label"), **edges})
    used = sorted({each["class_id"] for each in annotations})
    value = {"image_size": [{"width": width, "height": height, "depth": 3}], "annotations": annotations}
    return value, {
        "objects": [{"confidence": 1} for _ in annotations],
        "class-map": {str(number): known[number] for number in used},
    }


def _classes(parts: Sequence[Any], known: Sequence[str]) -> tuple[Any, dict[str, Any]]:
    numbers = sorted({_number(part, known, f"label.classes[{place}]") for place, part in enumerate(parts)})
    return numbers, {
        "class-map": {str(number): known[number] for number in numbers},
        "confidence-map": {str(number): 1 for number in numbers},
    }


def _class(parts: Sequence[Any], known: Sequence[str]) -> tuple[Any, dict[str, Any]]:
    if len(parts) != 1:
        raise InvalidInput("an image has one class here", field="label.classes")
    number = _number(parts[0], known, "label.classes[0]")
    return number, {"class-name": known[number], "confidence": 1}


def _number(name: Any, known: Sequence[str], field: str) -> int:
    if not isinstance(name, str) or name not in known:
        raise InvalidInput(
            f"{quoted(name)} is no label of the campaign", remedy=f"Use one of {', '.join(known)}.", field=field
        )
    return known.index(name)


def _pixels(value: Any, field: str) -> int:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= MOST_PIXELS:
        raise InvalidInput("pixels are numbers from 0 on", field=field)
    return round(value)
