"""The model that a campaign's owner brings: under which name SageMaker's API knows it, and when a job starts from it.

Pure, but for `LabelingJobs.create_model`, which registers it.
"""

from __future__ import annotations

from collections.abc import Iterable
from hashlib import sha256
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from gt_service.campaign import CampaignSpec
    from gt_service.deployment import Deployment
    from gt_service.records import Job


def model_name(spec: CampaignSpec) -> str:
    """The same for the same campaign and file, so that registering it twice is seen. At most 63 characters."""
    digest = sha256(str(spec.model).encode()).hexdigest()[:16]
    return f"{spec.name}-{digest}"


def model_arn(spec: CampaignSpec, deployment: Deployment) -> str | None:
    """The ARN that the campaign's own model will have; None where it brings none. Labeling jobs and models are of the
    account whose role the jobs assume: SageMaker refuses another's."""
    if spec.model is None or not spec.uses_auto_labeling:
        return None
    _, partition, _, _, account, _ = (spec.role_arn or deployment.role_arn).split(":", 5)
    return f"arn:{partition}:sagemaker:{deployment.region}:{account}:model/{model_name(spec)}"


def model_to_start_from(brought: str | None, jobs: Iterable[Job]) -> str | None:
    """The last model that a job left; the brought one as long as no job that left any has started from it, or from a
    model that rests on it. jobs: those of the chain that count, in order."""
    lineage: set[str] = set() if brought is None else {brought}
    last = brought
    for job in jobs:
        if brought is not None and job.initial_model_arn not in lineage:
            continue
        if job.final_model_arn:
            last = job.final_model_arn
            lineage.add(last)
    return last
