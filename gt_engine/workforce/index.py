"""The index of people's work: what the tables hold, and how it follows from the files."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Protocol

from gt_engine.outputs.tree import JobTree
from gt_engine.workforce import offers
from gt_engine.workforce.files import WorkFiles
from gt_engine.workforce.offers import GRACE, ObjectOffer, Status, TaskAssignment
from gt_service.errors import Conflict, NotFound
from gt_service.task_types import TaskType

MOST_TRIES = 20


@dataclass(frozen=True)
class JobOffer:
    """A labeling job that people work on: all that the portal needs to know of it.

    first  the lowest place that is still open; nothing before it needs to be looked at
    workers_per_object  answers to an object at most; `least_workers`: at least, 0 where the number is fixed
    gold_share          the share of gold items among what is shown; 0 where there are none. pass_mark: see care.py;
                        shows_accuracy: to workers, of their own answers
    until  when the present offer ends (TaskAvailabilityLifetimeInSeconds)
    asked  how many objects have been offered
    """

    job: str
    team: str
    title: str
    description: str
    created_at: datetime
    output: str
    task_type: TaskType
    labels: tuple[str, ...]
    workers_per_object: int
    time_limit_seconds: int
    until: datetime
    kms_key: str | None = None
    first: int = 0
    asked: int = 0
    least_workers: int = 0
    gold_share: float = 0.0
    pass_mark: float = 0.0
    shows_accuracy: bool = False

    def object(self, place: int, object_id: str, part: int) -> ObjectOffer:
        """A data object that nobody has been given yet."""
        least = self.least_workers or self.workers_per_object
        return ObjectOffer(self.job, place, object_id, part, wanted=least, most=self.workers_per_object)

    @property
    def tells_apart(self) -> tuple[str, str, datetime]:
        """No two jobs have it in common, not even of one name."""
        return self.output, self.job, self.created_at

    @property
    def tree(self) -> JobTree:
        return JobTree.of(self.output, self.job)

    @property
    def time_limit(self) -> timedelta:
        return timedelta(seconds=self.time_limit_seconds)


LONGEST_TASK = timedelta(seconds=28_800) + GRACE
"""From acceptance to submission, where an answer is not opened again (TaskTimeLimitInSeconds is 8 hours at most)."""


@dataclass(frozen=True)
class Work:
    """A submitted answer in a worker's own list."""

    worker_id: str
    job: str
    place: int
    nonce: str
    accepted_at: datetime
    submitted_at: datetime
    active_seconds: float

    @property
    def listed_at(self) -> datetime:
        """Its place in the list: when it was accepted, so that an answer that is changed stays one entry. One that was
        opened again long after, as when it came back with a comment, is an entry of its own."""
        return self.accepted_at if self.submitted_at - self.accepted_at <= LONGEST_TASK else self.submitted_at


class TaskStore(Protocol):
    """Offers, the objects on offer, and every worker's list. Tables can be made again from the files."""

    def put_offer(self, offer: JobOffer) -> None: ...

    def offer(self, job: str) -> JobOffer | None: ...

    def offers(self) -> Iterable[JobOffer]: ...

    def advance(self, job: str, first: int) -> None:
        """Nothing before this place is open any more. An offer that is gone stays gone."""
        ...

    def delete_offer(self, job: str) -> None: ...

    def add(self, objects: Iterable[ObjectOffer]) -> None:
        """New objects; one that is there stays as it is."""
        ...

    def object(self, job: str, place: int) -> ObjectOffer | None: ...

    def objects(self, job: str, first: int = 0, *, at_a_time: int | None = None) -> Iterable[ObjectOffer]:
        """In the order of asking, from a place on; `at_a_time`: so many are read ahead, for who may not need all."""
        ...

    def gold(self, job: str) -> Iterable[ObjectOffer]:
        """The gold items of a job: places below 0."""
        ...

    def replace(self, changed: ObjectOffer) -> bool:
        """Writes the next version; False where somebody else has written the version that `changed` came from."""
        ...

    def delete_objects(self, job: str) -> None: ...

    def note(self, work: Work) -> None:
        """Into the worker's list; the answer to a task is there once, as it was given last."""
        ...

    def work_of(self, worker_id: str, *, since: datetime | None = None, most: int | None = None) -> Iterable[Work]:
        """By `Work.listed_at`, newest first; `since` is of it, too."""
        ...


