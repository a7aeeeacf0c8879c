"""How surely a person's label is wrong, judged by a model that never saw it. Pure.

Boxes: what the model sees in an image, sure or not, speaks for the label as it is or for one that has a mistake. How
loudly is learnt from the job's own labels, most of which are right, by making the mistakes in copies of them:

    moved     people's boxes against copies of them beside their places, each told by what the model sees there (how
              sure on it, near it, how close, how large it is, how many there are) and by what it says when it is asked
              about this very box: what is in it, and where its sides should be. One that holds nothing (spurious) is
              told alike
    missed    what the model sees where people boxed something against what it sees elsewhere: a box of the model that
              is on nothing is an object that was overlooked as far as it looks like those
    swapped   people's boxes against copies with another class, told by how sure the model is of either, of its own
              accord and when asked

Each is a logistic regression; its odds that the label is the copy, times `PRIOR`, are those of the mistake. The label
is as suspicious as its most probable mistake. The kinds are those of ObjectLab (Tkachenko, Thyagarajan, Mueller 2023:
overlooked, badly located, swapped), which weighs them by constants; here they come out on one scale, and a class that
the model confuses or objects too small for it do not crowd the top. That wrong labels are among those to learn from (a
few in a hundred) makes the odds smaller.

A detector of the user's own has never seen the labels either. What it sees is weighed with the rest, and what it
alone sees may be an object that was overlooked.

Classes: as sure as the model is of another one (confident learning, Northcutt, Jiang, Chuang 2021, off the diagonal);
that both err alike is seldom, so what they agree about is not suspected, however unsure the model is.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import zip_longest

import numpy as np
from numpy.typing import NDArray

from gt_engine.autolabel import logistic
from gt_engine.autolabel.boxes.confidence import Detections, Verdict
from gt_engine.autolabel.boxes.geometry import MOVES, areas, beside, intersection_over_union
from gt_engine.autolabel.certify import Numbers
from gt_engine.autolabel.own_model.opinions import Opinion
from gt_engine.labels import BoxLabel, ClassLabel, Floats, Integers, Label

PRIOR = 0.02
"""How probable a mistake is before anything is looked at."""
ON_IT, CLOSELY, NEAR = 0.5, 0.7, 0.1
"""A box lies on another from the first IoU on, closely from the second; below the third they have nothing to do with
each other."""
DOUBLE = 0.6
"""Boxes of the model that overlap so much are views of one thing: the best of them counts."""
APART, PART_OF_IT = 0.3, 0.3
"""A box of the model that overlaps a person's box by more is mostly a part of it: its odds count for so much."""
LEAST, LIKELY = 0.03, 0.15
"""Scores below the first are not looked at; an overlooked object has the second at least."""


class Mistake(StrEnum):
    """What seems to be wrong with a label."""

    MISSED = "missed"
    SPURIOUS = "spurious"
    MOVED = "moved"
    SWAPPED = "swapped"


@dataclass(frozen=True)
class Suspicion:
    """How probable it is that a label is wrong, 0 to 1, and what seems wrong; None where more speaks for the label."""

    score: float
    mistake: Mistake | None


def suspicions(
    predicted: Sequence[Label],
    confidences: Numbers,
    people: Sequence[Label],
    seen: Sequence[Detections | None] = (),
    others: Sequence[Opinion | None] = (),
) -> list[Suspicion]:
    """The suspicion of each label of people. predicted: by members that never saw it, in the same order. seen: what
    they saw in it, sure or not; of the last ones it may not be known, and the boxes that they predict count. others:
    what somebody else sees there who never saw the label either (of boxes alone; classes are predicted with it)."""
    if not people or not all(isinstance(one, BoxLabel) for one in (*predicted, *people)):
        return [_of_class(p, g, float(sure)) for p, g, sure in zip(predicted, people, confidences, strict=True)]
    # Those of which less is known are not to be compared with the others.
    alike: dict[tuple[bool, ...], dict[int, tuple[_View, ...]]] = {}
    for place, (p, g, own, other) in enumerate(zip_longest(predicted, people, seen, others)):
        if isinstance(p, BoxLabel) and isinstance(g, BoxLabel):
            views = [_View.of(p, g, own)]
            if isinstance(other, Detections):
                views.append(_View.of(p, g, other))
            known = (own is not None, own is not None and own.verdict is not None, len(views) > 1)
            alike.setdefault(known, {})[place] = tuple(views)
    found: dict[int, Suspicion] = {}
    for some in alike.values():
        found.update(zip(some, _suspected([*some.values()]), strict=True))
    return [found[place] for place in range(len(people))]


def _of_class(predicted: Label, people: Label, confidence: float) -> Suspicion:
    if not isinstance(predicted, ClassLabel) or not isinstance(people, ClassLabel):
        raise TypeError(f"{predicted} and {people} are not labels of one task")
    if predicted.class_id == people.class_id:
        return Suspicion(0, None)
    return Suspicion(confidence, Mistake.SWAPPED)


