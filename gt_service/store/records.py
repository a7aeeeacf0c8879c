"""What the tables hold, as frozen values: the rest of the service never sees a table's own types."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from gt_service.campaign import CampaignSpec
from gt_service.chain.names import JobName, Role
from gt_service.chain.states import ENDED, BatchState, CampaignState, JobState
from gt_service.money import Mills

NOWHERE = "-"
"""The campaign under which files are listed that lie in no campaign's folder."""


class WaitsFor(StrEnum):
    """What a campaign that waits needs of its owner, for programs and for the buttons that a page offers."""

    SPEC = "spec"
    BUDGET = "budget"
    REQUEST = "request"
    """A labeling job whose request was refused."""
    OUTPUT = "output"
    """A labeling job whose output is not whole."""
    UNLABELED = "unlabeled"
    """Images without a label whose tries are used up."""


@dataclass(frozen=True)
class Verdict:
    """How a campaign stands, in words for its owner."""

    status: str
    reason: str | None = None
    remedy: str | None = None
    waits_for: WaitsFor | None = None


@dataclass(frozen=True)
class Import:
    """A file of labels that somebody had already: `<campaign>/labels/<name>.manifest` in the inbox.

    order: sorts imports by when they were dropped; of two that label one image, the later one holds.
    revision: of the spec that it was read by; None until then. problem: why it was refused, in the shape of errors.
    labels, proposals: its lines, by what they hold. held: labels that are labels of the campaign now; left_out: those
    that never will be, the first few with their reasons in `notes`; checked: those whose images people are asked about,
    without seeing them. The rest waits for its images.
    changed_at: when `held` last grew.
    """

    name: str
    key: str
    etag: str
    order: str
    revision: int | None = None
    problem: Mapping[str, Any] | None = None
    labels: int = 0
    proposals: int = 0
    held: int = 0
    left_out: int = 0
    checked: int = 0
    notes: tuple[str, ...] = ()
    changed_at: str | None = None

    @property
    def is_read(self) -> bool:
        return self.revision is not None and self.problem is None

    @property
    def waiting(self) -> int:
        """Labels whose images are not in the inbox, as far as is known."""
        return self.labels - self.held - self.left_out - self.checked


