"""Dawid–Skene (1979): the true classes and each worker's confusions, by expectation maximisation."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from gt_engine.consolidation.skills import Skill, Skills
from gt_engine.labels import ClassLabel

Confusions: TypeAlias = NDArray[np.float64]

ITERATIONS = 50
TOLERANCE = 1e-6

AGREES = 4.0
"""Prior votes that a worker is right (and one share of them for all confusions): few answers make a majority vote."""


def prior_votes(skill: Skill, classes: int) -> Confusions:
    """[true class, answer]: what a worker's record is worth, in votes, with that of somebody nobody knows."""
    votes = np.full((classes, classes), AGREES / (classes * max(classes - 1, 1))) + np.eye(classes) * AGREES
    for class_id in range(classes):
        right, wrong = skill.of(str(class_id))
        votes[class_id] += wrong / max(classes - 1, 1)
        votes[class_id, class_id] += right - wrong / max(classes - 1, 1)
    return votes


def confusions(skill: Skill, classes: int) -> Confusions:
    """[true class, answer]: how probable each answer of a worker is where a class is the true one."""
    votes = prior_votes(skill, classes)
    return np.asarray(votes / votes.sum(1, keepdims=True))


def consolidate_classes(
    votes: Mapping[str, Sequence[tuple[str, int]]], classes: int, skills: Skills | None = None
) -> dict[str, ClassLabel]:
    """The most probable class of each object, with its posterior; `votes` are (worker id, class id), `skills` what is
    known of the workers from before."""
    if not votes:
        return {}
    names = sorted({worker for given in votes.values() for worker, _ in given})
    number = {name: i for i, name in enumerate(names)}
    rows = [(o, number[worker], vote) for o, given in enumerate(votes.values()) for worker, vote in given]
    objects, workers, answers = (np.array(column) for column in zip(*rows, strict=True))

    counts = np.zeros((len(votes), classes))
    np.add.at(counts, (objects, answers), 1)
    posterior = counts / counts.sum(1, keepdims=True)
    known = np.stack([prior_votes((skills or {}).get(name, Skill()), classes) for name in names])
    for _ in range(ITERATIONS):
        confusion = known.copy()
        np.add.at(confusion.transpose(0, 2, 1), (workers, answers), posterior[objects])
        confusion /= confusion.sum(2, keepdims=True)  # [worker, true class, answer]
        prevalence = (posterior.sum(0) + 1) / (len(votes) + classes)
        log = np.tile(np.log(prevalence), (len(votes), 1))
        np.add.at(log, objects, np.log(confusion[workers, :, answers]))
        updated = np.exp(log - log.max(1, keepdims=True))
        updated /= updated.sum(1, keepdims=True)
        change = float(np.abs(updated - posterior).max())
        posterior = updated
        if change < TOLERANCE:
            break
    return {key: ClassLabel(int(row.argmax()), float(row.max())) for key, row in zip(votes, posterior, strict=True)}