@dataclass(frozen=True, eq=False)
class _View:
    """What the model sees in an image (boxes [n, 4] in pixels) and what people boxed. overlap [n, m]: their IoU.
    places: people's boxes, and copies beside them. verdict: of all of these, where the model was asked."""

    boxes: Floats
    class_ids: Integers
    scores: Numbers
    people: BoxLabel
    overlap: Numbers
    places: Sequence[Floats]
    verdict: Verdict | None

    @classmethod
    def of(cls, predicted: BoxLabel, people: BoxLabel, seen: Detections | None) -> _View:
        label = predicted if seen is None else seen.label(LEAST, people.image_size)
        kept: list[int] = []
        for i in np.argsort(-label.confidences, kind="stable").tolist():
            if not kept or intersection_over_union(label.boxes[[i]], label.boxes[kept]).max() < DOUBLE:
                kept.append(i)
        boxes, scores = label.boxes[kept], label.confidences[kept].astype(np.float64)
        places, verdict = [people.boxes, *beside(people)], None if seen is None else seen.verdict
        return cls(boxes, label.class_ids[kept], scores, people, _overlap(boxes, people.boxes), places, verdict)

    @property
    def strays(self) -> Integers:
        """The likely boxes of the model that lie on nothing that people boxed."""
        return np.flatnonzero((self.scores >= LIKELY) & (self.overlap.max(1, initial=0) < ON_IT))

    @property
    def witnesses(self) -> Integers:
        """The likely boxes of the model that lie best on something that people boxed."""
        if not self.overlap.size:
            return np.zeros(0, np.int64)
        best, which = np.unique((self.overlap * self.scores[:, None]).argmax(0)), self.overlap.max(1) >= ON_IT
        return np.asarray(best[which[best] & (self.scores[best] >= LIKELY)], np.int64)

    def met(self, place: int) -> Numbers:
        """How the model meets people's boxes, or copies of them, [m, 11, or 18 where it was asked]: its scores on them,
        closely and near, how close the best is, and sizes; and what it says of the box itself."""
        boxes = self.places[place]
        scores = np.append(self.scores, 0)[:, None]
        overlap = np.vstack([_overlap(self.boxes, boxes), np.zeros((1, len(boxes)))])
        on, closely = (scores * (overlap >= ON_IT)).max(0), (scores * (overlap >= CLOSELY)).max(0)
        near, both = (scores * ((overlap < ON_IT) & (overlap >= NEAR))).max(0), scores * overlap
        close, size = overlap[both.argmax(0), np.arange(len(boxes))], self._sizes(boxes)
        of_image = np.tile([np.log(max(len(self.people), 1)), float(_logit(scores.max()))], (len(boxes), 1))
        sure = _logit(on)
        met = (sure, _logit(closely), _logit(near), _logit(both.max(0)), close, close**2, size, size**2, size * sure)
        return np.column_stack([*met, of_image, *self._asked(place)])

    def _asked(self, place: int) -> Iterator[Numbers]:
        """What the model says of the boxes of a place: that something is in them, and this class; how well they sit."""
        if self.verdict is None:
            return
        count = len(self.people)
        rows = slice(place * count, (place + 1) * count)
        probabilities = self.verdict.probabilities[rows].astype(np.float64)
        quality, *agreement = self.verdict.agreement[rows].astype(np.float64).T
        held = _logit(probabilities.max(1, initial=0))
        yield from (held, _logit(probabilities[np.arange(count), self.people.class_ids]), _logit(quality))
        yield from agreement
        yield held * agreement[0]

    def described(self, rows: Integers, others: Sequence[_View]) -> Numbers:
        """What is known of some of the model's boxes [k, 9, and one for each other view]: score, size, other boxes on
        them, the image's edge; how sure the others are of something there."""
        among, size, sure = _overlap(self.boxes, self.boxes), self._sizes(self.boxes), _logit(self.scores)
        np.fill_diagonal(among, 0)
        people = self.overlap.copy()  # with boxes of people, but for the one that it is a view of
        if people.size:
            own = people.argmax(1)
            people[np.arange(len(people)), own] *= people.max(1) < ON_IT
        sides = np.array(self.people.image_size[:2], np.float64)
        edge = np.minimum(self.boxes[:, :2] / sides, 1 - self.boxes[:, 2:] / sides).min(1, initial=1) < 0.01
        rivals = (self.scores * (among > NEAR)).max(1, initial=0)
        count = np.full(len(self.boxes), np.log1p(len(self.boxes)))
        columns = [sure, np.maximum(sure, 0), size, size * sure, among.max(1, initial=0), rivals, edge, count]
        also = (_logit((one.scores * (_overlap(self.boxes, one.boxes) >= ON_IT)).max(1, initial=0)) for one in others)
        return np.column_stack([*columns, people.max(1, initial=0), *also])[rows]

    def named(self, class_ids: Integers) -> Numbers:
        """How sure the model is that people's boxes are of these classes, and of others [m, 5, or 7 where it was
        asked]."""
        on, same = self.overlap >= ON_IT, self.class_ids[:, None] == class_ids[None]
        scores = self.scores[:, None]
        own, other = _logit((scores * (on & same)).max(0, initial=0)), _logit((scores * (on & ~same)).max(0, initial=0))
        size, count = self._sizes(self.people.boxes), len(self.people)
        named = [own, other, size, size * (own - other), np.full(count, np.log(max(count, 1)))]
        if self.verdict is not None:
            others, rows = self.verdict.probabilities[:count].astype(np.float64), np.arange(count)
            named.append(_logit(others[rows, class_ids]))
            others[rows, class_ids] = 0
            named.append(_logit(others.max(1, initial=0)))
        return np.column_stack(named)

    def swapped(self, classes: int) -> Integers:
        """Another class for each of people's boxes, in turn."""
        own = self.people.class_ids
        return np.asarray((own + 1 + np.arange(len(own)) % (classes - 1)) % classes, own.dtype)

    def is_near(self, place: int) -> bool:
        """Whether something that lies on none of people's boxes is near one of them."""
        near = (self.scores >= LIKELY) & (self.overlap[:, place] >= NEAR) & (self.overlap.max(1, initial=0) < ON_IT)
        return bool(near.any())

    def _sizes(self, boxes: Floats) -> Numbers:
        width, height, _ = self.people.image_size
        shares = areas(boxes).astype(np.float64) / max(width * height, 1)
        return np.asarray(np.log(np.maximum(shares, 1e-6)), np.float64)


