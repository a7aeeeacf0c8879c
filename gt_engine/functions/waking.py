"""What makes a job's next step happen: a message for now, a timer for later.

The queue is FIFO and a job's messages are one group: SQS hands out the next one only when the last was dealt with, so a
job has one step at a time, and no lease of our own is needed.
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from botocore.exceptions import BotoCoreError, ClientError

from gt_engine.aws import error_code

if TYPE_CHECKING:
    from mypy_boto3_scheduler import EventBridgeSchedulerClient
    from mypy_boto3_sqs import SQSClient

TOGETHER_SECONDS = 1
"""Wakings of a job within a second are one message. The queue holds each back for longer than that (`DelaySeconds`, 2),
so that whoever takes it sees what all of them tell of, even where two copies' clocks differ by a second."""
HELD_SECONDS = 120
"""A message whose function died is handed out again after so long."""
STILL_HERE_SECONDS = 40.0
SOONEST = timedelta(seconds=5)
"""A timer in the past would never ring."""


@dataclass(frozen=True)
class Waker:
    """Messages that say: this job has work."""

    sqs: SQSClient
    queue_url: str
    now: Callable[[], float] = time.time

    def wake(self, job: str) -> None:
        """The job was created, or asked to stop, or its people have done something."""
        self._send(job, f"{_name(job)}-{int(self.now()) // TOGETHER_SECONDS}")

    def again(self, job: str) -> None:
        """The job has more to do than fits into one invocation."""
        self._send(job, uuid4().hex)

    def _send(self, job: str, once: str) -> None:
        self.sqs.send_message(
            QueueUrl=self.queue_url,
            MessageBody=json.dumps({"job": job}),
            MessageGroupId=_name(job),
            MessageDeduplicationId=once,
        )

    @contextmanager
    def holding(self, receipt: str) -> Iterator[None]:
        """Says that a message is being worked on for as long as that is true, and no longer: after a function's death
        the job waits for two minutes, not for the function's longest time."""
        done = threading.Event()
        self._hold(receipt)

        def hold() -> None:
            while not done.wait(STILL_HERE_SECONDS):
                self._hold(receipt)

        thread = threading.Thread(target=hold, name="holding", daemon=True)
        thread.start()
        try:
            yield
        finally:
            done.set()
            thread.join()

    def _hold(self, receipt: str) -> None:
        try:
            self.sqs.change_message_visibility(
                QueueUrl=self.queue_url, ReceiptHandle=receipt, VisibilityTimeout=HELD_SECONDS
            )
        except (BotoCoreError, ClientError):
            # The step goes on: where another takes the job meanwhile, the version of its record tells the two apart.
            return


@dataclass(frozen=True)
class Timers:
    """One schedule of EventBridge per waiting job; a new one takes the place of the last. It rings within a minute.

    prefix: of their names; the rights to set one go by it.
    """

    scheduler: EventBridgeSchedulerClient
    prefix: str
    queue_arn: str
    role_arn: str
    now: Callable[[], datetime] = lambda: datetime.now(UTC)

    def set(self, job: str, at: datetime) -> None:
        """Wakes the job at a time; one that has passed is now."""
        moment = max(at, self.now() + SOONEST).astimezone(UTC).replace(microsecond=0)
        arguments: dict[str, Any] = {
            "Name": (self.prefix + sha256(_name(job).encode()).hexdigest())[:64],  # as long as a name may be
            "ScheduleExpression": f"at({moment:%Y-%m-%dT%H:%M:%S})",
            "FlexibleTimeWindow": {"Mode": "OFF"},
            "ActionAfterCompletion": "DELETE",
            "Target": {
                "Arn": self.queue_arn,
                "RoleArn": self.role_arn,
                # The time makes the message one of its own: the queue drops what it has seen five minutes ago.
                "Input": json.dumps({"job": job, "at": moment.isoformat()}),
                "SqsParameters": {"MessageGroupId": _name(job)},
            },
        }
        try:
            self.scheduler.create_schedule(**arguments)
        except ClientError as refused:
            if error_code(refused) != "ConflictException":
                raise
            self.scheduler.update_schedule(**arguments)


def _name(job: str) -> str:
    """Names of jobs differ without regard to case."""
    return job.lower()
