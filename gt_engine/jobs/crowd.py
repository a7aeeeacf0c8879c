"""The simulated work team at a job: gold labels in, answers out, several answers to one label.

The engine's annotators know boxes and single classes. An answer with several classes is made of those: the worker is
shown one of the object's classes, and who errs there takes that one for another.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any

from gt_engine.consolidation import Skills, as_many_as_needed, consolidate_batch, is_checked, is_enough, learn
from gt_engine.labels import BoxLabel, ClassLabel, Label, Task, scaled
from gt_engine.outputs.label_form import NO_LABEL, AnyLabel, MultiClassLabel, read_label
from gt_engine.outputs.records import drawn
from gt_engine.workforce import Answer, SimulatedWorkforce
from gt_service.errors import InvalidInput
from gt_service.outputs.records import gold_lines, label_attributes
from gt_service.task_types import TaskType

_TASKS = {
    TaskType.OBJECT_DETECTION: Task.BOXES,
    TaskType.IMAGE_CLASSIFICATION: Task.CLASSES,
    TaskType.TEXT_CLASSIFICATION: Task.CLASSES,
    TaskType.OBJECT_DETECTION_ADJUSTMENT: Task.BOXES,
    TaskType.OBJECT_DETECTION_VERIFICATION: Task.CLASSES,
}


@dataclass(frozen=True)
class Crowd:
    """The work team of a job.

    workers_per_object: at most so many answer an object, at least `least_workers`.
    lifetime: TaskAvailabilityLifetimeInSeconds as a span; what is submitted later does not count.
    """

    task: TaskType
    classes: tuple[str, ...]
    workteam_arn: str
    job_name: str
    workers_per_object: int
    time_limit_seconds: int
    lifetime: timedelta
    least_workers: int = 1

    def answers(
        self, object_id: str, gold: AnyLabel, start: datetime, *, to_correct: AnyLabel | None = None
    ) -> list[Answer]:
        """What the workers submitted for one object that they were offered at `start`, by time.

        to_correct: the label that they were shown, under review or the machine's.
        """
        shown = _shown_class(gold, len(self.classes)) if isinstance(gold, MultiClassLabel) else gold
        # The team's people are the same in all its jobs; what each of them answers differs from job to job.
        boxes = to_correct if isinstance(to_correct, BoxLabel) else None
        people = self._workforce()
        given = people.answer(f"{self.job_name}/{object_id}", shown, self.workers_per_object, start, to_correct=boxes)
        in_time = (answer for answer in given if answer.submitted_at <= start + self.lifetime)
        made = [replace(answer, label=self._answered(answer.label, gold)) for answer in in_time]
        if to_correct is None or boxes is not None:
            return made

        def keeps(worker: str) -> bool:
            """Without a look at what a page has chosen already, as with boxes (gt_engine/workforce/simulated.py)."""
            return people.accepts_unseen(worker) > seed_of(f"{self.job_name}/{object_id}/{worker}") / 2**32

        return [replace(given, label=to_correct) if keeps(given.worker_id) else given for given in made]

    def as_many_as_needed(self, object_id: str, given: Sequence[Answer], skills: Skills) -> list[Answer]:
        """The first answers that make the label, of all that would be given."""
        return as_many_as_needed(given, self.least_workers, lambda first: self.is_enough(object_id, first, skills))

    def is_enough(self, object_id: str, given: Sequence[Answer], skills: Skills) -> bool:
        """Whether these answers make the object's label: no other one could change it."""
        if len(given) >= self.workers_per_object:
            return True
        if self.task in _TASKS:
            return is_enough(
                [(answer.worker_id, _plain(answer.label)) for answer in given],
                most=self.workers_per_object,
                classes=len(self.classes),
                skills=skills,
                is_checked=is_checked(f"{self.job_name}/{object_id}"),
            )
        # A class that anybody chose is in: only answers that are all the same tell of nothing more to come.
        chosen = {answer.label.class_ids for answer in given if isinstance(answer.label, MultiClassLabel)}
        return len(given) > 1 and len(chosen) == 1

    def learn(self, answers: Mapping[str, Sequence[Answer]], labels: Mapping[str, AnyLabel]) -> Skills:
        """What the answers show of the workers; nothing where answers have several classes."""
        if self.task not in _TASKS:
            return {}
        plain = {key: [(answer.worker_id, _plain(answer.label)) for answer in given] for key, given in answers.items()}
        return learn(plain, {key: _plain(label) for key, label in labels.items()})

    def consolidate(self, answers: Mapping[str, Sequence[Answer]], skills: Skills | None = None) -> dict[str, AnyLabel]:
        """One label for each object that has an answer; `skills`: what is known of the workers from before."""
        if self.task in _TASKS:
            return dict(consolidate_batch(_TASKS[self.task], answers, classes=len(self.classes), skills=skills))
        return {object_id: _chosen_by_anyone(given) for object_id, given in answers.items() if given}

    def _workforce(self) -> SimulatedWorkforce:
        several = self.task not in _TASKS
        return SimulatedWorkforce(
            seed=seed_of(self.workteam_arn),
            time_limit_seconds=self.time_limit_seconds,
            classes=len(self.classes) + (1 if several else 0),
        )

    def _answered(self, label: AnyLabel, gold: AnyLabel) -> AnyLabel:
        if isinstance(label, BoxLabel):
            return drawn(label)
        if not isinstance(gold, MultiClassLabel) or not isinstance(label, ClassLabel):
            return label
        shown, nothing = _shown_class(gold, len(self.classes)).class_id, len(self.classes)
        if label.class_id == shown:
            return gold
        chosen = {class_id for class_id in gold.class_ids if class_id != shown} | {label.class_id} - {nothing}
        return MultiClassLabel(tuple(sorted(chosen)), (1.0,) * len(chosen))


