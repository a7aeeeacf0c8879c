"""Which object a worker gets next."""

from __future__ import annotations

import random
import secrets
from collections.abc import Callable, Iterable, Iterator
from collections.abc import Set as AbstractSet
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from gt_engine.workforce import offers
from gt_engine.workforce.files import WorkFiles
from gt_engine.workforce.index import JobOffer, TaskStore, written_off
from gt_engine.workforce.members import Worker
from gt_engine.workforce.offers import ObjectOffer, Status, TaskAssignment
from gt_service.errors import Conflict

TRAIL_FOR = timedelta(seconds=30)
TRAILS_KEPT = 10_000
AT_A_TIME = 20
FEW = 3
"""With so few objects left for a worker to begin, the job looks whether it can offer more."""


@dataclass(frozen=True)
class Trail:
    """Where a worker was last in a job: before `place` nothing new is looked for until `until`; `opened` are the places
    of tasks that may still be open."""

    place: int
    opened: frozenset[int]
    until: datetime


Held = tuple[ObjectOffer, TaskAssignment]


@dataclass(eq=False)
class Finder:
    """Finds and reserves. `files` and `wake` as in `Tasks`; `chance` from 0 to 1: gold items come by it."""

    store: TaskStore
    files: Callable[[JobOffer], WorkFiles]
    wake: Callable[[str], None]
    chance: Callable[[], float] = random.SystemRandom().random
    _trails: dict[tuple[str, str], Trail] = field(default_factory=dict, repr=False)

    def find(self, offer: JobOffer, worker: Worker, besides: AbstractSet[str], now: datetime) -> Held | None:
        """What the worker has open, else an object reserved now; None where there is nothing.

        besides: nonces of tasks that are not to be found again.
        """
        found = self.along_trail(offer, worker, besides, now) or self.anywhere(offer, worker, besides, now)
        is_new = found is not None and found[1].expires_at == now + offers.RESERVED_FOR and found[0].place >= 0
        if is_new and self.chance() < offer.gold_share:
            # What was found stays the worker's own, and comes next.
            return self._gold_item(offer, worker, now) or found
        return found

    def begun(self, offer: JobOffer, worker: Worker, besides: AbstractSet[str], now: datetime) -> Held | None:
        """What the worker has begun, and nothing new."""
        items = self.store.objects(offer.job, offer.first)
        own = ((item, item.of(worker.worker_id)) for item in items if not item.closed)
        mine = [*self._gold_of(offer, worker), *((item, it) for item, it in own if it is not None)]
        open_ones = (it for it in mine if it[1].status in {Status.ACCEPTED, Status.LATER} and it[1].holds(now))
        return next((it for it in open_ones if it[1].nonce not in besides), None)

    def anywhere(self, offer: JobOffer, worker: Worker, besides: AbstractSet[str], now: datetime) -> Held | None:
        """Looks at every object on offer: first for what the worker has open, then for one that is new to the worker,
        then for one that was given back."""
        begun = [held for held in self._gold_of(offer, worker) if held[1].holds(now)]
        for held in begun:
            if held[1].nonce not in besides:
                return held
        shown = {item.place for item, _ in begun}
        fresh: list[ObjectOffer] = []
        again: list[ObjectOffer] = []
        is_undecided = False
        for item in self.store.objects(offer.job, offer.first):
            mine = item.of(worker.worker_id)
            is_undecided |= item.is_undecided
            if mine is not None and mine.nonce in besides:
                shown.add(item.place)
            elif mine is not None and mine.holds(now) and not item.closed:
                return item, mine
            elif now < offer.until and item.free(now):
                (fresh if mine is None else again).append(item)
        if is_undecided or len(fresh) <= FEW:
            self.wake(offer.job)  # it may have more to offer
        reserved = self._first_reserved(offer, (*fresh, *again), worker, now)
        if reserved is not None:
            self.leave_trail(offer.job, worker.worker_id)
            if reserved[0].place in {item.place for item in fresh}:
                self._follow(reserved[0], worker, shown, now + TRAIL_FOR)
        return reserved

    def along_trail(self, offer: JobOffer, worker: Worker, besides: AbstractSet[str], now: datetime) -> Held | None:
        """What `anywhere` would find, most of the time, without looking at every object: what the worker has open, as
        far as this process knows, or the first new object after the last one."""
        trail = self._trails.get((worker.worker_id, offer.job))
        if trail is None or not now < min(trail.until, offer.until):
            return None
        shown: set[int] = set()
        for place in sorted(trail.opened):
            item = self.store.object(offer.job, place)
            mine = item.of(worker.worker_id) if item is not None else None
            if item is None or mine is None or item.closed or not mine.holds(now):
                continue
            if mine.nonce not in besides:
                return item, mine
            shown.add(place)
        ahead = self.store.objects(offer.job, max(trail.place, offer.first), at_a_time=AT_A_TIME)
        fresh = (item for item in ahead if item.of(worker.worker_id) is None and item.free(now))
        reserved = self._first_reserved(offer, fresh, worker, now)
        if reserved is not None:
            self._follow(reserved[0], worker, shown, trail.until)
            if reserved[0].place >= offer.asked - FEW:
                self.wake(offer.job)
        return reserved

    def leave_trail(self, job: str, worker_id: str) -> None:
        self._trails.pop((worker_id, job), None)

    def _gold_of(self, offer: JobOffer, worker: Worker) -> Iterator[Held]:
        """The gold items that the worker has had."""
        for item in self.store.gold(offer.job) if offer.gold_share else ():
            mine = item.of(worker.worker_id)
            if mine is not None:
                yield item, mine

    def _gold_item(self, offer: JobOffer, worker: Worker, now: datetime) -> Held | None:
        """One that the worker has never had, kept for them; None where there is none left."""
        items = [item for item in self.store.gold(offer.job) if item.of(worker.worker_id) is None and item.free(now)]
        while items:
            item = items.pop(int(self.chance() * len(items)) % len(items))
            reserved = self._reserve(offer, item, worker, now)
            if reserved is not None:
                key = (worker.worker_id, offer.job)
                trail = self._trails.get(key)
                if trail is not None:
                    self._trails[key] = replace(trail, opened=trail.opened | {item.place})
                return reserved
        return None

    def _follow(self, item: ObjectOffer, worker: Worker, opened: AbstractSet[int], until: datetime) -> None:
        if len(self._trails) >= TRAILS_KEPT:
            self._trails.clear()
        self._trails[(worker.worker_id, item.job)] = Trail(item.place, frozenset({*opened, item.place}), until)

    def _first_reserved(
        self, offer: JobOffer, items: Iterable[ObjectOffer], worker: Worker, now: datetime
    ) -> Held | None:
        reserved = (self._reserve(offer, item, worker, now) for item in items)
        return next((held for held in reserved if held is not None), None)

    def _reserve(self, offer: JobOffer, item: ObjectOffer, worker: Worker, now: datetime) -> Held | None:
        """The object kept for the worker; None where others were faster."""
        settled = written_off(item, self.files(offer), now, self.store)
        if settled is None:
            return None
        if settled.is_settled or settled.is_undecided:
            self.wake(offer.job)
        nonce = secrets.token_hex(16)
        with suppress(Conflict):
            changed = offers.reserve(settled, worker.worker_id, nonce, now)
            # Closes the race of two workers who take the last place at once: the second looks at another object.
            if self.store.replace(changed):
                return replace(changed, version=changed.version + 1), offers.held(changed, worker.worker_id, nonce)
        return None
