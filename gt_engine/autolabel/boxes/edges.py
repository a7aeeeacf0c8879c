"""The third stage: where exactly does each side of a box lie?

Across each side runs a strip of positions, from well outside to well inside. At each position the maps are sampled
along the side, and a small network, the same for all positions, says how much it looks like the border. What the
object looks like in this very image is learnt on the spot: linear discriminants between the middle of the box and its
surroundings, one by the maps and one by the colours, which alone are fine enough for a beak, a tail or a leg. The side
moves to where it is as probably too far out as too far in.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from gt_engine.autolabel import network
from gt_engine.autolabel.boxes.projection import CHANNELS, FINE, Seen
from gt_engine.autolabel.boxes.refine import SMALLEST, moved
from gt_engine.autolabel.boxes.sampling import on_lattice
from gt_engine.labels import Floats, Integers

POSITIONS = 18
REACH = 0.3
"""Positions span this share of the extent to both sides of the present border."""

ALONG, FINELY = 9, 40
WIDER = 1.1
"""Points along a side, of the maps and of the colours, and how far they go beyond its ends."""

WINDOW, APART = 7, 2
"""A position is told of by so many, itself among them, each so many positions from the next."""

HIDDEN, OUTPUT = 48, 32
SHARP = 0.015
"""Spread of the wanted position, as a share of the extent: people do not agree more closely."""

BATCH = 12
DROPOUT = 0.3
"""Share of the inputs that each strip of a batch goes without: a few hundred boxes are soon known by heart."""

RIDGE = 0.3
TOGETHER = 2_000
"""Boxes whose strips are made at once (0.2 MB each): a chunk of images has more only where people drew very many."""

OFFSETS = (((np.arange(POSITIONS) + 0.5) / POSITIONS * 2 - 1) * REACH).astype(np.float32)
INWARD = np.array([1, 1, -1, -1], np.float32)
_SHIFTS = [
    (place, slice(max(0, -by), POSITIONS - max(0, by)), slice(max(0, by), POSITIONS + min(0, by)))
    for place, by in enumerate(range(-(WINDOW // 2) * APART, WINDOW // 2 * APART + 1, APART))
]
"""For each place in the window: the positions that are told something from there, and the positions that tell it."""

INPUTS = 3 * (CHANNELS + FINE.channels) + 4 + 6


def new_head(rng: np.random.Generator) -> network.Parameters:
    """An untrained head: a layer per position, a layer over a window of positions, one logit."""
    return [
        *network.initial_parameters([INPUTS, HIDDEN, 1], rng)[:2],
        *network.initial_parameters([WINDOW * HIDDEN + 4, OUTPUT, 1], rng),
    ]


Lattice = Callable[[Floats, Floats], Floats]
"""Samples [m, v, u, k] where columns across [m, u] meet rows down [m, v]."""


def together(count: int) -> list[slice]:
    """So many boxes in parts of TOGETHER; one part at least."""
    return [slice(start, start + TOGETHER) for start in range(0, max(count, 1), TOGETHER)]


def strips(seen: Seen, image: Integers, boxes: Floats) -> Floats:
    """What the head sees of boxes [m, 4]: float32 [m, 4 sides, POSITIONS, INPUTS]."""

    def maps(across: Floats, down: Floats) -> Floats:
        return np.concatenate([on_lattice(one, image, across, down) for one in (seen.coarse, seen.fine)], -1)

    def colours(across: Floats, down: Floats) -> Floats:
        # With their products, a discriminant can tell a colour from all others, not only from one side of it.
        plain = on_lattice(seen.colours, image, across, down)
        return np.concatenate([plain, plain**2, plain * np.roll(plain, 1, -1)], -1)

    by_maps = _discriminant(maps, boxes, lattice_of(0.28, 7), lattice_of(0.75, 9))
    by_colours = _discriminant(colours, boxes, lattice_of(0.3, 11), lattice_of(0.78, 17))
    out = np.empty((len(boxes), 4, POSITIONS, INPUTS), np.float32)
    for side in range(4):
        points = _points(maps, boxes, side, ALONG)
        likeness = _likeness(points, *by_maps)
        second, first = _best(likeness, 2)
        finely = _likeness(_points(colours, boxes, side, FINELY), *by_colours)
        best = _best(finely, 4)
        out[:, side] = np.concatenate(
            [
                points.mean(2),
                points.max(2),
                points.min(2),
                np.stack([likeness.mean(2) / 3, first / 3, second / 3, network.sigmoid(likeness).mean(2)], -1),
                np.stack(
                    [
                        finely.mean(2) / 3,
                        best[-1] / 3,
                        best[-2] / 3,
                        best.mean(0) / 3,
                        network.sigmoid(finely).mean(2),
                        (finely > 0).mean(2),
                    ],
                    -1,
                ).clip(-8, 8),
            ],
            -1,
        )
    return out


def _points(sampled: Lattice, boxes: Floats, side: int, along: int) -> Floats:
    """Samples [m, POSITIONS, along, k] across one side of each box."""
    axis = side % 2
    extents, middle = np.maximum(boxes[:, 2:] - boxes[:, :2], SMALLEST), (boxes[:, :2] + boxes[:, 2:]) / 2
    steps = (((np.arange(along) + 0.5) / along - 0.5) * WIDER).astype(np.float32)
    normal = boxes[:, side, None] + INWARD[side] * OFFSETS * extents[:, axis, None]
    tangent = middle[:, 1 - axis, None] + steps * extents[:, 1 - axis, None]
    return sampled(normal, tangent).transpose(0, 2, 1, 3) if axis == 0 else sampled(tangent, normal)


def lattice_of(reach: float, steps: int) -> Floats:
    """Offsets from the middle of a box, as shares of its extent."""
    return np.linspace(-reach, reach, steps).astype(np.float32)


def _discriminant(sampled: Lattice, boxes: Floats, within: Floats, around: Floats) -> tuple[Floats, Floats]:
    """For each box the direction [m, k] and bias [m] that tell its middle from its surroundings."""
    middle, extents = (boxes[:, :2] + boxes[:, 2:]) / 2, boxes[:, 2:] - boxes[:, :2]

    def lattice(steps: Floats) -> Floats:
        return sampled(*(middle[:, i, None] + extents[:, i, None] * steps for i in (0, 1)))

    inside = lattice(within)
    inside = inside.reshape(len(boxes), -1, inside.shape[-1])
    outside = lattice(around)[:, np.maximum.outer(np.abs(around), np.abs(around)) > 0.6]
    mean_in, mean_out = inside.mean(1), outside.mean(1)
    spread = RIDGE * np.eye(inside.shape[-1], dtype=np.float32)
    for cells, mean in ((inside, mean_in), (outside, mean_out)):
        centred = cells - mean[:, None]
        spread = spread + np.matmul(centred.transpose(0, 2, 1), centred) / (2 * cells.shape[1])
    direction = np.linalg.solve(spread, (mean_in - mean_out)[..., None])[..., 0]
    scale = np.sqrt(np.maximum((direction * (mean_in - mean_out)).sum(1), 1e-3))
    bias = -(direction * (mean_in + mean_out) / 2).sum(1) / scale
    return (direction / scale[:, None]).astype(np.float32), np.clip(bias, -30, 30).astype(np.float32)


def _likeness(points: Floats, direction: Floats, bias: Floats) -> Floats:
    """How much each point looks like the middle of its box [m, positions, along]; below 0, like its surroundings."""
    return np.asarray(np.einsum("mptk,mk->mpt", points, direction, optimize=True) + bias[:, None, None], np.float32)


def _best(likeness: Floats, count: int) -> Floats:
    """The greatest of each position, the greatest last [count, m, positions]."""
    return np.sort(likeness, 2)[:, :, -count:].transpose(2, 0, 1)


def packed(samples: Floats) -> NDArray[np.int8]:
    """Strips as they are kept during a training: in sixteenths, for a quarter of the memory."""
    return np.clip(np.rint(samples * 16), -127, 127).astype(np.int8)


def unpacked(samples: NDArray[np.int8]) -> Floats:
    """The inverse of `packed`."""
    return np.multiply(samples, np.float32(1 / 16), dtype=np.float32)


def wanted(boxes: Floats, truth: Floats) -> Floats:
    """How probable each position is to be the border [m, 4, POSITIONS]."""
    extents = np.tile(np.maximum(boxes[:, 2:] - boxes[:, :2], SMALLEST), 2)
    offset = (truth - boxes) / extents * INWARD
    near = np.exp(-0.5 * ((offset[:, :, None] - OFFSETS) / SHARP) ** 2) + 1e-6
    return np.asarray(near / near.sum(-1, keepdims=True), np.float32)


@dataclass(frozen=True, eq=False)
class _Pass:
    """The layers of one forward pass."""

    x: Floats
    hidden: Floats
    output: Floats
    probability: Floats


def _forward(parameters: network.Parameters, x: Floats) -> _Pass:
    m = len(x)
    flat = x.reshape(-1, INPUTS)
    hidden = flat @ parameters[0]
    hidden += parameters[1]
    np.maximum(hidden, 0, out=hidden)
    # Every position says once what it means to each of its neighbours; the window then adds up what it is told.
    told = (hidden @ _by_place(parameters[2])).reshape(m, 4, POSITIONS, WINDOW, OUTPUT)
    own = (parameters[2][WINDOW * HIDDEN :] + parameters[3])[None, :, None]
    output = np.repeat(np.repeat(own, m, 0), POSITIONS, 2)
    for place, to, source in _SHIFTS:
        output[:, :, to] += told[:, :, source, place]
    np.maximum(output, 0, out=output)
    logits = (output.reshape(-1, OUTPUT) @ parameters[4] + parameters[5]).reshape(m, 4, POSITIONS)
    weights = np.exp(logits - logits.max(-1, keepdims=True))
    return _Pass(flat, hidden, output, weights / weights.sum(-1, keepdims=True))


def _by_place(weights: Floats) -> Floats:
    """The window's weights [WINDOW * HIDDEN + 4, OUTPUT] as [HIDDEN, WINDOW * OUTPUT]."""
    inner = weights[: WINDOW * HIDDEN].reshape(WINDOW, HIDDEN, OUTPUT)
    return np.ascontiguousarray(inner.transpose(1, 0, 2)).reshape(HIDDEN, WINDOW * OUTPUT)


