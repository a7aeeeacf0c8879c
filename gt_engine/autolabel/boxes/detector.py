"""One member of the detector: proposals, refinement, edges. Pure numpy on maps that were projected before."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from gt_engine.autolabel import network
from gt_engine.autolabel.boxes import edges, grid, refine
from gt_engine.autolabel.boxes.confidence import Detections, Verdict
from gt_engine.autolabel.boxes.geometry import intersection_over_union, paired_iou, suppressed
from gt_engine.autolabel.boxes.grid import FINE, ROUGH, Grid
from gt_engine.autolabel.boxes.material import Material
from gt_engine.autolabel.boxes.projection import CHANNELS, Seen
from gt_engine.labels import Floats, Integers

OVERLAP = 0.4
VOTE = 0.65
SAME = 0.5


@dataclass(frozen=True)
class Schedules:
    """How long each stage trains."""

    proposer: network.Schedule
    refiner: network.Schedule
    edges: network.Schedule

    def shortened(self, times: int) -> Schedules:
        """A fraction of the steps of every stage."""
        return Schedules(self.proposer.shortened(times), self.refiner.shortened(times), self.edges.shortened(times))

    def on(self, grid: Grid) -> Schedules:
        """Small objects take longer to learn: three times the first stage, half as long again the second."""
        if grid is not FINE:
            return self
        proposer, refiner = self.proposer, self.refiner
        return replace(
            self,
            proposer=replace(proposer, steps=3 * proposer.steps),
            refiner=replace(refiner, steps=refiner.steps * 3 // 2),
        )


COLD = Schedules(network.Schedule(100, 2e-3), network.Schedule(360, 1e-3), network.Schedule(1000, 3e-3))
WARM = Schedules(network.Schedule(40, 1e-3), network.Schedule(120, 7e-4), network.Schedule(400, 1.5e-3))
LAST = Schedules(network.Schedule(100, 2e-3), network.Schedule(300, 1e-3), network.Schedule(900, 3e-3))
"""Without a model; from the round before; for the model that a job leaves behind, which many jobs may start from."""


@dataclass(frozen=True, eq=False)
class Detector:
    """The parameters of the three stages, and the grid that the first one looks at."""

    proposer: network.Parameters
    refiner: network.Parameters
    edges: network.Parameters
    grid: Grid = ROUGH


def new_detector(classes: int, looks_at: Grid, rng: np.random.Generator) -> Detector:
    """An untrained detector."""
    proposer = grid.new_head(CHANNELS, rng)
    return Detector(proposer, refine.new_head(CHANNELS, classes, rng), edges.new_head(rng), looks_at)


def on_grid(detector: Detector, looks_at: Grid, rng: np.random.Generator) -> Detector:
    """The detector with its first stage on a grid: an untrained one, where it was on another."""
    if detector.grid is looks_at:
        return detector
    return replace(detector, proposer=grid.new_head(CHANNELS, rng), grid=looks_at)


def train_finder(
    start: Detector,
    material: Material,
    rows: Integers,
    rng: np.random.Generator,
    *,
    schedules: Schedules,
    on_step: Callable[[int, Detector], None] | None = None,
) -> Detector:
    """`start` with its first two stages trained on some rows. `on_step` sees it after each step of the second stage."""
    proposer = grid.train_head(
        start.proposer, material.maps, material.grid, rows, material.boxes, schedules.proposer, rng
    )
    proposals: dict[int, Floats] = {}
    for i in range(0, len(rows), 50):
        some = rows[i : i + 50]
        proposed = grid.propose(proposer, grid.grid_maps(material.maps[some], material.grid), material.grid)
        proposals.update(zip(some.tolist(), joined(proposed, [material.proposed[i] for i in some]), strict=True))

    def report(step: int, refiner: network.Parameters) -> None:
        if on_step:
            on_step(step, replace(start, proposer=proposer, refiner=refiner))

    refiner = refine.train_head(
        start.refiner,
        material.maps,
        rows,
        material.boxes,
        material.class_ids,
        proposals,
        schedules.refiner,
        rng,
        report,
    )
    return replace(start, proposer=proposer, refiner=refiner)


def train_sides(
    start: Detector, material: Material, rows: Integers, rng: np.random.Generator, *, schedules: Schedules
) -> network.Parameters:
    """The third stage, trained on the strips of some rows; it needs nothing of the other two."""
    strips = np.flatnonzero(np.isin(material.owner, rows))
    return edges.train_head(start.edges, material.strips, material.borders, strips, schedules.edges, rng)


def propose(detector: Detector, maps: Floats, by_others: Sequence[Floats]) -> list[Floats]:
    """Where the first stage would look in each image of projected maps [n, s, s, k], and where others would."""
    coarse = grid.grid_maps(maps, detector.grid)
    return joined(grid.propose(detector.proposer, coarse, detector.grid), by_others)


def joined(proposed: Sequence[Floats], by_others: Sequence[Floats]) -> list[Floats]:
    """What the first stage proposes for each image, and what others do."""
    return [np.concatenate(both) if len(both[1]) else both[0] for both in zip(proposed, by_others, strict=True)]


def detect(detector: Detector, maps: Floats, proposals: Sequence[Floats]) -> list[Detections]:
    """What the second stage sees there."""
    image = np.repeat(np.arange(len(maps)), [len(one) for one in proposals])
    boxes, probabilities, quality = refine.refine(detector.refiner, maps, image, np.concatenate(proposals))
    class_ids = probabilities.argmax(1)
    scores = probabilities.max(1) * np.sqrt(quality)
    most = detector.grid.proposals
    mine = [image == i for i in range(len(maps))]
    return [_distinct(boxes[one], class_ids[one], scores[one], most) for one in mine]


def detect_closely(
    members: Sequence[Detector], seen: Seen, by_others: Sequence[Floats], likely_from: float
) -> list[Detections]:
    """What all three stages of some detectors together see in each image; by_others: boxes that others propose.

    Boxes with a score below `likely_from` will not make it into a label: their sides may stay where they are.
    """
    opinions = [detect(one, seen.coarse, propose(one, seen.coarse, by_others)) for one in members]
    found = [_agreed(of_image, members[0].grid.proposals) for of_image in zip(*opinions, strict=True)]
    likely = [one.scores >= likely_from for one in found]
    image = np.repeat(np.arange(len(found)), [int(one.sum()) for one in likely])
    boxes = np.concatenate([one.boxes[mask] for one, mask in zip(found, likely, strict=True)])
    settled = edges.settle([one.edges for one in members], seen, image, boxes)
    for i, (one, mask) in enumerate(zip(found, likely, strict=True)):
        one.boxes[mask] = settled[image == i]
    return found


def verdicts(detector: Detector, seen: Seen, boxes: Sequence[Floats]) -> list[Verdict]:
    """What the second and the third stage say of boxes [k, 4] of each image, wherever the first would have looked."""
    image = np.repeat(np.arange(len(boxes)), [len(one) for one in boxes])
    every = np.concatenate(boxes)
    if not len(every):
        return [Verdict(np.zeros((0, 0), np.float32), np.zeros((0, 4), np.float32)) for _ in boxes]
    parts = [_verdict(detector, seen, image[part], every[part]) for part in edges.together(len(every))]
    probabilities = np.concatenate([one.probabilities for one in parts])
    agreement = np.concatenate([one.agreement for one in parts])
    return [Verdict(probabilities[mine], agreement[mine]) for mine in (image == i for i in range(len(boxes)))]


def _verdict(detector: Detector, seen: Seen, image: Integers, boxes: Floats) -> Verdict:
    moved, probabilities, quality = refine.refine(detector.refiner, seen.coarse, image, boxes)
    settled, alone = (edges.settle([detector.edges], seen, image, one) for one in (moved, boxes))
    agreement = np.column_stack([quality, *(paired_iou(boxes, one) for one in (moved, settled, alone))])
    return Verdict(probabilities, agreement.astype(np.float32))


def _agreed(opinions: Sequence[Detections], most: int) -> Detections:
    """One view of an image from several: an object's score is the mean of the members', 0 where one does not see it."""
    if len(opinions) == 1:
        return opinions[0]
    boxes, class_ids, scores, rivals = (
        np.concatenate([getattr(one, part) for one in opinions]) for part in ("boxes", "class_ids", "scores", "rivals")
    )
    member = np.repeat(np.arange(len(opinions)), [len(one.scores) for one in opinions])
    kept, overlap, voted = _merged(boxes, class_ids, scores, most)

    def mean(values: Floats) -> Floats:
        same = (overlap > SAME) * values
        seen = [np.where(member == one, same, 0).max(1) for one in range(len(opinions))]
        return np.asarray(np.mean(seen, 0), np.float32)

    believed = mean(scores)
    order = np.argsort(-believed, kind="stable")
    pushed_out = np.stack([mean(one) for one in rivals.T], 1)
    return Detections(voted[order], class_ids[kept][order], believed[order], pushed_out[order])


def _distinct(boxes: Floats, class_ids: Integers, scores: Floats, most: int) -> Detections:
    """One box per object and class: the best one stands."""
    kept, overlap, voted = _merged(boxes, class_ids, scores, most)
    # A box that overlaps several counts with the one that it overlaps most.
    nearest = overlap == overlap.max(0)
    rivals = np.where(nearest & (overlap > OVERLAP) & (overlap < VOTE), scores, 0)
    pushed_out = np.stack([rivals.max(1), rivals.sum(1)], 1)
    return Detections(voted, class_ids[kept], scores[kept].astype(np.float32), pushed_out.astype(np.float32))


def _merged(boxes: Floats, class_ids: Integers, scores: Floats, most: int) -> tuple[Integers, Floats, Floats]:
    """The best box of each object and class, `most` in all, how much each of them overlaps with all boxes [kept, m],
    and where its near doubles vote that its sides are [kept, 4]."""
    apart = np.asarray(boxes + 2 * class_ids[:, None], np.float32)  # boxes of different classes never touch
    kept = suppressed(apart, scores, OVERLAP, most)
    overlap = intersection_over_union(apart[kept], apart)
    weights = (overlap > VOTE) * scores**2
    voted = weights @ boxes / weights.sum(1, keepdims=True)
    return kept, overlap, voted.astype(np.float32)
