"""Batches: which images became one manifest, and how far it is labeled."""

from __future__ import annotations

from contextlib import suppress
from datetime import datetime

from gt_service.errors import NotFound
from gt_service.records import Batch
from gt_service.records.states import BatchEvent, BatchState, follow
from gt_service.store.models import BatchItem, Tables
from gt_service.store.writing import Lost, batch_in, is_new, lost_if_refused


class Batches:
    def __init__(self, tables: Tables) -> None:
        self._items = tables.batches

    def of(self, campaign: str) -> tuple[Batch, ...]:
        """In order of their numbers."""
        return tuple(_batch(item) for item in self._items.query(campaign, consistent_read=True))

    def get(self, campaign: str, number: int) -> Batch:
        try:
            return _batch(self._items.get(campaign, number, consistent_read=True))
        except self._items.DoesNotExist:
            raise NotFound(f"campaign {campaign!r} has no batch {number}", field="batch") from None

    def create(self, batch: Batch) -> bool:
        """Fixes a batch's members, once: False where the number is taken.

        Closes: two handlers that chose different members both become batch N. The loser's choice is void, and since
        members are chosen only when no batch is filling, a choice never overlaps an earlier batch's.
        """
        item = self._items(
            campaign=batch.campaign,
            number=batch.number,
            state=batch.state.value,
            reason=batch.reason,
            objects=batch.objects,
            members_uri=batch.members_uri,
            created_at=batch.created_at,
        )
        try:
            with lost_if_refused():
                item.save(condition=is_new(self._items))
        except Lost:
            return False
        return True

    def close(
        self, batch: Batch, *, objects: int, manifest_uri: str, now: datetime, labeled_manifest_uri: str | None = None
    ) -> None:
        """The manifest is written. Nothing changes where another handler closed it first."""
        state = follow(batch.state, BatchEvent.FILLED).state
        self._update(
            batch,
            [
                BatchItem.state.set(state.value),
                BatchItem.objects.set(objects),
                BatchItem.manifest_uri.set(manifest_uri),
                BatchItem.closed_at.set(now),
                *([BatchItem.labeled_manifest_uri.set(labeled_manifest_uri)] if labeled_manifest_uri else []),
            ],
        )

    def done(self, batch: Batch, *, unlabeled: int) -> None:
        """Nothing more of it is sent to people."""
        state = follow(batch.state, BatchEvent.DONE).state
        self._update(batch, [BatchItem.state.set(state.value), BatchItem.unlabeled.set(unlabeled)])

    def grant_follow_up(self, batch: Batch) -> None:
        """One more try on top of the spec's; its owner asked for it."""
        item = self._items(campaign=batch.campaign, number=batch.number)
        granted = BatchItem.extra_follow_ups
        # Closes: one request to resume, sent twice at the same time, grants two tries.
        with suppress(Lost), lost_if_refused():
            item.update(actions=[granted.set(batch.extra_follow_ups + 1)], condition=granted == batch.extra_follow_ups)

    def leave_out(self, batch: Batch) -> None:
        """Its owner goes on without what has no label; safe to say twice."""
        self._update(batch, [BatchItem.leaves_out.set(True)])

    def review_chosen(self, batch: Batch, *, objects: int, manifest_uri: str) -> None:
        """Which of its labels get a second look, once.

        Closes: two handlers choose at the same time; the job is asked about the manifest that is written down here.
        """
        item = self._items(campaign=batch.campaign, number=batch.number)
        with suppress(Lost), lost_if_refused():
            item.update(
                actions=[BatchItem.review_objects.set(objects), BatchItem.review_manifest_uri.set(manifest_uri)],
                condition=BatchItem.review_objects.does_not_exist() & batch_in(batch.state),
            )

    def _update(self, batch: Batch, actions: list) -> None:  # type: ignore[type-arg]
        item = self._items(campaign=batch.campaign, number=batch.number)
        with suppress(Lost), lost_if_refused():
            item.update(actions=actions, condition=batch_in(batch.state))


def _batch(item: BatchItem) -> Batch:
    return Batch(
        campaign=item.campaign,
        number=item.number,
        state=BatchState(item.state),
        reason=item.reason,
        objects=item.objects,
        members_uri=item.members_uri,
        manifest_uri=item.manifest_uri,
        created_at=item.created_at,
        closed_at=item.closed_at,
        unlabeled=item.unlabeled,
        extra_follow_ups=item.extra_follow_ups,
        leaves_out=item.leaves_out,
        labeled_manifest_uri=item.labeled_manifest_uri,
        review_objects=item.review_objects,
        review_manifest_uri=item.review_manifest_uri,
    )
