"""Boxes of several workers: matched into clusters, kept by strict majority, each side a mean that outliers cannot pull.

Workers are weighed by how closely their boxes follow the first, unweighted consensus of the same batch.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment

from gt_engine.autolabel.boxes.geometry import intersection_over_union, same_places
from gt_engine.labels import BoxLabel, Floats, box_label

SAME_BOX = 0.5
"""Boxes that agree at least so much (IoU) are taken for the same thing."""

TYPICAL_SPREAD = 0.04
PRIOR_SIDES = 20
"""What is assumed of a worker before any box is seen: this spread (share of the box's extent), as of so many sides."""

FAR = 2 * TYPICAL_SPREAD
"""Farther from the middle than this (share of the box's extent) an answer pulls at it no more than at this distance."""

STEPS = 5

Drawn = Sequence[tuple[str, BoxLabel]]


@dataclass
class Cluster:
    """What several workers drew around one thing, at most one box each."""

    workers: list[str] = field(default_factory=list)
    boxes: list[Floats] = field(default_factory=list)
    class_ids: list[int] = field(default_factory=list)

    def add(self, worker: str, box: Floats, class_id: int) -> None:
        self.workers.append(worker)
        self.boxes.append(box)
        self.class_ids.append(class_id)

    def middle(self) -> Floats:
        return np.median(np.stack(self.boxes), 0).astype(np.float32)

    def votes(self, weights: Mapping[str, float]) -> dict[int, float]:
        votes: dict[int, float] = defaultdict(float)
        for worker, class_id in zip(self.workers, self.class_ids, strict=True):
            votes[class_id] += weights.get(worker, 1.0)
        return votes


def consolidate_boxes(
    answers: Mapping[str, Drawn], known: Mapping[str, tuple[float, float]] | None = None
) -> dict[str, BoxLabel]:
    """One label per object, from (worker id, boxes) of everyone who answered it.

    known: of workers who have drawn before, how many sides were compared with labels, and the sum of their squared
    distances (`squared_sides`).
    """
    grouped = {key: clusters(drawn) for key, drawn in answers.items()}
    first = {key: _label(grouped[key], drawn, {}) for key, drawn in answers.items()}
    weights = _weights(answers, first, known or {})
    return {key: _label(grouped[key], drawn, weights) for key, drawn in answers.items()}


def clusters(drawn: Drawn) -> list[Cluster]:
    """The boxes of all workers by the thing that they are around."""
    clusters: list[Cluster] = []
    for worker, label in drawn:
        taken: set[int] = set()
        if clusters and len(label):
            agreement = intersection_over_union(label.boxes, np.stack([cluster.middle() for cluster in clusters]))
            agreement[agreement < SAME_BOX] = 0
            for row, column in zip(*linear_sum_assignment(-agreement), strict=True):
                if agreement[row, column] > 0:
                    clusters[column].add(worker, label.boxes[row], int(label.class_ids[row]))
                    taken.add(int(row))
        for i in sorted(set(range(len(label))) - taken):
            clusters.append(Cluster([worker], [label.boxes[i]], [int(label.class_ids[i])]))
    return clusters


def _label(clusters: Sequence[Cluster], drawn: Drawn, weights: Mapping[str, float]) -> BoxLabel:
    kept = [cluster for cluster in clusters if 2 * len(cluster.workers) > len(drawn)]
    boxes = [_middle(np.stack(cluster.boxes), [weights.get(w, 1.0) for w in cluster.workers]) for cluster in kept]
    votes = [cluster.votes(weights) for cluster in kept]
    # Equal votes go to the lower class id, so that the outcome does not depend on the order of the answers.
    class_ids = [max(sorted(by_class), key=lambda class_id: by_class[class_id]) for by_class in votes]
    shares = [len(cluster.workers) / len(drawn) for cluster in kept]
    return box_label(np.array(boxes, np.float32), class_ids, drawn[0][1].image_size, shares)


def squared_sides(drawn: BoxLabel, label: BoxLabel, pairs: Sequence[tuple[int, int, float]]) -> float:
    """How far the four sides of drawn boxes lie from the label's, as shares of the box's extent: the sum of squares.

    pairs: `same_places` of both.
    """
    squares = 0.0
    for i, j, _ in pairs:
        agreed = label.boxes[j]
        extent = np.tile(np.maximum(agreed[2:] - agreed[:2], 1.0), 2)
        squares += float((((drawn.boxes[i] - agreed) / extent) ** 2).sum())
    return squares


def _weights(
    answers: Mapping[str, Drawn], consensus: Mapping[str, BoxLabel], known: Mapping[str, tuple[float, float]]
) -> dict[str, float]:
    """Inverse variance of each worker's sides about the consensus, as a share of the box's extent."""
    totals: dict[str, tuple[float, float]] = {}
    for key, drawn in answers.items():
        for worker, label in drawn:
            before = known.get(worker, (0.0, 0.0))
            sides, squares = totals.get(worker, (PRIOR_SIDES + before[0], PRIOR_SIDES * TYPICAL_SPREAD**2 + before[1]))
            pairs = same_places(label, consensus[key])
            totals[worker] = (sides + 4 * len(pairs), squares + squared_sides(label, consensus[key], pairs))
    return {worker: sides / squares for worker, (sides, squares) in totals.items()}


def _middle(boxes: Floats, weights: Sequence[float]) -> NDArray[np.float64]:
    """Per side Huber's estimate of location, from the weighted median on.

    A mean makes the most of careful workers, a median bears careless ones; this does both. P. J. Huber, "Robust
    Estimation of a Location Parameter", Annals of Mathematical Statistics 35 (1964).
    """
    order = np.argsort(boxes, 0, kind="stable")  # sums must not depend on the order of the answers
    sides = np.take_along_axis(boxes.astype(np.float64), order, 0)
    weight = (np.asarray(weights, np.float64) / sum(weights))[order]
    before = np.cumsum(weight, 0) - weight / 2
    middle = np.array([np.interp(0.5, before[:, side], sides[:, side]) for side in range(4)])
    far = FAR * np.tile(np.maximum(middle[2:] - middle[:2], 1.0), 2)
    for _ in range(STEPS):
        pull = weight * np.minimum(1, far / np.maximum(np.abs(sides - middle), 1e-9))
        middle = (pull * sides).sum(0) / pull.sum(0)
    return middle
