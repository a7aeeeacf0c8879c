"""What the engine's tables hold, as frozen values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from gt_engine.outputs.tree import JobTree


class Phase(StrEnum):
    """How far the runner has brought a job. What callers see is `JobRecord.status`."""

    INITIALIZING = "Initializing"
    IN_PROGRESS = "InProgress"
    COMPLETED = "Completed"
    FAILED = "Failed"
    STOPPED = "Stopped"

    @property
    def has_ended(self) -> bool:
        return self in {Phase.COMPLETED, Phase.FAILED, Phase.STOPPED}


@dataclass(frozen=True)
class Counters:
    """LabelCounters. `unlabeled` is what is still without a label and has not failed."""

    human: int = 0
    machine: int = 0
    failed: int = 0
    unlabeled: int = 0

    @property
    def total(self) -> int:
        return self.human + self.machine


@dataclass(frozen=True)
class JobRecord:
    """A labeling job as the table holds it. `request` is CreateLabelingJob's, without its tags.

    by_people: its work team had people when it was created; otherwise its answers are simulated.
    """

    name: str
    arn: str
    reference_code: str
    request: Mapping[str, Any]
    created_at: datetime
    modified_at: datetime
    tags: Mapping[str, str] = field(default_factory=dict)
    version: int = 0
    phase: Phase = Phase.INITIALIZING
    stop_requested: bool = False
    counters: Counters = field(default_factory=Counters)
    failure_reason: str | None = None
    final_model_arn: str | None = None
    announced: bool = False
    by_people: bool = False

    @property
    def tree(self) -> JobTree:
        return JobTree.of(self.request["OutputConfig"]["S3OutputPath"], self.name)

    @property
    def workteam_arn(self) -> str:
        return str(self.request["HumanTaskConfig"]["WorkteamArn"])

    @property
    def initial_model_arn(self) -> str | None:
        arn: str | None = self.request.get("LabelingJobAlgorithmsConfig", {}).get("InitialActiveLearningModelArn")
        return arn

    @property
    def kms_key(self) -> str | None:
        """What the job's files are encrypted with."""
        return self.request["OutputConfig"].get("KmsKeyId") or None

    @property
    def status(self) -> str:
        """LabelingJobStatus: Stopping is a job that still runs and was asked to stop."""
        if self.stop_requested and not self.phase.has_ended:
            return "Stopping"
        return self.phase.value

    @property
    def has_work(self) -> bool:
        """Whether the runner has something left to do: a step, or an event that was not yet taken."""
        return not self.phase.has_ended or not self.announced


class ModelKind(StrEnum):
    """Whose a model is: trained by the engine, the user's own (ONNX), or trained on top of one of these."""

    TRAINED = "trained"
    OWN_MODEL = "brought"
    STACKED = "stacked"


@dataclass(frozen=True)
class ModelRecord:
    """A model that a labeling job trained or that CreateModel was called with (then it has no job). `s3_uri` is its
    file: model.tar.gz, or ONNX. `classes` of a user's own model are those that it names, none where it names none."""

    name: str
    arn: str
    s3_uri: str
    job_arn: str | None
    role_arn: str
    task: str
    classes: tuple[str, ...]
    created_at: datetime
    kind: ModelKind = ModelKind.TRAINED
