"""Telling a work team by its SNS topic."""

from __future__ import annotations

import logging

from botocore.exceptions import BotoCoreError, ClientError

from gt_engine.jobs.context import JobContext
from gt_engine.jobs.notices import Notice, message
from gt_engine.jobs.tools import Tools

log = logging.getLogger(__name__)


def tell_team(notice: Notice, job: JobContext, tools: Tools) -> str | None:
    """Sends a notice to the team's topic, if it has one; what the job's log should say of it.

    Called once, after the state that speaks of the notice is written: of two engines at one job a single one gets so
    far, so nobody is told twice. What SNS does not take is not sent again, and the job goes on.
    """
    try:
        team = tools.teams.team(job.workteam_arn.rpartition("/")[2])
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
