"""The job's side of people's work: objects are put on offer, looked after, and made again from files."""

from __future__ import annotations

import secrets
from collections.abc import Collection, Iterable
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial

from gt_engine.workforce.files import AnswerFile, OfferedLine, ReturnedFile, WorkFiles
from gt_engine.workforce.index import JobOffer, TaskStore, change, work_of
from gt_engine.workforce.offers import GRACE, RETURNED_FOR, ObjectOffer, Status, TaskAssignment

OBJECTS_PER_PART = 100
"""Manifest lines in one file of an offer: a task page reads one file."""


def put_on_offer(offer: JobOffer, lines: Iterable[OfferedLine], store: TaskStore, files: WorkFiles) -> JobOffer:
    """Files, then objects, then the offer that leads to them. Done again it changes nothing."""
    ordered = sorted(lines, key=lambda item: item.place)
    for start in range(0, len(ordered), OBJECTS_PER_PART):
        part = ordered[start : start + OBJECTS_PER_PART]
        first = part[0].place
        files.write_offer(first, part)
        store.add(offer.object(item.place, item.object_id, first) for item in part)
    after = replace(offer, asked=max([offer.asked, *(item.place + 1 for item in ordered)]))
    store.put_offer(after)
    return after


def ready_at(item: ObjectOffer, until: datetime, window: timedelta, now: datetime) -> datetime:
    """When labels may be made of an object's answers, if people do nothing more. Pure.

    All answers are in, or it is given up: after the time in which a worker may take the last answer back. Otherwise
    when the offer ends, or later where somebody is still at it. A lease that ends before changes what can be known of
    the object (its answer may be there), so it is looked at then.
    """
    if item.closed:
        return now
    changed = [item.last_change + window] if item.last_change is not None else []
    if item.is_settled:
        return max(changed, default=now)
    begun = [mine.expires_at + GRACE for mine in item.with_status(Status.ACCEPTED, Status.LATER) if mine.holds(now)]
    if now >= until:
        return max([until, *changed, *begun])
    return min([until, *begun])


def restore(offer: JobOffer, store: TaskStore, files: WorkFiles, *, closed: Collection[str]) -> None:
    """Makes a job's part of the tables again from its files; what is in the tables stays as it is, and gets what only
    the files have.

    Who was at work when all was lost loses the place and keeps the draft. closed: objects that have their outcome.
    """
    submitted, declined, came_back = by_object(files.answered()), by_object(files.declined()), files.all_returned()
    for first, line in files.offers():
        if line.place < offer.first:
            continue
        item = offer.object(line.place, line.object_id, first)
        files_of_object = (
            (worker, files.answer(line.object_id, worker)) for worker in submitted.get(line.object_id, ())
        )
        answers = [answered(worker, answer) for worker, answer in files_of_object if answer is not None]
        answers.sort(key=lambda mine: (mine.ended_at or offer.until, mine.worker))
        # No object has more answers than wanted, even where a file of one that came too late was left behind.
        for mine in answers[: item.most]:
            store.note(work_of(item, mine))
            if (item.object_id, mine.worker) in came_back and item.object_id not in closed:
                mine = _sent_back(mine, files.returned(item.object_id, mine.worker))
            item = item.with_assignment(mine)
        for worker in declined.get(line.object_id, ()):
            decline = files.decline(line.object_id, worker)
            answer = item.of(worker)
            # An answer that was undone and then declined, where the engine died before its file was gone.
            if decline is not None and (answer is None or _since(answer) < decline.declined_at):
                item = item.with_assignment(
                    TaskAssignment(
                        worker,
                        secrets.token_hex(16),
                        Status.DECLINED,
                        decline.declined_at,
                        ended_at=decline.declined_at,
                        reason=decline.reason,
                        comment=decline.comment,
                    )
                )
        store.add([replace(item, closed=line.object_id in closed)])
        there = store.object(item.job, item.place)
        if there is not None:
            change(there, partial(_caught_up, item.assignments), store)
    store.put_offer(offer)


def _sent_back(mine: TaskAssignment, returned: ReturnedFile | None) -> TaskAssignment:
    """An answer that its worker is still to correct, as `offers.give_back` left it."""
    if returned is None or mine.ended_at is None or returned.returned_at < mine.ended_at:
        return mine
    expires_at = returned.returned_at + RETURNED_FOR
    return replace(mine, status=Status.RESERVED, ended_at=None, expires_at=expires_at, comment=returned.comment)


def _since(mine: TaskAssignment) -> datetime:
    """When an answer came, or came back."""
    return mine.ended_at or mine.expires_at - RETURNED_FOR


def _caught_up(known: Iterable[TaskAssignment], item: ObjectOffer) -> ObjectOffer:
    """An object in the table with what its files know of other workers."""
    for mine in known:
        if item.of(mine.worker) is None and not item.is_settled:
            item = item.with_assignment(mine)
    return item


def is_behind(objects: Iterable[ObjectOffer], files: WorkFiles) -> bool:
    """Whether the files know of an answer or a decline to these objects that the table does not."""
    workers = {item.object_id: {mine.worker for mine in item.assignments} for item in objects if not item.is_settled}
    return any(
        object_id in workers and worker not in workers[object_id]
        for pairs in (files.answered(), files.declined())
        for object_id, worker in pairs
    )


def answered(worker: str, answer: AnswerFile) -> TaskAssignment:
    """The assignment that an answer's file tells of."""
    return TaskAssignment(
        worker,
        secrets.token_hex(16),
        Status.SUBMITTED,
        answer.submitted_at,
        accepted_at=answer.accepted_at,
        ended_at=answer.submitted_at,
        active_seconds=answer.active_seconds,
    )


def by_object(pairs: Iterable[tuple[str, str]]) -> dict[str, list[str]]:
    """The workers of (object id, worker), by the object."""
    workers: dict[str, list[str]] = {}
    for object_id, worker in pairs:
        workers.setdefault(object_id, []).append(worker)
    return workers
