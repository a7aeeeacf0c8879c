"""Numbers for CloudWatch, written into the log in embedded metric format: no call, no wait, nothing to lose.

Every metric has the dimensions `service` and `stage`. docs/reference/runbook.md says what each means.

    ImagesAccepted, ImagesRejected, ImagesDeduplicated   uploads, by what became of them
    UploadsFound                                         those whose message was lost, found in the inbox
    JobsStarted, JobsCompleted, JobsFailed, JobsStopped, CampaignsWaiting   transitions, each counted once
    CampaignBatches, CampaignSpentUsd, BudgetUsedPercent   how a campaign stands: the highest counts
    JobsWithWarning, JobsOverReserve                     likewise
    Latency                                              milliseconds of one invocation
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterable, Mapping
from functools import cache
from typing import Any

from aws_lambda_powertools.metrics import EphemeralMetrics, MetricUnit

from gt_service.money import MILLS_PER_DOLLAR
from gt_service.notifications.due import Kind, Notification

NAMESPACE, SERVICE = "GtService", "gt-service"
_OUTCOMES = {"pending": "ImagesAccepted", "rejected": "ImagesRejected", "duplicate": "ImagesDeduplicated"}
_TRANSITIONS = {
    Kind.STARTED: "JobsStarted",
    Kind.COMPLETED: "JobsCompleted",
    Kind.FAILED: "JobsFailed",
    Kind.STOPPED: "JobsStopped",
    Kind.WAITING: "CampaignsWaiting",
}


@cache
def metrics() -> EphemeralMetrics:
    emitter = EphemeralMetrics(namespace=NAMESPACE, service=SERVICE)
    emitter.set_default_dimensions(stage=os.environ.get("GT_STAGE", "dev"))
    return emitter


def upload(outcome: str) -> None:
    """One upload that was registered as `outcome`; others (specs, known ones) are not counted."""
    if outcome in _OUTCOMES:
        metrics().add_metric(_OUTCOMES[outcome], MetricUnit.Count, 1)


def upload_found(outcome: str) -> None:
    """One upload whose message was lost, found in the inbox."""
    metrics().add_metric("UploadsFound", MetricUnit.Count, 1)
    upload(outcome)


def transitions(notifications: Iterable[Notification]) -> None:
    """What has just been told for the first time, and so happened once."""
    for notification in notifications:
        if notification.kind in _TRANSITIONS:
            metrics().add_metric(_TRANSITIONS[notification.kind], MetricUnit.Count, 1)


def standing(campaign: Mapping[str, Any], jobs: Iterable[Mapping[str, Any]]) -> None:
    """How a campaign stands, from the API's JSON."""
    found, jobs = metrics(), tuple(jobs)
    found.add_metric("CampaignBatches", MetricUnit.Count, campaign["batches"])
    found.add_metric("CampaignSpentUsd", MetricUnit.NoUnit, campaign["spent_mills"] / MILLS_PER_DOLLAR)
    found.add_metric("JobsWithWarning", MetricUnit.Count, sum(1 for job in jobs if job.get("warning")))
    over = sum(1 for job in jobs if (job.get("cost_mills") or 0) > job["reserved_mills"])
    found.add_metric("JobsOverReserve", MetricUnit.Count, over)
    if campaign["cap_mills"]:
        used = 100 * campaign["spent_mills"] / campaign["cap_mills"]
        found.add_metric("BudgetUsedPercent", MetricUnit.Percent, used)


def measured(event: Any, get_response: Callable[[Any], Any]) -> Any:
    """Around every function: its time, and whatever it counted, also where it fails."""
    start = time.perf_counter()
    try:
        return get_response(event)
    finally:
        emitter = metrics()
        emitter.add_metric("Latency", MetricUnit.Milliseconds, (time.perf_counter() - start) * 1000)
        emitter.flush_metrics()
