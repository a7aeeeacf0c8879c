"""Who is right about boxes: the learner's own view, or what others say; at which score, and with which confidence.

All of it is cross-fitted: what is decided for a fold is decided by labels of the others.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from gt_engine.autolabel import logistic
from gt_engine.autolabel.boxes.confidence import CUTS, Detections, evidence
from gt_engine.autolabel.own_model.opinions import FEWEST_TO_COMPARE
from gt_engine.labels import BoxLabel, Floats, Integers

CUTS_OF_OTHERS = np.arange(0.05, 0.9, 0.05)
"""Of the scores of others, who have their own idea of what is likely."""

MOST_PROPOSED = 40
LIKELY_PROPOSED = 0.05
"""So many of the boxes of others, at this score or more, are looked at as proposals."""

Losses = Mapping[float, NDArray[np.float64]]


@dataclass(frozen=True, eq=False)
class Calibrator:
    """The score cut, and the confidence from the evidence at that cut."""

    cut: float
    confidence: logistic.Logistic


@dataclass(frozen=True, eq=False)
class Views:
    """Some labeled images as the learner sees them, and as others do (None where they say nothing)."""

    own: Sequence[Detections]
    others: Sequence[Detections | None]
    truth: Sequence[BoxLabel]


def proposals_of(opinion: object) -> Floats:
    """The boxes of an opinion that are worth a look [m, 4]; none where there is no opinion."""
    if not isinstance(opinion, Detections):
        return np.zeros((0, 4), np.float32)
    return opinion.boxes[opinion.scores >= LIKELY_PROPOSED][:MOST_PROPOSED]


def losses_by_cut(
    seen: Sequence[Detections],
    truth: Sequence[BoxLabel],
    loss: Callable[[Sequence[BoxLabel], Sequence[BoxLabel]], NDArray[np.float64]],
    cuts: NDArray[np.float64] = CUTS,
) -> dict[float, NDArray[np.float64]]:
    """What the label at each cut loses."""
    pairs = list(zip(seen, truth, strict=True))
    return {cut: loss([one.label(cut, right.image_size) for one, right in pairs], truth) for cut in cuts.tolist()}


def fit_calibrator(rows: Integers, seen: Sequence[Detections], losses: Losses) -> Calibrator:
    """The cut with the smallest mean loss, and a confidence fitted at it, on left-out detections.

    `losses` has for each cut what the label at that cut loses, for everything that is seen; `rows` are those to go by.
    """
    cut = min(losses, key=lambda one: float(losses[one][rows].mean()))
    described = np.stack([evidence(seen[i], cut) for i in rows])
    return Calibrator(cut, logistic.fit(described, 1 - losses[cut][rows]))


def calibrators_of_others(
    rows_of_folds: Sequence[Integers],
    views: Views,
    own_losses: Losses,
    loss: Callable[[Sequence[BoxLabel], Sequence[BoxLabel]], NDArray[np.float64]],
) -> tuple[Calibrator | None, ...]:
    """For each fold a calibrator of what others say, where it loses less than the learner does on those labels."""
    known = [i for i, one in enumerate(views.others) if one is not None]
    seen = [one for one in views.others if one is not None]
    if len(known) < FEWEST_TO_COMPARE:
        return (None,) * len(rows_of_folds)
    place = {row: at for at, row in enumerate(known)}
    losses = losses_by_cut(seen, [views.truth[i] for i in known], loss, CUTS_OF_OTHERS)

    def of_fold(rows: Integers) -> Calibrator | None:
        common = np.array([i for i in rows.tolist() if i in place], np.int64)
        if len(common) < FEWEST_TO_COMPARE // 2:
            return None
        others = fit_calibrator(np.array([place[i] for i in common.tolist()], np.int64), seen, losses)
        of_others = float(losses[others.cut][[place[i] for i in common.tolist()]].mean())
        own = min(float(one[common].mean()) for one in own_losses.values())
        return others if of_others < own else None

    return tuple(of_fold(rows) for rows in rows_of_folds)
