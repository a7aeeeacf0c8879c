"""The third stage: where exactly does each side of a box lie?

Across each side runs a strip of positions, from well outside to well inside. At each position the maps are sampled
along the side, and a small network, the same for all positions, says how much it looks like the border. What the
object looks like in this very image is learnt on the spot: a linear discriminant between the middle of the box and its
surroundings. The side moves to the mean of the positions, weighted by how probable each is.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from gt_engine.autolabel import network
from gt_engine.autolabel.boxes.projection import CHANNELS, FINE, Seen
from gt_engine.autolabel.boxes.refine import SMALLEST, moved
from gt_engine.autolabel.boxes.sampling import on_lattice
from gt_engine.labels import Floats, Integers

POSITIONS = 24
REACH = 0.3
"""Positions span this share of the extent to both sides of the present border."""

ALONG = 9
WIDER = 1.1
"""Points along a side, and how far they go beyond its ends."""

WINDOW = 5
HIDDEN, OUTPUT = 48, 32
SHARP = 0.02
"""Spread of the wanted position, as a share of the extent: people do not agree more closely."""

BATCH = 64
RIDGE = 0.3

_OFFSETS = (((np.arange(POSITIONS) + 0.5) / POSITIONS * 2 - 1) * REACH).astype(np.float32)
_INWARD = np.array([1, 1, -1, -1], np.float32)
_SIDES = np.eye(4, dtype=np.float32)
_MIDDLE = (np.linspace(-1, 1, 7) * 0.28).astype(np.float32)
_AROUND = np.linspace(-0.75, 0.75, 9).astype(np.float32)

INPUTS = 3 * (CHANNELS + FINE.channels) + 4


def new_head(rng: np.random.Generator) -> network.Parameters:
    """An untrained head: a layer per position, a layer over a window of positions, one logit."""
    return [
        *network.initial_parameters([INPUTS, HIDDEN, 1], rng)[:2],
        *network.initial_parameters([WINDOW * HIDDEN + 4, OUTPUT, 1], rng),
    ]


def strips(seen: Seen, image: Integers, boxes: Floats) -> Floats:
    """What the head sees of boxes [m, 4]: float32 [m, 4 sides, POSITIONS, INPUTS]."""
    direction, bias = _discriminant(seen, image, boxes)
    out = np.empty((len(boxes), 4, POSITIONS, INPUTS), np.float32)
    extents = np.maximum(boxes[:, 2:] - boxes[:, :2], SMALLEST)
    middle = (boxes[:, :2] + boxes[:, 2:]) / 2
    steps = (((np.arange(ALONG) + 0.5) / ALONG - 0.5) * WIDER).astype(np.float32)
    for side in range(4):
        axis = side % 2
        normal = boxes[:, side, None] + _INWARD[side] * _OFFSETS * extents[:, axis, None]
        tangent = middle[:, 1 - axis, None] + steps * extents[:, 1 - axis, None]
        points = _points(seen, image, normal, tangent, axis)
        likeness = np.einsum("mptk,mk->mpt", points, direction) + bias[:, None, None]
        second, first = np.sort(likeness, 2)[:, :, -2:].transpose(2, 0, 1)
        share = network.sigmoid(likeness).mean(2)
        out[:, side] = np.concatenate(
            [
                points.mean(2),
                points.max(2),
                points.min(2),
                np.stack([likeness.mean(2) / 3, first / 3, second / 3, share], -1),
            ],
            -1,
        )
    return out


def _points(seen: Seen, image: Integers, normal: Floats, tangent: Floats, axis: int) -> Floats:
    """Samples [m, positions, along, channels] of both maps; `axis` 0: the normal runs across, 1: down."""
    across, down = (normal, tangent) if axis == 0 else (tangent, normal)
    both = np.concatenate([on_lattice(one, image, across, down) for one in (seen.coarse, seen.fine)], -1)
    return both.transpose(0, 2, 1, 3) if axis == 0 else both


def _discriminant(seen: Seen, image: Integers, boxes: Floats) -> tuple[Floats, Floats]:
    """For each box the direction [m, k] and bias [m] that tell its middle from its surroundings."""
    middle, extents = (boxes[:, :2] + boxes[:, 2:]) / 2, boxes[:, 2:] - boxes[:, :2]

    def lattice(steps: Floats) -> Floats:
        across, down = (middle[:, i, None] + extents[:, i, None] * steps for i in (0, 1))
        return np.concatenate([on_lattice(one, image, across, down) for one in (seen.coarse, seen.fine)], -1)

    inside = lattice(_MIDDLE).reshape(len(boxes), -1, CHANNELS + FINE.channels)
    rim = np.maximum.outer(np.abs(_AROUND), np.abs(_AROUND)) > 0.6
    outside = lattice(_AROUND)[:, rim]
    mean_in, mean_out = inside.mean(1), outside.mean(1)
    spread = RIDGE * np.eye(inside.shape[-1], dtype=np.float32)
    for cells, mean in ((inside, mean_in), (outside, mean_out)):
        centred = cells - mean[:, None]
        spread = spread + np.matmul(centred.transpose(0, 2, 1), centred) / (2 * cells.shape[1])
    direction = np.linalg.solve(spread, (mean_in - mean_out)[..., None])[..., 0]
    scale = np.sqrt(np.maximum((direction * (mean_in - mean_out)).sum(1), 1e-3))
    bias = -(direction * (mean_in + mean_out) / 2).sum(1) / scale
    return (direction / scale[:, None]).astype(np.float32), np.clip(bias, -30, 30).astype(np.float32)


def wanted(boxes: Floats, truth: Floats) -> Floats:
    """How probable each position is to be the border [m, 4, POSITIONS]."""
    extents = np.tile(np.maximum(boxes[:, 2:] - boxes[:, :2], SMALLEST), 2)
    offset = (truth - boxes) / extents * _INWARD
    near = np.exp(-0.5 * ((offset[:, :, None] - _OFFSETS) / SHARP) ** 2) + 1e-6
    return np.asarray(near / near.sum(-1, keepdims=True), np.float32)


@dataclass(frozen=True, eq=False)
class _Pass:
    """The layers of one forward pass."""

    x: Floats
    hidden: Floats
    windows: Floats
    output: Floats
    probability: Floats


def _forward(parameters: network.Parameters, x: Floats) -> _Pass:
    m = len(x)
    flat = x.reshape(-1, INPUTS)
    hidden = np.maximum(flat @ parameters[0] + parameters[1], 0).reshape(m, 4, POSITIONS, HIDDEN)
    half = WINDOW // 2
    padded = np.pad(hidden, ((0, 0), (0, 0), (half, half), (0, 0)))
    shifted = [padded[:, :, i : i + POSITIONS] for i in range(WINDOW)]
    side = np.broadcast_to(_SIDES[None, :, None], (m, 4, POSITIONS, 4))
    windows = np.concatenate([*shifted, side], -1).reshape(m * 4 * POSITIONS, -1)
    output = np.maximum(windows @ parameters[2] + parameters[3], 0)
    logits = (output @ parameters[4] + parameters[5]).reshape(m, 4, POSITIONS)
    weights = np.exp(logits - logits.max(-1, keepdims=True))
    return _Pass(flat, hidden, windows, output, weights / weights.sum(-1, keepdims=True))


def _backward(parameters: network.Parameters, done: _Pass, truth: Floats) -> network.Parameters:
    """Gradients of the cross-entropy between the positions wanted and those said."""
    m, half = len(truth), WINDOW // 2
    logits = ((done.probability - truth) / (4 * m)).reshape(-1, 1).astype(np.float32)
    output = (logits @ parameters[4].T) * (done.output > 0)
    windows = (output @ parameters[2].T).reshape(m, 4, POSITIONS, -1)
    padded = np.zeros((m, 4, POSITIONS + 2 * half, HIDDEN), np.float32)
    for i in range(WINDOW):
        padded[:, :, i : i + POSITIONS] += windows[..., i * HIDDEN : (i + 1) * HIDDEN]
    hidden = (padded[:, :, half : half + POSITIONS] * (done.hidden > 0)).reshape(-1, HIDDEN)
    return [
        done.x.T @ hidden,
        hidden.sum(0),
        done.windows.T @ output,
        output.sum(0),
        done.output.T @ logits,
        logits.sum(0),
    ]


def train_head(
    parameters: network.Parameters,
    samples: Floats,
    truth: Floats,
    rows: Integers,
    schedule: network.Schedule,
    rng: np.random.Generator,
) -> network.Parameters:
    """Trained on some rows of strips [m, 4, POSITIONS, INPUTS] and of the positions wanted [m, 4, POSITIONS]."""
    parameters = [p.copy() for p in parameters]
    adam = network.Adam(parameters, schedule)
    for _ in range(schedule.steps if len(rows) else 0):
        chosen = rng.choice(rows, min(BATCH, len(rows)), replace=False)
        adam.step(_backward(parameters, _forward(parameters, samples[chosen].astype(np.float32)), truth[chosen]))
    return parameters


def shaken(boxes: Floats, rng: np.random.Generator) -> Floats:
    """Boxes as the second stage might have left them."""
    shake = rng.normal(0, 1, boxes.shape) * rng.uniform(0.03, 0.12, (len(boxes), 1))
    return moved(boxes, shake.astype(np.float32))


def settle(parameters: network.Parameters, seen: Seen, image: Integers, boxes: Floats) -> Floats:
    """The boxes with their sides moved: the mean of a first and a second look."""
    if not len(boxes):
        return boxes
    first = _looked(parameters, seen, image, boxes)
    return ((first + _looked(parameters, seen, image, first)) / 2).astype(np.float32)


def _looked(parameters: network.Parameters, seen: Seen, image: Integers, boxes: Floats) -> Floats:
    offset = (_forward(parameters, strips(seen, image, boxes)).probability * _OFFSETS).sum(-1)
    return moved(boxes, (offset * _INWARD).astype(np.float32))
