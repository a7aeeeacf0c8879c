"""The box learner's three stages as a graph, for one image: what `detect_closely` computes, operator by operator."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from gt_engine.autolabel.boxes import edges, grid, refine
from gt_engine.autolabel.boxes.detector import OVERLAP, SAME, VOTE, Detector
from gt_engine.autolabel.boxes.model import Model
from gt_engine.autolabel.boxes.projection import CHANNELS, COARSE, FINE, LEAST_SPREAD, SPLITS, UPSAMPLING
from gt_engine.autolabel.onnx_export.algebra import Algebra
from gt_engine.labels import Floats


class Seen(NamedTuple):
    """The image as the stages see it, channels first."""

    coarse: str
    fine: str
    colours: str


class Found(NamedTuple):
    """Boxes [m, 4], class ids [m] and scores [m]."""

    boxes: str
    labels: str
    scores: str


Sampled = Callable[[str, str, int, int], str]
"""Samples [m, v, u, k] where columns across [m, u] meet rows down [m, v]."""


def boxes_of(g: Algebra, model: Model, maps: Sequence[str], image: str) -> Found:
    """What all members together see, best first: boxes as shares of the image's sides."""
    seen = _seen(g, model, maps, image)
    opinions = [_detected(g, member, seen) for member in model.detectors]
    found = _agreed(g, opinions, model.detectors[0].grid.proposals)
    boxes = found.boxes
    for _ in range(2):
        boxes = _settled(g, [member.edges for member in model.detectors], seen, boxes)
    return Found(boxes, found.labels, found.scores)


def _seen(g: Algebra, model: Model, maps: Sequence[str], image: str) -> Seen:
    projection = model.projection
    parts = []
    for tap, one, weights in zip(COARSE, maps[1:], np.split(projection.weights, SPLITS), strict=True):
        part = g.op("Conv", one, weights.T[:, :, None, None], kernel_shape=[1, 1])
        if tap.side != COARSE[0].side:
            matrix = UPSAMPLING[tap.side]
            part = g.op("MatMul", g.op("MatMul", matrix, part), np.ascontiguousarray(matrix.T))
        parts.append(part)
    coarse = g.total([parts[0], projection.bias[:, None, None], *parts[1:]])
    fine = g.add(g.mul(maps[0], projection.fine_scale[:, None, None]), projection.fine_shift[:, None, None])
    pixels = g.transpose(g.op("Cast", image, to=1), 0, 3, 1, 2)
    halved = g.op("Floor", g.add(g.op("AveragePool", pixels, kernel_shape=[2, 2], strides=[2, 2]), 0.5))
    centred = g.sub(halved, g.mean(halved, 2, 3, keep=True))
    spread = g.op("Sqrt", g.mean(g.mul(centred, centred), 1, 2, 3, keep=True))
    return Seen(coarse, fine, g.div(centred, g.add(spread, float(LEAST_SPREAD))))


# --- sampling ---------------------------------------------------------------------------------------------------


def _spread(g: Algebra, boxes: str, steps: NDArray[Any]) -> tuple[str, str]:
    """Columns and rows [m, u] at some steps from the middle of each box, as shares of its extent."""
    low, high = g.cut(boxes, 0, 2, 1), g.cut(boxes, 2, 4, 1)
    middle, extent = g.mul(g.add(low, high), 0.5), g.sub(high, low)
    across, down = (g.add(g.cut(middle, i, i + 1, 1), g.mul(g.cut(extent, i, i + 1, 1), steps[None])) for i in (0, 1))
    return across, down


def _on_lattice(g: Algebra, maps: str, channels: int, across: str, down: str, v: int, u: int) -> str:
    """`sampling.on_lattice` for one image: across [m, u], down [m, v] -> [m, v, u, channels]."""
    x = g.expand(g.sub(g.mul(across, 2.0), 1.0), 1, 3)
    y = g.expand(g.sub(g.mul(down, 2.0), 1.0), 2, 3)
    points = g.concat([g.add(x, g.mul(y, 0.0)), g.add(y, g.mul(x, 0.0))], 3)
    flat = g.expand(g.reshape(points, -1, u, 2), 0)
    samples = g.op("GridSample", maps, flat, mode="bilinear", padding_mode="border", align_corners=0)
    return g.transpose(g.reshape(samples, channels, -1, v, u), 1, 2, 3, 0)


