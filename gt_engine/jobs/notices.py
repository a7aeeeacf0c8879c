"""What a team is told by the SNS topic of its NotificationConfiguration: there is work, or its time is nearly over.

Source: API_NotificationConfiguration, "available or expiring work items"; the form of Ground Truth's own messages is
not documented. Pure.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum

from gt_engine.jobs.context import JobContext
from gt_service.notifications.messages import SnsMessage, sns_subject

REMIND_SHARE = 10
LONGEST_REMINDER = timedelta(days=1)
"""A team is reminded so long before an offer ends: a tenth of TaskAvailabilityLifetimeInSeconds, a day at most."""


class Happening(StrEnum):
    AVAILABLE = "work-available"
    EXPIRING = "work-expiring"


@dataclass(frozen=True)
class Notice:
    """until: when the offer ends that it speaks of."""

    happening: Happening
    until: datetime


def remind_at(until: datetime, lifetime: timedelta) -> datetime:
    """When a team is told that the time of an offer is nearly over."""
    return until - min(lifetime / REMIND_SHARE, LONGEST_REMINDER)


def message(notice: Notice, job: JobContext, portal: str) -> SnsMessage:
    """Plain text. `event`, `job` and `team` are attributes, for the filter policies of subscriptions."""
    title = job.record.request["HumanTaskConfig"]["TaskTitle"]
    until = f"{notice.until.astimezone(UTC):%Y-%m-%d %H:%M} UTC"
    if notice.happening is Happening.AVAILABLE:
        subject, text = f"Tasks for you: {title}", f"There are tasks in {title} ({job.record.name}), until {until}."
    else:
        subject = f"Tasks end soon: {title}"
        text = f"Tasks in {title} ({job.record.name}) are still to be done. They end on {until}."
    return SnsMessage(
        subject=sns_subject(subject),
        message="\n\n".join(part for part in (text, portal) if part),
        attributes={"event": notice.happening.value, "job": job.record.name, "team": job.workteam_arn},
    )
