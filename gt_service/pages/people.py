"""Who is at work on a running job, by what gt-engine keeps beside the job's files. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from gt_service.pages.formats import number, time

Json = Mapping[str, Any]

FEWEST_TO_FORETELL = 3
UNKNOWN = "Ground Truth does not tell who is at work on a job."


@dataclass(frozen=True)
class AtWork:
    """The people of one job. minutes_left: of their time, if they label all that is left."""

    job: str
    at_work: str
    answers: str
    last_hour: str
    minutes_left: str
    as_of: str


def at_work(job: Json, figures: Json) -> AtWork:
    """figures: `people/now.json` of the job (gt_engine/jobs/publishing.py)."""
    answers, seconds = figures["answers"], figures["active_seconds"]
    minutes = None
    if answers >= FEWEST_TO_FORETELL and seconds:
        counters = job.get("counters") or {}
        labeled = max(counters.get("HumanLabeled") or 0, figures["done"]) + (counters.get("MachineLabeled") or 0)
        gone = labeled + (counters.get("FailedNonRetryableError") or 0)
        left = max(0, job["objects"] - gone)
        minutes = round(left * figures["workers_per_object"] * seconds / answers / 60)
    return AtWork(
        job=job["name"],
        at_work=number(figures["at_work"]),
        answers=number(answers),
        last_hour=number(figures["last_hour"]),
        minutes_left=number(minutes),
        as_of=time(figures["at"]),
    )