# --- boxes ------------------------------------------------------------------------------------------------------


def _moved(g: Algebra, boxes: str, by: str) -> str:
    low, high = g.cut(boxes, 0, 2, 1), g.cut(boxes, 2, 4, 1)
    extent = g.op("Max", g.sub(high, low), refine.SMALLEST)
    out = g.clip(g.add(boxes, g.mul(by, g.concat([extent, extent], 1))), 0, 1)
    first = g.op("Min", g.cut(out, 0, 2, 1), 1 - refine.SMALLEST)
    second = g.op("Max", g.cut(out, 2, 4, 1), g.add(first, refine.SMALLEST))
    return g.concat([first, second], 1)


def _iou(g: Algebra, a: str, b: str) -> str:
    """[n, m] of boxes [n, 4] and [m, 4]."""

    def area(boxes: str) -> str:
        extent = g.sub(g.cut(boxes, 2, 4, 1), g.cut(boxes, 0, 2, 1))
        return g.mul(g.cut(extent, 0, 1, 1), g.cut(extent, 1, 2, 1))

    one, other = g.expand(a, 1), g.expand(b, 0)
    low = g.op("Max", g.cut(one, 0, 2, 2), g.cut(other, 0, 2, 2))
    high = g.op("Min", g.cut(one, 2, 4, 2), g.cut(other, 2, 4, 2))
    shared = g.op("Relu", g.sub(high, low))
    both = g.mul(g.reshape(g.cut(shared, 0, 1, 2), 0, -1), g.reshape(g.cut(shared, 1, 2, 2), 0, -1))
    union = g.sub(g.add(area(a), g.transpose(area(b), 1, 0)), both)
    return g.clip(g.div(both, g.op("Max", union, 1e-9)), 0, 1)


def _suppressed(g: Algebra, boxes: str, scores: str, threshold: float, limit: int) -> str:
    """Places of the boxes that survive, best first."""
    kept = g.op(
        "NonMaxSuppression",
        g.expand(boxes, 0),
        g.expand(scores, 0, 1),
        np.array([limit]),
        np.array([threshold], np.float32),
    )
    return g.reshape(g.cut(kept, 2, 3, 1), -1)


def _apart(g: Algebra, boxes: Found) -> str:
    return g.add(boxes.boxes, g.mul(g.expand(g.op("Cast", boxes.labels, to=1), 1), 2.0))


def _merged(g: Algebra, boxes: Found, most: int) -> tuple[str, str, str]:
    """`detector._merged`: places of the best boxes, those boxes set apart by class, and what their doubles vote."""
    apart = _apart(g, boxes)
    kept = _suppressed(g, apart, boxes.scores, OVERLAP, most)
    chosen = g.take(apart, kept, 0)
    weights = g.mul(g.greater(_iou(g, chosen, apart), VOTE), g.mul(boxes.scores, boxes.scores))
    voted = g.div(g.op("MatMul", weights, boxes.boxes), g.sum(weights, 1, keep=True))
    return kept, chosen, voted


# --- stages one and two -----------------------------------------------------------------------------------------


def _detected(g: Algebra, member: Detector, seen: Seen) -> Found:
    proposals = _proposed(g, member, seen)
    output = _refined(g, member, seen, proposals)
    classes = member.refiner[-1].shape[0] - 5
    boxes = _moved(g, proposals, g.cut(output, classes, classes + 4, 1))
    probabilities = g.op("Sigmoid", g.cut(output, 0, classes, 1))
    quality = g.op("Sigmoid", g.reshape(g.cut(output, classes + 4, classes + 5, 1), -1))
    labels = g.op("ArgMax", probabilities, axis=1, keepdims=0)
    found = Found(boxes, labels, g.mul(g.max(probabilities, 1), g.op("Sqrt", quality)))
    kept, _, voted = _merged(g, found, member.grid.proposals)
    return Found(voted, g.take(labels, kept, 0), g.take(found.scores, kept, 0))


