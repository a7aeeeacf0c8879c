"""What those who run a team do about answers: look how far people agree, and take a worker's answers back."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from gt_engine.aws import in_parallel
from gt_engine.outputs.label_form import AnyLabel
from gt_engine.workforce import offers
from gt_engine.workforce.agreement import Agreement, agreement
from gt_engine.workforce.files import WorkFiles
from gt_engine.workforce.forms import read_answer
from gt_engine.workforce.index import JobOffer, TaskStore
from gt_engine.workforce.offers import ObjectOffer, Status
from gt_engine.workforce.tasks import Tasks
from gt_service.errors import NotFound

MOST_COMPARED = 200
"""Objects whose answers are compared: the last ones with two answers or more that nobody saw a proposal of."""
MOST_LOOKED_AT = 1_000
"""Objects among which these are."""


@dataclass(frozen=True)
class Discarded:
    """answers: taken back, their objects offered anew; too_late: whose labels are made already."""

    answers: int
    too_late: int


@dataclass(frozen=True)
class Supervision:
    tasks: Tasks

    def agreement(self, job: str) -> Agreement:
        """How far the job's people agree about what they answered blind. Errors: `NotFound` where the job is not on
        offer."""
        offer = self._offer(job)
        return agreement_in(offer, self.tasks.store, self._files(offer))

    def discard(self, job: str, worker_id: str, now: datetime) -> Discarded:
        """Takes back the worker's answers whose labels are not made yet; others are asked instead.

        The worker does not get these objects again. Done again it changes nothing more. Errors: `NotFound`.
        """
        offer = self._offer(job)
        files = self._files(offer)
        taken = late = 0
        for item in self.tasks.store.objects(job):
            mine = item.of(worker_id)
            if mine is None or mine.status not in {Status.SUBMITTED, Status.DISCARDED}:
                continue
            if mine.status is Status.SUBMITTED and not self._discarded(item, worker_id, now):
                late += 1
                continue
            taken += mine.status is Status.SUBMITTED
            # After the table: an answer whose file is gone must not count. Where the engine dies in between, the next
            # time removes it.
            files.set_aside(item.object_id, worker_id)
        if taken:
            self.tasks.wake(job)
        return Discarded(taken, late)

    def _discarded(self, item: ObjectOffer, worker_id: str, now: datetime) -> bool:
        """Whether the answer is taken back; False where its label is made. Closes the race with whoever makes it."""
        found: ObjectOffer | None = item
        while found is not None:
            changed = offers.discard(found, worker_id, now)
            if changed is found:
                return False
            if self.tasks.store.replace(changed):
                return True
            found = self.tasks.store.object(item.job, item.place)
        return False

    def _offer(self, job: str) -> JobOffer:
        offer = self.tasks.store.offer(job)
        if offer is None:
            raise NotFound(f"there is no labeling job {job!r} with people at work")
        return offer

    def _files(self, offer: JobOffer) -> WorkFiles:
        return WorkFiles.of(offer.tree, self.tasks.objects(offer.kms_key))


def agreement_in(offer: JobOffer, store: TaskStore, files: WorkFiles) -> Agreement:
    """How far the people of a job on offer agree about what they answered blind."""
    answered = [item for item in store.objects(offer.job) if len(item.answers) > 1][-MOST_LOOKED_AT:]
    mended = files.mended(item.part for item in answered)
    blind = [item for item in answered if item.place not in mended][-MOST_COMPARED:]
    return agreement(in_parallel(lambda item: _labels(item, offer, files), blind))


def _labels(item: ObjectOffer, offer: JobOffer, files: WorkFiles) -> dict[str, AnyLabel]:
    found = ((mine.worker, files.answer(item.object_id, mine.worker)) for mine in item.answers)
    return {
        worker: read_answer(offer.task_type, answer.content, offer.labels, None)
        for worker, answer in found
        if answer is not None
    }
