"""How far people say the same about the same data objects. Pure.

A pair of answers to one object agrees by a score from 0 to 1: of one class, whether it is the same; of several classes,
the share that both chose among those that either chose; of boxes, F1 of the boxes that match (same class, IoU 0.5).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from statistics import fmean

from gt_engine.autolabel.boxes.geometry import f1_loss
from gt_engine.labels import BoxLabel, ClassLabel
from gt_engine.outputs.label_form import AnyLabel, MultiClassLabel


@dataclass(frozen=True)
class Agreement:
    """objects: with two answers or more; score: the mean over them; workers: each one's mean with the others.

    alpha: Krippendorff's, for one class per object: 1 is full agreement, 0 what chance gives. None where it says
    nothing (other tasks, no object with two answers, or one class throughout).
    """

    objects: int
    score: float | None
    workers: Mapping[str, float]
    alpha: float | None = None


def agreement(objects: Iterable[Mapping[str, AnyLabel]]) -> Agreement:
    """Of objects with their labels by worker."""
    several = [labels for labels in objects if len(labels) > 1]
    of_object: list[float] = []
    of_worker: dict[str, list[float]] = {}
    for labels in several:
        scores = []
        for (one, a), (other, b) in combinations(sorted(labels.items()), 2):
            scores.append(alike(a, b))
            for worker in (one, other):
                of_worker.setdefault(worker, []).append(scores[-1])
        of_object.append(fmean(scores))
    units = [[label.class_id for label in labels.values() if isinstance(label, ClassLabel)] for labels in several]
    return Agreement(
        objects=len(several),
        score=fmean(of_object) if of_object else None,
        workers={worker: fmean(scores) for worker, scores in of_worker.items()},
        alpha=alpha(units),
    )


def alike(a: AnyLabel, b: AnyLabel) -> float:
    """How far two labels of one object are the same, from 0 to 1."""
    if isinstance(a, BoxLabel) and isinstance(b, BoxLabel):
        return 1 - f1_loss(a, b)
    if isinstance(a, MultiClassLabel) and isinstance(b, MultiClassLabel):
        either = set(a.class_ids) | set(b.class_ids)
        return len(set(a.class_ids) & set(b.class_ids)) / len(either) if either else 1.0
    if isinstance(a, ClassLabel) and isinstance(b, ClassLabel):
        return float(a.class_id == b.class_id)
    raise TypeError(f"labels of two kinds: {type(a).__name__} and {type(b).__name__}")


def alpha(units: Iterable[Sequence[int]]) -> float | None:
    """Krippendorff's alpha for classes without an order (Krippendorff, "Computing Krippendorff's Alpha-Reliability").

    units: the classes given to each object. None where there are no pairs, or no second class.
    """
    disagreeing, totals = 0.0, Counter[int]()
    for values in units:
        if len(values) < 2:
            continue
        counts = Counter(values)
        totals.update(counts)
        disagreeing += sum(n * (len(values) - n) for n in counts.values()) / (len(values) - 1)
    pairable = sum(totals.values())
    by_chance = sum(n * (pairable - n) for n in totals.values())
    return 1 - (pairable - 1) * disagreeing / by_chance if by_chance else None
