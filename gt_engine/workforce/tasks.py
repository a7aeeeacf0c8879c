"""What people do with tasks. Every change is a file first (gt_engine/workforce/files.py); the table is an index.

Each change of a data object is decided by gt_engine/workforce/offers.py and written on condition that nobody has
written in between; who loses the race looks again and decides anew.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable, Collection, Iterable, Mapping
from collections.abc import Set as AbstractSet
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol

from gt_engine.aws import Objects
from gt_engine.outputs.tree import JobTree
from gt_engine.workforce import offers
from gt_engine.workforce.files import AnswerFile, DeclineFile, OfferedLine, WorkFiles
from gt_engine.workforce.forms import read_answer
from gt_engine.workforce.members import Worker
from gt_engine.workforce.offers import ObjectOffer, Status, TaskAssignment
from gt_service.errors import Conflict, InvalidInput, NotFound
from gt_service.objects import S3Uri
from gt_service.regions import TaskType

MAX_DRAFT_BYTES = 8 * 1024 * 1024
MOST_TRIES = 20
RECENT = 20
LONGEST_TASK = timedelta(seconds=28_800)
MAX_COMMENT = 1_000
PARTS_KEPT = 64
TRAIL_FOR = timedelta(seconds=30)
TRAILS_KEPT = 10_000
AT_A_TIME = 20
FEW = 3
"""With so few objects left for a worker to begin, the job looks whether it can offer more."""


@dataclass(frozen=True)
class JobOffer:
    """A labeling job that people work on: all that the portal needs to know of it.

    first  the lowest place that is still open; nothing before it needs to be looked at
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

    @property
    def tree(self) -> JobTree:
        return JobTree.of(self.output, self.job)

    @property
    def time_limit(self) -> timedelta:
        return timedelta(seconds=self.time_limit_seconds)


@dataclass(frozen=True)
class Work:
    """A submitted answer in a worker's own list."""

    worker_id: str
    job: str
    place: int
    object_id: str
    nonce: str
    accepted_at: datetime
    submitted_at: datetime
    active_seconds: float


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

    def replace(self, changed: ObjectOffer) -> bool:
        """Writes the next version; False where somebody else has written the version that `changed` came from."""
        ...

    def delete_objects(self, job: str) -> None: ...

    def note(self, work: Work) -> None:
        """Into the worker's list; the answer to a task is there once, as it was given last."""
        ...

    def work_of(self, worker_id: str, *, since: datetime | None = None, most: int | None = None) -> Iterable[Work]:
        """By the time of acceptance, newest first; `since` is of acceptance too."""
        ...


@dataclass(frozen=True)
class Task:
    """One object at one worker, with what its page needs. `draft` work is asked for by itself."""

    task_id: str
    job: str
    object_id: str
    source: S3Uri | str
    template: S3Uri | None
    task_type: TaskType
    labels: tuple[str, ...]
    manifest_line: Mapping[str, Any]
    title: str
    time_limit_seconds: int
    status: Status
    accepted_at: datetime | None = None
    expires_at: datetime | None = None
    image_size: tuple[int, int, int] | None = None


@dataclass(frozen=True)
class OfferedJob:
    """A job in a worker's list. `tasks_left` is for this worker, now; `open_task` one that was begun."""

    job: str
    title: str
    description: str
    team: str
    created_at: datetime
    time_limit_seconds: int
    tasks_left: int
    open_task: str | None
    until: datetime


@dataclass(frozen=True)
class Answered:
    """An answer of one's own. `can_undo`: no label was made of it yet."""

    task_id: str
    job: str
    title: str
    object_id: str
    submitted_at: datetime
    active_seconds: float
    can_undo: bool


@dataclass(frozen=True)
class Day:
    """A worker's day (UTC)."""

    done: int
    active_seconds: float


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


@dataclass(frozen=True)
class JobProgress:
    """How far a job's people are, for whoever owns it: objects offered, answered by all, given up, begun, untouched."""

    job: str
    offered: int
    done: int
    given_up: int
    in_work: int
    untouched: int
    answers: int
    workers_per_object: int
    active_seconds: float
    workers: tuple[WorkerProgress, ...] = ()
    declines: tuple[Declined, ...] = ()
    until: datetime | None = None


