"""Predictions of chunks, as files. A bit lost on the way would decide otherwise in one place than in the other."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gt_engine.autolabel.boxes.confidence import Detections, Verdict
from gt_engine.autolabel.kept_predictions import dump, load
from gt_engine.autolabel.learner import Predictions
from gt_engine.labels import BoxLabel, ClassLabel, box_label


def parts(seen: Detections | None) -> list[NDArray[Any]]:
    if seen is None:
        return []
    verdict = () if seen.verdict is None else vars(seen.verdict).values()
    return [seen.boxes, seen.class_ids, seen.scores, *verdict]


def bits(part: NDArray[Any]) -> tuple[object, ...]:
    return part.dtype, part.shape, part.tobytes()


def test_predictions_come_back_to_the_last_bit() -> None:
    rng = np.random.default_rng(1)
    boxes = box_label(rng.random((3, 4)) * 1e4, [0, 2, 1], (640, 480, 3), rng.random(3))
    labels = (boxes, box_label([], [], (1, 1, 1)), ClassLabel(3, float(rng.random())))
    some = Detections(rng.random((2, 4)).astype(np.float32), np.array([1, 0]), rng.random(2).astype(np.float32))
    none = Detections(np.zeros((0, 4), np.float32), np.zeros(0, np.int64), np.zeros(0, np.float32))
    verdict = Verdict(rng.random((6, 2)).astype(np.float32), rng.random((6, 4)).astype(np.float32))
    asked = replace(some, verdict=verdict)
    nothing = replace(none, verdict=Verdict(np.zeros((0, 4), np.float32), np.zeros((0, 4), np.float32)))
    labels, drawn = (*labels, ClassLabel(1), ClassLabel(0)), (some, none, None, asked, nothing)
    said = Predictions(("1", "2", "3", "4", "5"), labels, rng.random(5), drawn)
    back = load(dump(said), said.ids)
    assert back.ids == said.ids
    assert back.confidences.tobytes() == said.confidences.tobytes()
    assert back.labels[2] == labels[2]
    assert back.seen[2] is None
    for seen, again in zip(drawn, back.seen, strict=True):
        assert list(map(bits, parts(again))) == list(map(bits, parts(seen)))
    for before, after in zip(labels[:2], back.labels[:2], strict=True):
        assert isinstance(after, BoxLabel)
        assert before.image_size == after.image_size
        for name in ("boxes", "class_ids", "confidences"):
            assert bits(getattr(before, name)) == bits(getattr(after, name))
