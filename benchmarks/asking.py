"""Simulated people who label for a benchmark: a fixed number to an object, or as many as it needs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from gt_engine.consolidation import (
    Skills,
    as_many_as_needed,
    consolidate_batch,
    is_checked,
    is_enough,
    learn,
    together,
)
from gt_engine.labels import Label, Task
from gt_engine.workforce import Answer, SimulatedWorkforce

START = datetime(2026, 1, 1, tzinfo=UTC)

BATCH = 100
"""What is known of the workers is looked at again after so many objects."""


def least_and_most(workers: str) -> tuple[int, int]:
    """Of an option: `3`, or `1-5` for as many as needed."""
    least, _, most = workers.partition("-")
    return int(least), int(most or least)


@dataclass
class People:
    """People at one job.

    workers      least and most answers to an object; the same where the number is fixed
    skills       what is known of the workers; grows as they answer
    asked        answers so far, to `objects`
    """

    task: Task
    crowd: SimulatedWorkforce
    workers: tuple[int, int]
    skills: Skills = field(default_factory=dict)
    asked: int = 0
    objects: int = 0

    def label(self, gold: Mapping[str, Label]) -> dict[str, Label]:
        """Labels of objects with these right ones; an object that nobody answers has none."""
        least, most = self.workers
        given = {key: self.crowd.answer(key, right, most, START) for key, right in gold.items()}
        if least == most:
            return self._consolidated(given)
        labels: dict[str, Label] = {}
        keys = list(gold)
        for start in range(0, len(keys), BATCH):
            answers = {key: self._needed(key, given[key]) for key in keys[start : start + BATCH]}
            labels |= (some := self._consolidated(answers))
            pairs = {key: [(one.worker_id, one.label) for one in mine] for key, mine in answers.items()}
            self.skills = together([self.skills, learn(pairs, some)])
        return labels

    def _needed(self, key: str, given: Sequence[Answer]) -> Sequence[Answer]:
        (least, most), classes, checked = self.workers, self.crowd.classes, is_checked(key)

        def is_enough_of(first: Sequence[Answer]) -> bool:
            pairs = [(one.worker_id, one.label) for one in first]
            return is_enough(pairs, most=most, classes=classes, skills=self.skills, is_checked=checked)

        return as_many_as_needed(given, least, is_enough_of)

    def _consolidated(self, answers: Mapping[str, Sequence[Answer]]) -> dict[str, Label]:
        self.asked += sum(map(len, answers.values()))
        self.objects += len(answers)
        return consolidate_batch(self.task, answers, classes=self.crowd.classes, skills=self.skills)
