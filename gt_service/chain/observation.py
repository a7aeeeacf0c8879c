"""What DescribeLabelingJob says of a job, folded into its record. Pure: nothing is written here."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from gt_service.records import Job
from gt_service.records.states import RUNNING, JobEvent, follow

if TYPE_CHECKING:
    from mypy_boto3_sagemaker.type_defs import DescribeLabelingJobResponseTypeDef

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
