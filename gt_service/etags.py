"""ETags: the name of an answer's content, so that whoever has it already need not be sent it again."""

from __future__ import annotations

import hashlib
import json
from typing import Any


def etag(body: str) -> str:
    """A strong ETag."""
    return f'"{hashlib.sha256(body.encode()).hexdigest()[:32]}"'


def etag_of(answer: Any) -> str:
    """Of an answer in JSON."""
    return etag(json.dumps(answer, sort_keys=True))


def matches(if_none_match: str | None, tag: str) -> bool:
    """Whether an If-None-Match header names `tag` (weak or strong; gateways that compress weaken it)."""
    given = [etag.strip().removeprefix("W/") for etag in (if_none_match or "").split(",")]
    return "*" in given or tag in given
