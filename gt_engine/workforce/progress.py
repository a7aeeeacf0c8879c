"""How far a job's people are, for whoever owns the job. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from gt_engine.workforce.gold import RIGHT
from gt_engine.workforce.index import JobOffer
from gt_engine.workforce.offers import ObjectOffer, Status

AT_WORK = timedelta(minutes=10)
"""Who did something so short a time ago is at work."""
DECLINE_REASONS = {
    "cannot-be-shown": "The image cannot be shown",
    "unclear": "The instructions do not say what to do here",
    "offensive": "The content is offensive or disturbing",
    "other": "Something else",
}


@dataclass(frozen=True)
class Declined:
    object_id: str
    worker_id: str
    reason: str
    comment: str


@dataclass(frozen=True)
class WorkerProgress:
    worker_id: str
    answers: int = 0
    declines: int = 0
    expired: int = 0
    in_work: int = 0
    active_seconds: float = 0.0
    gold_right: int = 0
    gold_shown: int = 0


@dataclass(frozen=True)
class JobProgress:
    """How far a job's people are, for whoever owns it: objects offered, answered by all, given up, begun, untouched.

    last_hour: answers that came in the hour before; at_work: people who have a task or had one a few minutes ago.
    least_workers: 0 where the number is fixed.
    gold: answers to gold items, which are work as the others are; those are in no other number of the job's objects.
    """

    job: str
    offered: int
    done: int
    given_up: int
    in_work: int
    untouched: int
    answers: int
    workers_per_object: int
    active_seconds: float
    last_hour: int = 0
    at_work: int = 0
    workers: tuple[WorkerProgress, ...] = ()
    declines: tuple[Declined, ...] = ()
    until: datetime | None = None
    gold: int = 0
    least_workers: int = 0


def at_work(objects: Iterable[ObjectOffer], now: datetime) -> set[str]:
    """Who has a task, or had one a few minutes ago."""
    return {
        mine.worker
        for item in objects
        for mine in item.assignments
        if mine.holds(now) or (mine.ended_at is not None and now - mine.ended_at < AT_WORK)
    }


def progress_of(
    offer: JobOffer, objects: Collection[ObjectOffer], now: datetime, *, gold: Collection[ObjectOffer] = ()
) -> JobProgress:
    """Sums over the objects of a job. Pure."""
    workers: dict[str, WorkerProgress] = {}
    declines = []
    hour_ago = now - timedelta(hours=1)
    for item in (*objects, *gold):
        for mine in item.assignments:
            if mine.status is Status.SEEN:
                continue
            was = workers.get(mine.worker, WorkerProgress(mine.worker))
            workers[mine.worker] = replace(
                was,
                answers=was.answers + (mine.status is Status.SUBMITTED),
                declines=was.declines + (mine.status is Status.DECLINED),
                expired=was.expired + mine.expiries,
                in_work=was.in_work + (mine.status is not Status.RESERVED and mine.holds(now)),
                active_seconds=round(was.active_seconds + mine.active_seconds, 3),
                gold_right=was.gold_right + (mine.grade == RIGHT),
                gold_shown=was.gold_shown + bool(mine.grade),
            )
            if mine.status is Status.DECLINED:
                declines.append(Declined(item.object_id, mine.worker, mine.reason, mine.comment))
    done = sum(item.is_settled and bool(item.answers) and not item.is_given_up for item in objects)
    given_up = sum(item.is_given_up for item in objects)
    begun = sum(
        not item.is_settled and (bool(item.answers) or any(mine.holds(now) for mine in item.assignments))
        for item in objects
    )
    return JobProgress(
        job=offer.job,
        offered=len(objects),
        done=done,
        given_up=given_up,
        in_work=begun,
        untouched=sum(not item.is_settled for item in objects) - begun,
        answers=sum(len(item.answers) for item in objects),
        workers_per_object=offer.workers_per_object,
        active_seconds=round(sum(item.active_seconds for item in workers.values()), 3),
        last_hour=sum((mine.ended_at or hour_ago) > hour_ago for item in objects for mine in item.answers),
        at_work=len(at_work((*objects, *gold), now)),
        workers=tuple(sorted(workers.values(), key=lambda item: item.worker_id)),
        declines=tuple(declines),
        until=offer.until,
        gold=sum(len(item.answers) for item in gold),
        least_workers=offer.least_workers,
    )