@dataclass(frozen=True)
class Campaign:
    """One labeling goal.

    revision: counts the accepted specs; 0 before the first. cap: None where there is no budget.
    committed: set aside for jobs whose real cost is not known yet. spent: real cost of reported jobs.
    version: grows with every write. duplicate_at: when the last image came that is labeled under another key.
    label_changes: how often its labels changed without a report: a label was corrected or imported, a duplicate came.
    labels_written: how many of these changes they hold as they were last written. labels_asked_at: when last asked for.
    former_labels: given by its jobs, and no longer among the spec's. notices: what the last change of the spec did.
    imports: of labels, in their order. imports_seen: what was known of its images when imports last looked for theirs.
    """

    name: str
    state: CampaignState
    spec: CampaignSpec | None
    revision: int
    spec_errors: tuple[Mapping[str, Any], ...]
    verdict: Verdict
    cap: Mills | None
    committed: Mills
    spent: Mills
    version: int
    created_at: datetime
    close_requested_at: datetime | None = None
    resumed_at: datetime | None = None
    hinted_at: datetime | None = None
    duplicate_at: datetime | None = None
    label_changes: int = 0
    labels_written: int = 0
    labels_asked_at: datetime | None = None
    former_labels: tuple[str, ...] = ()
    notices: tuple[str, ...] = ()
    imports: tuple[Import, ...] = ()
    imports_seen: str | None = None

    @property
    def awaits_images(self) -> bool:
        """Whether images may come whose labels are here."""
        return any(each.is_read and each.waiting for each in self.imports)

    @property
    def headroom(self) -> Mills | None:
        """What may still be set aside; None where there is no cap."""
        return None if self.cap is None else Mills(self.cap - self.committed - self.spent)


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
    """One labeling job, from the moment its worst case is set aside.

    revision: of the spec it was compiled from. unlabeled: objects without a label once it ended, None until counted;
    they are the follow-up's manifest. cost: None until the report is written, which also frees `reserved`.
    progress_at: when its counters last moved. output_problem: why its labels may not all be in its output, as of
    `output_read_at`; what has none is sent again only once its owner has accepted the output as it is.
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

    @property
    def is_control(self) -> bool:
        return self.role is Role.CONTROL

    @property
    def is_review(self) -> bool:
        return self.role is Role.REVIEW

    @property
    def is_beside_chain(self) -> bool:
        """It labels nothing that has no label: no batch waits for it, no job starts from it."""
        return self.is_control or self.is_review

    @property
    def has_ended(self) -> bool:
        return self.state in ENDED

    @property
    def is_unsettled(self) -> bool:
        """Its reservation is held although nothing more can be spent on it."""
        return self.has_ended and self.cost is None

    @property
    def job_name(self) -> JobName:
        return JobName.parse(self.name)


class ImageStatus(StrEnum):
    """Where an image is: the first part of its `place`."""

    PENDING = "pending"
    BATCH = "batch"
    REJECTED = "rejected"
    DUPLICATE = "duplicate"
    IMPORTED = "imported"
    """It had a label already: it is never offered to people."""
    REPLACED = "replaced"
    """Of those in batches, the ones whose file was replaced since: they are listed under this word as well."""


@dataclass(frozen=True)
class Image:
    """One key of the inbox bucket, as its latest upload left it.

    place: `pending#<event time>#<sequencer>`, `batch#0001`, `imported#<import>`, `rejected` or
    `duplicate#<content>`.
    event_time: S3's, ISO 8601. registered_at: when it was written down here, ISO 8601; after a backlog, much later.
    sequencer: S3's order of events on this key, padded so that text order is it.
    digest: of its bytes, SHA-256 in hex; None where they were not read. width, height: of the upright picture, as
    people see it; orientation: how EXIF says that it is stored.
    near_to: fingerprint of another content that this image looks like, and is labeled with or in the stead of.
    """

    campaign: str
    key: str
    place: str
    event_time: str
    sequencer: str
    etag: str
    size: int
    width: int = 0
    height: int = 0
    media_format: str = ""
    orientation: int = 1
    reason: str | None = None
    remedy: str | None = None
    replaced_after_batch: bool = False
    near_to: str | None = None
    registered_at: str | None = None
    digest: str | None = None

    @property
    def status(self) -> ImageStatus:
        return ImageStatus(self.place.partition("#")[0])

    @property
    def is_open(self) -> bool:
        """Whether another file under its name may still take its place: it has not been sent to people, nor labeled."""
        return self.status not in {ImageStatus.BATCH, ImageStatus.IMPORTED}

    @property
    def batch(self) -> int | None:
        return int(self.place.removeprefix("batch#")) if self.status is ImageStatus.BATCH else None

    @property
    def fingerprint(self) -> str:
        """Equal for equal content. An ETag is no name of a content on AWS: encrypted with KMS or uploaded in parts, the
        same bytes get another each time."""
        return f"{self.digest or self.etag}-{self.size}"

    def shows_the_same_as(self, other: Image) -> bool:
        """Whether both have the same bytes, as far as they were read."""
        if self.digest is None or other.digest is None:
            return self.etag == other.etag
        return self.fingerprint == other.fingerprint

    @property
    def content(self) -> str:
        """Equal for images that are labeled once: the fingerprint of the first of them."""
        return self.near_to or self.fingerprint


@dataclass(frozen=True)
class Member:
    """An image chosen for a batch, at the very place it was chosen from."""

    key: str
    place: str


@dataclass(frozen=True)
class Token:
    """Who may call the HTTP API; of the bearer token itself only the digest is kept."""

    digest: str
    principal: str
    role: str
    expires_at: datetime


@dataclass(frozen=True)
class Walk:
    """How far the walk through the inbox has come.

    after: the last key that was looked at; None at its beginning. ended_at: when the walk before this one ended.
    """

    after: str | None = None
    ended_at: datetime | None = None
