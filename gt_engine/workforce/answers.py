"""One worker's answer to one object."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from gt_engine.labels import Label


@dataclass(frozen=True)
class Answer:
    """What one worker submitted for one object; both times are timezone-aware UTC."""

    worker_id: str
    label: Label
    accepted_at: datetime
    submitted_at: datetime