def _proposed(g: Algebra, member: Detector, seen: Seen) -> str:
    side = member.grid.side
    factor = COARSE[0].side // side
    x = seen.coarse
    if factor > 1:
        x = g.op("AveragePool", x, kernel_shape=[factor, factor], strides=[factor, factor])
    first = member.proposer[0].reshape(3, 3, CHANNELS, -1).transpose(3, 2, 0, 1)
    x = g.op("Conv", x, first, member.proposer[1], kernel_shape=[3, 3], pads=[1, 1, 1, 1])
    for weights, bias in zip(member.proposer[2::2], member.proposer[3::2], strict=True):
        x = g.op("Conv", g.op("Relu", x), weights.T[:, :, None, None], bias, kernel_shape=[1, 1])
    cells = g.transpose(g.reshape(x, 5, -1), 1, 0)
    logits = g.reshape(g.cut(cells, 0, 1, 1), -1)
    scores, places = g.top(logits, [member.grid.candidates])
    reach = g.div(g.op("Exp", g.clip(g.take(g.cut(cells, 1, 5, 1), places, 0), -4, 4)), float(side))
    centres = g.take(np.stack(grid.centres(side), 1), places, 0)
    low, high = g.sub(centres, g.cut(reach, 0, 2, 1)), g.add(centres, g.cut(reach, 2, 4, 1))
    boxes = g.clip(g.concat([low, high], 1), 0, 1)
    return g.take(boxes, _suppressed(g, boxes, scores, 0.6, member.grid.proposals), 0)


def _refined(g: Algebra, member: Detector, seen: Seen, boxes: str) -> str:
    extent = g.sub(g.cut(boxes, 2, 4, 1), g.cut(boxes, 0, 2, 1))
    steps = ((np.arange(refine.GRID) + 0.5) / refine.GRID - 0.5) * refine.ENLARGED
    across, down = _spread(g, boxes, steps)
    sampled = _on_lattice(g, seen.coarse, CHANNELS, across, down, refine.GRID, refine.GRID)
    sizes = g.op("Log", g.op("Max", extent, refine.SMALLEST))
    inputs = refine.GRID**2 * CHANNELS
    straight = g.dense(member.refiner, g.concat([g.reshape(sampled, -1, inputs), sizes], 1))
    flipped = g.take(sampled, np.arange(refine.GRID)[::-1].copy(), 2)
    mirrored = g.dense(member.refiner, g.concat([g.reshape(flipped, -1, inputs), sizes], 1))
    classes = member.refiner[-1].shape[0] - 5
    signs = np.ones(classes + 5, np.float32)
    signs[[classes, classes + 2]] = -1
    order = np.arange(classes + 5)
    order[[classes, classes + 2]] = [classes + 2, classes]
    return g.mul(g.add(straight, g.take(g.mul(mirrored, signs), order, 1)), 0.5)


def _agreed(g: Algebra, opinions: Sequence[Found], most: int) -> Found:
    found = Found(*(g.concat(list(parts), 0) for parts in zip(*opinions, strict=True)))
    kept, chosen, voted = _merged(g, found, most)
    same = (g.mul(g.greater(_iou(g, chosen, _apart(g, one)), SAME), one.scores) for one in opinions)
    believed = g.total(g.div(g.max(one, 1), float(len(opinions))) for one in same)
    scores, order = g.top(believed, g.op("Shape", believed))
    return Found(g.take(voted, order, 0), g.take(g.take(found.labels, kept, 0), order, 0), scores)


# --- stage three ------------------------------------------------------------------------------------------------


def _settled(g: Algebra, heads: Sequence[Sequence[Floats]], seen: Seen, boxes: str) -> str:
    strips = _strips(g, seen, boxes)
    total = g.total(_border(g, head, strips) for head in heads)
    offset = _median(g, g.div(total, float(len(heads))))
    return _moved(g, boxes, g.mul(offset, edges.INWARD))


