"""Many answers to one label."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from gt_engine.consolidation.boxes import consolidate_boxes
from gt_engine.consolidation.classes import consolidate_classes
from gt_engine.labels import BoxLabel, ClassLabel, Label, Task
from gt_engine.workforce.answers import Answer

__all__ = ["consolidate_batch"]


def consolidate_batch(task: Task, answers: Mapping[str, Sequence[Answer]], *, classes: int) -> dict[str, Label]:
    """One label for each object that has at least one answer.

    Worker weights (boxes) and confusion matrices (classes) are learnt from the batch itself.
    Confidences: boxes, the share of the workers who drew the box; classes, the posterior.
    """
    answered = {key: sorted(given, key=lambda one: one.worker_id) for key, given in answers.items() if given}
    if task is Task.BOXES:
        boxes = {
            key: [(one.worker_id, one.label) for one in given if isinstance(one.label, BoxLabel)]
            for key, given in answered.items()
        }
        return dict(consolidate_boxes(boxes))
    votes = {
        key: [(one.worker_id, one.label.class_id) for one in given if isinstance(one.label, ClassLabel)]
        for key, given in answered.items()
    }
    return dict(consolidate_classes(votes, classes))
