"""How surely a person's label is wrong, judged by a model that never saw it. Pure.

Where model and label disagree, one of them is wrong, and which of them is a question of how seldom the model is wrong
about such a thing. That is estimated from all the labels of the job, most of which are right:

    p(i)   that a box of the model lies on something that people boxed, by its score and size
    c(i)   that its class is theirs, where it does
    f(j)   that the model finds what a person boxed, by its size and how many there are

A disagreement is as improbable as all of these failing at once, were the label right:

    missed    a box of the model with no box of a person near it              1 - p(i)
    spurious  a box of a person that the model does not see                   1 - f(j)
    moved     both of them, overlapping each other by less than half     (1 - p(i)) (1 - f(j))
    swapped   a box of the model on one of a person, of another class         1 - c(i)

The label is as suspicious as its least probable disagreement. The kinds are those of ObjectLab (Tkachenko, Thyagarajan,
Mueller 2023: overlooked, badly located, swapped), which weighs them by constants; here the job's own labels do, so that
a class that the model confuses, or objects too small for it, do not crowd the top. Classes: as
sure as the model is of another one (confident learning, Northcutt, Jiang, Chuang 2021, off the diagonal); that both err
alike is seldom, so what they agree about is not suspected, however unsure the model is.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from gt_engine.autolabel import logistic
from gt_engine.autolabel.boxes.geometry import areas, intersection_over_union
from gt_engine.autolabel.certify import Numbers
from gt_engine.labels import BoxLabel, ClassLabel, Floats, Label

ON_IT = 0.5
"""A box lies on another from this IoU on."""
NEAR = 0.1
"""Boxes that overlap less have nothing to do with each other."""
DOUBLE = 0.6
"""Boxes of the model that overlap so much are views of one thing: the best of them counts."""
APART = 0.3
"""A box of the model that overlaps a person's box by more is no overlooked object, but the same or a part of it."""
SUREST = 1e-3
"""No disagreement is held for less probable than this, whatever a fit says."""


class Mistake(StrEnum):
    """What seems to be wrong with a label."""

    MISSED = "missed"
    SPURIOUS = "spurious"
    MOVED = "moved"
    SWAPPED = "swapped"


@dataclass(frozen=True)
class Suspicion:
    """How sure it is that a label is wrong, 0 to 1, and what seems wrong; None where nothing is disagreed about."""

    score: float
    mistake: Mistake | None


def suspicions(predicted: Sequence[Label], confidences: Numbers, given: Sequence[Label]) -> list[Suspicion]:
    """The suspicion of each label in `given`. predicted: by members that never saw it, in the same order."""
    pairs = [(p, g) for p, g in zip(predicted, given, strict=True)]
    boxes = [_Meeting.of(p, g) for p, g in pairs if isinstance(p, BoxLabel) and isinstance(g, BoxLabel)]
    if len(boxes) == len(pairs):
        return _of_boxes(boxes)
    return [_of_class(p, g, float(sure)) for (p, g), sure in zip(pairs, confidences, strict=True)]


def _of_class(predicted: Label, given: Label, confidence: float) -> Suspicion:
    if not isinstance(predicted, ClassLabel) or not isinstance(given, ClassLabel):
        raise TypeError(f"{predicted} and {given} are not labels of one task")
    if predicted.class_id == given.class_id:
        return Suspicion(0, None)
    return Suspicion(confidence, Mistake.SWAPPED)


@dataclass(frozen=True, eq=False)
class _Meeting:
    """The boxes of the model and of people on one image. overlap [n, m]; pairs: (model's, person's) on each other."""

    model: BoxLabel
    people: BoxLabel
    overlap: Floats
    pairs: tuple[tuple[int, int], ...]

    @classmethod
    def of(cls, predicted: BoxLabel, given: BoxLabel) -> _Meeting:
        model = _without_doubles(predicted)
        overlap = intersection_over_union(model.boxes, given.boxes)
        same = model.class_ids[:, None] == given.class_ids[None]
        # Of boxes that are about as close, one of the same class.
        closeness = np.where(overlap >= ON_IT, overlap + same / 2, 0)
        pairs: list[tuple[int, int]] = []
        while closeness.size and closeness.max() > 0:
            i, j = np.unravel_index(int(closeness.argmax()), closeness.shape)
            pairs.append((int(i), int(j)))
            closeness[i], closeness[:, j] = 0, 0
        return cls(model, given, overlap, tuple(pairs))

    def described(self) -> Numbers:
        """What is known of the model's boxes [n, 4]: their scores, sizes and how far they overlap each other."""
        sure = _logit(self.model.confidences)
        among = intersection_over_union(self.model.boxes, self.model.boxes) * (1 - np.eye(len(self.model)))
        closest = among.max(1) if len(self.model) else np.zeros(0)
        return np.column_stack([sure, _log_area(self.model), np.maximum(sure - 1, 0), closest])

    def wanted(self) -> Numbers:
        """What is known of people's boxes [m, 4]: their sizes and how many there are."""
        sizes, count = _log_area(self.people), len(self.people)
        width, height, _ = self.people.image_size
        extents = (self.people.boxes[:, 2:] - self.people.boxes[:, :2]) / np.array([width, height])
        narrow = np.log(np.maximum(extents, 1e-3).min(1)) if count else np.zeros(0)
        return np.column_stack([sizes, sizes**2, narrow, np.full(count, np.log(max(count, 1)))])