def _strips(g: Algebra, seen: Seen, boxes: str) -> str:
    """`edges.strips`: [m, 4, POSITIONS, INPUTS]."""

    def maps(across: str, down: str, v: int, u: int) -> str:
        coarse = _on_lattice(g, seen.coarse, CHANNELS, across, down, v, u)
        fine = _on_lattice(g, seen.fine, FINE.channels, across, down, v, u)
        return g.concat([coarse, fine], 3)

    def colours(across: str, down: str, v: int, u: int) -> str:
        plain = _on_lattice(g, seen.colours, 3, across, down, v, u)
        return g.concat([plain, g.mul(plain, plain), g.mul(plain, g.take(plain, np.array([2, 0, 1]), 3))], 3)

    k = CHANNELS + FINE.channels
    by_maps = _discriminant(g, maps, k, boxes, edges.lattice_of(0.28, 7), edges.lattice_of(0.75, 9))
    by_colours = _discriminant(g, colours, 9, boxes, edges.lattice_of(0.3, 11), edges.lattice_of(0.78, 17))
    sides = []
    for side in range(4):
        points = _points(g, maps, boxes, side, edges.ALONG)
        likeness = _likeness(g, points, k, edges.ALONG, *by_maps)
        finely = _likeness(g, _points(g, colours, boxes, side, edges.FINELY), 9, edges.FINELY, *by_colours)
        (best, _), (best_finely, _) = g.top(likeness, [2]), g.top(finely, [4])
        rough = [
            g.div(g.mean(likeness, 2, keep=True), 3.0),
            g.div(best, 3.0),
            g.mean(g.op("Sigmoid", g.clip(likeness, -30, 30)), 2, keep=True),
        ]
        close = [
            g.div(g.mean(finely, 2, keep=True), 3.0),
            g.div(g.cut(best_finely, 0, 2, 2), 3.0),
            g.div(g.mean(best_finely, 2, keep=True), 3.0),
            g.mean(g.op("Sigmoid", g.clip(finely, -30, 30)), 2, keep=True),
            g.mean(g.greater(finely, 0), 2, keep=True),
        ]
        whole = [g.mean(points, 2), g.max(points, 2), g.min(points, 2), *rough, g.clip(g.concat(close, 2), -8, 8)]
        sides.append(g.expand(g.concat(whole, 2), 1))
    return g.concat(sides, 1)


def _points(g: Algebra, sampled: Sampled, boxes: str, side: int, along: int) -> str:
    axis = side % 2
    low, high = g.cut(boxes, 0, 2, 1), g.cut(boxes, 2, 4, 1)
    extent, middle = g.op("Max", g.sub(high, low), refine.SMALLEST), g.mul(g.add(low, high), 0.5)
    steps = ((np.arange(along) + 0.5) / along - 0.5) * edges.WIDER
    offsets = edges.INWARD[side] * edges.OFFSETS
    normal = g.add(g.cut(boxes, side, side + 1, 1), g.mul(g.cut(extent, axis, axis + 1, 1), offsets[None]))
    tangent = g.add(g.cut(middle, 1 - axis, 2 - axis, 1), g.mul(g.cut(extent, 1 - axis, 2 - axis, 1), steps[None]))
    if axis == 0:
        return g.transpose(sampled(normal, tangent, along, edges.POSITIONS), 0, 2, 1, 3)
    return sampled(tangent, normal, edges.POSITIONS, along)


