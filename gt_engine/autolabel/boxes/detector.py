"""One member of the detector: projection, proposals, refinement. Pure numpy on projected maps."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from gt_engine.autolabel import network
from gt_engine.autolabel.boxes import grid, refine
from gt_engine.autolabel.boxes.confidence import Detections
from gt_engine.autolabel.boxes.geometry import intersection_over_union, suppressed
from gt_engine.labels import Floats, Integers

OVERLAP = 0.4
VOTE = 0.65
FEW = 20

COLD = (network.Schedule(250, 2e-3), network.Schedule(250, 1e-3))
WARM = (network.Schedule(60, 1e-3), network.Schedule(120, 7e-4))
"""How long the two stages train, from nothing and from an earlier model."""


@dataclass(frozen=True, eq=False)
class Detector:
    """The parameters of both stages."""

    proposer: network.Parameters
    refiner: network.Parameters


def new_detector(channels: int, classes: int, rng: np.random.Generator) -> Detector:
    """An untrained detector."""
    return Detector(grid.new_head(channels, rng), refine.new_head(channels, classes, rng))


def train_detector(
    start: Detector,
    maps: Floats,
    boxes: Sequence[Floats],
    class_ids: Sequence[Integers],
    rng: np.random.Generator,
    *,
    schedules: tuple[network.Schedule, network.Schedule],
    on_step: Callable[[int, Detector], None] | None = None,
) -> Detector:
    """Trained on projected maps [n, s, s, k], boxes in units of the image's side, and their classes."""
    coarse = grid.grid_maps(maps)
    proposer = grid.train_head(start.proposer, coarse, boxes, schedules[0], rng)
    proposals = [one for i in range(0, len(coarse), 50) for one in grid.propose(proposer, coarse[i : i + 50])]

    def report(step: int, refiner: network.Parameters) -> None:
        if on_step:
            on_step(step, Detector(proposer, refiner))

    refiner = refine.train_head(start.refiner, maps, boxes, class_ids, proposals, schedules[1], rng, report)
    return Detector(proposer, refiner)


def detect(detector: Detector, maps: Floats) -> list[Detections]:
    """What a detector sees in each image of projected maps [n, s, s, k]."""
    proposals = grid.propose(detector.proposer, grid.grid_maps(maps))
    image = np.repeat(np.arange(len(maps)), [len(one) for one in proposals])
    boxes, probabilities, quality = refine.refine(detector.refiner, maps, image, np.concatenate(proposals))
    class_ids = probabilities.argmax(1)
    scores = probabilities.max(1) * np.sqrt(quality)
    return [_distinct(boxes[mine], class_ids[mine], scores[mine]) for mine in (image == i for i in range(len(maps)))]


def _distinct(boxes: Floats, class_ids: Integers, scores: Floats) -> Detections:
    """One box per object and class: the best one stands, its near doubles vote on where the sides are."""
    apart = boxes + 2 * class_ids[:, None].astype(np.float32)  # boxes of different classes never touch
    kept = suppressed(apart, scores, OVERLAP, FEW)
    weights = (intersection_over_union(apart[kept], apart) > VOTE) * scores**2
    voted = weights @ boxes / weights.sum(1, keepdims=True)
    return Detections(voted.astype(np.float32), class_ids[kept], scores[kept].astype(np.float32))
