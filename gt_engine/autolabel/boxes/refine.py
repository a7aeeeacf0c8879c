"""The second stage: each proposal is looked at closely, classified and moved.

A proposal, somewhat enlarged, is sampled on a small grid; a network says which class it is, how well it sits, and how
far each side should move.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial

import numpy as np
from numpy.typing import NDArray

from gt_engine.autolabel import network
from gt_engine.autolabel.boxes.geometry import areas, intersection_over_union
from gt_engine.autolabel.boxes.sampling import on_lattice
from gt_engine.labels import Floats

GRID = 7
ENLARGED = 1.4
HIDDEN = 128
IMAGES = 24
PER_IMAGE = 8
"""Of each image in a batch: so many shaken gold boxes, and as many proposals."""

SAME, NEAR = 0.5, 0.35
"""IoU from which a proposal shows the object, and from which it may learn where the sides are."""

SMALLEST = 0.01
MOVES, QUALITY = slice(-5, -1), -1


def new_head(channels: int, classes: int, rng: np.random.Generator) -> network.Parameters:
    """An untrained head: one logit per class, four moves, one logit of quality."""
    return network.initial_parameters([GRID * GRID * channels + 2, HIDDEN, HIDDEN, classes + 5], rng)


def sampled(maps: Floats, image: NDArray[np.int64], boxes: Floats) -> Floats:
    """What the head sees of boxes [m, 4] in images [m]: float32 [m, GRID, GRID, k], bilinear."""
    middle, extent = (boxes[:, :2] + boxes[:, 2:]) / 2, (boxes[:, 2:] - boxes[:, :2]) * ENLARGED
    steps = ((np.arange(GRID) + 0.5) / GRID - 0.5).astype(np.float32)
    across = middle[:, :1] + extent[:, :1] * steps
    down = middle[:, 1:] + extent[:, 1:] * steps
    return on_lattice(maps, image, across, down)


def _inputs(seen: Floats, boxes: Floats) -> Floats:
    extents = np.log(np.clip(boxes[:, 2:] - boxes[:, :2], SMALLEST, None))
    return np.concatenate([seen.reshape(len(seen), -1), extents], 1).astype(np.float32)


def moves(boxes: Floats, wanted: Floats) -> Floats:
    """How far each side must move, as a share of the box's extent."""
    extents = np.tile(np.maximum(boxes[:, 2:] - boxes[:, :2], SMALLEST), 2)
    return np.asarray((wanted - boxes) / extents, np.float32)


def moved(boxes: Floats, by: Floats) -> Floats:
    """The boxes after moving each side by a share of the extent; never inside out, never outside the image."""
    return _proper(boxes + by * np.tile(np.maximum(boxes[:, 2:] - boxes[:, :2], SMALLEST), 2))


def _proper(boxes: Floats) -> Floats:
    boxes = np.clip(boxes, 0, 1)
    boxes[:, :2] = np.minimum(boxes[:, :2], 1 - SMALLEST)
    boxes[:, 2:] = np.maximum(boxes[:, 2:], boxes[:, :2] + SMALLEST)
    return boxes.astype(np.float32)


def train_head(
    parameters: network.Parameters,
    maps: Floats,
    rows: NDArray[np.int64],
    boxes: Sequence[Floats],
    class_ids: Sequence[NDArray[np.int64]],
    proposals: Mapping[int, Floats],
    schedule: network.Schedule,
    rng: np.random.Generator,
    on_step: Callable[[int, network.Parameters], None] | None = None,
) -> network.Parameters:
    """Trained on some rows of projected maps [n, s, s, k], the boxes and classes of each image, and its proposals."""

    def draw(rng: np.random.Generator) -> tuple[Floats, Callable[[Floats], Floats]]:
        batch = _Batch()
        for i in rng.choice(rows, min(IMAGES, len(rows)), replace=False):
            batch.add(int(i), _candidates(boxes[i], proposals[i], rng), boxes[i], class_ids[i])
        image, where, wanted, iou, kind = batch.arrays()
        seen = sampled(maps, image, where)
        # A mirrored object is the same object: flipping doubles what little there is to learn from.
        flip = rng.random(len(seen)) < 0.5
        seen[flip] = seen[flip][:, :, ::-1]
        move = moves(where, wanted)
        move[flip] = (move[flip] * np.array([-1, 1, -1, 1], np.float32))[:, [2, 1, 0, 3]]
        return _inputs(seen, where), partial(_gradient, move=move, iou=iou, kind=kind)

    return network.train(parameters, draw, schedule, rng, on_step=on_step)


