"""What a team is told by the SNS topic of its NotificationConfiguration: there is work, or its time is nearly over.

Source: API_NotificationConfiguration, "available or expiring work items"; the form of Ground Truth's own messages is
not documented.
"""

from __future__ import annotations

import logging
from datetime import UTC, datetime, timedelta

from botocore.exceptions import BotoCoreError, ClientError

from gt_engine.jobs.context import JobContext
from gt_engine.jobs.tools import Happening, Notice, Tools
from gt_service.notifications.messages import SnsMessage, sns_subject

REMIND_SHARE = 10
LONGEST_REMINDER = timedelta(days=1)
"""A team is reminded so long before an offer ends: a tenth of TaskAvailabilityLifetimeInSeconds, a day at most."""


log = logging.getLogger(__name__)


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
        attributes={"event": notice.happening.value, "job": job.record.name, "team": job.record.workteam_arn},
    )


def tell_team(notice: Notice, job: JobContext, tools: Tools) -> str | None:
    """Sends a notice to the team's topic, if it has one; what the job's log should say of it.

    Called once, after the state that speaks of the notice is written: of two engines at one job a single one gets so
    far, so nobody is told twice. What SNS does not take is not sent again, and the job goes on.
    """
    try:
        team = tools.teams.team(job.record.workteam_arn.rpartition("/")[2])
        topic = (team.notification or {}).get("NotificationTopicArn") if team is not None else None
        if not topic:
            return None
        portal = tools.settings.public_url or tools.teams.portal() or ""
        tools.topics.publish(topic, message(notice, job, portal))
    except (BotoCoreError, ClientError) as trouble:
        details = {"job": job.record.name, "notice": notice.happening.value, "reason": str(trouble)}
        log.warning("a work team could not be told", extra=details)
        return f"The work team could not be told ({notice.happening.value}): {trouble}"
    return f"The work team was told by its topic: {notice.happening.value}."
