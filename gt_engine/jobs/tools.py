"""What the steps of a job work with, and what comes of one."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from enum import StrEnum

from gt_engine.autolabel import FeatureStore
from gt_engine.aws import CloudWatchLogs, EngineObjects, SnsTopics, in_parallel
from gt_engine.jobs.chunks import Chunks, ChunksHere
from gt_engine.jobs.life_cycle import CONSOLIDATE_AT_ONCE
from gt_engine.jobs.machine import LearningMachine
from gt_engine.jobs.state import JobState
from gt_engine.outputs.seal import Signer
from gt_engine.settings import Settings
from gt_engine.store import DynamoStore
from gt_engine.workforce.index import TaskStore
from gt_engine.workforce.members import MemberStore
from gt_engine.workforce.teams import TeamStore
from gt_service.objects import S3Uri

ONE_SECOND = timedelta(seconds=1)
JSON = "application/json"
TEXT = "text/plain"
LINES = "application/x-jsonlines"
ARCHIVE = "application/gzip"
BYTES = "application/octet-stream"


@dataclass(frozen=True, eq=False)
class Tools:
    """What steps work with. `objects` encrypts with the job's key where it has one; `people`: what people were offered;
    `teams`, `members` and `topics`: who they are, and where they are told;
    `now`: the clock that people live by; `compared`: jobs whose tables this process has held against their files;
    `figures_due`: when it writes a job's figures for its owner again;
    `chunks`: where what grows with the number of images is done; `signer`: of certificates, where the engine's own key
    does not sign them."""

    settings: Settings
    store: DynamoStore
    objects: EngineObjects
    logs: CloudWatchLogs
    features: FeatureStore
    machine: LearningMachine
    people: TaskStore
    teams: TeamStore
    members: MemberStore
    topics: SnsTopics
    now: Callable[[], datetime] = lambda: datetime.now(UTC)
    compared: set[str] = field(default_factory=set)
    figures_due: dict[str, datetime] = field(default_factory=dict)
    chunks: Chunks = field(default_factory=ChunksHere)
    signer: Signer | None = None


class Happening(StrEnum):
    """What a team is told of (gt_engine/jobs/notices.py)."""

    AVAILABLE = "work-available"
    EXPIRING = "work-expiring"


@dataclass(frozen=True)
class Notice:
    """until: when the offer ends that it speaks of."""

    happening: Happening
    until: datetime


@dataclass(frozen=True)
class Outcome:
    """What came of a step: the next state, what the job's log should say, and what its team is to be told."""

    state: JobState
    log: tuple[str, ...] = ()
    notice: Notice | None = None


def write_all(tools: Tools, files: Iterable[tuple[S3Uri, bytes, str]]) -> None:
    """Many files at a time. Errors: the first one's; the step is then done again."""
    for _ in in_parallel(lambda file: tools.objects.write(*file), files):
        pass


BETWEEN_LABELS = timedelta(microseconds=997)
"""From one label's creation date to the next one's: those of a consolidation file lie within a second."""


def created_at(time: datetime, place: int) -> datetime:
    """The creation date of a label: never that of another, and never a whole second, which is written differently."""
    return time + timedelta(microseconds=1) + place % CONSOLIDATE_AT_ONCE * BETWEEN_LABELS
