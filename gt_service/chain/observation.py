"""What DescribeLabelingJob says of a job, folded into its record; and what it said of one that SageMaker does not know
any more. Nothing is written here."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from gt_service.objects import ObjectStore
from gt_service.outputs.job_output import Finding
from gt_service.records import Job
from gt_service.records.names import Places
from gt_service.records.states import RUNNING, JobEvent, follow

if TYPE_CHECKING:
    from mypy_boto3_sagemaker.type_defs import DescribeLabelingJobResponseTypeDef

GONE = Finding(
    "job_gone",
    "SageMaker does not know this job any more: reported from its request, its files and what was last seen of it",
)
NO_PROGRESS = timedelta(hours=24)
LONGEST_JOB = timedelta(days=30)
"""Labeling jobs fail after 30 days (developer guide, sms-monitor-cloud-watch)."""
_LAST_CALL = timedelta(days=2)


def seen(job: Job, description: DescribeLabelingJobResponseTypeDef, now: datetime) -> Job:
    """The job as it stands after this description; itself where it says nothing new.

    Errors: `UnknownState` for a status that this version does not know.
    """
    state = follow(job.state, JobEvent.seen(description["LabelingJobStatus"]))
    if job.has_ended:
        return job
    counters = {name: count for name, count in description["LabelCounters"].items() if isinstance(count, int)}
    moved = counters != dict(job.counters) or state is not job.state
    after = replace(
        job,
        state=state,
        counters=counters,
        created_at=description["CreationTime"].astimezone(UTC),
        progress_at=now if moved else job.progress_at,
        failure_reason=None,
    )
    if not after.has_ended:
        return after
    return replace(
        after,
        # Absent for jobs that never trained: the chain then goes on from the last model there is.
        final_model_arn=description.get("LabelingJobOutput", {}).get("FinalActiveLearningModelArn"),
        failure_reason=description.get("FailureReason"),
        ended_at=description["LastModifiedTime"].astimezone(UTC),
        warning=None,
    )


def warning(job: Job, now: datetime) -> str | None:
    """What the owner of a running job should look into, or None."""
    if job.state not in RUNNING:
        return None
    if job.created_at is not None and now - job.created_at >= LONGEST_JOB - _LAST_CALL:
        end = job.created_at + LONGEST_JOB
        return f"the job ends as Failed on {end:%Y-%m-%d}, after 30 days; what is labeled then is kept"
    if job.progress_at is not None and now - job.progress_at >= NO_PROGRESS:
        return f"no label since {job.progress_at:%Y-%m-%d %H:%M} UTC; see whether workers get its tasks"
    return None


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
