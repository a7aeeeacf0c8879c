"""What people see of the work: their tasks, the jobs on offer, what they have answered."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from gt_engine.workforce.index import JobOffer
from gt_engine.workforce.offers import Status
from gt_service.objects import S3Uri
from gt_service.regions import TaskType


@dataclass(frozen=True)
class Task:
    """One object at one worker, with what its page needs. `draft` work is asked for by itself; `comment`: why the
    worker's answer came back."""

    task_id: str
    job: str
    object_id: str
    source: S3Uri | str
    template: S3Uri
    task_type: TaskType
    labels: tuple[str, ...]
    manifest_line: Mapping[str, Any]
    title: str
    time_limit_seconds: int
    status: Status
    accepted_at: datetime | None = None
    expires_at: datetime | None = None
    image_size: tuple[int, int, int] | None = None
    proposal: Mapping[str, Any] | None = None
    comment: str = ""


@dataclass(frozen=True)
class OfferedJob:
    """A job in a worker's list. `tasks_left` is for this worker, now; `open_task` one that was begun; `returned`: those
    of them whose answer came back with a comment."""

    offer: JobOffer
    tasks_left: int
    open_task: str | None
    returned: int


@dataclass(frozen=True)
class Answered:
    """An answer of one's own. `can_undo`: no label was made of it yet."""

    task_id: str
    job: str
    title: str
    submitted_at: datetime
    active_seconds: float
    can_undo: bool


@dataclass(frozen=True)
class Day:
    """A worker's day (UTC)."""

    done: int
    active_seconds: float
