"""What DescribeLabelingJob said of a job that SageMaker does not know any more."""

from __future__ import annotations

import json
from typing import Any

from gt_service.objects import ObjectStore
from gt_service.outputs.job_output import Finding
from gt_service.records import Job
from gt_service.records.names import Places

GONE = Finding(
    "job_gone",
    "SageMaker does not know this job any more: reported from its request, its files and what was last seen of it",
)


def description_kept(job: Job, objects: ObjectStore, places: Places) -> dict[str, Any]:
    """Of an ended job: its request as it was sent, and what its record says. Its files are still ours.

    Errors: `NotFound` where the request is gone.
    """
    request = json.loads(objects.read(places.request(job.name)))
    _, partition, _, region, *_ = request["HumanTaskConfig"]["WorkteamArn"].split(":")
    account = request["RoleArn"].split(":")[4]
    model = {"FinalActiveLearningModelArn": job.final_model_arn} if job.final_model_arn else {}
    reason = {"FailureReason": job.failure_reason} if job.failure_reason else {}
    return {
        **request,
        **reason,
        "LabelingJobArn": f"arn:{partition}:sagemaker:{region}:{account}:labeling-job/{job.name.lower()}",
        "LabelingJobStatus": job.state.value,
        "LabelCounters": dict(job.counters),
        "CreationTime": job.created_at or job.reserved_at,
        "LastModifiedTime": job.ended_at,
        "LabelingJobOutput": {"OutputDatasetS3Uri": "", **model},
    }
