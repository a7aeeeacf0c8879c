"""What may be done for a campaign, one value for each; `planner` says which is next, `advance` does it."""

from __future__ import annotations

from dataclasses import dataclass

from gt_service.records import Batch, Import, Job


@dataclass(frozen=True)
class ChooseBatch:
    """Fix up to `size` pending images as the next batch."""

    number: int
    size: int
    why: str


@dataclass(frozen=True)
class FillBatch:
    """Mark the chosen images as the batch's own and write its manifest."""

    batch: Batch


@dataclass(frozen=True)
class CloseServed:
    """A request to close has nothing left to close."""


@dataclass(frozen=True)
class FinishBatch:
    """Nothing more of the batch goes to people. unlabeled: objects that are left without a label."""

    batch: Batch
    unlabeled: int


@dataclass(frozen=True)
class CountUnlabeled:
    """Find out what an ended job left unlabeled, and write the follow-up's manifest where that is something.

    accepts: whatever its files hold counts, although there may have been more.
    """

    job: Job
    accepts: bool


@dataclass(frozen=True)
class ReserveJob:
    """Set aside under the cap what the job may cost, before its request is sent."""

    job: Job
    batch: Batch


@dataclass(frozen=True)
class ChooseReview:
    """Choose which of a batch's labels get a second look, as the spec asks."""

    batch: Batch


@dataclass(frozen=True)
class ReserveAgain:
    """Set aside for a refused job what it needs under the spec as it is now; it is then sent again."""

    refused: Job
    job: Job


@dataclass(frozen=True)
class CreateJob:
    """Send the request of a reserved job."""

    job: Job


@dataclass(frozen=True)
class StopJob:
    """Ask SageMaker to stop a job of a stopped campaign."""

    job: Job


@dataclass(frozen=True)
class WithdrawJob:
    """Free what was set aside for a job that was never created, and never will be."""

    job: Job


@dataclass(frozen=True)
class AskForReport:
    """Have an ended job's report written, which settles what it cost."""

    job: Job


@dataclass(frozen=True)
class AskForLabels:
    """The campaign's labels are written with every report; what changes later, be it a label that is corrected or a
    duplicate that comes, wants them written anew."""


@dataclass(frozen=True)
class ReadLabels:
    """Read a file of labels that was dropped."""

    dropped: Import


@dataclass(frozen=True)
class PlaceLabels:
    """Find the images of imported labels, and keep them from being offered. seen: what is known of images by now."""

    seen: str


Action = (
    ReadLabels
    | PlaceLabels
    | ChooseBatch
    | FillBatch
    | CloseServed
    | FinishBatch
    | CountUnlabeled
    | ReserveJob
    | ChooseReview
    | ReserveAgain
    | CreateJob
    | StopJob
    | WithdrawJob
    | AskForReport
    | AskForLabels
)
