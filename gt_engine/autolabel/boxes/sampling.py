"""Bilinear samples of maps at points in units of the image's side."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from gt_engine.labels import Floats, Integers


def on_lattice(maps: Floats, image: Integers, across: Floats, down: Floats) -> Floats:
    """Samples [m, v, u, k] of maps [n, s, s, k] where columns `across` [m, u] meet rows `down` [m, v].

    Every sample is a weighted sum of four cells, so all of them are one sparse product, three times as fast as
    gathering each of the four in turn.
    """
    side, k = maps.shape[1], maps.shape[3]
    lattice = (len(image), down.shape[1], across.shape[1])
    cells = np.empty((*lattice, 2, 2), np.int32)
    weights = np.empty((*lattice, 2, 2), np.float32)
    for i, (ys, share_y) in enumerate(_neighbours(down, side)):
        rows = (image[:, None] * side + ys) * side
        for j, (xs, share_x) in enumerate(_neighbours(across, side)):
            cells[..., i, j] = rows[:, :, None] + xs[:, None, :]
            weights[..., i, j] = share_y[:, :, None] * share_x[:, None, :]
    ends = np.arange(0, cells.size + 1, 4, dtype=np.int32)
    table = maps.reshape(-1, k)
    mixed = sparse.csr_array((weights.ravel(), cells.ravel(), ends), shape=(cells.size // 4, len(table))) @ table
    return np.asarray(mixed, np.float32).reshape(*lattice, k)


def _neighbours(position: Floats, side: int) -> list[tuple[NDArray[np.int64], Floats]]:
    """The two cells beside each position, and how much each counts."""
    scaled = position * side - 0.5
    low = np.floor(scaled)
    share = (scaled - low).astype(np.float32)
    near = np.clip(low, 0, side - 1).astype(np.int64)
    far = np.clip(low + 1, 0, side - 1).astype(np.int64)
    return [(near, 1 - share), (far, share)]
