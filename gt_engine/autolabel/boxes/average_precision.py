"""Mean average precision at IoU 0.5, for the training curve."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from gt_engine.autolabel.boxes.confidence import Detections
from gt_engine.autolabel.boxes.geometry import intersection_over_union
from gt_engine.labels import Floats, Integers


def average_precision(seen: Sequence[Detections], boxes: Sequence[Floats], class_ids: Sequence[Integers]) -> float:
    """Mean over the classes of the area under precision against recall; 0 when nothing is there to be found."""
    classes = np.unique(np.concatenate(class_ids)) if len(class_ids) else np.zeros(0, np.int64)
    return float(np.mean([_of_class(seen, boxes, class_ids, int(one)) for one in classes])) if len(classes) else 0.0


def _of_class(seen: Sequence[Detections], boxes: Sequence[Floats], class_ids: Sequence[Integers], one: int) -> float:
    hits: list[tuple[float, bool]] = []
    total = 0
    for detections, truth, kinds in zip(seen, boxes, class_ids, strict=True):
        wanted = truth[kinds == one]
        total += len(wanted)
        free = np.ones(len(wanted), bool)
        mine = detections.class_ids == one
        overlap = intersection_over_union(detections.boxes[mine], wanted)
        for score, row in zip(detections.scores[mine], overlap, strict=True):  # best first
            best = int(np.argmax(row * free)) if len(row) else -1
            hit = best >= 0 and bool(free[best]) and row[best] >= 0.5
            if hit:
                free[best] = False
            hits.append((float(score), hit))
    hits.sort(key=lambda hit: -hit[0])
    found = np.cumsum([hit for _, hit in hits]) if hits else np.zeros(0)
    precision = found / np.arange(1, len(found) + 1)
    highest = np.maximum.accumulate(precision[::-1])[::-1]
    gained = np.diff(found, prepend=0)
    return float((highest * gained).sum() / total)
