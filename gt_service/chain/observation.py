"""What SageMaker says of a job, folded into its record; what it said of one that it does not know any more; and what an
ended job left unlabeled, which its follow-up sends."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from gt_service.manifests import CONTENT_TYPE, follow_up_lines
from gt_service.objects import ObjectStore, S3Uri
from gt_service.outputs.job_output import Finding
from gt_service.outputs.labeled import LabeledObjects
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


@dataclass(frozen=True)
class Labeled:
    """numbers: of the labeled objects in the input manifest, from 0, and of those that came with their label.
    problem: why there may be more; None where not."""

    numbers: frozenset[int]
    problem: str | None


def read_labeled(
    objects: ObjectStore, manifest: S3Uri, description: Mapping[str, Any], counters: Mapping[str, int]
) -> Labeled:
    """What of a job's input is labeled. manifest: its input. counters: SageMaker's LabelCounters.

    An output that lost some of its files looks like objects without labels, and would be paid for twice. So what is
    found is compared with what SageMaker counted, and where the two disagree nobody sends anything.
    """
    output = LabeledObjects(objects, manifest, description)
    numbers = frozenset(number for number, _ in output.lines())
    counted = counters.get("TotalLabeled", 0)
    if output.input_is_gone:
        problems = output.problems
    elif len(numbers) < counted:
        problems = [f"its files hold {len(numbers):,} labels, and SageMaker counts {counted:,}", *output.problems]
    else:
        # As many labels as were counted: whatever else is wrong with the files, none of them is lost.
        problems = [] if counted else output.problems
    more = f", and {len(problems) - 2:,} more" if len(problems) > 2 else ""
    return Labeled(numbers | output.given, "; ".join(problems[:2]) + more if problems else None)


def write_follow_up(objects: ObjectStore, manifest: S3Uri, labeled: frozenset[int], follow_up: S3Uri) -> int:
    """Writes the manifest of what is left and returns its number of objects; writes nothing where that is none.

    Errors: `NotFound` where the input is gone.
    """
    count = sum(1 for _ in follow_up_lines(objects.lines(manifest), labeled))
    if count:
        objects.write_stream(follow_up, follow_up_lines(objects.lines(manifest), labeled), CONTENT_TYPE)
    return count
