"""What the deployment decides, and no campaign."""

from __future__ import annotations

from dataclasses import dataclass

from gt_service.backends import GROUND_TRUTH, Backend


@dataclass(frozen=True)
class Deployment:
    """Where uploads arrive and results go. role_arn: that labeling jobs assume unless a spec names another.

    job_mark: stands at the end of its labeling jobs' names (`gt_service.records.names.stage_mark`).
    backend: what labels, behind the SageMaker API.
    """

    inbox_bucket: str
    results_bucket: str
    region: str
    role_arn: str
    job_mark: str = ""
    backend: Backend = GROUND_TRUTH