def _discriminant(g: Algebra, sampled: Sampled, k: int, boxes: str, within: Floats, around: Floats) -> tuple[str, str]:
    """Direction [m, k, 1] and bias [m, 1, 1]."""

    def lattice(steps: Floats) -> str:
        return g.reshape(sampled(*_spread(g, boxes, steps), len(steps), len(steps)), 0, -1, k)

    inside = lattice(within)
    outer = np.flatnonzero((np.maximum.outer(np.abs(around), np.abs(around)) > 0.6).ravel())
    outside = g.take(lattice(around), outer, 1)
    mean_in, mean_out = g.mean(inside, 1, keep=True), g.mean(outside, 1, keep=True)
    spread = g.constant(edges.RIDGE * np.eye(k, dtype=np.float32)[None])
    for cells, mean, count in ((inside, mean_in, len(within) ** 2), (outside, mean_out, len(outer))):
        centred = g.sub(cells, mean)
        product = g.op("MatMul", g.transpose(centred, 0, 2, 1), centred)
        spread = g.add(spread, g.div(product, float(2 * count)))
    difference = g.transpose(g.sub(mean_in, mean_out), 0, 2, 1)
    direction = _solved(g, spread, difference, k)
    scale = g.op("Sqrt", g.op("Max", g.sum(g.mul(direction, difference), 1, keep=True), 1e-3))
    between = g.mul(g.transpose(g.add(mean_in, mean_out), 0, 2, 1), 0.5)
    bias = g.clip(g.div(g.mul(g.sum(g.mul(direction, between), 1, keep=True), -1.0), scale), -30, 30)
    return g.div(direction, scale), bias


def _solved(g: Algebra, matrix: str, wanted: str, k: int) -> str:
    """x of matrix x = wanted, by elimination. The matrices are positive definite: no pivot is ever 0."""
    table = g.concat([matrix, wanted], 2)
    for i in range(k):
        row = g.cut(table, i, i + 1, 1)
        unit = g.div(row, g.cut(row, i, i + 1, 2))
        column = g.sub(g.cut(table, i, i + 1, 2), np.eye(k, dtype=np.float32)[None, :, i : i + 1])
        table = g.sub(table, g.mul(column, unit))
    return g.cut(table, k, k + 1, 2)


def _likeness(g: Algebra, points: str, k: int, along: int, direction: str, bias: str) -> str:
    flat = g.reshape(points, 0, -1, k)
    return g.reshape(g.add(g.op("MatMul", flat, direction), bias), 0, edges.POSITIONS, along)


def _border(g: Algebra, head: Sequence[Floats], strips: str) -> str:
    """`edges._forward`: how probable each position is to be the border [m, 4, POSITIONS]."""
    hidden = g.op("Relu", g.add(g.op("MatMul", strips, head[0]), head[1]))
    rows = g.transpose(g.reshape(hidden, -1, edges.POSITIONS, edges.HIDDEN), 0, 2, 1)
    inner = head[2][: edges.WINDOW * edges.HIDDEN].reshape(edges.WINDOW, edges.HIDDEN, edges.OUTPUT)
    reach = edges.WINDOW // 2 * edges.APART
    told = g.op(
        "Conv",
        rows,
        np.ascontiguousarray(inner.transpose(2, 1, 0)),
        kernel_shape=[edges.WINDOW],
        dilations=[edges.APART],
        pads=[reach, reach],
    )
    own = (head[2][edges.WINDOW * edges.HIDDEN :] + head[3])[None, :, None]
    told = g.reshape(g.transpose(told, 0, 2, 1), -1, 4, edges.POSITIONS, edges.OUTPUT)
    output = g.op("Relu", g.add(told, own))
    logits = g.reshape(g.add(g.op("MatMul", output, head[4]), head[5]), -1, 4, edges.POSITIONS)
    return g.op("Softmax", logits, axis=2)


def _median(g: Algebra, probability: str) -> str:
    """`edges._median`: [m, 4]."""
    below = g.sub(g.op("CumSum", probability, np.array(2)), g.mul(probability, 0.5))
    # The greatest middle below a half, and the least from there on: between the two lies the half.
    is_below = g.sub(1.0, g.greater(g.sub(below, 0.5), -1e-9))
    count = g.clip(g.sum(is_below, 2, keep=True), 1, edges.POSITIONS - 1)
    right = g.op("Cast", count, to=7)
    low = g.op("GatherElements", below, g.sub(right, np.array(1)), axis=2)
    high = g.op("GatherElements", below, right, axis=2)
    share = g.clip(g.div(g.sub(0.5, low), g.op("Max", g.sub(high, low), 1e-9)), 0, 1)
    place = g.reshape(g.add(g.sub(count, 1.0), share), -1, 4)
    step = float(edges.OFFSETS[1] - edges.OFFSETS[0])
    return g.add(g.mul(place, step), float(edges.OFFSETS[0]))
