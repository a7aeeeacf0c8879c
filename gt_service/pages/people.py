"""Who is at work on a running job, by what gt-engine keeps beside the job's files. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from gt_service.pages.formats import duration, number, time

Json = Mapping[str, Any]

FEWEST_TO_FORETELL = 3
UNKNOWN = "Ground Truth does not tell who is at work on a job."


@dataclass(frozen=True)
class AtWork:
    """The people of one job. minutes_left: of their time, if they label all that is left; declines: how many for each
    reason; team_page: of the portal, for those who run the team."""

    job: str
    as_of: str
    at_work: str
    offered: str
    in_work: str
    done: str
    given_up: str
    answers: str
    last_hour: str
    active: str
    an_answer: str
    minutes_left: str
    declined: str
    declines: tuple[tuple[str, str], ...]
    team_page: str


def at_work(job: Json, figures: Json) -> AtWork:
    """figures: `people/now.json` of the job (gt_engine/jobs/publishing.py); an older engine wrote fewer of them."""
    answers, seconds = figures["answers"], figures["active_seconds"]
    minutes = None
    if answers >= FEWEST_TO_FORETELL and seconds:
        counters = job.get("counters") or {}
        labeled = max(counters.get("HumanLabeled") or 0, figures["done"]) + (counters.get("MachineLabeled") or 0)
        gone = labeled + (counters.get("FailedNonRetryableError") or 0)
        left = max(0, job["objects"] - gone)
        minutes = round(left * figures["workers_per_object"] * seconds / answers / 60)
    declines, portal = figures.get("declines") or {}, figures.get("portal") or ""
    given_up = figures.get("given_up") or 0
    return AtWork(
        job=job["name"],
        as_of=time(figures["at"]),
        at_work=number(figures["at_work"]),
        offered=number(figures.get("offered")),
        in_work=number(figures.get("in_work")),
        done=number(figures["done"]),
        given_up=number(given_up) if given_up else "",
        answers=number(answers),
        last_hour=number(figures["last_hour"]),
        active=duration(timedelta(seconds=seconds)),
        an_answer=duration(timedelta(seconds=seconds / answers)) if answers else "",
        minutes_left=number(minutes),
        declined=number(sum(declines.values())) if declines else "",
        declines=tuple((reason, number(count)) for reason, count in declines.items()),
        team_page=f"{portal}/team" if portal.startswith(("https://", "http://")) else "",
    )
