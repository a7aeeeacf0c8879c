"""What people do with tasks. Every change is a file first (gt_engine/workforce/files.py); the table is an index.

Each change of a data object is decided by gt_engine/workforce/offers.py and written on condition that nobody has
written in between; who loses the race looks again and decides anew.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from itertools import chain
from typing import Any

from gt_engine.aws import EngineObjects
from gt_engine.workforce import gold, offers
from gt_engine.workforce.care import CareRule
from gt_engine.workforce.files import AnswerFile, DeclineFile, OfferedLine, WorkFiles
from gt_engine.workforce.finding import Finder
from gt_engine.workforce.forms import read_answer
from gt_engine.workforce.index import LONGEST_TASK, JobOffer, TaskStore, change, parse_task_id, shown_id, work_of
from gt_engine.workforce.members import Pause, Worker
from gt_engine.workforce.offers import ObjectOffer, Status, TaskAssignment
from gt_engine.workforce.progress import JobProgress, progress_of
from gt_engine.workforce.views import Answered, Day, OfferedJob, Task, answered, offered_to
from gt_service.errors import Conflict, InvalidInput, NotFound
from gt_service.objects import S3Uri

MAX_DRAFT_BYTES = 8 * 1024 * 1024
RECENT = 20
MAX_COMMENT = 1_000
PARTS_KEPT = 64
WAKE_EVERY = timedelta(minutes=1)


@dataclass(eq=False)
class Tasks:
    """`objects` opens S3 with a job's key (OutputConfig.KmsKeyId) or without; `wake` tells the job that it has work;
    `pause` is told of a worker who takes no care."""

    store: TaskStore
    objects: Callable[[str | None], EngineObjects]
    teams_of: Callable[[Worker], AbstractSet[str]]
    wake: Callable[[str], None] = lambda _: None
    pause: Callable[[str, Pause], None] = lambda _, __: None
    _parts: dict[object, dict[int, OfferedLine]] = field(init=False, default_factory=dict, repr=False)
    _gold: dict[object, Mapping[str, Mapping[str, Any]]] = field(init=False, default_factory=dict, repr=False)
    _wake_due: dict[str, datetime] = field(init=False, default_factory=dict, repr=False)
    _finder: Finder = field(init=False, repr=False)

    def __post_init__(self) -> None:
        self._finder = Finder(self.store, self.files, self.wake)

    # --- looking for work

    def jobs(self, worker: Worker, now: datetime) -> list[OfferedJob]:
        """The jobs of the worker's teams that are on offer, oldest first."""
        teams = self.teams_of(worker)
        offered = sorted((item for item in self.store.offers() if item.team in teams), key=lambda item: item.created_at)
        open_ones = (item for item in offered if now < item.until or item.first < item.asked)
        return [offered_to(worker, item, self.store, now) for item in open_ones]

    def offer_to(self, worker: Worker, job: str) -> JobOffer:
        """Errors: `NotFound` where the job is not on offer to the worker."""
        offer = self.store.offer(job)
        if offer is None or offer.team not in self.teams_of(worker):
            raise NotFound(f"there is no labeling job {job!r} for you", remedy="Look at the list of jobs.")
        return offer

    def next(self, worker: Worker, job: str, now: datetime, *, besides: Collection[str] = ()) -> Task | None:
        """The worker's next task: one that is open already, else one reserved now; None where there is nothing.

        `besides`: tasks that the page shows already; with them a task is fetched ahead. The clock does not start.
        Who is paused gets what they have begun and nothing new.
        Errors: `NotFound` where the job is not (or no longer) one of the worker's.
        """
        offer = self.offer_to(worker, job)
        nonces = {parse_task_id(item)[0] for item in besides}
        find = self._finder.begun if worker.is_paused else self._finder.find
        found = find(offer, worker, nonces, now)
        return None if found is None else self._task(offer, *found)

    def task(self, worker: Worker, task_id: str, now: datetime) -> Task:
        """Errors: `NotFound` where it is not the worker's, `Conflict` where its time is over."""
        offer, item, mine = self._held(worker, task_id)
        if mine.status.is_open and not mine.holds(now):
            raise offers.ended(replace(mine, status=Status.EXPIRED))
        return self._task(offer, item, mine)

    # --- working

    def accept(self, worker: Worker, task_id: str, now: datetime) -> Task:
        """Starts the clock. Errors: `NotFound`, `Conflict`."""
        offer, item, mine = self._held(worker, task_id)
        changed = self._change(item, lambda it: offers.accept(it, mine.worker, mine.nonce, now, offer.time_limit))
        return self._task(offer, changed, offers.held(changed, mine.worker, mine.nonce))

    def save_draft(self, worker: Worker, task_id: str, body: bytes) -> None:
        """Durable when this returns, even where the task's time is over: nobody's strokes are thrown away.

        Errors: `InvalidInput` for a draft above 8 MiB, `NotFound`.
        """
        if len(body) > MAX_DRAFT_BYTES:
            raise InvalidInput(f"a draft has at most {MAX_DRAFT_BYTES:,} bytes", field="draft")
        offer, item, _ = self._held(worker, task_id)
        self.files(offer).write_draft(item.object_id, worker.worker_id, body)

    def draft(self, worker: Worker, task_id: str) -> bytes | None:
        """What the worker last did on this data object, in this task or in one that expired. Errors: `NotFound`."""
        offer, item, _ = self._held(worker, task_id)
        return self.files(offer).draft(item.object_id, worker.worker_id)

    def submit(
        self, worker: Worker, task_id: str, answer: Mapping[str, Any], active_seconds: float, now: datetime
    ) -> None:
        """Durable when this returns; submitted twice it counts once.

        Errors: `InvalidInput` that names the field of the answer, `Conflict` where the task's time is over and others
        have its place (the draft stays) or another answer stands, as from another tab, `NotFound`.
        """
        offer, item, mine = self._held(worker, task_id)
        read_answer(offer.task_type, answer, offer.labels, self._line(offer, item).size)
        # Decided on what the table says now, before anything is written: a late answer leaves no file.
        files = self.files(offer)
        grade = self._grade(offer, item, answer, files)
        accepted_at = mine.accepted_at or now
        seconds = offers.active_time(active_seconds, accepted_at, now, offer.time_limit)

        def submitted(it: ObjectOffer) -> ObjectOffer:
            return offers.submit(it, mine.worker, mine.nonce, now, seconds, grade)

        if submitted(item) is not item:
            file = AnswerFile(
                worker_id=worker.worker_id,
                sub=worker.sub,
                issuer=worker.issuer,
                content=answer,
                accepted_at=accepted_at,
                submitted_at=now,
                active_seconds=seconds,
            )
            item = self._counted(file, item, files, submitted)
        else:
            standing = files.answer(item.object_id, worker.worker_id)
            if standing is not None and standing.content != answer:
                raise offers.ended(mine)
        # Submitted again it ends what the first time may have left undone.
        self.store.note(work_of(item, offers.held(item, mine.worker, mine.nonce)))
        if grade:
            self._look_after(offer, worker, now)
            if offer.first >= offer.asked:  # the job's end may wait for nothing else
                self.wake(offer.job)
        else:
            self._tell(item, now)

    def decline(self, worker: Worker, task_id: str, reason: str, comment: str, now: datetime) -> None:
        """Never comes back to this worker. Errors: `InvalidInput` without a reason, `Conflict`, `NotFound`."""
        if not reason.strip():
            raise InvalidInput("say why the task cannot be done", field="reason")
        reason, comment = reason.strip()[:MAX_COMMENT], comment.strip()[:MAX_COMMENT]
        offer, item, mine = self._held(worker, task_id)

        def declined(it: ObjectOffer) -> ObjectOffer:
            return offers.decline(it, mine.worker, mine.nonce, now, reason=reason, comment=comment)

        declined(item)
        files = self.files(offer)
        files.write_decline(item.object_id, DeclineFile(worker.worker_id, now, reason, comment))
        self._tell(self._change(item, declined), now)
        files.remove_undone(item.object_id, worker.worker_id, now)

    def release(self, worker: Worker, task_id: str, now: datetime) -> None:
        """Others may take it; the draft is thrown away, as the page has told. Errors: `Conflict`, `NotFound`."""
        offer, item, mine = self._held(worker, task_id)
        self._change(item, lambda it: offers.release(it, mine.worker, mine.nonce, now))
        files = self.files(offer)
        files.remove_draft(item.object_id, worker.worker_id)
        files.remove_undone(item.object_id, worker.worker_id, now)

    def later(self, worker: Worker, task_id: str, now: datetime) -> None:
        """Stop and resume later: the draft and the place are kept until the time limit. Errors: `Conflict`."""
        _, item, mine = self._held(worker, task_id)
        self._change(item, lambda it: offers.later(it, mine.worker, mine.nonce, now))

    def undo(self, worker: Worker, task_id: str, now: datetime) -> Task:
        """An answer open again, as long as no label was made of it; until the next submit the old answer stands.

        Errors: `Conflict` where it is too late, `NotFound`.
        """
        offer, item, mine = self._held(worker, task_id)
        changed = self._change(item, lambda it: offers.undo(it, mine.worker, mine.nonce, now, offer.time_limit))
        return self._task(offer, changed, offers.held(changed, mine.worker, mine.nonce))

    # --- looking back

    def recent(self, worker: Worker, now: datetime) -> list[Answered]:
        """The worker's own last answers, newest first."""
        found, seen = [], set()
        for work in self.store.work_of(worker.worker_id, most=RECENT):
            if (work.job, work.place) in seen:  # as it was before it was opened again
                continue
            seen.add((work.job, work.place))
            offer = self.store.offer(work.job)
            item = self.store.object(work.job, work.place) if offer is not None else None
            found.append(answered(work, offer, item, now))
        return found

    def day(self, worker: Worker, now: datetime) -> Day:
        """What the worker did since midnight UTC."""
        midnight = now.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
        begun = self.store.work_of(worker.worker_id, since=midnight - LONGEST_TASK)
        # An answer that was opened again more than once may be there more than once; it is the same work.
        last = {(item.job, item.place): item for item in sorted(begun, key=lambda item: item.submitted_at)}
        done = [item for item in last.values() if item.submitted_at >= midnight]
        return Day(len(done), round(sum(item.active_seconds for item in done), 3))

    def grades(self, worker: Worker) -> list[bool]:
        """The worker's answers to gold items, right or wrong, of the jobs on offer that show them."""
        teams = self.teams_of(worker)
        jobs = [offer.job for offer in self.store.offers() if offer.shows_accuracy and offer.team in teams]
        return [grade for job in jobs for grade in gold.grades_of(self.store.gold(job), worker.worker_id)]

    def progress(self, job: str, now: datetime) -> JobProgress:
        """Errors: `NotFound` where the job is not on offer."""
        return progress_of(self.offer(job), list(self.store.objects(job)), now, gold=list(self.store.gold(job)))

    # --- for those who run the team

    def offer(self, job: str) -> JobOffer:
        """Errors: `NotFound` where the job is not on offer."""
        offer = self.store.offer(job)
        if offer is None:
            raise NotFound(f"there is no labeling job {job!r} with people at work")
        return offer

    def files(self, offer: JobOffer) -> WorkFiles:
        return WorkFiles.of(offer.tree, self.objects(offer.kms_key))

    def look_everywhere(self, job: str, worker_id: str) -> None:
        """The worker's next task may be anywhere in the job."""
        self._finder.leave_trail(job, worker_id)

    def forgive(self, worker_id: str) -> None:
        """What a worker who is let in again answered to gold items counts no more."""
        for offer in self.store.offers():
            for item in self.store.gold(offer.job):
                change(item, lambda it: offers.forgive(it, worker_id), self.store)

    # --- inside

    def _grade(self, offer: JobOffer, item: ObjectOffer, answer: Mapping[str, Any], files: WorkFiles) -> str:
        """What an answer to a gold item is worth; "" for one to any other object."""
        if item.place >= 0:
            return ""
        if offer.tells_apart not in self._gold:
            self._gold = {offer.tells_apart: files.gold()}
        known = self._gold[offer.tells_apart][item.object_id]["answer"]
        return gold.grade(answer, known, offer.task_type, offer.labels)

    def _look_after(self, offer: JobOffer, worker: Worker, now: datetime) -> None:
        """Pauses a worker whose answers to gold items are those of somebody who takes no care."""
        grades = gold.grades_of(self.store.gold(offer.job), worker.worker_id)
        if not worker.is_paused and CareRule(offer.gold_share, offer.pass_mark).is_careless(grades):
            self.pause(worker.worker_id, Pause(now, offer.job, sum(grades), len(grades)))
            self._let_go(offer, worker)

    def _let_go(self, offer: JobOffer, worker: Worker) -> None:
        """What was only kept for a worker who gets nothing new is others' at once."""
        for item in self.store.objects(offer.job, offer.first):
            mine = item.of(worker.worker_id)
            if mine is not None and mine.status is Status.RESERVED and not item.closed:
                # Who changes it at this moment comes first: the reservation lapses by itself as well.
                self.store.replace(item.with_assignment(replace(mine, status=Status.RELEASED)))

    def _held(self, worker: Worker, task_id: str) -> tuple[JobOffer, ObjectOffer, TaskAssignment]:
        """Errors: `NotFound` where the task is not the worker's."""
        nonce, place, job = parse_task_id(task_id)
        offer, item = self.offer_to(worker, job), self.store.object(job, place)
        # The id of a gold item names another's place: nobody is to tell them apart.
        for one in chain([item] if item else [], self.store.gold(job)):
            mine = one.of(worker.worker_id)
            if mine is not None and mine.nonce == nonce:
                return offer, one, mine
        raise NotFound("there is no such task of yours", remedy="Take the next task.")

    def _change(self, item: ObjectOffer, decide: Callable[[ObjectOffer], ObjectOffer]) -> ObjectOffer:
        """Errors: those of `decide`, `NotFound`, `Conflict`."""
        changed = change(item, decide, self.store)
        if changed is None:  # its job ended at this moment
            raise NotFound("there is no such task", remedy="Take the next task.")
        return changed

    def _counted(
        self, answer: AnswerFile, item: ObjectOffer, files: WorkFiles, submitted: Callable[[ObjectOffer], ObjectOffer]
    ) -> ObjectOffer:
        """The object with an answer, which is a file first. Errors: those of `submitted`."""
        files.write_answer(item.object_id, answer)
        try:
            return self._change(item, submitted)
        except Conflict:
            # Another worker took the place between the two looks. The strokes stay as a draft.
            if files.draft(item.object_id, answer.worker_id) is None:
                files.write_draft(item.object_id, answer.worker_id, json.dumps(answer.content).encode())
            files.remove_answer(item.object_id, answer.worker_id)
            raise

    def _tell(self, item: ObjectOffer, now: datetime) -> None:
        """Wakes the job where an object has all that was asked for; else once a minute, for its owner's figures."""
        if item.is_settled or item.is_undecided or now >= self._wake_due.get(item.job, now):
            self._wake_due[item.job] = now + WAKE_EVERY
            self.wake(item.job)

    def _line(self, offer: JobOffer, item: ObjectOffer) -> OfferedLine:
        part = (offer.tells_apart, item.part)
        lines = self._parts.get(part, {})
        if item.place not in lines:
            for oldest in list(self._parts)[: len(self._parts) - PARTS_KEPT + 1]:
                self._parts.pop(oldest, None)
            lines = self._parts[part] = self.files(offer).offer(item.part)
        return lines[item.place]

    def _task(self, offer: JobOffer, item: ObjectOffer, mine: TaskAssignment) -> Task:
        line = self._line(offer, item)
        is_image = offer.task_type.facts.medium == "image"
        return Task(
            task_id=shown_id(mine.nonce, item.place, offer),
            offer=offer,
            object_id=item.object_id,
            source=S3Uri.parse(line.source) if is_image else line.source,
            manifest_line=json.loads(line.line),
            status=mine.status,
            accepted_at=mine.accepted_at,
            expires_at=mine.expires_at if mine.accepted_at else None,
            proposal=line.proposal,
            comment=mine.comment if mine.is_returned else "",
        )
