"""Who is at work on a running job, by what gt-engine keeps beside the job's files. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from gt_service.pages.parts import Counts
from gt_service.reports.amounts import duration

Json = Mapping[str, Any]

FEWEST_TO_FORETELL = 3
UNKNOWN = "Ground Truth does not tell who is at work on a job."


def at_work(job: Json, figures: Json) -> dict[str, Any]:
    """The people of one job, by `people/now.json` of the job (gt_engine/jobs/watching.py); an older engine wrote
    fewer figures.

    minutes_left: of their time, if they label all that is left. too_few: the team has fewer people than are to answer
    each image. team_page: of the portal, for those who run the team.
    """
    answers, seconds = figures["answers"], figures["active_seconds"]
    counts, minutes = Counts.of(job), None
    if answers >= FEWEST_TO_FORETELL and seconds:
        labeled = max(counts.human, figures["done"]) + counts.machine
        left = max(0, counts.objects - labeled - counts.failed)
        minutes = round(left * figures["workers_per_object"] * seconds / answers / 60)
    portal, members = figures.get("portal") or "", figures.get("members")
    return {
        **{"offered": None, "in_work": None, "given_up": 0, "declines": {}, **figures},
        "job": job["name"],
        "active": duration(seconds),
        "an_answer": duration(seconds / answers) if answers else "",
        "minutes_left": minutes,
        "too_few": members is not None and members < figures["workers_per_object"],
        "team_page": f"{portal}/team" if portal.startswith(("https://", "http://")) else "",
    }
