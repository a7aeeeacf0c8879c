"""What grows with the number of images goes in chunks: so many objects of a job, and one verb.

A chunk is work without a choice: done anywhere, by anybody, once or twice, it leaves the same bytes. So there are two
ways behind one port, and nobody else knows which: here, one after the other; or many at a time, each in a function,
by a Distributed Map of Step Functions.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import TYPE_CHECKING, Protocol

from botocore.exceptions import ClientError

from gt_engine.aws import EngineObjects, error_code
from gt_engine.jobs.context import JobContext
from gt_service.errors import NotFound
from gt_service.objects import S3Uri

if TYPE_CHECKING:
    from mypy_boto3_stepfunctions import SFNClient

LOOK_AGAIN = timedelta(minutes=5)
"""The end of an execution wakes the job; should that event be lost, the job looks for itself."""

log = logging.getLogger(__name__)


class NotYet(Exception):
    """No fault: the work is going on elsewhere, and there is nothing to do here before `until`."""

    def __init__(self, until: datetime) -> None:
        super().__init__("chunks are being worked on")
        self.until = until


@dataclass(frozen=True)
class Chunk:
    """Up to `size` of `objects` objects, from place `first` on.

    verb     what is done with them (`gt_engine/jobs/steps`)
    result   where what came of it lies, as JSON, for whoever asks again
    """

    verb: str
    first: int
    size: int
    objects: int
    result: S3Uri


class Chunks(Protocol):
    """Where the chunks of a job are worked on."""

    def are_elsewhere(self, objects: int) -> bool:
        """Whether the chunks of so many objects are worked on by others than the step that asks."""
        ...

    def result(self, job: JobContext, chunk: Chunk, do: Callable[[], bytes]) -> bytes:
        """What came of a chunk; `do` works on it here.

        Errors: `NotYet`; those of `do`.
        """
        ...


@dataclass(frozen=True)
class ChunksHere:
    """One after the other, in the step that asks."""

    def are_elsewhere(self, objects: int) -> bool:
        return False

    def result(self, job: JobContext, chunk: Chunk, do: Callable[[], bytes]) -> bytes:
        return do()


@dataclass(frozen=True)
class MappedChunks:
    """Many at a time. A chunk that the execution left undone is worked on here: it is here that a fault is told from
    AWS's troubles, and waited out or laid at somebody's door.

    at_least: jobs with fewer objects are not worth the start of functions.
    """

    machine: SFNClient
    arn: str
    objects: EngineObjects
    at_least: int
    now: Callable[[], datetime] = lambda: datetime.now(UTC)

    def are_elsewhere(self, objects: int) -> bool:
        return objects >= self.at_least

    def result(self, job: JobContext, chunk: Chunk, do: Callable[[], bytes]) -> bytes:
        if not self.are_elsewhere(chunk.objects):
            return do()
        result = self._read(chunk)
        if result is None:
            if self._runs(job, chunk):
                raise NotYet(self.now() + LOOK_AGAIN)
            result = self._read(chunk)
        if result is None:
            log.warning(
                "a chunk was left undone", extra={"job": job.record.name, "chunk": chunk.verb, "at": chunk.first}
            )
            result = do()
            self.objects.write(chunk.result, result, "application/json")  # for a step that has to wait for the next one
        return result

    def _read(self, chunk: Chunk) -> bytes | None:
        try:
            result = self.objects.read(chunk.result)
            json.loads(result)
        except (NotFound, ValueError):
            return None
        return result

    def _runs(self, job: JobContext, chunk: Chunk) -> bool:
        """Whether the execution of all chunks from this one on runs; begins it where there was none."""
        name = _execution_name(job, chunk)
        firsts = list(range(chunk.first, chunk.objects, chunk.size))
        begun = {"job": job.record.name, "verb": chunk.verb, "firsts": firsts}
        try:
            self.machine.start_execution(stateMachineArn=self.arn, name=name, input=json.dumps(begun))
        except ClientError as refused:
            # Closes: a step begins it, dies before its end, and is done again. That it is there is what was wanted.
            if error_code(refused) != "ExecutionAlreadyExists":
                raise
        execution = f"{self.arn.replace(':stateMachine:', ':execution:')}:{name}"
        return self.machine.describe_execution(executionArn=execution)["status"] == "RUNNING"


def _execution_name(job: JobContext, chunk: Chunk) -> str:
    """The same for the same work, of this job and no other: a name may be taken again when a table is lost."""
    work = f"{job.record.arn} {job.record.created_at.isoformat()} {chunk.verb}"
    return f"{sha256(work.encode()).hexdigest()[:40]}-{chunk.first:09}"
