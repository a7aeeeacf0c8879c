"""Batches: which images became one manifest, and how far it is labeled."""

from __future__ import annotations

from datetime import datetime

from pynamodb.expressions.update import Action

from gt_service.errors import NotFound
from gt_service.records import Batch
from gt_service.records.states import BatchEvent, BatchState, follow
from gt_service.store.models import BatchItem, Tables, item_of, members, record
from gt_service.store.writing import batch_in, is_new, saved, updated


class Batches:
    def __init__(self, tables: Tables) -> None:
        self._items = tables.batches

    def of(self, campaign: str) -> tuple[Batch, ...]:
        """In order of their numbers."""
        return tuple(batch_of(item) for item in self._items.query(campaign, consistent_read=True))

    def get(self, campaign: str, number: int) -> Batch:
        item = item_of(self._items, campaign, number)
        if item is None:
            raise NotFound(f"campaign {campaign!r} has no batch {number}", field="batch")
        return batch_of(item)

    def create(self, batch: Batch) -> bool:
        """Fixes a batch's members, once: False where the number is taken.

        Closes: two handlers that chose different members both become batch N. The loser's choice is void, and since
        members are chosen only when no batch is filling, a choice never overlaps an earlier batch's.
        """
        item = self._items(**members(batch))
        return saved(item, is_new(self._items))

    def close(
        self, batch: Batch, *, objects: int, manifest_uri: str, now: datetime, labeled_manifest_uri: str | None = None
    ) -> None:
        """The manifest is written. Nothing changes where another handler closed it first."""
        closed = [
            BatchItem.state.set(follow(batch.state, BatchEvent.FILLED).value),
            BatchItem.objects.set(objects),
            BatchItem.manifest_uri.set(manifest_uri),
            BatchItem.closed_at.set(now),
        ]
        if labeled_manifest_uri:
            closed.append(BatchItem.labeled_manifest_uri.set(labeled_manifest_uri))
        self._update(batch, *closed)

    def done(self, batch: Batch, *, unlabeled: int) -> None:
        """Nothing more of it is sent to people."""
        state = follow(batch.state, BatchEvent.DONE)
        self._update(batch, BatchItem.state.set(state.value), BatchItem.unlabeled.set(unlabeled))

    def grant_follow_up(self, batch: Batch) -> None:
        """One more try on top of the spec's; its owner asked for it."""
        granted = BatchItem.extra_follow_ups
        # Closes: one request to resume, sent twice at the same time, grants two tries.
        one_more = granted.set(batch.extra_follow_ups + 1)
        updated(self._item(batch), one_more, condition=granted == batch.extra_follow_ups)

    def leave_out(self, batch: Batch) -> None:
        """Its owner goes on without what has no label; safe to say twice."""
        self._update(batch, BatchItem.leaves_out.set(True))

    def review_chosen(self, batch: Batch, *, objects: int, manifest_uri: str) -> None:
        """Which of its labels get a second look, once.

        Closes: two handlers choose at the same time; the job is asked about the manifest that is written down here.
        """
        chosen = (BatchItem.review_objects.set(objects), BatchItem.review_manifest_uri.set(manifest_uri))
        item, is_unchosen = self._item(batch), BatchItem.review_objects.does_not_exist()
        updated(item, *chosen, condition=is_unchosen & batch_in(batch.state))

    def _update(self, batch: Batch, *actions: Action) -> None:
        updated(self._item(batch), *actions, condition=batch_in(batch.state))

    def _item(self, batch: Batch) -> BatchItem:
        return self._items(campaign=batch.campaign, number=batch.number)


def batch_of(item: BatchItem) -> Batch:
    return record(Batch, item, state=BatchState(item.state))
