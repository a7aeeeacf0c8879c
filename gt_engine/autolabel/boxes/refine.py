"""The second stage: each proposal is looked at closely, classified and moved.

A proposal, somewhat enlarged, is sampled on a small grid; a network says which class it is, how well it sits, and how
far each side should move.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gt_engine.autolabel import network
from gt_engine.autolabel.boxes.geometry import paired_iou
from gt_engine.autolabel.boxes.sampling import on_lattice
from gt_engine.labels import Floats, Integers

GRID = 7
ENLARGED = 1.4
HIDDEN = 128
IMAGES = 32
PER_IMAGE = 3
"""Of each image in a batch: so many shaken gold boxes, and as many proposals."""

SAME, NEAR = 0.5, 0.35
"""IoU from which a proposal shows the object, and from which it may learn where the sides are."""

SMALLEST = 0.01
MOVES, QUALITY = slice(-5, -1), -1
_NO_BOXES = np.zeros((0, 4), np.float32)


def new_head(channels: int, classes: int, rng: np.random.Generator) -> network.Parameters:
    """An untrained head: one logit per class, four moves, one logit of quality."""
    return network.initial_parameters([GRID * GRID * channels + 2, HIDDEN, HIDDEN, classes + 5], rng)


def sampled(maps: Floats, image: Integers, boxes: Floats) -> Floats:
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
    rows: Integers,
    boxes: Sequence[Floats],
    class_ids: Sequence[Integers],
    proposals: Mapping[int, Floats],
    schedule: network.Schedule,
    rng: np.random.Generator,
    on_step: Callable[[int, network.Parameters], None] | None = None,
) -> network.Parameters:
    """Trained on some rows of projected maps [n, s, s, k], the boxes and classes of each image, and its proposals."""

    known, kinds = _Ragged.of(boxes), _Ragged.of(class_ids)
    proposed = _Ragged.of([proposals.get(i, _NO_BOXES) for i in range(len(boxes))])

    def draw(rng: np.random.Generator) -> tuple[Floats, Callable[[Floats], Floats]]:
        chosen = rng.choice(rows, min(IMAGES, len(rows)), replace=False)
        with_gold = chosen[known.count[chosen] > 0]
        image = np.repeat(np.concatenate([with_gold, chosen]), PER_IMAGE)
        where = np.concatenate([_shaken(known.some(with_gold, rng), rng), proposed.some(chosen, rng)])
        overlap = paired_iou(where[:, None], known.values[image])
        best = overlap.argmax(1)
        wanted, iou, kind = known.values[image, best], overlap.max(1), kinds.values[image, best]
        seen = sampled(maps, image, where)
        # A mirrored object is the same object: flipping doubles what little there is to learn from.
        flip = rng.random(len(seen)) < 0.5
        seen[flip] = seen[flip][:, :, ::-1]
        move = moves(where, wanted)
        move[flip] = (move[flip] * np.array([-1, 1, -1, 1], np.float32))[:, [2, 1, 0, 3]]
        return _inputs(seen, where), partial(_gradient, move=move, iou=iou, kind=kind)

    return network.train(parameters, draw, schedule, rng, on_step=on_step)


@dataclass(frozen=True, eq=False)
class _Ragged:
    """Rows of different length, filled up with zeros [n, longest, …], and how long each one is."""

    values: Any
    count: Integers

    @classmethod
    def of(cls, rows: Sequence[NDArray[Any]]) -> _Ragged:
        count = np.array([len(one) for one in rows], np.int64)
        values = np.zeros((len(rows), max(1, count.max()), *rows[0].shape[1:]), rows[0].dtype)
        for i, one in enumerate(rows):
            values[i, : len(one)] = one
        return cls(values, count)

    def some(self, rows: Integers, rng: np.random.Generator) -> Any:
        """PER_IMAGE values of each of some rows, drawn with replacement; none of these rows may be empty."""
        picked = rng.integers(self.count[rows][:, None], size=(len(rows), PER_IMAGE))
        return self.values[rows[:, None], picked].reshape(-1, *self.values.shape[2:])


def _shaken(boxes: Floats, rng: np.random.Generator) -> Floats:
    """The boxes moved by a little or a lot."""
    shake = rng.normal(0, 1, boxes.shape) * rng.uniform(0.02, 0.2, (len(boxes), 1))
    return moved(boxes, shake.astype(np.float32))


def _gradient(output: Floats, *, move: Floats, iou: Floats, kind: Integers) -> Floats:
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
    reached = paired_iou(unit + output[near, MOVES], unit + move[near])
    gradient[near, QUALITY] = 0.5 * (network.sigmoid(output[near, QUALITY]) - reached) / count
    return gradient


def refine(
    parameters: network.Parameters, maps: Floats, image: Integers, boxes: Floats
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