def seed_of(name: str) -> int:
    """A seed from a name, the same on every machine and in every run."""
    return int.from_bytes(sha256(name.encode()).digest()[:4], "big")


@dataclass(frozen=True)
class GoldLabels:
    """Gold labels by the source of their object; where a line has none that can be used, the reason."""

    labels: Mapping[str, AnyLabel]
    problems: Mapping[str, str]


def read_gold_labels(lines: Iterable[bytes], task: TaskType, classes: Sequence[str]) -> GoldLabels:
    """Gold labels from JSON lines in Ground Truth's augmented form.

    The label attribute may have any name; of several the latest counts. Lines without a label of this task with these
    classes get no answer. Errors: `InvalidInput` that names a line that is not JSON.
    """
    source = "source-ref" if task.facts.medium == "image" else "source"
    labels: dict[str, AnyLabel] = {}
    problems: dict[str, str] = {}
    for number, line in gold_lines(lines):
        try:
            record = json.loads(line)
        except (ValueError, RecursionError):
            raise InvalidInput(f"line {number} of the gold labels is not JSON", field="gold labels") from None
        if not isinstance(record, dict) or source not in record:
            continue
        label = _gold_label(record, task, classes)
        if isinstance(label, str):
            problems[str(record[source])] = label
        else:
            labels[str(record[source])] = label
    return GoldLabels(labels, problems)


def _gold_label(record: Mapping[str, Any], task: TaskType, classes: Sequence[str]) -> AnyLabel | str:
    """The label of a line, or why it has none."""
    sure = label_attributes(record)
    # Any number could be a class id: attributes that have metadata are labels for sure, so they come first.
    others = [name for name in record if name not in {"source", "source-ref", *sure} and not name.endswith("-metadata")]
    problem = "it has no label of this task"
    for attribute in (*sure, *others):
        try:
            return read_label(task, record[attribute], record.get(f"{attribute}-metadata", {}), classes)
        except NO_LABEL as wrong:
            if attribute in sure and isinstance(wrong, ValueError):
                problem = f"{attribute!r}: {wrong}"
    return problem


def with_size(gold: AnyLabel, size: tuple[int, int, int] | None) -> AnyLabel:
    """The gold label on the image as it is now: scaled where it was made on another size of the image."""
    return scaled(gold, size) if isinstance(gold, BoxLabel) and size else gold


def _shown_class(gold: MultiClassLabel, nothing: int) -> ClassLabel:
    return ClassLabel(gold.class_ids[0] if gold.class_ids else nothing)


def _plain(label: AnyLabel) -> Label:
    if isinstance(label, MultiClassLabel):
        raise TypeError("a label with several classes is consolidated class by class")
    return label


def _chosen_by_anyone(given: Sequence[Answer]) -> MultiClassLabel:
    """Every class that at least one worker chose, with the share of the workers who did.

    Source: developer guide sms-annotation-consolidation, multi-label tasks.
    """
    votes: dict[int, int] = {}
    for answer in given:
        for class_id in answer.label.class_ids if isinstance(answer.label, MultiClassLabel) else ():
            votes[class_id] = votes.get(class_id, 0) + 1
    chosen = tuple(sorted(votes))
    return MultiClassLabel(chosen, tuple(votes[class_id] / len(given) for class_id in chosen))