def change(item: ObjectOffer, decide: Callable[[ObjectOffer], ObjectOffer], store: TaskStore) -> ObjectOffer | None:
    """The object as `decide` leaves it; None where it is gone from the tables.

    Closes the race of two changes of one object: the loser looks again, and decides anew on what the winner has left.
    Errors: those of `decide`; `Conflict` where it loses again and again.
    """
    found: ObjectOffer | None = item
    for _ in range(MOST_TRIES):
        if found is None:
            return None
        changed = decide(found)
        if changed is found:
            return found
        if store.replace(changed):
            return replace(changed, version=changed.version + 1)
        found = store.object(item.job, item.place)
    raise Conflict("too many are at this data object at once", remedy="Try again.")


def written_off(item: ObjectOffer, files: WorkFiles, now: datetime, store: TaskStore) -> ObjectOffer | None:
    """The object with its lapsed leases written off; None where somebody else changed it meanwhile.

    An answer file whose line in the table was never written (the engine died between the two) counts as submitted:
    nobody's work is lost, and nobody is asked in its place.
    """
    after = item
    notes = []
    for mine in item.lapsed(now):
        done = _standing(item, mine, files)
        if done is None:
            after = offers.expire(after, mine.worker, now)
            continue
        after = after.with_assignment(done)
        notes.append(work_of(item, done))
    if after is item:
        return item
    # Closes the race with a late submit: one of the two is written, the other looks again.
    if not store.replace(after):
        return None
    for note in notes:
        store.note(note)
    return replace(after, version=after.version + 1)


def closed_by_force(item: ObjectOffer, files: WorkFiles) -> ObjectOffer:
    """The object closed while people are at it: of who has an answer open again, the old one stands."""
    for mine in item.with_status(Status.ACCEPTED, Status.LATER):
        done = _standing(item, mine, files)
        item = item if done is None else item.with_assignment(done)
    return offers.close(item)


def _standing(item: ObjectOffer, mine: TaskAssignment, files: WorkFiles) -> TaskAssignment | None:
    """The answer whose file is there although the table has the task open: it was undone, or its line in the table was
    never written. None where there is none, or where it came back and was not corrected after that."""
    answer = files.answer(item.object_id, mine.worker)
    returned = files.returned(item.object_id, mine.worker) if answer and mine.comment else None
    if answer is None or (returned is not None and answer.submitted_at <= returned.returned_at):
        return None
    return replace(mine, status=Status.SUBMITTED, ended_at=answer.submitted_at, active_seconds=answer.active_seconds)


def work_of(item: ObjectOffer, mine: TaskAssignment) -> Work:
    """A submitted answer as it stands in its worker's list."""
    return Work(
        worker_id=mine.worker,
        job=item.job,
        place=item.place,
        nonce=mine.nonce,
        accepted_at=mine.accepted_at or mine.expires_at,
        submitted_at=mine.ended_at or mine.expires_at,
        active_seconds=mine.active_seconds,
    )


def task_id_of(nonce: str, place: int, job: str) -> str:
    """Unguessable by its nonce; the rest says where the task is, so that no table of ids is needed."""
    return f"{nonce}-{place}-{job}"


def shown_id(nonce: str, place: int, offer: JobOffer) -> str:
    """A task's id as its page has it. That of a gold item has the place of one of the job's own objects, by chance."""
    if place < 0:
        place = int(nonce[:8], 16) % max(offer.asked, 1)
    return task_id_of(nonce, place, offer.job)


def parse_task_id(task_id: str) -> tuple[str, int, str]:
    """Nonce, place and job. Errors: `NotFound` for what is no task id."""
    nonce, _, rest = task_id.partition("-")
    place, _, job = rest.partition("-")
    if not nonce or not place.isdecimal() or len(place) > 9 or not job:
        raise NotFound("there is no such task", remedy="Take the next task.")
    return nonce, int(place), job
