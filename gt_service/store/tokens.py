"""Bearer tokens of the HTTP API. Only digests are stored, so the table is no use to whoever reads it."""

from __future__ import annotations

import hashlib
import hmac
from datetime import UTC, datetime

from gt_service.records import Token
from gt_service.store.models import Tables


class Tokens:
    def __init__(self, tables: Tables) -> None:
        self._items = tables.tokens

    def find(self, bearer: str, now: datetime) -> Token | None:
        """The token's record; None where it is unknown or has expired."""
        wanted = digest(bearer)
        try:
            item = self._items.get(wanted)
        except self._items.DoesNotExist:
            return None
        token = Token(item.digest, item.principal, item.role, datetime.fromtimestamp(item.expires, UTC))
        # The table's time to live removes late, so the time is looked at here.
        return token if hmac.compare_digest(token.digest, wanted) and now < token.expires_at else None

    def add(self, token: Token) -> None:
        self._items(
            digest=token.digest,
            principal=token.principal,
            role=token.role,
            expires=int(token.expires_at.timestamp()),
        ).save()


def digest(bearer: str) -> str:
    return hashlib.sha256(bearer.encode()).hexdigest()
