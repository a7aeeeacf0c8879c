"""Bilinear samples of maps at points in units of the image's side."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from gt_engine.labels import Floats, Integers


def on_lattice(maps: Floats, image: Integers, across: Floats, down: Floats) -> Floats:
    """Samples [m, v, u, k] of maps [n, s, s, k] where columns `across` [m, u] meet rows `down` [m, v]."""
    side, k = maps.shape[1], maps.shape[3]
    cells = maps.reshape(-1, k)
    out = np.zeros((len(image), down.shape[1], across.shape[1], k), np.float32)
    for ys, share_y in _neighbours(down, side):
        rows = (image[:, None] * side + ys) * side
        for xs, share_x in _neighbours(across, side):
            weight = share_y[:, :, None] * share_x[:, None, :]
            out += cells[rows[:, :, None] + xs[:, None, :]] * weight[..., None]
    return out


def _neighbours(position: Floats, side: int) -> list[tuple[NDArray[np.int64], Floats]]:
    """The two cells beside each position, and how much each counts."""
    scaled = position * side - 0.5
    low = np.floor(scaled)
    share = (scaled - low).astype(np.float32)
    near = np.clip(low, 0, side - 1).astype(np.int64)
    far = np.clip(low + 1, 0, side - 1).astype(np.int64)
    return [(near, 1 - share), (far, share)]