@dataclass(frozen=True)
class Trail:
    """Where a worker was last in a job: before `place` nothing new is looked for until `until`; `opened` are the places
    of tasks that may still be open."""

    place: int
    opened: frozenset[int]
    until: datetime


Held = tuple[ObjectOffer, TaskAssignment]


def _no_wake(_: str) -> None:
    pass


@dataclass(eq=False)
class Tasks:
    """`objects` opens S3 with a job's key (OutputConfig.KmsKeyId) or without; `wake` tells the job that it has work."""

    store: TaskStore
    objects: Callable[[str | None], Objects]
    teams_of: Callable[[Worker], AbstractSet[str]]
    wake: Callable[[str], None] = _no_wake
    _parts: dict[tuple[str, int], dict[int, OfferedLine]] = field(default_factory=dict, repr=False)
    _trails: dict[tuple[str, str], Trail] = field(default_factory=dict, repr=False)

    # --- looking for work

    def jobs(self, worker: Worker, now: datetime) -> list[OfferedJob]:
        """The jobs of the worker's teams that are on offer, oldest first."""
        teams = self.teams_of(worker)
        offered = sorted((one for one in self.store.offers() if one.team in teams), key=lambda one: one.created_at)
        return [self._offered(one, worker, now) for one in offered if now < one.until or one.first < one.asked]

    def next(self, worker: Worker, job: str, now: datetime, *, besides: Collection[str] = ()) -> Task | None:
        """The worker's next task: one that is open already, else one reserved now; None where there is nothing.

        `besides`: tasks that the page shows already; with them a task is fetched ahead. The clock does not start.
        Errors: `NotFound` where the job is not (or no longer) one of the worker's.
        """
        offer = self._offer(worker, job)
        nonces = {_parse(one)[0] for one in besides}
        found = self._along_trail(offer, worker, nonces, now) or self._anywhere(offer, worker, nonces, now)
        return None if found is None else self._task(offer, *found)

    def task(self, worker: Worker, task_id: str, now: datetime) -> Task:
        """Errors: `NotFound` where it is not the worker's, `Conflict` where its time is over."""
        offer, one, mine = self._held(worker, task_id)
        if mine.status.is_open and not mine.holds(now):
            raise offers.ended(replace(mine, status=Status.EXPIRED))
        return self._task(offer, one, mine)

    # --- working

    def accept(self, worker: Worker, task_id: str, now: datetime) -> Task:
        """Starts the clock. Errors: `NotFound`, `Conflict`."""
        nonce, _, _ = _parse(task_id)
        offer = self._held(worker, task_id)[0]
        changed = self._change(
            worker, task_id, lambda one: offers.accept(one, worker.worker_id, nonce, now, offer.time_limit)
        )
        return self._task(offer, changed, offers.held(changed, worker.worker_id, nonce))

    def save_draft(self, worker: Worker, task_id: str, body: bytes, now: datetime) -> None:
        """Durable when this returns, even where the task's time is over: nobody's strokes are thrown away.

        Errors: `InvalidInput` for a draft above 8 MiB, `NotFound`.
        """
        if len(body) > MAX_DRAFT_BYTES:
            raise InvalidInput(f"a draft has at most {MAX_DRAFT_BYTES:,} bytes", field="draft")
        offer, one, _ = self._held(worker, task_id)
        self._files(offer).write_draft(one.object_id, worker.worker_id, body)

    def draft(self, worker: Worker, task_id: str) -> bytes | None:
        """What the worker last did on this data object, in this task or in one that expired. Errors: `NotFound`."""
        offer, one, _ = self._held(worker, task_id)
        return self._files(offer).draft(one.object_id, worker.worker_id)

    def submit(
        self, worker: Worker, task_id: str, answer: Mapping[str, Any], active_seconds: float, now: datetime
    ) -> None:
        """Durable when this returns; submitted twice it counts once.

        Errors: `InvalidInput` that names the field of the answer, `Conflict` where the task's time is over and others
        have its place (the draft stays), `NotFound`.
        """
        nonce, _, _ = _parse(task_id)
        offer, one, mine = self._held(worker, task_id)
        line = self._line(offer, one)
        read_answer(offer.task_type, answer, offer.labels, line.size)
        # Decided on what the table says now, before anything is written: a late answer leaves no file.
        after = offers.submit(one, worker.worker_id, nonce, now, active_seconds)
        if after is one:
            return
        files = self._files(offer)
        accepted_at = mine.accepted_at or now
        files.write_answer(
            one.object_id,
            AnswerFile(
                worker_id=worker.worker_id,
                sub=worker.sub,
                issuer=worker.issuer,
                content=answer,
                accepted_at=accepted_at,
                submitted_at=now,
                active_seconds=offers.active_time(active_seconds, accepted_at, now),
            ),
        )
        try:
            changed = self._change(
                worker, task_id, lambda it: offers.submit(it, worker.worker_id, nonce, now, active_seconds)
            )
        except Conflict:
            # Another worker took the place between the two looks. The strokes stay as a draft.
            if files.draft(one.object_id, worker.worker_id) is None:
                files.write_draft(one.object_id, worker.worker_id, json.dumps(answer).encode())
            files.remove_answer(one.object_id, worker.worker_id)
            raise
        self.store.note(work_of(changed, offers.held(changed, worker.worker_id, nonce)))
        self._wake_if_settled(changed)

    def decline(self, worker: Worker, task_id: str, reason: str, comment: str, now: datetime) -> None:
        """Never comes back to this worker. Errors: `InvalidInput` without a reason, `Conflict`, `NotFound`."""
        if not reason.strip():
            raise InvalidInput("say why the task cannot be done", field="reason")
        reason, comment = reason.strip()[:MAX_COMMENT], comment.strip()[:MAX_COMMENT]
        nonce, _, _ = _parse(task_id)
        offer, one, _ = self._held(worker, task_id)

        def declined(it: ObjectOffer) -> ObjectOffer:
            return offers.decline(it, worker.worker_id, nonce, now, reason=reason, comment=comment)

        declined(one)
        files = self._files(offer)
        files.write_decline(one.object_id, DeclineFile(worker.worker_id, now, reason, comment))
        self._wake_if_settled(self._change(worker, task_id, declined))
        files.remove_answer(one.object_id, worker.worker_id)  # of a task that was undone

    def release(self, worker: Worker, task_id: str, now: datetime) -> None:
        """Others may take it; the draft is thrown away, as the page has told. Errors: `Conflict`, `NotFound`."""
        nonce, _, _ = _parse(task_id)
        offer = self._held(worker, task_id)[0]
        changed = self._change(worker, task_id, lambda one: offers.release(one, worker.worker_id, nonce, now))
        files = self._files(offer)
        files.remove_draft(changed.object_id, worker.worker_id)
        files.remove_answer(changed.object_id, worker.worker_id)  # of a task that was undone

    def later(self, worker: Worker, task_id: str, now: datetime) -> None:
        """Stop and resume later: the draft and the place are kept until the time limit. Errors: `Conflict`."""
        nonce, _, _ = _parse(task_id)
        self._change(worker, task_id, lambda one: offers.later(one, worker.worker_id, nonce, now))

    def undo(self, worker: Worker, task_id: str, now: datetime) -> Task:
        """An answer open again, as long as no label was made of it; until the next submit the old answer stands.

        Errors: `Conflict` where it is too late, `NotFound`.
        """
        nonce, _, _ = _parse(task_id)
        offer = self._held(worker, task_id)[0]
        changed = self._change(
            worker, task_id, lambda one: offers.undo(one, worker.worker_id, nonce, now, offer.time_limit)
        )
        return self._task(offer, changed, offers.held(changed, worker.worker_id, nonce))

    # --- looking back

    def recent(self, worker: Worker, now: datetime) -> list[Answered]:
        """The worker's own last answers, newest first."""
        found = []
        for work in self.store.work_of(worker.worker_id, most=RECENT):
            offer = self.store.offer(work.job)
            one = self.store.object(work.job, work.place) if offer is not None else None
            mine = one.of(worker.worker_id) if one is not None else None
            open_to_change = one is not None and not one.closed and mine is not None
            found.append(
                Answered(
                    task_id=_task_id(work.nonce, work.place, work.job),
                    job=work.job,
                    title=offer.title if offer is not None else work.job,
                    object_id=work.object_id,
                    submitted_at=work.submitted_at,
                    active_seconds=work.active_seconds,
                    can_undo=open_to_change and mine is not None and mine.status is Status.SUBMITTED,
                )
            )
        return found

    def day(self, worker: Worker, now: datetime) -> Day:
        """What the worker did since midnight UTC."""
        midnight = now.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
        begun = self.store.work_of(worker.worker_id, since=midnight - LONGEST_TASK)
        done = [one for one in begun if one.submitted_at >= midnight]
        return Day(len(done), round(sum(one.active_seconds for one in done), 3))

    def progress(self, job: str, now: datetime) -> JobProgress:
        """Errors: `NotFound` where the job is not on offer."""
        offer = self.store.offer(job)
        if offer is None:
            raise NotFound(f"there is no labeling job {job!r} with people at work")
        objects = list(self.store.objects(job))
        return progress_of(offer, objects, now)

    # --- inside

    def _anywhere(self, offer: JobOffer, worker: Worker, besides: AbstractSet[str], now: datetime) -> Held | None:
        """Looks at every object on offer: first for what the worker has open, then for one that is new to the worker,
        then for one that was given back."""
        fresh: list[ObjectOffer] = []
        again: list[ObjectOffer] = []
        shown: set[int] = set()
        for one in self.store.objects(offer.job, offer.first):
            mine = one.of(worker.worker_id)
            if mine is not None and mine.nonce in besides:
                shown.add(one.place)
            elif mine is not None and mine.holds(now) and not one.closed:
                return one, mine
            elif now < offer.until and not one.is_settled:
                (fresh if mine is None else again).append(one)
        if sum(one.free(now) > 0 for one in fresh) <= FEW:
            self.wake(offer.job)  # it may have more to offer
        for one in (*fresh, *again):
            reserved = self._reserve(offer, one, worker, now)
            if reserved is not None:
                self._trails.pop((worker.worker_id, offer.job), None)
                if one in fresh:
                    self._follow(reserved[0], worker, shown, now + TRAIL_FOR)
                return reserved
        return None

    def _along_trail(self, offer: JobOffer, worker: Worker, besides: AbstractSet[str], now: datetime) -> Held | None:
        """What `_anywhere` would find, most of the time, without looking at every object: what the worker has open, as
        far as this process knows, or the first new object after the last one."""
        trail = self._trails.get((worker.worker_id, offer.job))
        if trail is None or not now < min(trail.until, offer.until):
            return None
        shown: set[int] = set()
        for place in sorted(trail.opened):
            one = self.store.object(offer.job, place)
            mine = one.of(worker.worker_id) if one is not None else None
            if one is None or mine is None or one.closed or not mine.holds(now):
                continue
            if mine.nonce not in besides:
                return one, mine
            shown.add(place)
        for one in self.store.objects(offer.job, max(trail.place, offer.first), at_a_time=AT_A_TIME):
            if one.is_fresh_to(worker.worker_id) and one.free(now):
                reserved = self._reserve(offer, one, worker, now)
                if reserved is not None:
                    self._follow(reserved[0], worker, shown, trail.until)
                    if one.place >= offer.asked - FEW:
                        self.wake(offer.job)
                    return reserved
        return None

    def _follow(self, one: ObjectOffer, worker: Worker, opened: AbstractSet[int], until: datetime) -> None:
        if len(self._trails) >= TRAILS_KEPT:
            self._trails.clear()
        self._trails[(worker.worker_id, one.job)] = Trail(one.place, frozenset({*opened, one.place}), until)

    def _offered(self, offer: JobOffer, worker: Worker, now: datetime) -> OfferedJob:
        left, begun = 0, None
        for one in self.store.objects(offer.job, offer.first):
            mine = one.of(worker.worker_id)
            if mine is not None and mine.holds(now) and not one.closed:
                left += 1
                if mine.status is not Status.RESERVED:
                    begun = begun or _task_id(mine.nonce, one.place, one.job)
            elif now < offer.until and one.free(now) and (mine is None or one.may_return_to(worker.worker_id)):
                left += 1
        return OfferedJob(
            job=offer.job,
            title=offer.title,
            description=offer.description,
            team=offer.team,
            created_at=offer.created_at,
            time_limit_seconds=offer.time_limit_seconds,
            tasks_left=left,
            open_task=begun,
            until=offer.until,
        )

    def _offer(self, worker: Worker, job: str) -> JobOffer:
        offer = self.store.offer(job)
        if offer is None or offer.team not in self.teams_of(worker):
            raise NotFound(f"there is no labeling job {job!r} for you", remedy="Look at the list of jobs.")
        return offer

    def _held(self, worker: Worker, task_id: str) -> tuple[JobOffer, ObjectOffer, TaskAssignment]:
        nonce, place, job = _parse(task_id)
        offer = self._offer(worker, job)
        one = self.store.object(job, place)
        if one is None:
            raise NotFound("there is no such task", remedy="Take the next task.")
        return offer, one, offers.held(one, worker.worker_id, nonce)

    def _reserve(
        self, offer: JobOffer, one: ObjectOffer, worker: Worker, now: datetime
    ) -> tuple[ObjectOffer, TaskAssignment] | None:
        """The object kept for the worker; None where others were faster."""
        settled = written_off(one, self._files(offer), now, self.store)
        if settled is None:
            return None
        if settled.is_settled:
            self.wake(offer.job)
        nonce = secrets.token_hex(16)
        with suppress(Conflict):
            changed = offers.reserve(settled, worker.worker_id, nonce, now)
            # Closes the race of two workers who take the last place at once: the second looks at another object.
            if self.store.replace(changed):
                return replace(changed, version=changed.version + 1), offers.held(changed, worker.worker_id, nonce)
        return None

    def _change(self, worker: Worker, task_id: str, decide: Callable[[ObjectOffer], ObjectOffer]) -> ObjectOffer:
        """The object after a change. Closes the race of two changes of one object: the loser decides anew."""
        _, place, job = _parse(task_id)
        for _ in range(MOST_TRIES):
            one = self.store.object(job, place)
            if one is None:
                raise NotFound("there is no such task", remedy="Take the next task.")
            changed = decide(one)
            if changed is one:
                return one
            if self.store.replace(changed):
                return replace(changed, version=changed.version + 1)
        raise Conflict("too many people are at this data object at once", remedy="Try again.")

    def _wake_if_settled(self, one: ObjectOffer) -> None:
        if one.is_settled:
            self.wake(one.job)

    def _files(self, offer: JobOffer) -> WorkFiles:
        return WorkFiles.of(offer.tree, self.objects(offer.kms_key))

    def _line(self, offer: JobOffer, one: ObjectOffer) -> OfferedLine:
        part = (f"{offer.output}{offer.job}/{offer.created_at.isoformat()}", one.part)
        if one.place not in self._parts.get(part, {}):
            for oldest in list(self._parts)[: len(self._parts) - PARTS_KEPT + 1]:
                self._parts.pop(oldest, None)
            self._parts[part] = self._files(offer).offer(one.part)
        return self._parts[part][one.place]

    def _task(self, offer: JobOffer, one: ObjectOffer, mine: TaskAssignment) -> Task:
        line = self._line(offer, one)
        is_image = offer.task_type.facts.medium == "image"
        return Task(
            task_id=_task_id(mine.nonce, one.place, one.job),
            job=one.job,
            object_id=one.object_id,
            source=S3Uri.parse(line.source) if is_image else line.source,
            template=offer.tree.template,
            task_type=offer.task_type,
            labels=offer.labels,
            manifest_line=json.loads(line.line),
            title=offer.title,
            time_limit_seconds=offer.time_limit_seconds,
            status=mine.status,
            accepted_at=mine.accepted_at,
            expires_at=mine.expires_at if mine.accepted_at else None,
            image_size=line.size,
        )


