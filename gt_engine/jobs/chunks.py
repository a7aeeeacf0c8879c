"""What grows with the number of images goes in chunks: so many objects of a job, looked at together.

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

from gt_engine.aws import Objects, error_code
from gt_engine.jobs.context import JobContext
from gt_engine.jobs.life_cycle import PREPARE_AT_ONCE
from gt_service.errors import NotFound

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


class Chunks(Protocol):
    """Where the chunks of a job are worked on."""

    def result(self, job: JobContext, first: int, objects: int, do: Callable[[], bytes]) -> bytes:
        """What came of the chunk that begins at place `first`; `objects` are in the job, `do` works on this chunk here.

        Errors: `NotYet`; those of `do`.
        """
        ...


@dataclass(frozen=True)
class ChunksHere:
    """One after the other, in the step that asks."""

    def result(self, job: JobContext, first: int, objects: int, do: Callable[[], bytes]) -> bytes:
        return do()


@dataclass(frozen=True)
class MappedChunks:
    """Many at a time. A chunk that the execution left undone is worked on here: it is here that a fault is told from
    AWS's troubles, and waited out or laid at somebody's door.

    at_least: jobs with fewer objects are not worth the start of functions.
    """

    machine: SFNClient
    arn: str
    objects: Objects
    at_least: int
    now: Callable[[], datetime] = lambda: datetime.now(UTC)

    def result(self, job: JobContext, first: int, objects: int, do: Callable[[], bytes]) -> bytes:
        if objects < self.at_least:
            return do()
        found = self._found(job, first)
        if found is None:
            if self._runs(job, first, objects):
                raise NotYet(self.now() + LOOK_AGAIN)
            found = self._found(job, first)
        if found is None:
            log.warning("a chunk was left undone", extra={"job": job.record.name, "first": first})
            return do()
        return found

    def _found(self, job: JobContext, first: int) -> bytes | None:
        try:
            result = self.objects.read(job.tree.looked(first))
            json.loads(result)
        except (NotFound, ValueError):
            return None
        return result

    def _runs(self, job: JobContext, first: int, objects: int) -> bool:
        """Whether the execution of all chunks from this one on runs; begins it where there was none."""
        name = _execution_name(job, first)
        begun = {"job": job.record.name, "firsts": list(range(first, objects, PREPARE_AT_ONCE))}
        try:
            self.machine.start_execution(stateMachineArn=self.arn, name=name, input=json.dumps(begun))
        except ClientError as refused:
            # Closes: a step begins it, dies before its end, and is done again. That it is there is what was wanted.
            if error_code(refused) != "ExecutionAlreadyExists":
                raise
        execution = f"{self.arn.replace(':stateMachine:', ':execution:')}:{name}"
        return self.machine.describe_execution(executionArn=execution)["status"] == "RUNNING"


def _execution_name(job: JobContext, first: int) -> str:
    """The same for the same work, of this job and no other: a name may be taken again when a table is lost."""
    created = job.record.created_at.isoformat()
    return f"{sha256(f'{job.record.arn} {created}'.encode()).hexdigest()[:40]}-{first:09}"
