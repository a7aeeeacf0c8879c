"""Classes of the machine shown to people: what is wrong with some on purpose, and who notices. Pure.

Of one class another is shown; of several one is added or left out.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any, TypeAlias

import numpy as np

from gt_engine.labels import ClassLabel
from gt_engine.outputs.label_form import MultiClassLabel

Classes: TypeAlias = ClassLabel | MultiClassLabel


class Mistake(StrEnum):
    """What is wrong with a proposal on purpose."""

    SHIFTED = "shifted"
    MISSING = "missing"
    EXTRA = "extra"
    SWAPPED = "swapped"


@dataclass(frozen=True)
class PlantedClass:
    """class_id: the class that is shown in the place of `right`, added, or left out."""

    mistake: Mistake
    class_id: int
    right: int | None = None


def plant_class(label: Classes, count: int, rng: np.random.Generator) -> tuple[Classes, PlantedClass | None]:
    """The label with one mistake in it, where the `count` classes of the job leave room for one. A class alone is never
    left out: with nothing chosen there would be no proposal."""
    if isinstance(label, ClassLabel):
        if count < 2:
            return label, None
        other = int((label.class_id + rng.integers(1, count)) % count)
        return replace(label, class_id=other), PlantedClass(Mistake.SWAPPED, other, label.class_id)
    absent = [class_id for class_id in range(count) if class_id not in label.class_ids]
    mistakes = [*([Mistake.EXTRA] if absent else []), *([Mistake.MISSING] if len(label.class_ids) > 1 else [])]
    if not mistakes:
        return label, None
    mistake = mistakes[int(rng.integers(len(mistakes)))]
    chosen = absent if mistake is Mistake.EXTRA else label.class_ids
    class_id = int(chosen[int(rng.integers(len(chosen)))])
    shown = {*label.class_ids} ^ {class_id}
    return _several(shown), PlantedClass(mistake, class_id)


def class_was_accepted(planted: PlantedClass, answer: Classes) -> bool:
    """Whether whoever gave the answer did not notice."""
    return (planted.class_id in _ids(answer)) is not (planted.mistake is Mistake.MISSING)


def class_taken_back(planted: PlantedClass, answer: Classes) -> Classes:
    """The answer without what was planted in it. What was left out and nobody chose stays so: no person has seen it."""
    if planted.mistake is Mistake.MISSING or not class_was_accepted(planted, answer):
        return answer
    if isinstance(answer, ClassLabel):
        return answer if planted.right is None else replace(answer, class_id=planted.right)
    return _several({*answer.class_ids} - {planted.class_id})


def classes_record(label: Classes, planted: PlantedClass | None, names: Sequence[str]) -> dict[str, Any]:
    """What was shown, by name, as a line of `proposals/…jsonl` has it."""
    record: dict[str, Any] = {"classes": [names[class_id] for class_id in _ids(label)]}
    if planted is not None:
        right = None if planted.right is None else names[planted.right]
        record["planted"] = {"mistake": planted.mistake, "class": names[planted.class_id], "right": right}
    return record


def read_classes(
    record: Mapping[str, Any], names: Sequence[str], *, is_single: bool
) -> tuple[Classes, PlantedClass | None]:
    number = {name: place for place, name in enumerate(names)}
    ids = [number[name] for name in record["classes"]]
    planted = record.get("planted")
    made = None
    if planted is not None:
        right = None if planted["right"] is None else number[planted["right"]]
        made = PlantedClass(Mistake(planted["mistake"]), number[planted["class"]], right)
    return ClassLabel(ids[0]) if is_single else _several(ids), made


def _ids(label: Classes) -> tuple[int, ...]:
    return (label.class_id,) if isinstance(label, ClassLabel) else label.class_ids


def _several(ids: Sequence[int] | set[int]) -> MultiClassLabel:
    return MultiClassLabel(tuple(sorted(ids)), (1.0,) * len(ids))
