"""One worker's answer to one object, and what became of each assignment."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from gt_engine.labels import Label


@dataclass(frozen=True)
class Answer:
    """What one worker submitted for one object; both times are timezone-aware UTC."""

    worker_id: str
    label: Label
    accepted_at: datetime
    submitted_at: datetime


class Outcome(StrEnum):
    """How an assignment ended."""

    SUBMITTED = "submitted"
    DECLINED = "declined"
    EXPIRED = "expired"


@dataclass(frozen=True)
class Assignment:
    """One task offered to one worker. `answer` is there only when it was submitted.

    A declined task goes to another worker. An expired one was accepted, never submitted within the task's time
    limit, and was then offered to another worker.
    """

    worker_id: str
    outcome: Outcome
    accepted_at: datetime
    ended_at: datetime
    answer: Answer | None = None
