"""One data object on offer to people, and what each worker may do with it. Pure.

    offered → reserved (no clock) → accepted (lease) ⇄ later → submitted ⇄ undone
                 ↑   │                  │                        │
                 │   └── lapses         └── declined · released · expired
                 └──────────── returned with a comment ──────────┘

All that happens to an object is in one value, so every rule (no more answers than wanted, no worker twice) is a rule
about one value, and one conditional write keeps it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from gt_service.errors import Conflict, NotFound

RESERVED_FOR = timedelta(minutes=5)
"""How long a task that was only fetched ahead keeps its place."""
GRACE = timedelta(seconds=60)
"""An answer so late is taken where nobody else has the place: the network may have been slow."""
RETURNED_FOR = timedelta(hours=8)
"""How long an object stays its worker's own whose answer came back with a comment."""
GOLD_OPEN_FOR = timedelta(seconds=90)
MOST_EXPIRIES = 2
"""A worker whose time ran out has one more try, with the draft that was kept."""


class Status(StrEnum):
    """What became of an object at one worker."""

    RESERVED = "reserved"
    ACCEPTED = "accepted"
    LATER = "later"
    SUBMITTED = "submitted"
    DECLINED = "declined"
    RELEASED = "released"
    EXPIRED = "expired"
    DISCARDED = "discarded"
    SEEN = "seen"

    @property
    def is_open(self) -> bool:
        return self in {Status.RESERVED, Status.ACCEPTED, Status.LATER}


@dataclass(frozen=True)
class TaskAssignment:
    """One object at one worker.

    nonce       of the task id: unguessable, new with every reservation
    expires_at  of the reservation, or of the lease (without the grace)
    expiries    how often the worker's time has run out
    comment     why it was declined, or why the answer came back
    grade       of an answer to a gold item: `right`, `wrong`; "" for all others
    """

    worker: str
    nonce: str
    status: Status
    expires_at: datetime
    accepted_at: datetime | None = None
    ended_at: datetime | None = None
    active_seconds: float = 0.0
    expiries: int = 0
    reason: str = ""
    comment: str = ""
    grade: str = ""

    @property
    def is_returned(self) -> bool:
        """An answer that came back with a comment and was not submitted again."""
        return self.status.is_open and bool(self.comment)

    def holds(self, now: datetime) -> bool:
        """Whether it keeps a place that nobody else may take."""
        grace = timedelta(0) if self.status is Status.RESERVED else GRACE
        return self.status.is_open and now < self.expires_at + grace


@dataclass(frozen=True)
class ObjectOffer:
    """A data object on offer.

    place    its number in the job's order of asking, from 0; below 0: a gold item
    part     first place of the part of the offer that has its manifest line
    wanted   answers by so many different workers, as far as is known
    most     NumberOfHumanWorkersPerDataObject: `wanted` rises to it while the answers do not agree
    agreed   the answers that are there make the label
    closed   its answers are being consolidated: nothing changes any more
    version  of the item in the table
    """

    job: str
    place: int
    object_id: str
    part: int
    wanted: int
    assignments: tuple[TaskAssignment, ...] = ()
    closed: bool = False
    version: int = 0
    most: int = 0
    agreed: bool = False

    def __post_init__(self) -> None:
        if self.most < self.wanted:  # a fixed number
            object.__setattr__(self, "most", self.wanted)

    def of(self, worker: str) -> TaskAssignment | None:
        return next((one for one in self.assignments if one.worker == worker), None)

    def with_status(self, *statuses: Status) -> tuple[TaskAssignment, ...]:
        return tuple(one for one in self.assignments if one.status in statuses)

    @property
    def answers(self) -> tuple[TaskAssignment, ...]:
        return self.with_status(Status.SUBMITTED)

    @property
    def is_settled(self) -> bool:
        """Nobody is asked any more: every answer is there, or as many workers declined as were asked for.

        Source of the second: developer guide sms-monitor-cloud-watch.
        """
        answers = len(self.answers)
        return self.closed or answers >= self.most or (self.agreed and answers >= self.wanted) or self.is_given_up

    @property
    def is_given_up(self) -> bool:
        return len(self.with_status(Status.DECLINED)) >= self.most

    @property
    def is_undecided(self) -> bool:
        """Whether the job is to say if its answers are enough. Until then nobody is asked, and no label is made."""
        return not self.is_settled and len(self.answers) >= self.wanted

    @property
    def last_change(self) -> datetime | None:
        """When the last answer or decline came."""
        ends = [one.ended_at for one in self.with_status(Status.SUBMITTED, Status.DECLINED) if one.ended_at]
        return max(ends, default=None)

    def free(self, now: datetime) -> int:
        """How many more workers may take it now."""
        if self.is_settled:
            return 0
        held = sum(one.holds(now) for one in self.assignments)
        return max(0, self.wanted - len(self.answers) - held)

    def may_return_to(self, worker: str) -> bool:
        """Whether a worker who gave it back, or whose time ran out once, may have it again."""
        mine = self.of(worker)
        if mine is None:
            return False
        return mine.status in {Status.RELEASED, Status.RESERVED} or (
            mine.status in {Status.EXPIRED, Status.ACCEPTED, Status.LATER} and mine.expiries < MOST_EXPIRIES
        )

    def lapsed(self, now: datetime) -> tuple[TaskAssignment, ...]:
        """Leases whose time and grace are over and that nobody has written off yet."""
        return tuple(one for one in self.with_status(Status.ACCEPTED, Status.LATER) if not one.holds(now))

    def with_assignment(self, assignment: TaskAssignment) -> ObjectOffer:
        others = tuple(one for one in self.assignments if one.worker != assignment.worker)
        return replace(self, assignments=(*others, assignment), agreed=False)


