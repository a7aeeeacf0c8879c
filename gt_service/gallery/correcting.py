"""A label that a person gives on a page or by the API, checked and in Ground Truth's form. Pure."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from gt_service.errors import InvalidInput, quoted
from gt_service.gallery.rows import Row, class_names
from gt_service.outputs.records import CORRECTIONS_JOB, JsonObject, metadata_key
from gt_service.task_types import TaskType

MOST_BOXES = 1_000
LONGEST_TEXT = 2_000
_EDGES = ("left", "top", "width", "height")


def corrected_label(
    given: Any,
    *,
    row: Row,
    attribute: str,
    task: TaskType,
    labels: Sequence[str],
    by: str,
    at: datetime,
) -> JsonObject | None:
    """What was given as a label for the image of `row`; None where its label is to be taken out.

    given: `{"boxes": [{"label", "left", "top", "width", "height"}, …]}` in whole pixels, `{"classes": [name, …]}`, or
    null. Errors: `InvalidInput` naming what is wrong.
    """
    if given is None:
        return None
    known = list(dict.fromkeys([*labels, *class_names(row)]))
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
        value, metadata = _boxes(parts, row, known)
    elif task is TaskType.IMAGE_CLASSIFICATION_MULTI_LABEL:
        value, metadata = _classes(parts, known)
    else:
        value, metadata = _class(parts, known)
    return {attribute: value, metadata_key(attribute): {**metadata, **common}}


def _boxes(parts: Sequence[Any], row: Row, known: Sequence[str]) -> tuple[Any, dict[str, Any]]:
    width, height = row.get("size") or (0, 0)
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
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value) or value < 0:
        raise InvalidInput("pixels are numbers from 0 on", field=field)
    return round(value)
