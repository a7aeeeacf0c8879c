"""Predictions as they are kept while a job runs: JSON, to the last bit."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from gt_engine.autolabel.boxes.confidence import Detections, Verdict
from gt_engine.autolabel.learner import Predictions
from gt_engine.labels import BoxLabel, ClassLabel, Floats, Label, box_label


def dump(predictions: Predictions) -> bytes:
    """Predictions as JSON, to the last bit; whoever reads them knows the objects."""
    return json.dumps(document_of(predictions)).encode()


def load(body: bytes, object_ids: Sequence[str]) -> Predictions:
    """What `dump` wrote of these objects."""
    return predictions_of(json.loads(body), object_ids)


def document_of(predictions: Predictions) -> dict[str, Any]:
    """Predictions as what JSON knows."""
    seen = [None if detections is None else _seen(detections) for detections in predictions.seen]
    labels = [_written(label) for label in predictions.labels]
    return {"labels": labels, "confidences": predictions.confidences.tolist(), **({"seen": seen} if seen else {})}


def predictions_of(document: Mapping[str, Any], object_ids: Sequence[str]) -> Predictions:
    """The inverse of `document_of`; whoever reads them knows the objects."""
    labels = tuple(_read(label) for label in document["labels"])
    seen = tuple(None if parts is None else _detections(*parts) for parts in document.get("seen", ()))
    return Predictions(tuple(object_ids), labels, np.array(document["confidences"], np.float64), seen)


def _seen(detections: Detections) -> list[Any]:
    verdict = () if detections.verdict is None else vars(detections.verdict).values()
    return [part.tolist() for part in (detections.boxes, detections.class_ids, detections.scores, *verdict)]


def _detections(
    boxes: Sequence[Any], class_ids: Sequence[int], scores: Sequence[float], *verdict: Sequence[Any]
) -> Detections:
    corners = np.array(boxes, np.float32).reshape(-1, 4)
    judgement = Verdict(*map(_rows, verdict)) if verdict else None
    return Detections(corners, np.array(class_ids, np.int64), np.array(scores, np.float32), verdict=judgement)


def _rows(table: Sequence[Any]) -> Floats:
    return np.array(table, np.float32) if table else np.zeros((0, 4), np.float32)


def _written(label: Label) -> list[Any]:
    match label:
        case BoxLabel():
            return [label.boxes.tolist(), label.class_ids.tolist(), label.image_size, label.confidences.tolist()]
        case ClassLabel():
            return [label.class_id, label.confidence]


def _read(document: Sequence[Any]) -> Label:
    if len(document) == 2:
        return ClassLabel(*document)
    boxes, class_ids, image_size, confidences = document
    return box_label(boxes, class_ids, tuple(image_size), confidences)
