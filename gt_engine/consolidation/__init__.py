"""Many answers to one label."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from gt_engine.labels import Label, Task
from gt_engine.workforce.answers import Answer


def consolidate_batch(
    task: Task, answers: Mapping[str, Sequence[Answer]], *, classes: int
) -> dict[str, Label]:
    """One label for each object that has at least one answer.

    Worker weights (boxes) and confusion matrices (classes) are learnt from the batch itself.
    Confidences: boxes, the weighted share of the workers who drew the box; classes, the posterior.
    """
    raise NotImplementedError
