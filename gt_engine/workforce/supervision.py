"""What those who run a team do about answers: look at them and at how far people agree, return one with a comment, take
a worker's back. What stays for them of a job that has ended: figures, declines, agreement.

people/ended.json   written before the job leaves the tables, from what they hold then
"""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass
from datetime import datetime

from gt_engine.aws import in_parallel
from gt_engine.outputs.label_form import AnyLabel
from gt_engine.workforce import offers
from gt_engine.workforce.agreement import Agreement, agreement
from gt_engine.workforce.files import WorkFiles
from gt_engine.workforce.forms import read_answer
from gt_engine.workforce.index import JobOffer, TaskStore, change
from gt_engine.workforce.offers import ObjectOffer, Status, TaskAssignment
from gt_engine.workforce.progress import JobProgress, progress_of
from gt_engine.workforce.tasks import Tasks
from gt_service.documents import document_of, value_of
from gt_service.errors import NotFound

MOST_COMPARED = 200
"""Objects whose answers are compared: the last ones with two answers or more that nobody saw a proposal of."""
MOST_SHOWN = 24
"""Answers on a page."""
MOST_LOOKED_AT = 1_000
"""Objects among which these are."""
_ANSWERED = frozenset({Status.SUBMITTED, Status.DISCARDED})


@dataclass(frozen=True)
class Discarded:
    """answers: taken back, their objects offered anew; too_late: whose labels are made already."""

    answers: int
    too_late: int


@dataclass(frozen=True)
class OpenAnswer:
    """An answer whose label is not made yet."""

    place: int
    object_id: str
    source: str
    mine: TaskAssignment
    label: AnyLabel


@dataclass(frozen=True)
class Supervision:
    tasks: Tasks

    def agreement(self, job: str) -> Agreement:
        """How far the job's people agree about what they answered blind. Errors: `NotFound` where the job is not on
        offer."""
        offer = self.tasks.offer(job)
        return agreement_in(offer, self.tasks.store, self.tasks.files(offer))

    def open_answers(self, job: str) -> list[OpenAnswer]:
        """The newest answers that may still be returned, newest first. Errors: `NotFound`."""
        offer = self.tasks.offer(job)
        files = self.tasks.files(offer)
        found = [
            (item, mine)
            for item in self.tasks.store.objects(job, offer.first)
            if not item.closed
            for mine in item.answers
        ]
        newest = sorted(found, key=lambda pair: pair[1].ended_at or offer.created_at, reverse=True)[:MOST_SHOWN]
        parts = {part: files.offer(part) for part in {item.part for item, _ in newest}}

        def read(pair: tuple[ObjectOffer, TaskAssignment]) -> OpenAnswer | None:
            item, mine = pair
            answer, line = files.answer(item.object_id, mine.worker), parts[item.part][item.place]
            if answer is None:  # taken back at this moment
                return None
            label = read_answer(offer.task_type, answer.content, offer.labels, line.size)
            return OpenAnswer(item.place, item.object_id, line.source, mine, label)

        return [one for one in in_parallel(read, newest) if one is not None]

    def source(self, job: str, place: int) -> str:
        """What an object of a job is about. Errors: `NotFound`."""
        offer, item = self.tasks.offer(job), self._object(job, place)
        return self.tasks.files(offer).offer(item.part)[item.place].source

    def give_back(self, job: str, place: int, worker_id: str, comment: str, by: str, now: datetime) -> None:
        """Returns an answer to its worker, who finds it first of all, with the comment and as it was submitted.

        by: the id of whoever says so. Errors: `NotFound`, `Conflict` where its label is made, or the worker is at it.
        """
        offer, item = self.tasks.offer(job), self._object(job, place)

        def given_back(it: ObjectOffer) -> ObjectOffer:
            return offers.give_back(it, worker_id, comment, now)

        given_back(item)  # or it is refused before there is a file
        self.tasks.files(offer).keep_returned(item.object_id, worker_id, comment, by, now)
        # Against the job, which closes the object, and the worker, who opens it again.
        change(item, given_back, self.tasks.store)
        # The file stays, as when an answer is undone: by now it may be the new one.
        self.tasks.look_everywhere(job, worker_id)
        self.tasks.wake(job)

    def discard(self, job: str, worker_id: str, now: datetime) -> Discarded:
        """Takes back the worker's answers whose labels are not made yet; others are asked instead.

        The worker does not get these objects again. Done again it changes nothing more. Errors: `NotFound`.
        """
        files = self.tasks.files(self.tasks.offer(job))
        own = ((item, item.of(worker_id)) for item in self.tasks.store.objects(job))
        answered = [(item, mine.status) for item, mine in own if mine and mine.status in _ANSWERED]

        def take_back(one: tuple[ObjectOffer, Status]) -> bool | None:
            """Whether it is taken back; None where it was already."""
            item, status = one
            if status is Status.SUBMITTED:
                after = change(item, lambda it: offers.discard(it, worker_id, now), self.tasks.store)
                mine = after.of(worker_id) if after else None
                if mine is None or mine.status is not Status.DISCARDED:  # its label is made
                    return False
            # After the table: an answer whose file is gone must not count. Where the engine dies in between, the next
            # time removes it.
            files.set_aside(item.object_id, worker_id)
            return True if status is Status.SUBMITTED else None

        outcomes = Counter(in_parallel(take_back, answered))
        if outcomes[True]:
            self.tasks.wake(job)
        return Discarded(outcomes[True], outcomes[False])

    def _object(self, job: str, place: int) -> ObjectOffer:
        item = self.tasks.store.object(job, place)
        if item is None or place < 0:
            raise NotFound(f"the labeling job {job!r} has no object {place}")
        return item


def agreement_in(offer: JobOffer, store: TaskStore, files: WorkFiles) -> Agreement:
    """How far the people of a job on offer agree about what they answered blind."""
    answered = [item for item in store.objects(offer.job) if len(item.answers) > 1][-MOST_LOOKED_AT:]
    corrected = files.corrected(item.part for item in answered)
    blind = [item for item in answered if item.place not in corrected][-MOST_COMPARED:]
    return agreement(in_parallel(lambda item: _labels(item, offer, files), blind))


def _labels(item: ObjectOffer, offer: JobOffer, files: WorkFiles) -> dict[str, AnyLabel]:
    found = ((mine.worker, files.answer(item.object_id, mine.worker)) for mine in item.answers)
    return {
        worker: read_answer(offer.task_type, answer.content, offer.labels, None)
        for worker, answer in found
        if answer is not None
    }


@dataclass(frozen=True)
class EndedJob:
    """at: when the job ended; its figures are those of that moment."""

    at: datetime
    progress: JobProgress
    agreement: Agreement


def keep_ended(job: str, at: datetime, store: TaskStore, files: WorkFiles) -> None:
    """Writes down what the tables know of a job's people; nothing where the job has left them already."""
    offer = store.offer(job)
    if offer is None:
        return
    progress = progress_of(offer, list(store.objects(job)), at, gold=list(store.gold(job)))
    ended = EndedJob(at, progress, agreement_in(offer, store, files))
    files.write_ended(json.dumps(document_of(ended), separators=(",", ":")).encode())


def read_ended(files: WorkFiles) -> EndedJob | None:
    """None where nothing was kept: nobody worked on it, or the engine was older."""
    body = files.ended()
    return None if body is None else value_of(EndedJob, json.loads(body))
