"""Whether an object has answers enough: ask on only while another answer could well change the label. Pure.

Classes: a majority of all that may be asked stands already, or the posterior of the class is `SURE`, from what is known
of the workers. Boxes: of every box, and of things that nobody has drawn yet, it is `SURE` whether they are in or out,
or settled whatever the rest answer; so is the class; and each box has three places, or two that lie close together.

What is known of a worker is how many things they overlook and how many of their boxes are around nothing (`Skill`): a
model of detections by several observers, as Dawid & Skene's (1979) is of classes.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from hashlib import sha256
from math import prod
from typing import TypeVar

import numpy as np

from gt_engine.autolabel.boxes.geometry import intersection_over_union
from gt_engine.consolidation.boxes import Cluster, clusters
from gt_engine.consolidation.classes import confusions
from gt_engine.consolidation.skills import Skill, Skills
from gt_engine.labels import BoxLabel, ClassLabel, Label

SURE = 0.99
"""The posterior from which a class, or a box, is taken."""
CLOSE = 0.7
"""Two people's boxes around one thing that agree so much (IoU) need no third for their place."""
OVERLOOKS, MISTAKES = 0.05, 0.03
"""What is assumed of a worker before any box is seen: the share of things that they do not draw, and of their boxes
that are around nothing."""
PRIOR_BOXES = 40.0
"""As of so many boxes is that assumed."""
SHARED = 0.1
"""The share of one person's boxes around nothing that the next person draws as well: mistakes are not made by chance
alone. It cannot be learnt from answers, so it is high: real people share more of them than simulated ones."""
CHECKED = 0.1
"""The share of objects, by chance, that a worker is never trusted alone with: whose care goes is to be noticed."""

T = TypeVar("T")

Given = Sequence[tuple[str, Label]]
"""(worker id, answer) of one object."""


def is_enough(given: Given, *, most: int, classes: int, skills: Skills, is_checked: bool) -> bool:
    """Whether the answers to one object make its label. most: how many may be asked; is_checked: at least two are."""
    if len(given) >= most:
        return True
    if not given or (len(given) == 1 and is_checked):
        return False
    labels = [label for _, label in given]
    boxes = [label for label in labels if isinstance(label, BoxLabel)]
    if len(boxes) == len(labels):
        drawn = [(worker, label) for (worker, _), label in zip(given, boxes, strict=True)]
        return _boxes_stand(drawn, most, classes, skills)
    votes = [(worker, label.class_id) for worker, label in given if isinstance(label, ClassLabel)]
    if len(votes) == len(labels):
        return _class_stands(votes, most, classes, skills)
    raise TypeError("labels of two kinds")


def as_many_as_needed(given: Sequence[T], least: int, is_enough: Callable[[Sequence[T]], bool]) -> list[T]:
    """The first answers that make the label, of all that would be given."""
    counts = range(least, len(given))
    return list(given[: next((count for count in counts if is_enough(given[:count])), len(given))])


def is_checked(object_id: str) -> bool:
    """Whether an object is one of those that two people answer at least; the same whenever it is asked."""
    return int.from_bytes(sha256(object_id.encode()).digest()[:4], "big") < CHECKED * 2**32


def class_posterior(
    votes: Sequence[tuple[str, int]], classes: int, skills: Skills
) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    """How probable each class is after these votes, before which all were alike."""
    log = np.zeros(classes)
    for worker, vote in votes:
        log += np.log(confusions(skills.get(worker, Skill()), classes)[:, vote])
    posterior = np.exp(log - log.max())
    return np.asarray(posterior / posterior.sum())


def _class_stands(votes: Sequence[tuple[str, int]], most: int, classes: int, skills: Skills) -> bool:
    posterior = class_posterior(votes, classes, skills)
    probable = int(posterior.argmax())
    [(chosen, count)] = Counter(vote for _, vote in votes).most_common(1)
    return bool(posterior[probable] >= SURE) or (2 * count > most and chosen == probable)


def _boxes_stand(drawn: Sequence[tuple[str, BoxLabel]], most: int, classes: int, skills: Skills) -> bool:
    rates = {worker: _rates(skills.get(worker, Skill())) for worker, _ in drawn}
    # Of the things that are there so many have been overlooked by everybody, for one that was found.
    overlooked = prod(overlooks / (1 - overlooks) for overlooks, _ in rates.values())
    if overlooked > 1 - SURE and 2 * (most - len(drawn)) > most:
        return False
    return all(_cluster_stands(one, rates, most, classes, skills) for one in clusters(drawn))


def _cluster_stands(
    cluster: Cluster, rates: Mapping[str, tuple[float, float]], most: int, classes: int, skills: Skills
) -> bool:
    drew, asked = len(cluster.workers), len(rates)
    probable = _is_a_thing(cluster, rates)
    if 2 * drew <= asked:
        return 2 * (drew + most - asked) <= most or 1 - probable >= SURE
    votes = list(zip(cluster.workers, cluster.class_ids, strict=True))
    is_in = 2 * drew > most or probable >= SURE
    return is_in and _is_placed(cluster) and _class_stands(votes, most, classes, skills)


def _is_a_thing(cluster: Cluster, rates: Mapping[str, tuple[float, float]]) -> float:
    """How probable it is that those who drew these boxes saw a thing that all others overlooked, rather than drew boxes
    around nothing."""
    thing, nothing = 1.0, SHARED ** (len(cluster.workers) - 1)
    mistakes = []
    for worker, (overlooks, mistaken) in rates.items():
        if worker in cluster.workers:
            thing *= 1 - overlooks
            # Boxes around nothing to one around a thing, times the things' share that is drawn: as many as things.
            mistakes.append(mistaken / (1 - mistaken) * (1 - overlooks))
        else:
            thing *= overlooks
            nothing *= 1 - SHARED
    nothing *= sum(mistakes) / len(mistakes)
    return thing / (thing + nothing)


def _rates(skill: Skill) -> tuple[float, float]:
    """(share of the things that a worker does not draw, share of their boxes that are around nothing)."""
    return (
        (skill.overlooked + PRIOR_BOXES * OVERLOOKS) / (skill.found + skill.overlooked + PRIOR_BOXES),
        (skill.mistaken + PRIOR_BOXES * MISTAKES) / (skill.found + skill.mistaken + PRIOR_BOXES),
    )


def _is_placed(cluster: Cluster) -> bool:
    """Of three places the consolidated one is an outlier's no more."""
    first, *others = (box[None] for box in cluster.boxes)
    return len(others) != 1 or float(intersection_over_union(first, others[0])[0, 0]) >= CLOSE
