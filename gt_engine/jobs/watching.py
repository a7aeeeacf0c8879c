"""Looking after what people were offered: what is answered, what ran out of time, and what the tables have lost."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection
from dataclasses import replace
from datetime import datetime, timedelta

from gt_engine.jobs.asking_on import ask_on
from gt_engine.jobs.context import JobContext
from gt_engine.jobs.life_cycle import Answers
from gt_engine.jobs.state import JobState, OpenBatch
from gt_engine.jobs.tools import Tools
from gt_engine.settings import Settings
from gt_engine.workforce.asking import is_behind, ready_at, restore
from gt_engine.workforce.files import WorkFiles
from gt_engine.workforce.gold import put_gold_on_offer
from gt_engine.workforce.index import JobOffer, written_off
from gt_engine.workforce.offers import GRACE, ObjectOffer, Status
from gt_engine.workforce.progress import AT_WORK, at_work
from gt_service.errors import Conflict


def look(job: JobContext, state: JobState, tools: Tools) -> Answers:
    """How far people are. On the way it writes off what ran out of time, and mends the tables from the files."""
    now = tools.now()
    if not state.open_batches:
        return Answers(now, gold_until=_gold_until(job, tools, now))
    currents = [_current(job, batch, tools, now) for batch in state.open_batches]
    if _is_behind(job, state, currents, tools):
        _mend(job, state, tools)
        currents = [_current(job, batch, tools, now) for batch in state.open_batches]
    if any(item.is_undecided for current in currents for item in current):
        ask_on((item for current in currents for item in current), job, state.skills_but(), tools)
        currents = [_current(job, batch, tools, now) for batch in state.open_batches]
    changes: list[datetime] = []
    answers: Answers | None = None
    present_ones: list[ObjectOffer] = []
    for batch, current in zip(state.open_batches, currents, strict=True):
        present_ones += current
        moments = {item.object_id: ready_at(item, batch.until, _window(tools.settings), now) for item in current}
        ready = {object_id: moment for object_id, moment in moments.items() if moment <= now}
        changes += [moment for moment in moments.values() if moment > now]
        if ready and answers is None:
            answers = Answers(
                now=now,
                batch=batch.first,
                ready=tuple(item for item in batch.object_ids if item in ready),
                ready_since=min(ready.values()),
                is_all=len(ready) == len(batch.left),
            )
    return replace(
        answers or Answers(now),
        next_change=min(changes, default=None),
        unsettled=sum(not item.is_settled for item in present_ones),
        free=_free(present_ones, now),
        workers=len(at_work(present_ones, now)),
    )


def _free(items: Collection[ObjectOffer], now: datetime) -> int:
    """The places that the worker who has the fewest could take: nobody takes a second one of an object. Everybody who
    took one counts, for who comes back and finds nothing leaves no trace."""
    total, gone = 0, Counter[str]()
    for item in items:
        free = item.free(now)
        total += free
        gone.update({mine.worker: free for mine in item.assignments if not item.may_return_to(mine.worker)})
    return total - max(gone.values(), default=0)


def _current(job: JobContext, batch: OpenBatch, tools: Tools, now: datetime) -> list[ObjectOffer]:
    """The objects without an outcome, with what has run out of time written off."""
    places, files = _places(batch), files_of(job, tools)
    objects = tools.people.objects(job.record.name, min(places, default=0)) if places else ()
    return [
        written_off(item, files, now, tools.people) or present(job, tools, item.place)
        for item in objects
        if item.place in places
    ]


def _gold_until(job: JobContext, tools: Tools, now: datetime) -> datetime | None:
    """How long somebody may still be at a gold item: it is paid as all work, but no job waits for it for long."""
    items = tools.people.gold(job.record.name) if job.care else ()
    begun = [mine for item in items for mine in item.with_status(Status.ACCEPTED) if mine.accepted_at]
    ends = [min(mine.expires_at + GRACE, (mine.accepted_at or now) + AT_WORK) for mine in begun]
    return max((end for end in ends if end > now), default=None)


def _places(batch: OpenBatch) -> set[int]:
    """Where its objects on offer are that have no outcome."""
    left, on_offer = set(batch.left), batch.object_ids[: batch.published]
    return {place for place, item in enumerate(on_offer, start=batch.first) if item in left}


def is_ready(item: ObjectOffer, batch: OpenBatch, settings: Settings, now: datetime) -> bool:
    """Whether labels may be made of its answers."""
    return ready_at(item, batch.until, _window(settings), now) <= now


def job_offer(job: JobContext, state: JobState, until: datetime) -> JobOffer:
    """The job as the portal knows it."""
    config = job.record.request["HumanTaskConfig"]
    first = min((batch.first for batch in state.open_batches), default=state.asked)
    return JobOffer(
        job=job.record.name,
        team=job.workteam_arn,
        title=config["TaskTitle"],
        description=config["TaskDescription"],
        created_at=job.record.created_at,
        output=job.record.request["OutputConfig"]["S3OutputPath"],
        task_type=job.task,
        labels=job.classes,
        workers_per_object=job.crowd.workers_per_object,
        least_workers=job.crowd.least_workers,
        gold_share=job.care.share if job.care else 0.0,
        pass_mark=job.care.pass_mark if job.care else 0.0,
        shows_accuracy=job.care is not None and job.care.is_shown,
        time_limit_seconds=job.crowd.time_limit_seconds,
        until=until,
        kms_key=job.record.request["OutputConfig"].get("KmsKeyId") or None,
        first=first,
        asked=state.asked,
    )


def files_of(job: JobContext, tools: Tools) -> WorkFiles:
    return WorkFiles.of(job.tree, tools.objects)


def present(job: JobContext, tools: Tools, place: int) -> ObjectOffer:
    """Errors: `Conflict` where the tables lost it since they were looked at: the next look mends them."""
    item = tools.people.object(job.record.name, place)
    if item is None:
        raise Conflict(f"data object {place} of {job.record.name} is not in the table")
    return item


def _is_behind(job: JobContext, state: JobState, currents: Collection[Collection[ObjectOffer]], tools: Tools) -> bool:
    """Whether anything that is on offer is missing from the tables; at a process's first look at a job also whether
    they are older than the files, as after a restored backup."""
    name = job.record.name
    if sum(map(len, currents)) < sum(len(_places(batch)) for batch in state.open_batches):
        return True
    if name not in tools.compared:
        tools.compared.add(name)
        if is_behind((item for current in currents for item in current), files_of(job, tools)):
            return True
    return tools.people.offer(name) is None


def _mend(job: JobContext, state: JobState, tools: Tools) -> None:
    """Makes the tables again from the files."""
    closed = {item for batch in state.open_batches for item in (*batch.labeled, *batch.failed, *batch.abandoned)}
    closed |= set(state.closing.workers if state.closing else ())
    offer = job_offer(job, state, state.open_batches[-1].until)
    put_gold_on_offer(offer, files_of(job, tools), tools.people)
    restore(offer, tools.people, files_of(job, tools), closed=closed)


def _window(settings: Settings) -> timedelta:
    return timedelta(seconds=settings.correction_seconds)