def _suspected(labels: Sequence[tuple[_View, ...]]) -> list[Suspicion]:
    """By what the learner sees, and somebody else where there is one, the same for all of these labels."""
    named = (ids for views in labels for one in views for ids in (one.class_ids, one.people.class_ids) if len(ids))
    classes = 1 + max((int(ids.max()) for ids in named), default=0)
    at = [_joined(one.met(0) for one in views) for views in labels]
    copies = [_joined(one.met(1 + copy) for one in views) for views in labels for copy in range(len(MOVES))]
    called = [_joined(one.named(one.people.class_ids) for one in views) for views in labels]
    other = [_joined(one.named(one.swapped(classes)) for one in views) for views in labels] if classes > 1 else []
    displaced, misnamed = _fit(at, copies), _fit(called, other)
    overlooked = [_overlooked(views) for views in zip(*map(_in_turn, labels), strict=True)]
    suspected = []
    for place, views in enumerate(labels):
        met = _odds(displaced, at[place]) / len(MOVES)
        found = [(odds, _where(views, box)) for box, odds in enumerate(met)]
        found += [(odds, Mistake.MISSED) for of_view in overlooked for odds in of_view[place]]
        found += [(odds, Mistake.SWAPPED) for odds in _odds(misnamed, called[place])]
        most, mistake = max(found, default=(0.0, None), key=lambda one: one[0])
        suspected.append(Suspicion(float(PRIOR * most / (1 + PRIOR * most)), mistake if most > 1 else None))
    return suspected


def _overlooked(pairs: Sequence[tuple[_View, Sequence[_View]]]) -> list[Numbers]:
    """Of each label's view, and the others of it, the odds that what is seen on nothing was overlooked."""
    strays = [view.described(view.strays, others) for view, others in pairs]
    model = _fit(strays, [view.described(view.witnesses, others) for view, others in pairs])
    apart = [view.overlap.max(1, initial=0)[view.strays] < APART for view, _ in pairs]
    return [_odds(model, one) * np.where(free, 1, PART_OF_IT) for one, free in zip(strays, apart, strict=True)]


def _in_turn(views: tuple[_View, ...]) -> list[tuple[_View, Sequence[_View]]]:
    """Each view, and the others."""
    return [(one, [other for other in views if other is not one]) for one in views]


def _joined(columns: Iterable[Numbers]) -> Numbers:
    return np.concatenate([*columns], axis=1)


def _where(views: Sequence[_View], box: int) -> Mistake:
    """Of one of people's boxes that seems not to be where it should: whether something of its own is near."""
    return Mistake.MOVED if any(one.is_near(box) for one in views) else Mistake.SPURIOUS


def _fit(as_given: Sequence[Numbers], with_mistake: Sequence[Numbers]) -> logistic.Logistic | None:
    """How probable a mistake is; None where there is nothing to learn it from."""
    right, wrong = sum(map(len, as_given)), sum(map(len, with_mistake))
    if not right or not wrong:
        return None
    outcomes = np.concatenate([np.zeros(right), np.ones(wrong)])
    return logistic.fit(np.concatenate([*as_given, *with_mistake]), outcomes)


def _odds(model: logistic.Logistic | None, x: Numbers) -> Numbers:
    if model is None or not len(x):
        return np.zeros(len(x))
    probability = np.minimum(model(x), 1 - 1e-4)
    return np.asarray(probability / (1 - probability), np.float64)


def _overlap(boxes: Floats, other: Floats) -> Numbers:
    return intersection_over_union(boxes, other).astype(np.float64)


def _logit(probability: Numbers | NDArray[np.float64]) -> Numbers:
    p = np.clip(np.asarray(probability, np.float64), 1e-3, 1 - 1e-3)
    return np.asarray(np.log(p / (1 - p)), np.float64)
