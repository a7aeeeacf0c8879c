"""Bounded reads for people who look: every answer takes the same time with ten jobs and with a thousand.

Nothing here scans what grows: pages are queries with a limit, and counts of images stop where nobody would read on.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from gt_service.campaign.values import is_campaign_name
from gt_service.listing import unknown_token
from gt_service.parallel import in_parallel
from gt_service.records import NOWHERE, Batch, Campaign, ImageStatus, Job
from gt_service.records.names import JobName
from gt_service.records.states import BatchState
from gt_service.store.batches import batch_of
from gt_service.store.campaigns import campaign_of
from gt_service.store.jobs import job_of
from gt_service.store.models import Tables
from gt_service.store.shards import SHARDS, shards_of

_OPEN = (ImageStatus.PENDING, ImageStatus.REJECTED, ImageStatus.DUPLICATE, ImageStatus.REPLACED)


@dataclass(frozen=True)
class Count:
    """How many there are; with `more`, at least so many."""

    number: int
    more: bool = False


class Browsing:
    """Looks into the tables of one deployment; writes nothing. Keys to go on from are None on the last page.

    Errors: `InvalidInput` for a key that no page ended with.
    """

    def __init__(self, tables: Tables) -> None:
        self._tables = tables
        self._closed: dict[str, tuple[int, int]] = {}

    def campaigns(self, limit: int, after: str | None) -> tuple[tuple[Campaign, ...], str | None]:
        """In no order that means anything: campaigns are few, and each is one item."""
        if after and not is_campaign_name(after) and after != NOWHERE:
            raise unknown_token()
        start = {"name": {"S": after}} if after else None
        items = self._tables.campaigns.scan(limit=limit, last_evaluated_key=start)
        campaigns = tuple(campaign_of(item) for item in items)
        following: Any = items.last_evaluated_key
        return campaigns, following["name"]["S"] if following else None

    def jobs(self, campaign: str, limit: int, after: str | None) -> tuple[tuple[Job, ...], str | None]:
        """The newest first: names sort by batch, and a batch's follow-ups and control stand beside its first try."""
        if after and not JobName.fits(after):
            raise unknown_token()
        start = {"campaign": {"S": campaign}, "name": {"S": after}} if after else None
        items = self._tables.jobs.query(campaign, scan_index_forward=False, limit=limit, last_evaluated_key=start)
        jobs = tuple(job_of(item) for item in items)
        following: Any = items.last_evaluated_key
        return jobs, following["name"]["S"] if following else None

    def batches(self, campaign: str, limit: int) -> tuple[Batch, ...]:
        """The newest first."""
        items = self._tables.batches.query(campaign, scan_index_forward=False, limit=limit)
        return tuple(batch_of(item) for item in items)

    def in_batches(self, campaign: str, newest: Sequence[Batch]) -> int:
        """How many images are in batches, given the newest of them, the newest first.

        A closed batch keeps its count for ever, so the sum over those is kept here. All batches are read only where
        the newest do not reach back to it: the first time, mostly.
        """
        last, total = self._closed.get(campaign, (0, 0))
        counts = [(batch.number, batch.state, batch.objects) for batch in reversed(newest)]
        if counts and counts[0][0] > last + 1:
            items = self._tables.batches.query(campaign, attributes_to_get=["number", "state", "objects"])
            counts = [(item.number, BatchState(item.state), item.objects) for item in items]
        for number, state, objects in counts:
            # A read that lags behind may show a batch as it was, or miss it: only what cannot change is kept.
            if number == last + 1 and state is not BatchState.FILLING:
                last, total = number, total + objects
        self._closed[campaign] = last, total
        return total + sum(objects for number, _, objects in counts if number > last)

    def open_images(self, campaign: str, *, most: int) -> dict[ImageStatus, Count]:
        """How many images are in no batch or were replaced since, by status, counted up to about `most`.

        One query a shard, of the index that knows no images in batches. Members of a batch that is filling are in it
        until they are marked as its own; they are counted with their batch, and once.
        """
        each = math.ceil(most / SHARDS)

        def count(shard: str) -> Counter[ImageStatus]:
            items = self._tables.images.open_places.query(shard, limit=each, attributes_to_get=["open_place"])
            return Counter(ImageStatus((item.open_place or "").partition("#")[0]) for item in items)

        shards = list(in_parallel(count, shards_of(campaign)))
        # Where a shard was not read to its end, whatever sorts last may be missing altogether.
        more = any(shard.total() >= each for shard in shards)
        counts = {status: sum(shard[status] for shard in shards) for status in _OPEN}
        filling = sum(batch.objects for batch in self.batches(campaign, 1) if batch.state is BatchState.FILLING)
        counts[ImageStatus.PENDING] = max(0, counts[ImageStatus.PENDING] - filling)
        return {status: Count(number, more) for status, number in counts.items()}
