"""Which learner does which task."""

from __future__ import annotations

from gt_engine.autolabel.boxes.learner import LOSSES, BoxLearner
from gt_engine.autolabel.classes.learner import ClassLearner
from gt_engine.autolabel.learner import Learner
from gt_engine.labels import Task


def learner_for(task: Task, *, loss: str | None = None, threads: int = 2, shorten_training: int = 1) -> Learner:
    """The learner of a task. `loss` is `f1` (boxes, default), `mean-iou` (boxes) or `error` (classes, default).

    `threads` are the cores that one training uses. `shorten_training`: one step in so many is taken (tests).
    Raises ValueError for a loss that the task does not have.
    """
    allowed = tuple(LOSSES) if task is Task.BOXES else ("error",)
    loss = loss or allowed[0]
    if loss not in allowed:
        raise ValueError(f"the loss of {task.value} is one of {', '.join(allowed)}, not {loss}")
    if task is Task.CLASSES:
        return ClassLearner(threads=threads, shorten_training=shorten_training)
    return BoxLearner(loss=loss, threads=threads, shorten_training=shorten_training)
