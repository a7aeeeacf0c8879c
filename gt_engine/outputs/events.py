"""The events of labeling jobs, as EventBridge takes them from the engine."""

from __future__ import annotations

import json
from datetime import datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mypy_boto3_events.type_defs import PutEventsRequestEntryTypeDef

SOURCE = "gt.engine"
"""Nobody but AWS may put events as `aws.sagemaker`; rules for both backends list both sources."""
DETAIL_TYPE = "SageMaker Ground Truth Labeling Job State Change"
WORKER_PAUSED = "gt-engine Worker Paused"


def worker_paused(job_arn: str, worker_id: str, right: int, shown: int, time: datetime) -> PutEventsRequestEntryTypeDef:
    """A worker gets no new work: so few of the objects whose answer is known were answered rightly."""
    return _entry(WORKER_PAUSED, job_arn, {"WorkerId": worker_id, "RightAnswers": right, "KnownObjects": shown}, time)


def state_change(job_arn: str, status: str, time: datetime) -> PutEventsRequestEntryTypeDef:
    """Sent for Completed, Failed and Stopped only. The job's name is in the resource and nowhere else."""
    return _entry(DETAIL_TYPE, job_arn, {"LabelingJobStatus": status}, time)


def _entry(kind: str, job_arn: str, detail: dict[str, object], time: datetime) -> PutEventsRequestEntryTypeDef:
    return {
        "Source": SOURCE,
        "DetailType": kind,
        "Resources": [job_arn],
        "Detail": json.dumps(detail),
        "Time": time,
    }
