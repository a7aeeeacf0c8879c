"""What a page submits (answerContent) and the label in it, per task type. Pure.

A page may give its element any name, so the value is known by its form, as Ground Truth's own functions do. Errors:
`InvalidInput` that names the field.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypeGuard

from gt_engine.labels import ClassLabel, box_label
from gt_engine.outputs.label_form import AnyLabel, MultiClassLabel
from gt_service.errors import InvalidInput
from gt_service.task_types import TaskType

MOST_BOXES = 5_000
MOST_NUMBER = 1e9


def read_answer(
    task: TaskType, content: Mapping[str, Any], classes: Sequence[str], size: tuple[int, int, int] | None
) -> AnyLabel:
    """The label in an answer, its classes by their place among `classes`, its boxes inside an image of `size`."""
    match task:
        case TaskType.OBJECT_DETECTION | TaskType.OBJECT_DETECTION_ADJUSTMENT:
            return _boxes(*_value(content, "boundingBoxes", list), classes, size)
        case TaskType.IMAGE_CLASSIFICATION | TaskType.TEXT_CLASSIFICATION | TaskType.OBJECT_DETECTION_VERIFICATION:
            name, value = _value(content, "label", str)
            return ClassLabel(_class_id(value["label"], classes, f"{name}.label"))
        case TaskType.IMAGE_CLASSIFICATION_MULTI_LABEL | TaskType.TEXT_CLASSIFICATION_MULTI_LABEL:
            name, value = _value(content, "labels", list)
            ids = [
                _class_id(label, classes, f"{name}.labels[{place}]")
                for place, label in enumerate(value["labels"])
                if not _is_exclusion(value["labels"], classes)
            ]
            return MultiClassLabel(tuple(sorted(set(ids))), (1.0,) * len(set(ids)))
        case _:
            raise InvalidInput(f"answers of {task} cannot be read", field="answer")


def _value(content: Mapping[str, Any], member: str, kind: type) -> tuple[str, Mapping[str, Any]]:
    """The element's value and its name: the one that has the member."""
    if not isinstance(content, Mapping):
        raise InvalidInput("the answer is not a JSON object", field="answer")
    for name, value in content.items():
        if isinstance(value, Mapping) and isinstance(value.get(member), kind):
            return name, value
    raise InvalidInput(f"the answer has no value with '{member}'", field="answer")


def _is_exclusion(labels: Sequence[Any], classes: Sequence[str]) -> bool:
    """The text of `exclusion-category` ("none of these") is no label, and stands alone."""
    return len(labels) == 1 and isinstance(labels[0], str) and labels[0] not in classes


def _boxes(name: str, value: Mapping[str, Any], classes: Sequence[str], size: tuple[int, int, int] | None) -> AnyLabel:
    seen = _seen_size(value.get("inputImageProperties"), size, f"{name}.inputImageProperties")
    width, height, depth = seen
    boxes = value["boundingBoxes"]
    if len(boxes) > MOST_BOXES:
        raise InvalidInput(f"there are more than {MOST_BOXES:,} boxes", field=f"{name}.boundingBoxes")
    corners, class_ids = [], []
    for place, box in enumerate(boxes):
        field = f"{name}.boundingBoxes[{place}]"
        if not isinstance(box, Mapping):
            raise InvalidInput("a box is a JSON object", field=field)
        left, top, wide, high = (_number(box, side, field) for side in ("left", "top", "width", "height"))
        if wide <= 0 or high <= 0:
            raise InvalidInput("a box is wider and higher than nothing", field=field)
        if left < 0 or top < 0 or left + wide > width or top + high > height:
            raise InvalidInput(f"the box is not inside the image of {width} x {height} pixels", field=field)
        corners.append((left, top, left + wide, top + high))
        class_ids.append(_class_id(box.get("label"), classes, f"{field}.label"))
    return box_label(corners, class_ids, (width, height, depth))


def _seen_size(given: Any, known: tuple[int, int, int] | None, field: str) -> tuple[int, int, int]:
    """The size of the image as its answer tells it; where the page saw another one, its boxes would mean something
    else. An answer has it in any case, for what reads it later may not know the image."""
    if not isinstance(given, Mapping):
        raise InvalidInput("the answer does not tell the size of the image", field=field)
    width, height = (int(_number(given, side, field)) for side in ("width", "height"))
    if known is None:
        return width, height, 3
    if (width, height) != known[:2]:
        raise InvalidInput(
            f"the page saw an image of {width} x {height} pixels; it has {known[0]} x {known[1]}", field=field
        )
    return known


def _number(value: Mapping[str, Any], member: str, field: str) -> float:
    number = value.get(member)
    if not is_number(number):
        raise InvalidInput(f"'{member}' is not a number", field=f"{field}.{member}")
    return number


def is_number(value: Any) -> TypeGuard[float]:
    """Whether a page may mean it as a number: of pixels, or of seconds."""
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) <= MOST_NUMBER


def _class_id(label: Any, classes: Sequence[str], field: str) -> int:
    if not isinstance(label, str) or label not in classes:
        raise InvalidInput(f"{label!r} is not one of the labels of this job", field=field)
    return list(classes).index(label)
