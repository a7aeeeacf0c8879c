"""From boxes with scores to one label and one confidence per image: is everything found, and nothing else?"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from gt_engine.autolabel.certify import Numbers
from gt_engine.labels import BoxLabel, Floats, Integers

CUTS = np.arange(0.2, 0.85, 0.05)

NOTHING = 0.02
"""The score of what is not there."""


@dataclass(frozen=True, eq=False)
class Verdict:
    """What a detector says of k boxes that it is asked about.

    probabilities  float32 [k, classes]: that an object of each class is there
    agreement      float32 [k, 4]: how well the box sits, by its own word; and the IoU of the box with where the second
                   stage, both stages together and the third one alone would have it
    """

    probabilities: Floats
    agreement: Floats


@dataclass(frozen=True, eq=False)
class Detections:
    """What a detector sees in one image, sure or not: boxes [m, 4] (units of the image's side), best first.

    rivals: the highest score of the boxes that each one pushed out though they are no doubles of it, and all their
    scores together [m, 2]: a box around two objects that touch pushes out those of each. None where others looked.
    verdict: of people's boxes there and of those beside them (`beside`); None where it was not asked.
    """

    boxes: Floats
    class_ids: Integers
    scores: Floats
    rivals: Floats | None = None
    verdict: Verdict | None = None

    def label(self, cut: float, image_size: tuple[int, int, int]) -> BoxLabel:
        """The boxes whose score is at least `cut`, in pixels."""
        keep = self.scores >= cut
        width, height, _ = image_size
        pixels = self.boxes[keep] * np.array([width, height, width, height], np.float32)
        return BoxLabel(pixels.astype(np.float32), self.class_ids[keep], self.scores[keep], image_size)


def _logit(p: float) -> float:
    p = min(max(p, 1e-3), 1 - 1e-3)
    return float(np.log(p / (1 - p)))


def evidence(seen: Detections, cut: float) -> Numbers:
    """What speaks for and against the label at a cut [12]: how clear the kept boxes are, and the rejected ones not."""
    kept = seen.scores[seen.scores >= cut]
    rejected = seen.scores[seen.scores < cut]
    strongest = float(rejected.max()) if len(rejected) else NOTHING
    if not len(kept):
        return np.array([0, 0, 0, 0, _logit(strongest), float(rejected.sum()), 0, 0, 0, 0, _logit(NOTHING), 0])
    extents = seen.boxes[: len(kept), 2:] - seen.boxes[: len(kept), :2]
    sizes = extents.prod(1)
    rivals = np.zeros((1, 2)) if seen.rivals is None else seen.rivals[: len(kept)]
    return np.array(
        [
            1,
            _logit(float(kept.min())),
            _logit(float(kept.mean())),
            np.log(len(kept)),
            _logit(strongest),
            float(np.log1p(rejected.sum())),
            min(float(np.abs(seen.scores - cut).min()), 0.3),
            float(np.log(sizes.min() + 1e-3)),
            float(np.log(sizes.max() + 1e-3)),
            float(len(kept) > 1),
            _logit(max(float(rivals[:, 0].max()), NOTHING)),
            float(np.log1p(rivals[:, 1].sum())),
        ],
        np.float64,
    )
