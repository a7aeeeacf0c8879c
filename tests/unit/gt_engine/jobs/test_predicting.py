"""Predictions of chunks, as files. A bit lost on the way would decide otherwise in one place than in the other."""

from __future__ import annotations

import numpy as np

from gt_engine.autolabel.boxes.confidence import Detections
from gt_engine.autolabel.learner import Predictions
from gt_engine.jobs.steps.predicting import dump, load
from gt_engine.labels import BoxLabel, ClassLabel, box_label


def test_predictions_come_back_to_the_last_bit() -> None:
    rng = np.random.default_rng(1)
    boxes = box_label(rng.random((3, 4)) * 1e4, [0, 2, 1], (640, 480, 3), rng.random(3))
    labels = (boxes, box_label([], [], (1, 1, 1)), ClassLabel(3, float(rng.random())))
    some = Detections(rng.random((2, 4)).astype(np.float32), np.array([1, 0]), rng.random(2).astype(np.float32))
    none = Detections(np.zeros((0, 4), np.float32), np.zeros(0, np.int64), np.zeros(0, np.float32))
    said = Predictions(("1", "2", "3"), labels, rng.random(3), (some, none, None))
    back = load(dump(said), said.ids)
    assert back.ids == said.ids
    assert back.confidences.tobytes() == said.confidences.tobytes()
    assert back.labels[2] == labels[2]
    assert back.seen[2] is None
    for seen, again in zip((some, none), back.seen, strict=False):
        assert again is not None
        for name, part in vars(seen).items():
            other = getattr(again, name)
            assert (part.dtype, part.shape, part.tobytes()) == (other.dtype, other.shape, other.tobytes())
    for before, after in zip(labels[:2], back.labels[:2], strict=True):
        assert isinstance(after, BoxLabel)
        assert before.image_size == after.image_size
        for name in ("boxes", "class_ids", "confidences"):
            one, other = getattr(before, name), getattr(after, name)
            assert (one.dtype, one.shape, one.tobytes()) == (other.dtype, other.shape, other.tobytes())
