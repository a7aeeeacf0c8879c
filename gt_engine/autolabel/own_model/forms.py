"""What a model's outputs mean: the forms in which detectors and classifiers are exported, told by the shapes. Pure.

form        outputs (the batch is 1)                         what is in them
yolox       [1, cells, 5 + classes]                          middle, size, objectness, classes; decoded or not
yolo        [1, 4 + classes, cells] (YOLOv8, YOLO11)         middle, size, classes; input pixels
detr        logits [1, n, classes] and boxes [1, n, 4]       middle, size; shares of the input (RT-DETR)
            or both in one, [1, n, 4 + classes]
boxes       boxes [1, n, 4], scores [1, n], labels [1, n]    left, top, right, bottom (RT-DETR with its post-processor,
                                                             gt-service's own)
classifier  [1, classes]                                     logits or probabilities

Cells are those at 1/8, 1/16 and 1/32 of the input.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gt_engine.autolabel.boxes.confidence import Detections
from gt_engine.autolabel.boxes.geometry import suppressed
from gt_engine.autolabel.own_model.opinions import Shares, ordered
from gt_engine.labels import Floats, Task

STRIDES = (8, 16, 32)
LEAST_SCORE = 0.03
MOST_LOOKED_AT = 300
MOST_QUERIES = 1_200
MOST_BOXES = 60
SAME = 0.6
"""Boxes of a class that overlap more are one."""

SMALLEST = 1e-3
"""Boxes narrower than this share of the image are none."""

Arrays = Mapping[str, NDArray[Any]]


class Form(StrEnum):
    YOLOX = "yolox"
    YOLO = "yolo"
    DETR = "detr"
    BOXES = "boxes"
    CLASSIFIER = "classifier"

    @property
    def task(self) -> Task:
        return Task.CLASSES if self is Form.CLASSIFIER else Task.BOXES


class NotUnderstood(ValueError):
    """Outputs of none of the forms, or with numbers that are none."""


@dataclass(frozen=True)
class Reading:
    """How the outputs of one model are read. classes: None where the outputs do not tell. decoded: of YOLOX."""

    form: Form
    classes: int | None
    decoded: bool = True


def cells_of(height: int, width: int) -> int:
    return sum((height // stride) * (width // stride) for stride in STRIDES)


def reading(outputs: Arrays, size: tuple[int, int]) -> Reading:
    """The form of some outputs for an input of (height, width). Errors: `NotUnderstood` with the shapes."""
    shapes = {name: one.shape for name, one in outputs.items()}
    match len(shapes):
        case 1:
            found = _single(next(iter(outputs.values())), size)
        case 2:
            found = _pair(*shapes.values())
        case _:
            found = _named(shapes)
    if found is not None:
        return found
    listed = ", ".join(f"{name} {list(shape)}" for name, shape in shapes.items())
    raise NotUnderstood(
        f"its outputs ({listed}; for an input of {size[0]} x {size[1]}) are in none of the known forms: YOLOX, "
        "YOLOv8/YOLO11 without NMS, RT-DETR, boxes with scores and labels, or one row of class scores"
    )


def _single(values: NDArray[Any], size: tuple[int, int]) -> Reading | None:
    shape, cells = values.shape, cells_of(*size)
    if len(shape) == 2 and shape[0] == 1:
        return Reading(Form.CLASSIFIER, shape[1])
    if len(shape) != 3 or shape[0] != 1:
        return None
    if shape[1] == cells and shape[2] > 5:
        # Undecoded middles are offsets within a cell; decoded ones lie all over the input.
        return Reading(Form.YOLOX, shape[2] - 5, decoded=bool(np.abs(values[..., :2]).max() > max(size) / 4))
    if shape[2] == cells and shape[1] > 4:
        return Reading(Form.YOLO, shape[1] - 4)
    return Reading(Form.DETR, shape[2] - 4) if shape[1] <= MOST_QUERIES and shape[2] > 4 else None


def _pair(first: tuple[int, ...], second: tuple[int, ...]) -> Reading | None:
    boxes, scores = (first, second) if first[2:] == (4,) else (second, first)
    fits = boxes[2:] == (4,) and len(scores) == 3 and boxes[:2] == scores[:2] and boxes[0] == 1
    return Reading(Form.DETR, scores[2]) if fits else None


def _named(shapes: Mapping[str, tuple[int, ...]]) -> Reading | None:
    if not {"boxes", "scores", "labels"} <= shapes.keys() or len(shapes["scores"]) != 2:
        return None
    rows = shapes["scores"][1]
    fits = shapes["boxes"] == (1, rows, 4) and shapes["scores"] == shapes["labels"] == (1, rows)
    return Reading(Form.BOXES, None) if fits else None


@dataclass(frozen=True)
class Frame:
    """Where the image lies in the input: its left, top, width and height there; and the input's (height, width)."""

    left: int
    top: int
    width: int
    height: int
    size: tuple[int, int]

    def relative(self, boxes: Floats) -> Floats:
        """Corners in input pixels as shares of the image."""
        origin = np.array([self.left, self.top] * 2, np.float32)
        return np.asarray((boxes - origin) / np.array([self.width, self.height] * 2, np.float32), np.float32)


