"""The backbone's maps, brought to one grid and few channels: standardised, upsampled, whitened principal components.

Projection and upsampling are linear, so each map is projected at its own size first, which costs a tenth.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from gt_engine.autolabel.backbone import TAPS
from gt_engine.autolabel.features import FeatureView
from gt_engine.labels import Floats

SIDE = TAPS[0].side
CHANNELS = 64
SAMPLE = 100
"""Images that the components are taken from; every seventh cell of each."""

_SPLITS = list(np.cumsum([tap.channels for tap in TAPS])[:-1])


def _upsampling(side: int) -> Floats:
    """Bilinear interpolation from `side` to SIDE cells as a matrix [SIDE, side]."""
    position = (np.arange(SIDE) + 0.5) * side / SIDE - 0.5
    low = np.clip(np.floor(position).astype(int), 0, side - 1)
    high = np.clip(low + 1, 0, side - 1)
    share = np.clip(position - low, 0, 1)
    matrix = np.zeros((SIDE, side), np.float32)
    matrix[np.arange(SIDE), low] += 1 - share
    matrix[np.arange(SIDE), high] += share
    return matrix


_UPSAMPLING = {tap.side: _upsampling(tap.side) for tap in TAPS}


def _upsampled(maps: Floats) -> Floats:
    """[n, h, h, c] -> [n, SIDE, SIDE, c]."""
    n, side, _, channels = maps.shape
    if side == SIDE:
        return maps
    matrix = _UPSAMPLING[side]
    rows = np.matmul(matrix, maps.reshape(n, side, side * channels)).reshape(n, SIDE, side, channels)
    return np.asarray(np.matmul(matrix, rows), np.float32)


@dataclass(frozen=True, eq=False)
class Projection:
    """weights [all channels, CHANNELS] and bias [CHANNELS]."""

    weights: Floats
    bias: Floats

    def __call__(self, maps: Sequence[Floats]) -> Floats:
        """The maps of n images -> float32 [n, SIDE, SIDE, CHANNELS]."""
        parts = np.split(self.weights, _SPLITS)
        out = _upsampled(maps[0] @ parts[0]) + self.bias
        for one, part in zip(maps[1:], parts[1:], strict=True):
            out += _upsampled(one @ part)
        return np.asarray(out, np.float32)


def fit_projection(features: FeatureView, ids: Sequence[str]) -> Projection:
    """The components of some images; no label is used."""
    sample: list[Floats] = []
    for start in range(0, min(len(ids), SAMPLE), 10):
        maps = features.read(ids[start : min(start + 10, SAMPLE)])
        cells = np.concatenate([_upsampled(one) for one in maps], -1)
        sample.append(cells.reshape(-1, cells.shape[-1])[::7])
    x = np.concatenate(sample)
    mean, spread = x.mean(0), x.std(0) + 1e-3
    z = (x - mean) / spread
    values, vectors = np.linalg.eigh(z.T @ z / len(z))
    values, vectors = values[::-1][:CHANNELS], vectors[:, ::-1][:, :CHANNELS]
    weights = (vectors / np.sqrt(values + 0.05) / spread[:, None]).astype(np.float32)
    return Projection(weights, -(mean @ weights))
