"""What the members of a model of boxes learn from: examples in one order, and what is computed of them for all."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from gt_engine.autolabel.boxes import edges, grid
from gt_engine.autolabel.boxes.calibrators import proposals_of
from gt_engine.autolabel.boxes.grid import Grid
from gt_engine.autolabel.boxes.projection import CHANNELS, SIDE, Projection
from gt_engine.autolabel.features import FeatureView
from gt_engine.autolabel.folds import FOLDS, folds_of
from gt_engine.autolabel.learner import Example
from gt_engine.labels import BoxLabel, Floats, Integers

CHUNK = 32
"""Images that are looked at together."""

SHAKEN = 2400
"""Boxes that the third stage learns from, where people gave fewer: each is shaken up to four times."""

MOST_STRIPS = 10_000
"""Of more boxes than this the third stage learns from some, drawn by chance (0.02 MB each while it lasts)."""


@dataclass(frozen=True, eq=False)
class Samples:
    """The examples that a training looks at, n contents in one order.

    keys    of the contents
    labels  of each
    human   the rows that people labeled; the machine guessed the others
    folds   of each [n]
    """

    keys: Sequence[str]
    labels: Sequence[BoxLabel]
    human: Integers
    folds: Integers

    @classmethod
    def of(cls, gathered: Mapping[str, Example[BoxLabel]], keys: Sequence[str]) -> Samples:
        """Those of these contents."""
        human = np.array([i for i, key in enumerate(keys) if gathered[key].human], np.int64)
        return cls(keys, [gathered[key].label for key in keys], human, folds_of(keys))

    def learnt_by(self, fold: int) -> Integers:
        """The rows that the member of a fold learns from."""
        return others(self.folds, fold)

    def left_out_of(self, fold: int) -> Integers:
        """The rows that people labeled and the member of a fold never sees."""
        return np.asarray(self.human[self.folds[self.human] == fold], np.int64)


def others(folds: Integers, fold: int) -> Integers:
    """The rows of the other folds, or all where there are none."""
    rows = np.flatnonzero(folds != fold)
    return rows if len(rows) else np.arange(len(folds))


@dataclass(frozen=True, eq=False)
class Material:
    """What all members learn from, each from its own rows.

    maps       projected maps [n, s, s, k] of the images
    grid       of the first stage
    boxes      of each image, in units of its side
    class_ids  of each image's boxes
    strips     of shaken gold boxes (see edges), packed
    borders    where their sides should be
    owner      the image that each strip is of
    proposed   boxes [m, 4] of each image that others propose
    """

    maps: Floats
    grid: Grid
    boxes: Sequence[Floats]
    class_ids: Sequence[Integers]
    strips: NDArray[np.int8]
    borders: Floats
    owner: Integers
    proposed: Sequence[Floats]


def material_of(
    pool: Executor, samples: Samples, view: FeatureView, projection: Projection, looks_at: grid.Grid, seed: int
) -> Material:
    """What the members learn from; the fine maps are looked at once and not kept."""
    keys, boxes = samples.keys, [label.shares for label in samples.labels]
    shakes = max(1, min(4, SHAKEN // max(sum(len(one) for one in boxes), 1)))
    looked_at = _thinned(boxes, np.random.default_rng([seed, FOLDS + 1]))
    maps = np.empty((len(keys), SIDE, SIDE, CHANNELS), np.float32)

    def look(start: int) -> tuple[NDArray[np.int8], Floats, Integers]:
        chunk = range(start, min(start + CHUNK, len(keys)))
        seen = projection(view, [keys[i] for i in chunk])
        maps[chunk.start : chunk.stop] = seen.coarse
        image = np.repeat(np.arange(len(chunk)), [shakes * len(looked_at[i]) for i in chunk])
        wanted = [np.tile(looked_at[i], (shakes, 1)) for i in chunk]
        # Each image by chance of its own: how many boxes one has changes nothing for members that never see it.
        chances = (np.random.default_rng([seed, FOLDS, i]) for i in chunk)
        shaken = np.concatenate([edges.shaken(one, chance) for one, chance in zip(wanted, chances, strict=True)])
        parts = edges.together(len(shaken))
        strips = np.concatenate([edges.packed(edges.strips(seen, image[part], shaken[part])) for part in parts])
        return strips, edges.wanted(shaken, np.concatenate(wanted)), image + start

    strips, borders, owners = zip(*pool.map(look, range(0, len(keys), CHUNK)), strict=True)
    return Material(
        maps,
        looks_at,
        boxes,
        [label.class_ids for label in samples.labels],
        np.concatenate(strips),
        np.concatenate(borders),
        np.concatenate(owners),
        [proposals_of(view.opinions.get(key)) for key in keys],
    )


def _thinned(boxes: Sequence[Floats], rng: np.random.Generator) -> Sequence[Floats]:
    """The boxes of each image, MOST_STRIPS of all of them at most."""
    ends = np.cumsum([len(one) for one in boxes])
    if ends[-1] <= MOST_STRIPS:
        return boxes
    kept = np.zeros(ends[-1], bool)
    kept[rng.choice(ends[-1], MOST_STRIPS, replace=False)] = True
    return [one[some] for one, some in zip(boxes, np.split(kept, ends[:-1]), strict=True)]
