"""Names of labeling jobs and of what belongs to them: deterministic, so that a second start collides with the first."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from gt_service.errors import NotFound, quoted
from gt_service.objects import S3Uri

_JOB_NAME = re.compile(
    r"(?P<campaign>[a-z0-9-]{1,40})-(?P<batch>[0-9]{4,9})"
    r"(?:(?P<control>-control)|(?P<review>-review)(?P<number>[1-9][0-9]{0,3})?)?"
    r"(?:-r(?P<attempt>[0-9]{1,4}))?(?:--(?P<mark>[a-z0-9]{1,8}))?"
)
_LONGEST_MARK = 8
"""With it, the longest campaign name and five digits of batches, a control's name has the 63 characters allowed."""
_UNMARKED = {"dev", "local"}
"""Stages whose jobs have plain names: what is deployed unless somebody says otherwise, and the stack on a laptop."""


class Role(StrEnum):
    """Why a labeling job is run."""

    FIRST = "first"
    """In the chain, without a model to start from."""
    WARM = "warm"
    """In the chain, started from the last model."""
    CONTROL = "control"
    """Beside the chain: a batch labeled again without the pre-trained model, for comparison."""
    REVIEW = "review"
    """Beside the chain: a second look at labels that seem wrong."""

    @property
    def is_beside_chain(self) -> bool:
        """It labels nothing that has no label: no batch waits for it, no job starts from it."""
        return self in {Role.CONTROL, Role.REVIEW}


@dataclass(frozen=True)
class JobName:
    """`birds-0002`, its follow-up `birds-0002-r1`, its control `birds-0002-control`, its second look
    `birds-0002-review`, and those that its owner sends besides, up to that batch, `birds-0002-review1`; of another
    stage than the plain ones `birds-0002-r1--prod`, for names are unique in an account and region, whoever gives them.

    attempt: the follow-up's number; of a review, its own, 0 for the one that the spec asks for.
    """

    campaign: str
    batch: int
    control: bool = False
    attempt: int = 0
    mark: str = ""
    review: bool = False

    @classmethod
    def parse(cls, text: str) -> JobName:
        """Errors: `NotFound` where the service never gives such a name."""
        match = _JOB_NAME.fullmatch(text)
        if match is None:
            raise NotFound(
                f"there is no labeling job {quoted(text)}", remedy="List the jobs of the campaign.", field="name"
            )
        return cls(
            match["campaign"],
            int(match["batch"]),
            match["control"] is not None,
            int(match["number"] or match["attempt"] or 0),
            match["mark"] or "",
            match["review"] is not None,
        )

    @classmethod
    def fits(cls, text: str) -> bool:
        return _JOB_NAME.fullmatch(text) is not None

    def __str__(self) -> str:
        mark = f"--{self.mark}" if self.mark else ""
        if self.review:
            return f"{self.campaign}-{self.batch:04}-review{self.attempt or ''}{mark}"
        control = "-control" if self.control else ""
        follow_up = f"-r{self.attempt}" if self.attempt else ""
        return f"{self.campaign}-{self.batch:04}{control}{follow_up}{mark}"


def stage_mark(stage: str) -> str:
    """What tells a stage's labeling jobs from another stage's: its name, or of a long one a part of its digest.

    It begins with a letter: digits alone would be read as the number of a batch.
    """
    if stage in _UNMARKED:
        return ""
    return stage if len(stage) <= _LONGEST_MARK else f"x{hashlib.sha256(stage.encode()).hexdigest()}"[:_LONGEST_MARK]


def images_folder(campaign: str) -> str:
    """Where a campaign's images lie in the inbox bucket: what their keys begin with."""
    return f"{campaign}/images/"


@dataclass(frozen=True)
class Places:
    """Where a campaign's files are in the results bucket."""

    bucket: str
    campaign: str

    @property
    def root(self) -> S3Uri:
        return S3Uri(self.bucket, self.campaign)

    def members(self, batch: int, digest: str) -> S3Uri:
        return self.root / f"manifests/members/batch-{batch:04}-{digest}.jsonl"

    def manifest(self, batch: int, follow_up: int = 0) -> S3Uri:
        suffix = f"-follow-up-{follow_up}" if follow_up else ""
        return self.root / f"manifests/batch-{batch:04}{suffix}.manifest"

    def review_manifest(self, batch: int, digest: str) -> S3Uri:
        """Labels for a second look, in a file of their own for each choice."""
        return self.root / f"manifests/review-{batch:04}-{digest}.manifest"

    @property
    def suspects(self) -> S3Uri:
        """The labels that seem wrong, worst first."""
        return self.root / "labels/second-look.json"

    def of_spec(self, revision: int, name: str) -> S3Uri:
        """A file made from one revision of the spec: jobs that run keep theirs when the spec changes."""
        return self.root / f"specs/{revision:04}/{name}"

    def template(self, revision: int, role: Role) -> S3Uri:
        """The worker's page of a revision's jobs; reviews have one of their own."""
        return self.of_spec(revision, "review.template" if role is Role.REVIEW else "instructions.template")

    @property
    def output(self) -> S3Uri:
        """S3OutputPath of every job; ends in the slash that Ground Truth and its readers count on."""
        return self.root / "output/"

    def job_output(self, job: str) -> S3Uri:
        return self.root / f"output/{job}"

    @property
    def labels(self) -> S3Uri:
        """The campaign's labels, of all jobs and with the duplicates'."""
        return self.root / "labels/output.manifest"

    def description(self, job: str, attribute: str) -> dict[str, Any]:
        """Of DescribeLabelingJob, what reading a job's labels needs."""
        output = {"S3OutputPath": str(self.output)}
        return {"LabelingJobName": job, "LabelAttributeName": attribute, "OutputConfig": output}

    def imported(self, name: str) -> S3Uri:
        """The files of an import, laid out as a labeling job's are."""
        return self.root / f"imported/{name}"

    def labeled_manifest(self, batch: int) -> S3Uri:
        return self.root / f"manifests/batch-{batch:04}-with-labels.manifest"

    def corrected_manifest(self, manifest: S3Uri, digest: str) -> S3Uri:
        """A job's manifest with labels that were put right behind its objects."""
        name = manifest.key.rsplit("/", 1)[-1].removesuffix(".manifest")
        return self.root / f"manifests/{name}-corrected-{digest}.manifest"

    @property
    def images(self) -> S3Uri:
        """The index of the campaign's labeled images (`gt_service.gallery`)."""
        return self.root / "labels/images.bits"

    def job_images(self, job: str) -> S3Uri:
        return self.report(job) / "images"

    def request(self, job: str) -> S3Uri:
        return self.root / f"requests/{job}.json"

    @property
    def reports(self) -> S3Uri:
        """The campaign's own report lies here, and each job's in a folder of its own."""
        return self.root / "reports"

    def report(self, job: str) -> S3Uri:
        return self.reports / job


def drawn(name: str) -> float:
    """A number of [0, 1) for a name: chance as far as all else is concerned, and the same whenever it is asked for."""
    return int.from_bytes(hashlib.sha256(name.encode()).digest()[:8], "big") / 2**64
