"""How a running job's people are getting on, for who owns the job: a small file that gt-service's pages read."""

from __future__ import annotations

import json
from collections import Counter
from datetime import datetime, timedelta

from gt_engine.jobs.context import JobContext
from gt_engine.jobs.tools import JSON, Tools
from gt_engine.workforce.progress import DECLINE_REASONS, JobProgress, progress_of
from gt_service.outputs.layout import PEOPLE_NOW

EVERY = timedelta(minutes=1)
OBJECTS_A_MINUTE = 2_000
"""Every object on offer is read for the figures: so of a job with more they are written more rarely."""
FIGURES = (
    "at_work",
    "offered",
    "in_work",
    "done",
    "given_up",
    "answers",
    "last_hour",
    "active_seconds",
    "workers_per_object",
)


def publish_figures(job: JobContext, tools: Tools, now: datetime) -> None:
    """Writes the figures where those that this process wrote last are old. No worker is named in them."""
    name = job.record.name
    if now < tools.figures_due.get(name, now):
        return
    offer = tools.people.offer(name)
    if offer is None:
        return
    tools.figures_due[name] = now + max(EVERY, EVERY * offer.asked / OBJECTS_A_MINUTE)
    figures = progress_of(offer, list(tools.people.objects(name)), now)
    portal = tools.settings.public_url or tools.teams.portal() or ""
    tools.objects.write(job.tree.root / PEOPLE_NOW, dump(figures, _members(offer.team, tools), portal, now), JSON)


def _members(arn: str, tools: Tools) -> int | None:
    """How many people the work team has; None where that is not known."""
    team = next((team for team in tools.teams.teams() if team.arn == arn), None)
    if team is None or team.is_of_a_provider:
        return None
    return sum(worker.is_member_of(team.groups) for worker in tools.members.workers())


def dump(progress: JobProgress, members: int | None, portal: str, now: datetime) -> bytes:
    """The figures, the size of the team, why people declined, and where the portal is that says more to those who may
    know."""
    declines = Counter(DECLINE_REASONS.get(decline.reason, decline.reason) for decline in progress.declines)
    figures = {name: getattr(progress, name) for name in FIGURES}
    about = {"members": members, "declines": dict(declines.most_common()), "portal": portal}
    return json.dumps({"at": now.isoformat(), **figures, **about}).encode()
