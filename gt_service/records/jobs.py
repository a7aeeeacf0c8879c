"""Batches, and the labeling jobs on them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from gt_service.money import Mills
from gt_service.records.names import JobName, Role
from gt_service.records.states import ENDED, BatchState, JobState


@dataclass(frozen=True)
class Batch:
    """Images closed into one manifest.

    objects: members chosen, and once closed those that the manifest holds. unlabeled: left without a label when the
    batch was done. labeled_manifest_uri: the same with labeled lines behind, for a job to learn from; None where there
    are none. extra_follow_ups: granted by its owner on top of the spec's. leaves_out: its owner wants to go on
    without what has no label. review_objects: how many of its labels were chosen for the second look that the spec asks
    for, None until then; they are in `review_manifest_uri`.
    """

    campaign: str
    number: int
    state: BatchState
    reason: str
    objects: int
    members_uri: str
    manifest_uri: str | None
    created_at: datetime
    closed_at: datetime | None = None
    unlabeled: int | None = None
    extra_follow_ups: int = 0
    leaves_out: bool = False
    labeled_manifest_uri: str | None = None
    review_objects: int | None = None
    review_manifest_uri: str | None = None


@dataclass(frozen=True)
class Job:
    """One labeling job, from the moment that what it may cost is set aside.

    revision: of the spec it was compiled from. unlabeled: objects without a label once it ended, None until counted;
    they are the follow-up's manifest. cost: None until the report is written, which also frees `reserved`.
    progress_at: when its counters last moved. output_problem: why its labels may not all be in its output, as of
    `output_read_at`; what has none is sent again only once its owner has accepted the output as it is.
    people_seconds: what its answers together may take, where the budget does not hold its worst case; None: any time.
    """

    name: str
    campaign: str
    batch: int
    role: Role
    attempt: int
    state: JobState
    objects: int
    revision: int
    task: str
    labels: tuple[str, ...]
    manifest_uri: str
    output_uri: str
    reserved: Mills
    reserved_at: datetime
    initial_model_arn: str | None = None
    final_model_arn: str | None = None
    counters: Mapping[str, int] = field(default_factory=dict)
    unlabeled: int | None = None
    cost: Mills | None = None
    report_uri: str | None = None
    report_asked_at: datetime | None = None
    failure_reason: str | None = None
    refused_at: datetime | None = None
    stop_requested_at: datetime | None = None
    created_at: datetime | None = None
    ended_at: datetime | None = None
    progress_at: datetime | None = None
    warning: str | None = None
    output_problem: str | None = None
    output_read_at: datetime | None = None
    output_accepted: bool = False
    people_seconds: int | None = None

    @property
    def is_control(self) -> bool:
        return self.role is Role.CONTROL

    @property
    def is_review(self) -> bool:
        return self.role is Role.REVIEW

    @property
    def is_beside_chain(self) -> bool:
        return self.role.is_beside_chain

    @property
    def has_ended(self) -> bool:
        return self.state in ENDED

    @property
    def has_met_its_limit(self) -> bool:
        """It ended because the money was used up that the budget had left for it, not for anything about its images."""
        return self.people_seconds is not None and self.state is JobState.STOPPED

    @property
    def is_unsettled(self) -> bool:
        """Its reservation is held although nothing more can be spent on it."""
        return self.has_ended and self.cost is None

    @property
    def job_name(self) -> JobName:
        return JobName.parse(self.name)
