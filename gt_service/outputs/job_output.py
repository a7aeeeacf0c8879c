"""What a labeling job left, in numbers."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from gt_service.objects import S3Uri
from gt_service.outputs.answers import WorkerStats
from gt_service.outputs.logs import TrainingCurve
from gt_service.outputs.proposals import ProposalFigures


class Reason(StrEnum):
    """Why an object has no label."""

    FAILED = "the service could not process it"
    UNCONSOLIDATED = "workers answered, but no label was made of their answers"
    UNANSWERED = "no answer is in the files: it failed, expired, was declined or was never sent"


@dataclass(frozen=True)
class UnlabeledObject:
    """An object without a label. `detail` is the manifest's own failure reason where it gives one."""

    object_id: str
    source: str | None
    reason: Reason
    answers: int
    detail: str | None


@dataclass(frozen=True)
class Iteration:
    """One round inside a job. `answers` counts all workers' answers, also those to objects that got no label."""

    number: int
    human_images: int
    human_boxes: int
    machine_images: int
    machine_boxes: int
    answers: int
    ended_at: datetime | None

    @property
    def labeled(self) -> int:
        return self.human_images + self.machine_images


@dataclass(frozen=True)
class TrainingRun:
    """One training inside a job. `model` is None where it left none; the curve is empty where there is no log."""

    iteration: int
    name: str
    model: S3Uri | None
    curve: TrainingCurve


@dataclass(frozen=True)
class Finding:
    """Something in the files that a reader of the report should know."""

    code: str
    message: str


@dataclass(frozen=True)
class JobOutput:
    """What a labeling job left, in numbers.

    objects         objects in the manifest
    labeled_before  of these, objects that came with a label of this attribute; this job did nothing to them
    iterations      those that have files, by number; the numbers may have gaps
    proposals       what they did to people; None where nobody was shown any
    gold_answers    of all answers those to gold items, which are paid and make no label
    targets         (target, objects that the machine might have labeled in its first round), as gt-engine tells
    """

    name: str
    status: str
    root: S3Uri
    objects: int
    labeled_before: int
    iterations: tuple[Iteration, ...]
    training: tuple[TrainingRun, ...]
    workers: tuple[WorkerStats, ...]
    unlabeled: tuple[UnlabeledObject, ...]
    findings: tuple[Finding, ...]
    proposals: ProposalFigures | None = None
    gold_answers: int = 0
    targets: tuple[tuple[float, int], ...] = ()

    @property
    def human_images(self) -> int:
        return sum(each.human_images for each in self.iterations)

    @property
    def human_boxes(self) -> int:
        return sum(each.human_boxes for each in self.iterations)

    @property
    def machine_images(self) -> int:
        return sum(each.machine_images for each in self.iterations)

    @property
    def machine_boxes(self) -> int:
        return sum(each.machine_boxes for each in self.iterations)

    @property
    def labeled(self) -> int:
        return self.human_images + self.machine_images

    @property
    def answers(self) -> int:
        return sum(each.answers for each in self.iterations)
