"""How a receiver knows that a webhook is ours and fresh: HMAC-SHA256 over the time and the body.

Headers: `Gt-Service-Timestamp: 1767225600`, `Gt-Service-Signature: v1=<hex>`, `Gt-Service-Notification: <id>`. The
signed bytes are the timestamp, a dot and the body. `verify` is what a receiver does, to be copied and to be tested.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping

SIGNATURE_HEADER = "Gt-Service-Signature"
TIMESTAMP_HEADER = "Gt-Service-Timestamp"
NOTIFICATION_HEADER = "Gt-Service-Notification"
VERSION = "v1"
FRESH_SECONDS = 300


def sign(body: bytes, *, key: str, timestamp: int) -> str:
    """The value of the signature header; `timestamp` in seconds since the epoch."""
    signed = hmac.new(key.encode(), f"{timestamp}.".encode() + body, hashlib.sha256)
    return f"{VERSION}={signed.hexdigest()}"


def headers(body: bytes, *, key: str, timestamp: int, notification_id: str) -> dict[str, str]:
    """The headers of a signed delivery. The id is the same in each try: a receiver that knows it has it already."""
    return {
        "Content-Type": "application/json",
        TIMESTAMP_HEADER: str(timestamp),
        SIGNATURE_HEADER: sign(body, key=key, timestamp=timestamp),
        NOTIFICATION_HEADER: notification_id,
    }


def verify(body: bytes, given: Mapping[str, str], *, key: str, now: int) -> bool:
    """Whether `body` was signed with `key` no longer than five minutes ago. Compares in constant time."""
    timestamp = given.get(TIMESTAMP_HEADER, "")
    if not timestamp.isdecimal() or abs(now - int(timestamp)) > FRESH_SECONDS:
        return False
    return hmac.compare_digest(sign(body, key=key, timestamp=int(timestamp)), given.get(SIGNATURE_HEADER, ""))
