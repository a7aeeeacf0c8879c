"""AWS on a bad day, as the engine's steps see it: every call takes time, and the hour decides whether it works."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

from botocore.exceptions import ClientError

from gt_engine.aws import CloudWatchLogs
from gt_engine.jobs.faults import fault_of
from gt_engine.jobs.schedule import Schedule, StepReport
from gt_engine.jobs.stepping import fail
from gt_engine.jobs.steps import Tools
from gt_engine.jobs.worker import attempt
from tests.engine import Killed, MemoryEngineObjects, MemoryEvents, MemoryStore, memory_tools

SECONDS_A_CALL = 0.02
A_DAY = 86_400.0


def says(code: str, status: int) -> Callable[[str], Exception]:
    """AWS's answer to an operation."""
    answer = {"Error": {"Code": code, "Message": "said so"}, "ResponseMetadata": {"HTTPStatusCode": status}}
    return lambda operation: ClientError(cast("Any", answer), operation)


@dataclass(frozen=True)
class Trouble:
    """From `start` on, for `seconds`, calls to `services` fail: every one, or a share of them at random."""

    start: float
    seconds: float
    error: Callable[[str], Exception]
    services: frozenset[str] = frozenset({"s3", "dynamodb", "logs", "events"})
    share: float = 1.0


@dataclass
class Sky:
    """The time, and what goes wrong when. `kill_at`: the call that the process does not survive."""

    troubles: Sequence[Trouble] = ()
    now: float = 0.0
    calls: int = 0
    refused: int = 0
    kill_at: int | None = None
    chance: random.Random = field(default_factory=lambda: random.Random(7))

    def before(self, service: str, operation: str) -> None:
        self.calls += 1
        self.now += SECONDS_A_CALL
        if self.calls == self.kill_at:
            raise Killed
        for trouble in self.troubles:
            now = service in trouble.services and trouble.start <= self.now < trouble.start + trouble.seconds
            if now and self.chance.random() < trouble.share:
                self.refused += 1
                raise trouble.error(operation)


_OPERATIONS = {
    "list": "ListObjectsV2",
    "heads": "ListObjectsV2",
    "read": "GetObject",
    "lines": "GetObject",
    "head": "HeadObject",
    "write": "PutObject",
    "write_stream": "UploadPart",
    "delete": "DeleteObject",
    "delete_all": "DeleteObject",
    "create_job": "PutItem",
    "put_model": "PutItem",
    "job": "GetItem",
    "model": "GetItem",
    "jobs": "Scan",
}


class Under:
    """Something of AWS's, under a sky."""

    def __init__(self, sky: Sky, service: str, inner: Any) -> None:
        self._sky, self._service, self._inner = sky, service, inner

    def __getattr__(self, name: str) -> Any:
        member = getattr(self._inner, name)
        if not callable(member):
            return member

        def call(*arguments: Any, **options: Any) -> Any:
            self._sky.before(self._service, _OPERATIONS.get(name, "UpdateItem"))
            return member(*arguments, **options)

        return call


class LogsClient:
    """boto3's client of CloudWatch Logs, which remembers what it was told."""

    def __init__(self) -> None:
        errors = {"ResourceNotFoundException": KeyError, "ResourceAlreadyExistsException": FileExistsError}
        self.exceptions = SimpleNamespace(**errors)
        self.lines: list[str] = []

    def create_log_group(self, **_: Any) -> None: ...

    def create_log_stream(self, **_: Any) -> None: ...

    def delete_log_stream(self, **_: Any) -> None: ...

    def put_log_events(self, *, logEvents: Iterable[dict[str, Any]], **_: Any) -> None:  # noqa: N803 - boto3's name
        self.lines += [event["message"] for event in logEvents]


class Engine:
    """An engine in memory under a sky: its schedule, its steps, and nothing that a real one does not do."""

    def __init__(self, directory: Path, inputs: dict[str, bytes], sky: Sky) -> None:
        self.sky = sky
        self.objects, self.store, self.events = MemoryEngineObjects(inputs), MemoryStore(), MemoryEvents()
        self.tools: Tools = replace(
            memory_tools(directory, inputs),
            objects=Under(sky, "s3", self.objects),
            store=Under(sky, "dynamodb", self.store),
            logs=CloudWatchLogs(cast("Any", Under(sky, "logs", LogsClient()))),
        )

    def run(self, jobs: Iterable[str]) -> None:
        """Until there is nothing left to do. Killed, it starts again, as an operator's supervisor would see to."""
        while True:
            try:
                return self._run(jobs)
            except Killed:
                self.sky.kill_at = None

    def _run(self, jobs: Iterable[str]) -> None:
        schedule = Schedule(2)
        for job in jobs:
            schedule.wake(job)
        for report in self._reports(schedule):
            schedule.ended(report, self.sky.now)
        assert schedule.next(A_DAY * 7) is None

    def _reports(self, schedule: Schedule) -> Iterator[StepReport]:
        while self.sky.now < A_DAY:
            turn = schedule.next(self.sky.now)
            if turn is not None:
                yield self._fail(turn.job, turn.doomed) if turn.doomed else attempt(turn.job, self._open)
                continue
            change = schedule.next_change()
            if change is None:
                return
            self.sky.now = max(self.sky.now, change)
        raise AssertionError("a job was still at work after a day")

    def _open(self) -> Any:
        self.tools.store.jobs()  # as a real engine's worker asks the table before anything else
        return self.tools, Under(self.sky, "events", self.events)

    def _fail(self, job: str, reason: str) -> StepReport:
        try:
            fail(job, reason, self.tools)
        except Exception as trouble:  # noqa: BLE001 - reported
            return StepReport(job, has_more=True, trouble=str(trouble), fault=fault_of(trouble))
        return StepReport(job, has_more=True)