def _of_boxes(meetings: Sequence[_Meeting]) -> list[Suspicion]:
    described, wanted = [one.described() for one in meetings], [one.wanted() for one in meetings]
    on_something = [[any(i == k for k, _ in one.pairs) for i in range(len(one.model))] for one in meetings]
    is_found = [[any(j == k for _, k in one.pairs) for j in range(len(one.people))] for one in meetings]
    located, found = _fit(described, on_something), _fit(wanted, is_found)
    of_pairs = [one[[i for i, _ in meeting.pairs]] for one, meeting in zip(described, meetings, strict=True)]
    right_class = [[bool(m.model.class_ids[i] == m.people.class_ids[j]) for i, j in m.pairs] for m in meetings]
    named = _fit(of_pairs, right_class)
    suspected = []
    for meeting, model, people in zip(meetings, described, wanted, strict=True):
        failing = [*_disagreements(meeting, 1 - located(model), 1 - found(people), 1 - named(model))]
        probability, mistake = min(failing, default=(1.0, None), key=lambda one: one[0])
        suspected.append(Suspicion(1 - probability, mistake))
    return suspected


def _disagreements(
    meeting: _Meeting, stray: Numbers, unseen: Numbers, misnamed: Numbers
) -> list[tuple[float, Mistake]]:
    """Each with how improbable it is, were the label right. stray, unseen, misnamed: 1 - p, 1 - f, 1 - c."""
    failing: list[tuple[float, Mistake]] = []
    model, people = {*range(len(meeting.model))}, {*range(len(meeting.people))}
    for i, j in meeting.pairs:
        model.discard(i)
        people.discard(j)
        if meeting.model.class_ids[i] != meeting.people.class_ids[j]:
            failing.append((max(float(misnamed[i]), SUREST), Mistake.SWAPPED))
    for j in sorted(people):
        lost = max(float(unseen[j]), SUREST)
        near = [i for i in sorted(model) if meeting.overlap[i, j] >= NEAR]
        if not near:
            failing.append((lost, Mistake.SPURIOUS))
            continue
        i = max(near, key=lambda one: float((1 - stray[one]) * meeting.overlap[one, j]))
        model.discard(i)
        failing.append((lost * max(float(stray[i]), SUREST), Mistake.MOVED))
    for i in sorted(model):
        if not len(meeting.people) or meeting.overlap[i].max() <= APART:
            failing.append((max(float(stray[i]), SUREST), Mistake.MISSED))
    return failing


def _fit(described: Sequence[Numbers], outcomes: Sequence[Sequence[bool]]) -> logistic.Logistic:
    """How probable an outcome is. Where there is nothing to learn from, nothing is held for probable."""
    x, y = np.concatenate(described), np.array([one for each in outcomes for one in each], np.float64)
    if not len(y):
        width = x.shape[1]
        return logistic.Logistic(np.array([-30.0, *[0.0] * width]), np.zeros(width), np.ones(width))
    return logistic.fit(x, y)


def _without_doubles(label: BoxLabel) -> BoxLabel:
    kept: list[int] = []
    for i in np.argsort(-label.confidences, kind="stable").tolist():
        if not kept or intersection_over_union(label.boxes[[i]], label.boxes[kept]).max() < DOUBLE:
            kept.append(i)
    return BoxLabel(label.boxes[kept], label.class_ids[kept], label.confidences[kept], label.image_size)


def _log_area(label: BoxLabel) -> Numbers:
    width, height, _ = label.image_size
    shares = areas(label.boxes).astype(np.float64) / max(width * height, 1)
    return np.asarray(np.log(np.maximum(shares, 1e-6)), np.float64)


def _logit(probability: Floats) -> Numbers:
    p = np.clip(probability.astype(np.float64), 1e-3, 1 - 1e-3)
    return np.asarray(np.log(p / (1 - p)), np.float64)
