"""The first stage: which cells of a coarse grid sit near the middle of an object, and roughly how large it is."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from gt_engine.labels import Floats


def neighbourhoods(maps: Floats) -> Floats:
    """[n, g, g, k] -> [n, g*g, 9k]: each cell with its eight neighbours (zero outside)."""
    n, g, _, k = maps.shape
    padded = np.pad(maps, ((0, 0), (1, 1), (1, 1), (0, 0)))
    out = np.empty((n, g, g, 9, k), maps.dtype)
    for i in range(9):
        out[:, :, :, i] = padded[:, i // 3 : i // 3 + g, i % 3 : i % 3 + g]
    return out.reshape(n, g * g, 9 * k)


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


def decode(distances: Floats, cells: NDArray[np.int64], g: int) -> Floats:
    """The boxes [m, 4] (units of the image's side) that some cells propose."""
    x, y = centres(g)
    reach = np.exp(np.clip(distances, -4, 4)) / g
    corners = np.stack(
        [x[cells] - reach[:, 0], y[cells] - reach[:, 1], x[cells] + reach[:, 2], y[cells] + reach[:, 3]], 1
    )
    return np.clip(corners, 0, 1).astype(np.float32)
