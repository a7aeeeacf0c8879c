"""The backbone's maps, and the image's own colours, as the detector sees them.

The colours and the finest map are only standardised. The others are brought to one grid and few channels:
standardised, upsampled, whitened principal components.

Projection and upsampling are linear, so each map is projected at its own size first, which costs a tenth.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from gt_engine.autolabel.backbone import TAPS
from gt_engine.autolabel.features import FeatureView
from gt_engine.labels import Floats

FINE, COARSE = TAPS[0], TAPS[1:]
SIDE = COARSE[0].side
CHANNELS = 80
LEAST_SPREAD = 5
"""Of 255: what a plain image has no more of than noise is not blown up."""

SAMPLE = 60
"""Images that the components are taken from; every seventh cell of each."""

SPLITS = list(np.cumsum([tap.channels for tap in COARSE])[:-1])


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


UPSAMPLING = {tap.side: _upsampling(tap.side) for tap in COARSE}


def _upsampled(maps: Floats) -> Floats:
    """[n, h, h, c] -> [n, SIDE, SIDE, c]."""
    n, side, _, channels = maps.shape
    if side == SIDE:
        return maps
    matrix = UPSAMPLING[side]
    rows = np.matmul(matrix, maps.reshape(n, side, side * channels)).reshape(n, SIDE, side, channels)
    return np.asarray(np.matmul(matrix, rows), np.float32)


class Seen(NamedTuple):
    """Some images as the detector sees them.

    coarse  float32 [n, SIDE, SIDE, CHANNELS]
    fine    float32 [n, FINE.side, FINE.side, FINE.channels]
    colours float32 [n, PIXEL_SIDE, PIXEL_SIDE, 3]
    """

    coarse: Floats
    fine: Floats
    colours: Floats


@dataclass(frozen=True, eq=False)
class Projection:
    """weights [coarse channels, CHANNELS] and bias [CHANNELS]; scale and shift of the fine channels."""

    weights: Floats
    bias: Floats
    fine_scale: Floats
    fine_shift: Floats

    def __call__(self, features: FeatureView, ids: Sequence[str]) -> Seen:
        """Some images as they are seen."""
        maps = features.read(ids)
        parts = np.split(self.weights, SPLITS)
        out = maps[1] @ parts[0] + self.bias
        for one, part in zip(maps[2:], parts[1:], strict=True):
            out += _upsampled(one @ part)
        fine = (maps[0] * self.fine_scale + self.fine_shift).astype(np.float32)
        return Seen(out.astype(np.float32), fine, _standardised(features.pixels(ids)))


def _standardised(pixels: NDArray[np.uint8]) -> Floats:
    """Colours about their mean in each image, in units of their spread there."""
    out = pixels.astype(np.float32)
    points = out.reshape(len(out), -1, 3)
    # As products: numpy's mean and std over the two inner axes take three times as long.
    points -= np.full((1, points.shape[1]), 1 / points.shape[1], np.float32) @ points
    variance = np.einsum("npc,npc->n", points, points) / points[0].size
    points /= (np.sqrt(variance) + LEAST_SPREAD)[:, None, None]
    return out


def fit_projection(features: FeatureView, ids: Sequence[str]) -> Projection:
    """The components of some images; no label is used."""
    sample: list[Floats] = []
    fine: list[Floats] = []
    for start in range(0, min(len(ids), SAMPLE), 10):
        maps = features.read(ids[start : min(start + 10, SAMPLE)])
        cells = np.concatenate([_upsampled(one) for one in maps[1:]], -1)
        sample.append(cells.reshape(-1, cells.shape[-1])[::7])
        fine.append(maps[0].reshape(-1, FINE.channels)[::29])
    x, y = np.concatenate(sample), np.concatenate(fine)
    mean, spread = x.mean(0), x.std(0) + 1e-3
    z = (x - mean) / spread
    values, vectors = np.linalg.eigh(z.T @ z / len(z))
    values, vectors = values[::-1][:CHANNELS], vectors[:, ::-1][:, :CHANNELS]
    weights = (vectors / np.sqrt(values + 0.05) / spread[:, None]).astype(np.float32)
    scale = (1 / (y.std(0) + 1e-3)).astype(np.float32)
    return Projection(weights, (-(mean @ weights)).astype(np.float32), scale, (-y.mean(0) * scale).astype(np.float32))