def detections(form: Reading, outputs: Arrays, frame: Frame, numbers: Mapping[int, int], *, sized: bool) -> Detections:
    """What a detector sees. numbers: the job's class of each of the model's that it has; sized: boxes of the form BOXES
    are in input pixels, for the model was told of them. Errors: `NotUnderstood` where a number is none."""
    boxes, scores, labels = _read(form, outputs, frame, sized=sized)
    if not all(np.isfinite(one).all() for one in (boxes, scores, labels)):
        raise NotUnderstood("it gives numbers that are none (NaN or infinite)")
    known = np.array([int(label) in numbers for label in labels], bool)
    keep = np.flatnonzero(known & (scores >= LEAST_SCORE))
    keep = keep[np.argsort(-scores[keep], kind="stable")][:MOST_LOOKED_AT]
    corners = np.clip(frame.relative(boxes[keep]), 0, 1).astype(np.float32)
    large = ((corners[:, 2:] - corners[:, :2]) > SMALLEST).all(1)
    corners, keep = corners[large], keep[large]
    kinds = np.array([numbers[int(label)] for label in labels[keep]], np.int64)
    sure = np.clip(scores[keep], 0, 1).astype(np.float32)
    kept = suppressed(np.asarray(corners + 2 * kinds[:, None], np.float32), sure, SAME, MOST_BOXES)
    return ordered(corners[kept], kinds[kept], sure[kept])


def shares(outputs: Arrays, numbers: Mapping[int, int], classes: int) -> Shares:
    """How probable a classifier says each of the job's classes to be. Errors: `NotUnderstood`."""
    (values,) = (np.asarray(one[0], np.float64) for one in outputs.values())
    if not np.isfinite(values).all():
        raise NotUnderstood("it gives numbers that are none (NaN or infinite)")
    if values.min() < 0 or abs(values.sum() - 1) > 1e-2:
        values = np.exp(values - values.max())
    values = values / values.sum()
    ours = np.zeros(classes)
    for theirs, own in numbers.items():
        ours[own] += values[theirs]
    # What it gives to classes that the job does not have may be any of the job's.
    ours += (1 - ours.sum()) / classes
    return Shares(ours.astype(np.float32))


def _read(form: Reading, outputs: Arrays, frame: Frame, *, sized: bool) -> tuple[Floats, Floats, NDArray[Any]]:
    """Corners in input pixels [m, 4], scores [m], the model's class of each [m]."""
    height, width = frame.size
    whole = np.array([width, height] * 2, np.float32)
    match form.form:
        case Form.BOXES:
            boxes = outputs["boxes"][0].astype(np.float32)
            labels = outputs["labels"][0]
            return boxes if sized else boxes * whole, outputs["scores"][0].astype(np.float32), labels
        case Form.YOLO:
            (values,) = (one[0].T.astype(np.float32) for one in outputs.values())
            return _corners(values[:, :4]), *_best(values[:, 4:])
        case Form.YOLOX:
            (values,) = (one[0].astype(np.float32) for one in outputs.values())
            scores, labels = _best(values[:, 5:])
            return _corners(_decoded(values[:, :4], form, frame.size)), scores * values[:, 4], labels
        case Form.DETR:
            middles, scored = _detr(list(outputs.values()))
            if scored.min(initial=0) < 0 or scored.max(initial=0) > 1:
                scored = np.asarray(1 / (1 + np.exp(-np.clip(scored, -30, 30))), np.float32)
            return _corners(middles) * whole, *_best(scored)
        case _:
            raise ValueError(f"{form.form} gives no boxes")


def _detr(values: Sequence[NDArray[Any]]) -> tuple[Floats, Floats]:
    """(boxes, scores) from one output, or from two in any order."""
    if len(values) == 1:
        whole = values[0][0].astype(np.float32)
        return whole[:, :4], whole[:, 4:]
    first, second = (one[0].astype(np.float32) for one in values)
    # Both may have four columns: boxes are shares of the image, logits are not.
    boxes_first = first.shape[1] == 4 and (second.shape[1] != 4 or bool(((first >= 0) & (first <= 1)).all()))
    return (first, second) if boxes_first else (second, first)


def _decoded(boxes: Floats, form: Reading, size: tuple[int, int]) -> Floats:
    if form.decoded:
        return boxes
    grids, strides = [], []
    for stride in STRIDES:
        ys, xs = np.mgrid[0 : size[0] // stride, 0 : size[1] // stride]
        grids.append(np.stack([xs.ravel(), ys.ravel()], 1))
        strides.append(np.full((xs.size, 1), stride))
    grid, step = np.concatenate(grids), np.concatenate(strides)
    middles, extents = (boxes[:, :2] + grid) * step, np.exp(np.clip(boxes[:, 2:], -20, 20)) * step
    return np.concatenate([middles, extents], 1).astype(np.float32)


def _corners(boxes: Floats) -> Floats:
    middles, half = boxes[:, :2], boxes[:, 2:4] / 2
    return np.concatenate([middles - half, middles + half], 1)


def _best(scores: Floats) -> tuple[Floats, NDArray[Any]]:
    return scores.max(1), scores.argmax(1)
