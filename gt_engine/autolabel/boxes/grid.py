"""The first stage: which cells of a coarse grid sit near the middle of an object, and roughly how large it is."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray

from gt_engine.autolabel import network
from gt_engine.autolabel.boxes.geometry import suppressed
from gt_engine.labels import Floats, Integers

HIDDEN = 128
EMPTY_SHARE = 0.12
"""Share of the empty cells that a batch looks at: they are many and alike."""

IMAGES = 16
CELLS_TOGETHER = 20_000
"""So many cells propose at a time (2.3 KB each)."""


@dataclass(frozen=True)
class Grid:
    """How closely the first stage looks: cells along a side, the likeliest cells that may propose, the most boxes that
    it proposes for an image (and that the stages after it keep)."""

    side: int
    candidates: int
    proposals: int


ROUGH = Grid(20, 80, 20)
FINE = Grid(40, 240, 60)
GRIDS = {one.side: one for one in (ROUGH, FINE)}

SMALL = 0.12
"""A box is small whose extent (the root of its area) is less than this share of the image's side: three cells of ROUGH.
Of such, its first stage finds one in three (docs/decisions/0009-auto-labeler.md)."""

MANY_SMALL = 0.12
"""So large a share of small boxes among the labels calls for the fine grid."""


def grid_for(boxes: Sequence[Floats]) -> Grid:
    """The grid for images whose labels have these boxes [m, 4] (units of the image's side)."""
    extents = np.concatenate([np.sqrt((one[:, 2:] - one[:, :2]).prod(1)) for one in boxes]) if boxes else np.zeros(0)
    return FINE if len(extents) and float((extents < SMALL).mean()) >= MANY_SMALL else ROUGH


def neighbourhoods(maps: Floats, cells: Integers) -> Floats:
    """Some cells of grid maps with their eight neighbours [m, 9k]; cells are numbered through all images."""
    side, k = maps.shape[1], maps.shape[3]
    g = side - 2
    image, cell = np.divmod(cells, g * g)
    row, column = np.divmod(cell, g)
    corner = (image * side + row) * side + column
    around = (np.arange(3)[:, None] * side + np.arange(3)).ravel()
    seen: Floats = maps.reshape(-1, k)[corner[:, None] + around].reshape(len(cells), 9 * k)
    return seen


def centres(g: int) -> tuple[Floats, Floats]:
    """x and y of the middle of each cell, in units of the image's side."""
    ys, xs = np.mgrid[0:g, 0:g]
    return ((xs.ravel() + 0.5) / g).astype(np.float32), ((ys.ravel() + 0.5) / g).astype(np.float32)


def targets(boxes: Floats, g: int) -> tuple[NDArray[np.int8], Floats]:
    """What the grid should say of one image: (1 object, 0 none, -1 do not care) [g*g], log distances [g*g, 4].

    `boxes` in units of the image's side. A cell near the middle of a box speaks for it (the smallest, where several
    claim it); a ring around it does not care. Distances to the four sides are in cells.
    """
    x, y = centres(g)
    kind = np.zeros(g * g, np.int8)
    distances = np.ones((g * g, 4), np.float32)
    smallest = np.full(g * g, np.inf, np.float32)
    for left, top, right, bottom in boxes:
        width, height = right - left, bottom - top
        off_x, off_y = np.abs(x - (left + right) / 2), np.abs(y - (top + bottom) / 2)
        inside = (off_x < width / 2) & (off_y < height / 2)
        near = inside & (off_x < max(0.2 * width, 0.75 / g)) & (off_y < max(0.2 * height, 0.75 / g))
        if not near.any():
            near[np.argmin(off_x**2 + off_y**2)] = True
        kind[inside & ~near & (kind == 0) & (off_x < 0.36 * width) & (off_y < 0.36 * height)] = -1
        mine = near & (width * height < smallest)
        kind[mine] = 1
        smallest[mine] = width * height
        distances[mine] = np.stack([x - left, y - top, right - x, bottom - y], 1)[mine]
    return kind, np.log(np.clip(distances * g, 0.1, None))


def decode(distances: Floats, cells: Integers, g: int) -> Floats:
    """The boxes [m, 4] (units of the image's side) that some cells propose."""
    x, y = centres(g)
    reach = np.exp(np.clip(distances, -4, 4)) / g
    corners = np.stack(
        [x[cells] - reach[:, 0], y[cells] - reach[:, 1], x[cells] + reach[:, 2], y[cells] + reach[:, 3]], 1
    )
    return np.clip(corners, 0, 1).astype(np.float32)


def grid_maps(maps: Floats, grid: Grid) -> Floats:
    """The projected maps [n, s, s, k] averaged down to a grid of g, with a border of zeros: [n, g + 2, g + 2, k]."""
    n, side, _, k = maps.shape
    g, factor = grid.side, side // grid.side
    out = np.zeros((n, g + 2, g + 2, k), np.float32)
    maps.reshape(n, g, factor, g, factor, k).mean((2, 4), out=out[:, 1:-1, 1:-1])
    return out


def new_head(channels: int, rng: np.random.Generator) -> network.Parameters:
    """An untrained head: one logit (object), four log distances per cell."""
    parameters = network.initial_parameters([9 * channels, HIDDEN, HIDDEN, 5], rng)
    parameters[-1][0] = -3  # most cells are empty
    return parameters


def train_head(
    parameters: network.Parameters,
    maps: Floats,
    grid: Grid,
    rows: Integers,
    boxes: Sequence[Floats],
    schedule: network.Schedule,
    rng: np.random.Generator,
) -> network.Parameters:
    """Trained on some rows of projected maps and the boxes (units of the image's side) of each image."""
    kinds, distances = (np.stack(part) for part in zip(*(targets(one, grid.side) for one in boxes), strict=True))

    def draw(rng: np.random.Generator) -> tuple[Floats, Callable[[Floats], Floats]]:
        chosen = rng.choice(rows, min(IMAGES, len(rows)), replace=False)
        kind = kinds[chosen].ravel()
        keep = np.flatnonzero((kind == 1) | ((kind == 0) & (rng.random(kind.size) < EMPTY_SHARE)))
        # Of the images of a batch only: those of all of them would take as much memory again as the maps.
        return neighbourhoods(grid_maps(maps[chosen], grid), keep), partial(
            _gradient, kind=kind[keep], wanted=distances[chosen].reshape(-1, 4)[keep]
        )

    return network.train(parameters, draw, schedule, rng)


def _gradient(output: Floats, *, kind: NDArray[np.int8], wanted: Floats) -> Floats:
    """Focal-like cross-entropy for the object logit, smooth L1 for the distances of object cells."""
    object_here = kind == 1
    count = max(int(object_here.sum()), 1)
    probability = network.sigmoid(output[:, 0])
    weight = np.where(object_here, 1 - probability, probability**1.5 / EMPTY_SHARE)
    gradient = np.zeros_like(output)
    gradient[:, 0] = weight * (probability - object_here) / count
    gradient[object_here, 1:] = 0.8 * np.clip((output[object_here, 1:] - wanted[object_here]) / 0.15, -1, 1) / count
    return gradient


def propose(parameters: network.Parameters, maps: Floats, grid: Grid) -> list[Floats]:
    """For each image of grid maps up to `grid.proposals` boxes [m, 4] (units of the side), best first, at least one."""
    cells = grid.side**2
    proposals = []
    for start in range(0, len(maps), CELLS_TOGETHER // cells):
        some = maps[start : start + CELLS_TOGETHER // cells]
        every = np.arange(len(some) * cells)
        for output in network.predict(parameters, neighbourhoods(some, every)).reshape(len(some), -1, 5):
            likely = np.argsort(-output[:, 0], kind="stable")[: grid.candidates]
            boxes = decode(output[likely, 1:], likely, grid.side)
            proposals.append(boxes[suppressed(boxes, output[likely, 0], 0.6, grid.proposals)])
    return proposals
