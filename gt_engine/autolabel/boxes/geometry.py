"""Boxes as float arrays [n, 4]: left, top, right, bottom."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment

from gt_engine.autolabel.boxes.confidence import Detections
from gt_engine.labels import BoxLabel, Floats, Integers

MOVES = (0.3, 0.45)
"""How far beside its place a copy of a box is, in its own width and height: an IoU of 0.2 to 0.6."""
TURN = np.pi * (3 - 5**0.5)
"""From one copy's direction to the next one's: the golden angle, which spreads any number of them."""


def areas(boxes: Floats) -> Floats:
    """Area of each box [...] of boxes [..., 4]."""
    return np.asarray((boxes[..., 2:] - boxes[..., :2]).prod(-1), np.float32)


def paired_iou(a: Floats, b: Floats) -> Floats:
    """How much each box of `a` [..., 4] agrees with its counterpart in `b`; the shapes may be broadcast."""
    top_left, bottom_right = np.maximum(a[..., :2], b[..., :2]), np.minimum(a[..., 2:], b[..., 2:])
    overlap = np.clip(bottom_right - top_left, 0, None).prod(-1)
    return np.asarray(np.clip(overlap / np.maximum(areas(a) + areas(b) - overlap, 1e-9), 0, 1), np.float32)


def beside(label: BoxLabel) -> list[Floats]:
    """Copies of all boxes of a label beside their places, by each step of MOVES, cut off at the image's edge."""
    width, height, _ = label.image_size
    angles = TURN * (np.arange(len(label)) + label.boxes.sum(1, dtype=np.float64).round())
    extents = label.boxes[:, 2:] - label.boxes[:, :2]
    shifts = (far * np.column_stack([np.cos(angles), np.sin(angles)]) * extents for far in MOVES)
    return [np.clip(label.boxes + np.tile(one, 2), 0, [width, height] * 2).astype(np.float32) for one in shifts]


def intersection_over_union(a: Floats, b: Floats) -> Floats:
    """[n, m]: how much each box of `a` [n, 4] agrees with each of `b` [m, 4]."""
    return paired_iou(a[:, None], b[None])


def matches(a: BoxLabel, b: BoxLabel, threshold: float = 0.5) -> list[tuple[int, int, float]]:
    """The best one-to-one pairing of boxes of the same class with IoU >= threshold: (index in a, in b, IoU). It has as
    many pairs as can be, and of those the largest sum of IoU."""
    if not len(a) or not len(b):
        return []
    agreement = intersection_over_union(a.boxes, b.boxes)
    agreement[a.class_ids[:, None] != b.class_ids[None]] = 0
    # Pairs below the threshold count nothing, so that they cannot push out one that is above it; one pair more counts
    # more than all agreement.
    most = float(min(len(a), len(b)))
    rows, columns = linear_sum_assignment(-np.where(agreement >= threshold, most + agreement, 0))
    return [
        (int(i), int(j), float(agreement[i, j]))
        for i, j in zip(rows, columns, strict=True)
        if agreement[i, j] >= threshold
    ]


def same_places(a: BoxLabel, b: BoxLabel, threshold: float = 0.5) -> list[tuple[int, int, float]]:
    """`matches`, whatever class the boxes have."""
    return matches(_of_one_class(a), _of_one_class(b), threshold)


def _of_one_class(label: BoxLabel) -> BoxLabel:
    return replace(label, class_ids=np.zeros_like(label.class_ids))


def f1_loss(predicted: BoxLabel, truth: BoxLabel) -> float:
    """1 - F1 of one image at IoU 0.5; two empty labels agree."""
    total = len(predicted) + len(truth)
    return 1 - 2 * len(matches(predicted, truth)) / total if total else 0.0


def mean_iou_loss(predicted: BoxLabel, truth: BoxLabel) -> float:
    """1 - mean IoU of all predicted and missed boxes of one image, averaged over the classes seen in it.

    Ground Truth's documented quality metric for boxes; a wrong or missed box counts 0.
    """
    seen = np.union1d(predicted.class_ids, truth.class_ids)
    if not len(seen):
        return 0.0
    pairs = matches(predicted, truth, threshold=1e-6)
    scores = []
    for one in seen:
        ious = [iou for i, _, iou in pairs if predicted.class_ids[i] == one]
        boxes = int((predicted.class_ids == one).sum() + (truth.class_ids == one).sum()) - len(ious)
        scores.append(sum(ious) / boxes)
    return 1 - float(np.mean(scores))


def suppressed(boxes: Floats, scores: Floats, threshold: float, limit: int) -> NDArray[np.int64]:
    """Indices of the boxes that survive non-maximum suppression, best first, at most `limit`."""
    order = np.argsort(-scores, kind="stable")
    overlap = intersection_over_union(boxes, boxes)
    kept: list[int] = []
    alive = np.ones(len(boxes), bool)
    for i in order:
        if not alive[i]:
            continue
        kept.append(int(i))
        if len(kept) == limit:
            break
        alive &= overlap[i] <= threshold
    return np.asarray(kept, np.int64)


def average_precision(seen: Sequence[Detections], boxes: Sequence[Floats], class_ids: Sequence[Integers]) -> float:
    """Mean average precision at IoU 0.5: over the classes, the area under precision against recall; 0 when nothing is
    there to be found."""
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
