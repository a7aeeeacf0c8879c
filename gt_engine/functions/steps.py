"""A job's steps, from the queue: as many as fit into a minute, then another message.

The engine is loaded when the message is held: until then whoever dies keeps the job waiting for as long as Lambda wants
its queue to wait, sixteen minutes.
"""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from gt_engine.functions.setup import setup, waker
from gt_engine.functions.waking import Timers, Waker
from gt_engine.jobs.faults import Fault
from gt_engine.jobs.schedule import Schedule, StepReport

SLICE_SECONDS = 60.0
"""A step that would begin later begins in an invocation of its own, with all of its time."""
TROUBLE_PAUSE = timedelta(minutes=5)
"""Where AWS is still in trouble after a slice: nobody pays for a function that sleeps."""
MOST_DEATHS = 4
"""A message that is handed out so often and never dealt with: its step is more than a function can do."""
RESERVE_SECONDS = 30.0

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Hands:
    """What a slice of a job's work needs of the world. `left`: seconds until Lambda ends the invocation."""

    step: Callable[[str], StepReport]
    fail: Callable[[str, str], StepReport]
    waker: Waker
    timers: Timers
    left: Callable[[], float]
    clock: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep
    now: Callable[[], datetime] = lambda: datetime.now(UTC)


def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """One message of the queue, `{"job": name}`; or the end of an execution that worked on a job's chunks, told by
    EventBridge, which wakes the job: to be told twice, or not at all, changes nothing."""
    if event.get("source") == "aws.states":
        waker().wake(json.loads(event["detail"]["input"])["job"])
        return {}
    failures = []
    for record in event["Records"]:
        # Held before anything may fail.
        with waker().holding(record["receiptHandle"]):
            job, times = json.loads(record["body"])["job"], int(record["attributes"]["ApproximateReceiveCount"])
            if not take(job, _hands(context), times=times):
                failures.append({"itemIdentifier": record["messageId"]})
    return {"batchItemFailures": failures}


def _hands(context: Any) -> Hands:
    from gt_engine.jobs import worker  # 1.4 s, and most of what can go wrong before a function has begun

    own = setup()
    return Hands(
        step=lambda name: worker.run_step(own.settings, name),
        fail=lambda name, reason: worker.fail_job(own.settings, name, reason),
        waker=own.waker,
        timers=own.timers,
        left=lambda: context.get_remaining_time_in_millis() / 1000,
    )


def take(job: str, hands: Hands, *, times: int = 1) -> bool:
    """Works on a job for a slice of time; whether its message is dealt with: what is left of the job has another
    message or a timer. times: how often this message was handed out.

    A step that failed is tried again here, as in the engine's own processes: `Schedule` says when, and when no more.
    """
    if times > MOST_DEATHS:
        return _failed(job, f"the function died in it {times - 1} times", hands)
    schedule, began = Schedule(1), hands.clock()
    schedule.wake(job)
    in_trouble = None
    while True:
        now = hands.clock()
        turn = schedule.next(now)
        if turn is None:
            pause = schedule.next_change()
            if pause is None:
                return True
            if in_trouble is Fault.PASSING and pause - began > SLICE_SECONDS:
                return _set_timer(job, hands.now() + TROUBLE_PAUSE, hands)
            if pause - now > hands.left() - RESERVE_SECONDS:
                return False
            hands.sleep(pause - now)
            continue
        if in_trouble is None and now - began > SLICE_SECONDS:
            return _insisted(lambda: hands.waker.again(job), hands)
        report = hands.fail(job, turn.doomed) if turn.doomed else hands.step(job)
        if report.wait_seconds is not None:
            return _set_timer(job, hands.now() + timedelta(seconds=report.wait_seconds), hands)
        in_trouble = report.fault if report.trouble is not None else None
        schedule.ended(report, hands.clock())


def _failed(job: str, reason: str, hands: Hands) -> bool:
    report = hands.fail(job, f"InternalServerError: the labeling engine failed: {reason}")
    # Its end is told in a step of its own.
    return report.trouble is None and _insisted(lambda: hands.waker.again(job), hands)


def _set_timer(job: str, at: datetime, hands: Hands) -> bool:
    return _insisted(lambda: hands.timers.set(job, at), hands)


def _insisted(call: Callable[[], None], hands: Hands) -> bool:
    """Calls until it works, for as long as there is: else the message counts as one that a function died of."""
    pause = 1.0
    while True:
        try:
            call()
        except (BotoCoreError, ClientError):
            log.exception("a job's next step could not be arranged")
            if hands.left() < RESERVE_SECONDS + pause:
                return False
            hands.sleep(pause)
            pause = min(2 * pause, 60.0)
        else:
            return True
