"""One labeling goal, how it stands, and the labels that were brought to it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from gt_service.campaign import CampaignSpec
from gt_service.campaign.succession import InForce
from gt_service.campaign.writing import written
from gt_service.errors import NotFound
from gt_service.money import Mills
from gt_service.records.states import CampaignState, CampaignStatus


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

    status: CampaignStatus
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
    spec_text: the spec as its owner wrote it, in force or, where none is, refused; None where it came as
    JSON to an earlier version.
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
    spec_text: str | None = None
    former_labels: tuple[str, ...] = ()
    notices: tuple[str, ...] = ()
    imports: tuple[Import, ...] = ()
    imports_seen: str | None = None

    @property
    def demanded_spec(self) -> CampaignSpec:
        """The spec, for what cannot be without one. Errors: `NotFound` where there is none yet."""
        if self.spec is None:
            raise NotFound(f"campaign {self.name} has no spec yet", remedy="Drop its campaign.yaml.", field="campaign")
        return self.spec

    @property
    def in_force(self) -> InForce:
        """What another spec would take the place of."""
        return InForce(self.spec, self.cap, self.former_labels, self.notices)

    @property
    def spec_file(self) -> Mapping[str, Any]:
        """The spec as a file to be changed; its ETag tells whether somebody else has changed it since."""
        text = written(self.spec) if self.spec is not None and self.spec_text is None else self.spec_text
        return {"text": text or "", "revision": self.revision}

    @property
    def awaits_images(self) -> bool:
        """Whether images may come whose labels are here."""
        return any(each.is_read and each.waiting for each in self.imports)

    @property
    def headroom(self) -> Mills | None:
        """What may still be set aside; None where there is no cap."""
        return None if self.cap is None else Mills(self.cap - self.committed - self.spent)
