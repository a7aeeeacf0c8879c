"""A simulated annotator who mends boxes that are there instead of drawing all of them.

Assumptions, for there is no public study of this very task: a look at a proposed box takes 2 s (judging one box is the
quick part of Papadopoulos et al., CVPR 2016, and Konyushkova et al., CVPR 2018), mending costs as much as drawing, and
deleting a second. Everybody accepts some boxes unseen, careless people many (Beck et al. 2025: people accept wrong
suggestions); a box that is good enough stays as it is; and an object that has no proposal is overlooked twice as often
as without proposals (in KITTI, far more objects were missing than wrong: arXiv 2508.06556).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from hashlib import sha256

import numpy as np
from numpy.typing import NDArray

from gt_engine.autolabel.boxes.geometry import matches
from gt_engine.labels import BoxLabel

LOOK_SECONDS = 2.0
DELETE_SECONDS = 1.0
OVERLOOKS = 2.0
"""How much oftener an object without a proposal is missed than in a blind image."""
SAME_OBJECT_IOU = 0.3
"""A proposed box that overlaps an object so well is mended to fit it, any other is deleted."""


@dataclass(frozen=True)
class Trust:
    """accepts_unseen: probability to accept a box without a look; tolerance: IoU from which one is good enough."""

    accepts_unseen: float
    tolerance: float


def trust_of(worker_id: str, *, sloppy: bool) -> Trust:
    """The same for the same worker in every job."""
    rng = np.random.default_rng(int.from_bytes(sha256(worker_id.encode()).digest()[:8], "big"))
    unseen, tolerance = ((0.3, 0.6), (0.65, 0.8)) if sloppy else ((0.05, 0.2), (0.75, 0.9))
    return Trust(float(rng.uniform(*unseen)), float(rng.uniform(*tolerance)))


@dataclass(frozen=True)
class Mending:
    """What a worker does with the boxes that are shown.

    kept    rows of them that stay as they are
    mended  rows of the truth that one of them is fitted to
    missing  rows of the truth that none of them was about
    seconds  for the looks and deletions; each mended or added box takes as long as a drawn one
    """

    kept: tuple[int, ...]
    mended: tuple[int, ...]
    missing: tuple[int, ...]
    seconds: float


def mend(shown: BoxLabel, truth: BoxLabel, trust: Trust, rng: np.random.Generator) -> Mending:
    pairs = matches(_of_one_class(shown), _of_one_class(truth), SAME_OBJECT_IOU)
    about = {i: (j, iou if shown.class_ids[i] == truth.class_ids[j] else 0.0) for i, j, iou in pairs}
    unseen: NDArray[np.bool_] = rng.random(len(shown)) < trust.accepts_unseen
    kept, mended, seconds = list[int](), list[int](), LOOK_SECONDS * int((~unseen).sum())
    for i in range(len(shown)):
        truth_row, overlap = about.get(i, (None, 0.0))
        if unseen[i] or overlap >= trust.tolerance:
            kept.append(i)
        elif truth_row is None:
            seconds += DELETE_SECONDS
        else:
            mended.append(truth_row)
    missing = set(range(len(truth))) - {j for j, _ in about.values()}
    return Mending(tuple(kept), tuple(mended), tuple(sorted(missing)), seconds)


def _of_one_class(label: BoxLabel) -> BoxLabel:
    return replace(label, class_ids=np.zeros_like(label.class_ids))
