"""Answers to requests that came with an Idempotency-Key, so that the same request again gets the same answer."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from pynamodb.attributes import UnicodeAttribute
from pynamodb.models import Model

from gt_service.errors import Conflict, InvalidInput
from gt_service.store.models import IntegerAttribute, bound
from gt_service.store.writing import is_new, saved

KEPT = timedelta(days=1)
LEASE = timedelta(minutes=1)
"""How long one request may take; longer than API Gateway waits. After that, one that died stands in nobody's way."""


class RequestItem(Model):
    """status, body: of the answer, once there is one. expires: seconds since 1970, the table's time to live."""

    id = UnicodeAttribute(hash_key=True)
    fingerprint = UnicodeAttribute()
    status = IntegerAttribute(null=True)
    body = UnicodeAttribute(null=True)
    expires = IntegerAttribute()


@dataclass(frozen=True)
class KeptAnswer:
    status: int
    body: str


class Requests:
    """The table of requests that must not be done twice. name: who asks and their key, as one text."""

    def __init__(self, table_name: str, region: str) -> None:
        self._items = bound(RequestItem, table_name, region)

    def begin(self, name: str, fingerprint: str, now: datetime) -> KeptAnswer | None:
        """None: do it, then `end` or `forget` it. Otherwise what was answered before.

        Errors: `Conflict` while the first is being answered; `InvalidInput` where the key was another request's.
        """
        item = self._items(id=name, fingerprint=fingerprint, expires=_seconds(now + LEASE))
        # Closes: the same request, sent twice at the same time, is done twice. What has expired is as good as gone:
        # the table's time to live removes late.
        unknown = is_new(self._items) | (RequestItem.expires <= _seconds(now))
        return None if saved(item, unknown) else self._answered(name, fingerprint)

    def _answered(self, name: str, fingerprint: str) -> KeptAnswer:
        item = self._items.get(name, consistent_read=True)
        if item.fingerprint != fingerprint:
            raise InvalidInput(
                "this key was sent with another request",
                remedy="Send a new key with each new request.",
                field="Idempotency-Key",
            )
        if item.status is None or item.body is None:
            raise Conflict("this request is being answered already", remedy="Ask again in a few seconds.")
        return KeptAnswer(item.status, item.body)

    def end(self, name: str, fingerprint: str, answer: KeptAnswer, now: datetime) -> None:
        expires = _seconds(now + KEPT)
        self._items(id=name, fingerprint=fingerprint, status=answer.status, body=answer.body, expires=expires).save()

    def forget(self, name: str, fingerprint: str) -> None:
        """It failed for no fault of the caller's, and may be tried again."""
        self._items(id=name, fingerprint=fingerprint, expires=0).save()


def _seconds(moment: datetime) -> int:
    return int(moment.timestamp())
