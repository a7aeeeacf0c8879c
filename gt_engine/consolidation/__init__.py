"""Many answers to one label."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from gt_engine.consolidation.boxes import consolidate_boxes
from gt_engine.consolidation.classes import consolidate_classes
from gt_engine.consolidation.enough import as_many_as_needed, is_checked, is_enough
from gt_engine.consolidation.skills import Skill, Skills, dump_skills, handed_on, learn, load_skills, together
from gt_engine.labels import BoxLabel, ClassLabel, Label, Task
from gt_engine.workforce.simulated import Answer

__all__ = [
    "Skill",
    "Skills",
    "as_many_as_needed",
    "consolidate_batch",
    "dump_skills",
    "handed_on",
    "is_checked",
    "is_enough",
    "learn",
    "load_skills",
    "together",
]


def consolidate_batch(
    task: Task, answers: Mapping[str, Sequence[Answer]], *, classes: int, skills: Skills | None = None
) -> dict[str, Label]:
    """One label for each object that has at least one answer.

    Worker weights (boxes) and confusion matrices (classes) are learnt from the batch itself, and begin with what is
    known of the workers from before (`skills`).
    Confidences: boxes, the share of the workers who drew the box; classes, the posterior.
    """
    known = skills or {}
    answered = {key: sorted(given, key=lambda each: each.worker_id) for key, given in answers.items() if given}
    if task is Task.BOXES:
        boxes = {
            key: [(answer.worker_id, answer.label) for answer in given if isinstance(answer.label, BoxLabel)]
            for key, given in answered.items()
        }
        return dict(consolidate_boxes(boxes, {worker: (skill.sides, skill.squares) for worker, skill in known.items()}))
    votes = {
        key: [(answer.worker_id, answer.label.class_id) for answer in given if isinstance(answer.label, ClassLabel)]
        for key, given in answered.items()
    }
    return dict(consolidate_classes(votes, classes, known))