def reserve(offer: ObjectOffer, worker: str, nonce: str, now: datetime) -> ObjectOffer:
    """The object kept for a worker. Errors: `Conflict` where there is no place or the worker had it."""
    mine = offer.of(worker)
    if mine is not None and not offer.may_return_to(worker):
        raise Conflict("the worker has had this data object")
    if offer.free(now) < 1:
        raise Conflict("all answers to this data object are given or being given")
    expiries = mine.expiries if mine else 0
    return offer.with_assignment(TaskAssignment(worker, nonce, Status.RESERVED, now + RESERVED_FOR, expiries=expiries))


def accept(offer: ObjectOffer, worker: str, nonce: str, now: datetime, time_limit: timedelta) -> ObjectOffer:
    """The clock begins. A task that is accepted already goes on; a lapsed reservation is made again if it can be."""
    mine = held(offer, worker, nonce)
    if mine.status is Status.LATER and mine.holds(now):
        return offer.with_assignment(replace(mine, status=Status.ACCEPTED))
    if mine.status is Status.ACCEPTED and mine.holds(now):
        return offer
    if mine.status is not Status.RESERVED:
        raise ended(mine)
    if offer.closed or (not mine.holds(now) and offer.free(now) < 1):
        raise Conflict("others have answered this data object in the meantime", remedy="Take the next task.")
    # One that came back is the same work: it goes on from when it was begun first.
    begun = mine.accepted_at or now
    return offer.with_assignment(replace(mine, status=Status.ACCEPTED, accepted_at=begun, expires_at=now + time_limit))


def submit(
    offer: ObjectOffer, worker: str, nonce: str, now: datetime, active_seconds: float, grade: str = ""
) -> ObjectOffer:
    """The answer counts. Given twice it counts once. active_seconds: as `active_time` has them."""
    mine = held(offer, worker, nonce)
    if mine.status is Status.SUBMITTED:
        return offer
    if offer.closed:
        raise Conflict("the labels of this data object are made already", remedy="Take the next task.")
    in_time = mine.accepted_at is not None and now < mine.expires_at + GRACE
    # It may have been written off a moment ago, and nobody else has taken the place.
    is_free_again = mine.status is Status.EXPIRED and offer.free(now) > 0
    if not in_time or not (mine.status in {Status.ACCEPTED, Status.LATER} or is_free_again):
        raise ended(mine)
    return offer.with_assignment(
        replace(mine, status=Status.SUBMITTED, ended_at=now, active_seconds=active_seconds, grade=grade)
    )


def active_time(seconds: float, accepted_at: datetime, now: datetime, time_limit: timedelta) -> float:
    """Seconds of work: what the page counted, never negative, and never more than what passed, nor than what the budget
    holds for an answer, though it was opened again and again."""
    most = min(now - accepted_at, time_limit).total_seconds()
    return round(max(0.0, min(seconds, most)), 3)


def undo(offer: ObjectOffer, worker: str, nonce: str, now: datetime, time_limit: timedelta) -> ObjectOffer:
    """A submitted answer open again, as long as no label was made of it. Until the next submit the old one stands."""
    mine = held(offer, worker, nonce)
    if mine.status is Status.ACCEPTED and mine.holds(now):
        return offer
    if mine.status is not Status.SUBMITTED:
        raise ended(mine)
    if not may_undo(offer, mine, now):
        raise Conflict("the label of this data object is made already; its answer can no longer be changed")
    again = replace(mine, status=Status.ACCEPTED, ended_at=None, expires_at=now + time_limit, grade="")
    return offer.with_assignment(again)


