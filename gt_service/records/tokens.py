"""Who may call."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True)
class Token:
    """Who may call the HTTP API; of the bearer token itself only the digest is kept."""

    digest: str
    principal: str
    role: str
    expires_at: datetime