def written_off(one: ObjectOffer, files: WorkFiles, now: datetime, store: TaskStore) -> ObjectOffer | None:
    """The object with its lapsed leases written off; None where somebody else changed it meanwhile.

    An answer file whose line in the table was never written (the engine died between the two) counts as submitted:
    nobody's work is lost, and nobody is asked in its place.
    """
    after = one
    notes = []
    for mine in one.lapsed(now):
        answer = files.answer(one.object_id, mine.worker)
        if answer is None:
            after = offers.expire(after, mine.worker, now)
            continue
        done = replace(
            mine, status=Status.SUBMITTED, ended_at=answer.submitted_at, active_seconds=answer.active_seconds
        )
        after = after.with_assignment(done)
        notes.append(work_of(one, done))
    if after is one:
        return one
    # Closes the race with a late submit: one of the two is written, the other looks again.
    if not store.replace(after):
        return None
    for note in notes:
        store.note(note)
    return replace(after, version=after.version + 1)


def progress_of(offer: JobOffer, objects: Collection[ObjectOffer], now: datetime) -> JobProgress:
    """Sums over the objects of a job. Pure."""
    workers: dict[str, WorkerProgress] = {}
    declines = []
    for one in objects:
        for mine in one.assignments:
            was = workers.get(mine.worker, WorkerProgress(mine.worker))
            workers[mine.worker] = replace(
                was,
                answers=was.answers + (mine.status is Status.SUBMITTED),
                declines=was.declines + (mine.status is Status.DECLINED),
                expired=was.expired + mine.expiries,
                in_work=was.in_work + (mine.status is not Status.RESERVED and mine.holds(now)),
                active_seconds=round(was.active_seconds + mine.active_seconds, 3),
            )
            if mine.status is Status.DECLINED:
                declines.append(Declined(one.object_id, mine.worker, mine.reason, mine.comment))
    done = sum(len(one.answers) >= one.wanted for one in objects)
    given_up = sum(one.is_given_up for one in objects)
    begun = sum(
        not one.is_settled and (bool(one.answers) or any(mine.holds(now) for mine in one.assignments))
        for one in objects
    )
    return JobProgress(
        job=offer.job,
        offered=len(objects),
        done=done,
        given_up=given_up,
        in_work=begun,
        untouched=sum(not one.is_settled for one in objects) - begun,
        answers=sum(len(one.answers) for one in objects),
        workers_per_object=offer.workers_per_object,
        active_seconds=round(sum(one.active_seconds for one in workers.values()), 3),
        workers=tuple(sorted(workers.values(), key=lambda one: one.worker_id)),
        declines=tuple(declines),
        until=offer.until,
    )


def work_of(one: ObjectOffer, mine: TaskAssignment) -> Work:
    """A submitted answer as it stands in its worker's list."""
    return Work(
        worker_id=mine.worker,
        job=one.job,
        place=one.place,
        object_id=one.object_id,
        nonce=mine.nonce,
        accepted_at=mine.accepted_at or mine.expires_at,
        submitted_at=mine.ended_at or mine.expires_at,
        active_seconds=mine.active_seconds,
    )


def _task_id(nonce: str, place: int, job: str) -> str:
    """Unguessable by its nonce; the rest says where the task is, so that no table of ids is needed."""
    return f"{nonce}-{place}-{job}"


def _parse(task_id: str) -> tuple[str, int, str]:
    nonce, _, rest = task_id.partition("-")
    place, _, job = rest.partition("-")
    if not nonce or not place.isdecimal() or len(place) > 9 or not job:
        raise NotFound("there is no such task", remedy="Take the next task.")
    return nonce, int(place), job
