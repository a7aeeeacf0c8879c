"""What a job's report is made of, besides the job's files. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from gt_service.campaign import CampaignSpec
from gt_service.outputs.job_output import Finding
from gt_service.records.names import Role
from gt_service.reports.costs import Terms


@dataclass(frozen=True)
class EndedJob:
    """A labeling job of a campaign.

    description  response of DescribeLabelingJob; any status will do, also of a job that is still running
    spec         the campaign's, as the job was made from it
    control      report of the same batch's control job, where that has ended; publish again once it has
    noted        what else the report's reader should know
    """

    description: Mapping[str, Any]
    spec: CampaignSpec
    role: Role
    batch: int
    control: Mapping[str, Any] | None = None
    noted: tuple[Finding, ...] = ()

    @property
    def terms(self) -> Terms:
        return Terms.of(self.description, self.spec.task, self.spec.wage)


@dataclass(frozen=True)
class Scores:
    """How right a job's labels are, as parts of its report; None for what nothing is known of.

    quality   held against gold labels
    sample    images to look through by eye, where there are no gold labels
    imported  labels from before, held against people's
    arms      those of images that people saw blind (True) and with the machine's proposals (False)
    """

    quality: Mapping[str, Any] | None = None
    sample: Mapping[str, Any] | None = None
    imported: Mapping[str, Any] | None = None
    arms: Mapping[bool, Mapping[str, Any] | None] | None = None