def _backward(parameters: network.Parameters, done: _Pass, truth: Floats) -> network.Parameters:
    """Gradients of the cross-entropy between the positions wanted and those said."""
    m = len(truth)
    flat = done.output.reshape(-1, OUTPUT)
    logits = ((done.probability - truth) / (4 * m)).reshape(-1, 1).astype(np.float32)
    output = ((logits @ parameters[4].T) * (flat > 0)).reshape(done.output.shape)
    told = np.zeros((m, 4, POSITIONS, WINDOW, OUTPUT), output.dtype)
    for place, to, source in _SHIFTS:
        told[:, :, source, place] = output[:, :, to]
    by_place = told.reshape(-1, WINDOW * OUTPUT)
    hidden = by_place @ _by_place(parameters[2]).T
    hidden *= done.hidden > 0
    window = (done.hidden.T @ by_place).reshape(HIDDEN, WINDOW, OUTPUT).transpose(1, 0, 2)
    sides = output.sum((0, 2))
    return [
        done.x.T @ hidden,
        hidden.sum(0),
        np.concatenate([window.reshape(WINDOW * HIDDEN, OUTPUT), sides]),
        sides.sum(0),
        flat.T @ logits,
        logits.sum(0),
    ]


def train_head(
    parameters: network.Parameters,
    samples: NDArray[np.int8],
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
        x = unpacked(samples[chosen])
        x *= (rng.random((len(x), 1, 1, INPUTS)) >= DROPOUT) / np.float32(1 - DROPOUT)
        adam.step(_backward(parameters, _forward(parameters, x), truth[chosen]))
    return parameters


def shaken(boxes: Floats, rng: np.random.Generator) -> Floats:
    """Boxes as the second stage might have left them."""
    shake = rng.normal(0, 1, boxes.shape) * rng.uniform(0.03, 0.12, (len(boxes), 1))
    return moved(boxes, shake.astype(np.float32))


def settle(heads: Sequence[network.Parameters], seen: Seen, image: Integers, boxes: Floats) -> Floats:
    """The boxes with their sides moved to where the heads say on average, at a second look from where the first led."""
    if not len(boxes):
        return boxes
    return _looked(heads, seen, image, _looked(heads, seen, image, boxes))


def _looked(heads: Sequence[network.Parameters], seen: Seen, image: Integers, boxes: Floats) -> Floats:
    x = strips(seen, image, boxes)
    probability = np.mean([_forward(one, x).probability for one in heads], 0)
    return moved(boxes, _median(probability) * INWARD)


def _median(probability: Floats) -> Floats:
    """The offset with half of the probability on each side [...], of distributions over positions [..., POSITIONS].

    What is lost of a box's overlap grows with the distance, not with its square: the mean is pulled too far by a doubt.
    """
    below = np.cumsum(probability, -1) - probability / 2
    right = np.clip((below < 0.5).sum(-1, keepdims=True), 1, POSITIONS - 1)
    low, high = (np.take_along_axis(below, place, -1)[..., 0] for place in (right - 1, right))
    share = np.clip((0.5 - low) / np.maximum(high - low, 1e-9), 0, 1)
    place: Floats = np.asarray(right[..., 0] - 1 + share, np.float32)
    return np.asarray(np.interp(place, np.arange(POSITIONS), OFFSETS), np.float32)