def may_undo(offer: ObjectOffer, mine: TaskAssignment, now: datetime) -> bool:
    """Whether an answer can be opened again: until its label is made. None is made of a gold item: it closes as soon as
    others may, or whoever looks which are open could tell the gold items, and correct their answers."""
    ended_at = mine.ended_at or now
    is_late = offer.place < 0 and now >= ended_at + GOLD_OPEN_FOR
    return mine.status is Status.SUBMITTED and not offer.closed and not is_late


def decline(offer: ObjectOffer, worker: str, nonce: str, now: datetime, *, reason: str, comment: str) -> ObjectOffer:
    """Something is wrong with it: it never comes back to this worker."""
    mine = held(offer, worker, nonce)
    if mine.status is Status.DECLINED:
        return offer
    return _given_back(offer, mine, Status.DECLINED, now, reason=reason, comment=comment)


def release(offer: ObjectOffer, worker: str, nonce: str, now: datetime) -> ObjectOffer:
    """Others may take it."""
    mine = held(offer, worker, nonce)
    if mine.status is Status.RELEASED:
        return offer
    return _given_back(offer, mine, Status.RELEASED, now)


def later(offer: ObjectOffer, worker: str, nonce: str, now: datetime) -> ObjectOffer:
    """Put aside; it stays the worker's own until its time runs out."""
    mine = held(offer, worker, nonce)
    if not mine.status.is_open or not mine.holds(now):
        raise ended(mine)
    return offer if mine.status is Status.RESERVED else offer.with_assignment(replace(mine, status=Status.LATER))


def expire(offer: ObjectOffer, worker: str, now: datetime) -> ObjectOffer:
    """A lapsed lease written off."""
    mine = offer.of(worker)
    if mine is None or mine not in offer.lapsed(now):
        return offer
    return offer.with_assignment(
        replace(mine, status=Status.EXPIRED, ended_at=mine.expires_at, expiries=mine.expiries + 1)
    )


def discard(offer: ObjectOffer, worker: str, now: datetime) -> ObjectOffer:
    """A submitted answer that does not count, by the word of whoever runs the team. Another worker is asked instead."""
    mine = offer.of(worker)
    if offer.closed or mine is None or mine.status is not Status.SUBMITTED:
        return offer
    return offer.with_assignment(replace(mine, status=Status.DISCARDED, ended_at=now))


def give_back(offer: ObjectOffer, worker: str, comment: str, now: datetime) -> ObjectOffer:
    """A submitted answer that its worker is to correct, by the word of whoever runs the team; until then it does not
    count. Errors: `Conflict` where there is no such answer or its label is made."""
    mine = offer.of(worker)
    if offer.closed or mine is None or mine.status is not Status.SUBMITTED:
        why = "its label is made" if offer.closed else "the worker has it open, or it was taken back"
        raise Conflict(f"this answer cannot be returned: {why}", remedy="Look at the list of answers again.")
    expires_at = now + RETURNED_FOR
    return offer.with_assignment(
        replace(mine, status=Status.RESERVED, ended_at=None, expires_at=expires_at, comment=comment)
    )


def decide(offer: ObjectOffer, *, is_enough: bool) -> ObjectOffer:
    """An undecided object: settled, or one more answer is wanted."""
    if not offer.is_undecided:
        return offer
    return replace(offer, agreed=True) if is_enough else replace(offer, wanted=len(offer.answers) + 1)


def forgive(offer: ObjectOffer, worker: str) -> ObjectOffer:
    """The worker's answer to a gold item does not count for or against them any more."""
    mine = offer.of(worker)
    return offer if mine is None or not mine.grade else offer.with_assignment(replace(mine, grade=""))


def close(offer: ObjectOffer) -> ObjectOffer:
    """No answer is taken or changed any more."""
    return offer if offer.closed else replace(offer, closed=True)


def held(offer: ObjectOffer, worker: str, nonce: str) -> TaskAssignment:
    """The worker's assignment. Errors: `NotFound` where the task is another's, or was given anew since."""
    mine = offer.of(worker)
    if mine is None or mine.nonce != nonce:
        raise NotFound("there is no such task of yours", remedy="Take the next task.")
    return mine


def ended(mine: TaskAssignment) -> Conflict:
    words = {
        Status.RESERVED: "this task was not begun",
        Status.SUBMITTED: "this task is answered",
        Status.DECLINED: "you declined this task",
        Status.RELEASED: "you gave this task back",
        Status.DISCARDED: "this answer was taken back by whoever runs the team",
    }
    return Conflict(
        words.get(mine.status, "the time for this task is over; your draft is kept"), remedy="Take the next task."
    )


def _given_back(offer: ObjectOffer, mine: TaskAssignment, status: Status, now: datetime, **more: str) -> ObjectOffer:
    if offer.closed or not mine.status.is_open:
        raise ended(mine)
    return offer.with_assignment(replace(mine, status=status, ended_at=now, **more))  # type: ignore[arg-type]
