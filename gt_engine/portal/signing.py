"""Addresses that work for one worker, one task and a while: what a task's frame loads brings no cookie."""

from __future__ import annotations

import hmac
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from hashlib import sha256
from urllib.parse import urlencode

from gt_service.errors import AccessDenied


@dataclass(frozen=True)
class Signer:
    """Signs and checks addresses with one key. The same key must be known to all that answer them."""

    key: bytes = field(repr=False)

    def address(self, path: str, worker_id: str, expires: datetime) -> str:
        """`path` with whom it is for, until when, and the signature."""
        until = str(int(expires.timestamp()))
        signature = self._signature(path, worker_id, until)
        return f"{path}?{urlencode({'worker': worker_id, 'until': until, 'signature': signature})}"

    def worker_of(self, path: str, query: Mapping[str, str], now: datetime) -> str:
        """Whom a signed address is for. Errors: `AccessDenied` for one that is forged, changed or too old."""
        worker_id, until = query.get("worker", ""), query.get("until", "")
        signature = self._signature(path, worker_id, until)
        if not hmac.compare_digest(signature.encode(), query.get("signature", "").encode()):
            raise AccessDenied("this address is not one that the portal gave out")
        if now >= datetime.fromtimestamp(int(until), now.tzinfo) + timedelta(seconds=1):
            raise AccessDenied("this address is too old", remedy="Load the page anew.")
        return worker_id

    def seal(self, text: str, expires: datetime) -> str:
        """Words that a browser may keep for the portal and cannot change. They are not secret to it."""
        until = str(int(expires.timestamp()))
        body = urlsafe_b64encode(text.encode()).decode()
        return f"{body}.{until}.{self._signature('seal', body, until)}"

    def open(self, sealed: str, now: datetime) -> str:
        """What was sealed. Errors: `AccessDenied` for what is forged, changed or too old."""
        body, _, rest = sealed.partition(".")
        until, _, signature = rest.partition(".")
        if not hmac.compare_digest(self._signature("seal", body, until).encode(), signature.encode()):
            raise AccessDenied("this is not what the portal sealed")
        if now.timestamp() > int(until):
            raise AccessDenied("this is too old")
        return urlsafe_b64decode(body).decode()

    def _signature(self, *parts: str) -> str:
        return hmac.new(self.key, "\n".join(parts).encode(), sha256).hexdigest()