class _Batch:
    """Candidates of several images, each with the object that it overlaps most."""

    def __init__(self) -> None:
        self._rows: list[tuple[NDArray[np.int64], Floats, Floats, Floats, NDArray[np.int64]]] = []

    def add(self, image: int, candidates: Floats, boxes: Floats, class_ids: NDArray[np.int64]) -> None:
        owner = np.full(len(candidates), image, np.int64)
        if not len(boxes):
            nothing = np.zeros(len(candidates), np.float32)
            self._rows.append((owner, candidates, candidates, nothing, np.zeros(len(candidates), np.int64)))
            return
        overlap = intersection_over_union(candidates, boxes)
        best = overlap.argmax(1)
        self._rows.append((owner, candidates, boxes[best], overlap.max(1), class_ids[best]))

    def arrays(self) -> tuple[NDArray[np.int64], Floats, Floats, Floats, NDArray[np.int64]]:
        owner, where, wanted, iou, kind = (np.concatenate(part) for part in zip(*self._rows, strict=True))
        return owner, where, wanted, iou, kind


def _candidates(boxes: Floats, proposals: Floats, rng: np.random.Generator) -> Floats:
    """Gold boxes shaken by a little or a lot, and some of the proposals."""
    if len(proposals) > PER_IMAGE:
        proposals = proposals[rng.integers(len(proposals), size=PER_IMAGE)]
    if not len(boxes):
        return proposals
    chosen = boxes[rng.integers(len(boxes), size=PER_IMAGE)]
    shake = rng.normal(0, 1, (PER_IMAGE, 4)) * rng.uniform(0.02, 0.2, (PER_IMAGE, 1))
    return np.concatenate([moved(chosen, shake.astype(np.float32)), proposals])


def _gradient(output: Floats, *, move: Floats, iou: Floats, kind: NDArray[np.int64]) -> Floats:
    """Cross-entropy of the classes, smooth L1 of the moves, cross-entropy of the quality against the IoU reached."""
    n, classes = len(output), output.shape[1] - 5
    wanted = np.zeros((n, classes), np.float32)
    wanted[np.arange(n), kind] = iou >= SAME
    certain = (iou >= SAME) | (iou < NEAR)
    near = iou >= NEAR
    count = max(int(near.sum()), 1)
    gradient = np.zeros_like(output)
    gradient[:, :classes] = 2 * (network.sigmoid(output[:, :classes]) - wanted) * certain[:, None] / n
    gradient[near, MOVES] = np.clip((output[near, MOVES] - move[near]) / 0.05, -1, 1) / count
    unit = np.tile(np.array([[0, 0, 1, 1]], np.float32), (count if near.any() else 0, 1))
    reached = _paired_iou(unit + output[near, MOVES], unit + move[near])
    gradient[near, QUALITY] = 0.5 * (network.sigmoid(output[near, QUALITY]) - reached) / count
    return gradient


def _paired_iou(a: Floats, b: Floats) -> Floats:
    overlap = np.clip(np.minimum(a[:, 2:], b[:, 2:]) - np.maximum(a[:, :2], b[:, :2]), 0, None).prod(1)
    return np.asarray(np.clip(overlap / np.maximum(areas(a) + areas(b) - overlap, 1e-6), 0, 1), np.float32)


def refine(
    parameters: network.Parameters, maps: Floats, image: NDArray[np.int64], boxes: Floats
) -> tuple[Floats, Floats, Floats]:
    """(moved boxes [m, 4], class probabilities [m, classes], quality [m]) of boxes in images.

    The mean of what the head says of the straight and of the mirrored view.
    """
    seen = sampled(maps, image, boxes)
    straight = network.predict(parameters, _inputs(seen, boxes))
    mirrored = network.predict(parameters, _inputs(seen[:, :, ::-1], boxes))
    mirrored[:, MOVES] = (mirrored[:, MOVES] * np.array([-1, 1, -1, 1], np.float32))[:, [2, 1, 0, 3]]
    output = np.asarray((straight + mirrored) / 2, np.float32)
    return moved(boxes, output[:, MOVES]), network.sigmoid(output[:, :-5]), network.sigmoid(output[:, QUALITY])
