"""What people see of the work: their tasks, the jobs on offer, what they have answered."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from gt_engine.workforce.index import JobOffer, TaskStore, Work, shown_id, task_id_of
from gt_engine.workforce.members import Worker
from gt_engine.workforce.offers import ObjectOffer, Status, may_undo
from gt_service.objects import S3Uri


@dataclass(frozen=True)
class Task:
    """One object at one worker, with what its page needs. `draft` work is asked for by itself; `comment`: why the
    worker's answer came back."""

    task_id: str
    offer: JobOffer
    object_id: str
    source: S3Uri | str
    manifest_line: Mapping[str, Any]
    status: Status
    accepted_at: datetime | None = None
    expires_at: datetime | None = None
    proposal: Mapping[str, Any] | None = None
    comment: str = ""


@dataclass(frozen=True)
class OfferedJob:
    """A job in a worker's list. `tasks_left` is for this worker, now; `open_task` one that was begun; `returned`: those
    of them whose answer came back with a comment."""

    offer: JobOffer
    tasks_left: int
    open_task: str | None
    returned: int


def offered_to(worker: Worker, offer: JobOffer, store: TaskStore, now: datetime) -> OfferedJob:
    """What there is for a worker in a job of one of their teams."""
    left, begun, returned = 0, None, 0
    for item in store.gold(offer.job) if offer.gold_share else ():
        mine = item.of(worker.worker_id)
        if mine is not None and mine.holds(now) and mine.status is not Status.RESERVED:
            begun = begun or shown_id(mine.nonce, item.place, offer)
    for item in store.objects(offer.job, offer.first):
        mine = item.of(worker.worker_id)
        if mine is not None and mine.holds(now) and not item.closed:
            left += 1
            returned += mine.is_returned
            if mine.status is not Status.RESERVED:
                begun = begun or shown_id(mine.nonce, item.place, offer)
        elif not worker.is_paused and now < offer.until and item.free(now):
            left += mine is None or item.may_return_to(worker.worker_id)
    return OfferedJob(offer, tasks_left=left, open_task=begun, returned=returned)


@dataclass(frozen=True)
class Answered:
    """An answer of one's own. `can_undo`: no label was made of it yet."""

    task_id: str
    job: str
    title: str
    submitted_at: datetime
    active_seconds: float
    can_undo: bool


def answered(work: Work, offer: JobOffer | None, item: ObjectOffer | None, now: datetime) -> Answered:
    """An answer as its worker sees it; no offer where the job has ended. Pure."""
    mine = item.of(work.worker_id) if item is not None else None
    return Answered(
        task_id=shown_id(work.nonce, work.place, offer) if offer else task_id_of(work.nonce, work.place, work.job),
        job=work.job,
        title=offer.title if offer else work.job,
        submitted_at=work.submitted_at,
        active_seconds=work.active_seconds,
        can_undo=item is not None and mine is not None and may_undo(item, mine, now),
    )


@dataclass(frozen=True)
class Day:
    """A worker's day (UTC)."""

    done: int
    active_seconds: float
