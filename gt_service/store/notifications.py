"""Notifications: one item per transition, which is both the lock that lets it be told once and the delivery log."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

from pynamodb.attributes import UnicodeAttribute, UnicodeSetAttribute, UTCDateTimeAttribute
from pynamodb.expressions.condition import Condition
from pynamodb.indexes import AllProjection, LocalSecondaryIndex
from pynamodb.models import Model

from gt_service.notifications.due import TRIES, Delivery, Notification
from gt_service.store.models import IntegerAttribute, bound, item_of
from gt_service.store.writing import is_new, saved, updated

KEPT = timedelta(days=90)
LEASE = timedelta(minutes=2)
"""How long one try may take; after that a handler that died no longer stands in the way of the next."""
LOST_AFTER = timedelta(minutes=15)
"""A notification that still waits for its first try by then was never sent to the queue, or the queue lost it."""
STUCK_AFTER = timedelta(hours=3)
"""The same for one that was tried before: longer than the longest wait between two tries."""
MAX_ERROR_CHARACTERS = 500


class ByTime(LocalSecondaryIndex["NotificationItem"]):  # type: ignore[no-untyped-call]
    """A campaign's delivery log, the newest first."""

    class Meta:
        index_name = "by_time"
        projection = AllProjection()

    campaign = UnicodeAttribute(hash_key=True)
    at = UnicodeAttribute(range_key=True)


class NotificationItem(Model):
    """queued_at: when it was last put into the queue or taken from it. until: when the present try must have ended.
    expires: seconds since 1970, the table's time to live.
    """

    campaign = UnicodeAttribute(hash_key=True)
    id = UnicodeAttribute(range_key=True)
    at = UnicodeAttribute()
    body = UnicodeAttribute()
    subject = UnicodeAttribute()
    state = UnicodeAttribute()
    tries = IntegerAttribute(default=0)
    sent_to = UnicodeSetAttribute(null=True)
    error = UnicodeAttribute(null=True)
    queued_at = UTCDateTimeAttribute()
    until = UTCDateTimeAttribute(null=True)
    expires = IntegerAttribute()
    by_time = ByTime()


class Notifications:
    """The table of notifications, of which each id goes to each channel once."""

    def __init__(self, table_name: str, region: str) -> None:
        self._items = bound(NotificationItem, table_name, region)

    def told(self, campaign: str, since: datetime, now: datetime) -> frozenset[str]:
        """Ids of the notifications since then that need nothing more: those that are not lost on their way."""
        items = self._items.by_time.query(campaign, NotificationItem.at >= _sortable(since), consistent_read=True)
        return frozenset(item.id for item in items if not _is_lost(item, now))

    def begin(self, notification: Notification, now: datetime) -> bool:
        """Whether the caller is to put `notification` into the queue: it is new, or was lost on its way there."""
        known = item_of(self._items, notification.campaign, notification.id)
        item = known or self._new(notification, now)
        if known is None:
            # Closes: two handlers see the same transition for the first time, and both send it.
            condition = is_new(self._items)
        elif _is_lost(known, now):
            # Closes: two handlers find the same lost notification.
            condition = _as_read("queued_at", known.queued_at)
            item.queued_at = now
        else:
            return False
        return saved(item, condition)

    def claim(self, campaign: str, notification_id: str, now: datetime) -> Delivery | None:
        """Takes a notification for one try; None where it is sent already or somebody else is at it."""
        item = self._items(campaign=campaign, id=notification_id)
        free = NotificationItem.state.is_in("queued", "retrying", "failed") | (
            (NotificationItem.state == "sending") & (NotificationItem.until < now)
        )
        begun = [
            NotificationItem.state.set("sending"),
            NotificationItem.until.set(now + LEASE),
            NotificationItem.queued_at.set(now),
            NotificationItem.tries.add(1),
        ]
        # Closes: the queue delivers a message twice, and two handlers send it at the same time.
        return _delivery(item) if updated(item, *begun, condition=free) else None

    def sent(self, delivery: Delivery, channel: str) -> None:
        """Writes down that `channel` has it, at once: whatever fails later, this channel is left alone."""
        self._key(delivery).update(actions=[NotificationItem.sent_to.add({channel})])

    def close(self, delivery: Delivery, error: str | None) -> None:
        """Ends a try: done, or with what went wrong."""
        shown = NotificationItem.error.set(error[:MAX_ERROR_CHARACTERS]) if error else NotificationItem.error.remove()
        state = NotificationItem.state.set(_after(delivery.tries) if error else "sent")
        item, ended = self._key(delivery), [state, NotificationItem.until.remove(), shown]
        # Closes: a try that outlived its lease overwrites the result of the one that took over.
        updated(item, *ended, condition=_as_read("tries", delivery.tries))

    def latest(self, campaign: str, *, limit: int) -> tuple[Delivery, ...]:
        """The newest first."""
        items = self._items.by_time.query(campaign, scan_index_forward=False, limit=limit)
        return tuple(_delivery(item) for item in items)

    def _new(self, notification: Notification, now: datetime) -> NotificationItem:
        return self._items(
            campaign=notification.campaign,
            id=notification.id,
            at=_sortable(notification.at),
            body=json.dumps(notification.as_dict()),
            subject=notification.subject,
            state="queued",
            queued_at=now,
            expires=int((now + KEPT).timestamp()),
        )

    def _key(self, delivery: Delivery) -> NotificationItem:
        return self._items(campaign=delivery.notification.campaign, id=delivery.notification.id)


def _sortable(time: datetime) -> str:
    return time.astimezone(UTC).isoformat(timespec="milliseconds")


def _after(tries: int) -> str:
    return "retrying" if tries < TRIES else "failed"


def _is_lost(item: NotificationItem, now: datetime) -> bool:
    """Whether nobody will send it any more: neither the queue nor a handler has it."""
    if item.state in ("sent", "failed"):
        return False
    return now - item.queued_at > (LOST_AFTER if item.state == "queued" else STUCK_AFTER)


def _as_read(name: str, value: object) -> Condition:
    condition: Condition = NotificationItem.get_attributes()[name] == value
    return condition


def _delivery(item: NotificationItem) -> Delivery:
    return Delivery(
        notification=Notification.from_dict(json.loads(item.body)),
        state=item.state,
        tries=item.tries,
        sent_to=frozenset(item.sent_to or ()),
        error=item.error,
    )
