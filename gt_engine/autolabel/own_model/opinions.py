"""An opinion of one image by somebody else than the learner, in the classes of the job. Pure."""

from __future__ import annotations

import gzip
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from gt_engine.autolabel.boxes.confidence import Detections
from gt_engine.labels import BoxLabel, ClassLabel, Floats, Task

LEAST_SHARE = 1e-4
"""No class is said to be less probable: a model that is wholly sure is wrong some day."""

FEWEST_TO_COMPARE = 20
"""With fewer labels to go by a learner does not heed the opinions of others; its own view stands."""


@dataclass(frozen=True, eq=False)
class Shares:
    """How probable each of the job's classes is said to be, float32 [classes]."""

    values: Floats

    @property
    def logs(self) -> Floats:
        """Their logarithms, which can be averaged with a learner's own."""
        return np.log(np.maximum(self.values, LEAST_SHARE), dtype=np.float32)


Opinion: TypeAlias = Detections | Shares


def class_numbers(theirs: Sequence[str], ours: Sequence[str]) -> dict[int, int]:
    """Whose class is which of the job's: theirs -> ours. Names agree whatever their case, blanks, hyphens and
    underscores; what the job does not have is left out."""
    at = {_plain(name): number for number, name in enumerate(ours)}
    return {number: at[plain] for number, name in enumerate(theirs) if (plain := _plain(name)) in at}


def _plain(name: str) -> str:
    return re.sub(r"[\s_-]+", " ", name).strip().casefold()


def of_label(label: BoxLabel | ClassLabel, classes: int) -> Opinion:
    """A label with its confidences as an opinion."""
    if isinstance(label, BoxLabel):
        return ordered(label.shares, label.class_ids, label.confidences)
    rest = (1 - label.confidence) / max(classes - 1, 1)
    values = np.full(classes, rest, np.float32)
    values[label.class_id] = label.confidence
    return Shares(values)


def ordered(boxes: NDArray[Any], class_ids: NDArray[Any], scores: NDArray[Any]) -> Detections:
    """Detections, best first."""
    order = np.argsort(-np.asarray(scores), kind="stable")
    return Detections(
        np.asarray(boxes, np.float32).reshape(-1, 4)[order],
        np.asarray(class_ids, np.int64)[order],
        np.asarray(scores, np.float32)[order],
    )


def dump(opinions: Mapping[str, Opinion]) -> bytes:
    """Opinions by object id, as they are kept while a job runs."""
    document = {
        one: [float(f"{share:.6g}") for share in opinion.values.tolist()]
        if isinstance(opinion, Shares)
        else [
            [*(round(side, 6) for side in box), kind, round(score, 6)]
            for box, kind, score in zip(
                opinion.boxes.tolist(), opinion.class_ids.tolist(), opinion.scores.tolist(), strict=True
            )
        ]
        for one, opinion in opinions.items()
    }
    return gzip.compress(json.dumps(document, separators=(",", ":")).encode(), mtime=0)


def load(body: bytes, task: Task) -> dict[str, Opinion]:
    """The inverse of `dump`."""
    document = json.loads(gzip.decompress(body))
    if task is Task.CLASSES:
        return {one: Shares(np.array(values, np.float32)) for one, values in document.items()}
    found: dict[str, Opinion] = {}
    for one, rows in document.items():
        table = np.array(rows, np.float64).reshape(-1, 6)
        found[one] = ordered(table[:, :4].astype(np.float32), table[:, 4].astype(np.int64), table[:, 5])
    return found
