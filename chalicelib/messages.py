"""What the handlers of queues have in common."""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from aws_lambda_powertools.utilities.batch import BatchProcessor, EventType, process_partial_response
from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord
from chalice.app import SQSEvent

from chalicelib.observability import logger

_RESERVE_MILLISECONDS = 45_000
"""Left for the round of actions that has begun."""
_AFTERWARDS_MILLISECONDS = 5_000
"""Left for what a function does behind its messages."""


class OutOfTime(Exception):
    """A message took longer than its share of the function's time, or there was none left for it to begin."""


def partial_failures(
    event: SQSEvent, handle: Callable[[SQSRecord], None], *, seconds_each: float | None = None
) -> dict[str, Any]:
    """Handles each message by itself; what SQS is to send again is what failed.

    seconds_each: how long a message may take; then it fails alone. Where the function would run out of time, it ends
    before: killed, it would take along what came with the slow message, again and again.
    """

    def timed(record: SQSRecord) -> None:
        if seconds_each is None:
            return handle(record)
        if not time_left(event.context, int(1000 * seconds_each) + _AFTERWARDS_MILLISECONDS)():
            raise OutOfTime("those before it took too long")
        with time_limit(seconds_each):
            return handle(record)

    def logged(record: SQSRecord) -> None:
        try:
            timed(record)
        except Exception:
            logger.exception("message failed; SQS sends it again", extra={"message_id": record.message_id})
            raise

    processor = BatchProcessor(event_type=EventType.SQS, raise_on_entire_batch_failure=False)
    return dict(process_partial_response(event.to_dict(), logged, processor))


@contextmanager
def time_limit(seconds: float) -> Iterator[None]:
    """Raises `OutOfTime` in what takes longer. By the process's alarm clock, which rings in its main thread alone;
    functions are called there."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def stop(*_: object) -> None:
        raise OutOfTime(f"it took more than {seconds} seconds")

    former, begun = signal.signal(signal.SIGALRM, stop), time.monotonic()
    left, _ = signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        # Whose clock it was goes on waiting, for what is left of its time.
        signal.setitimer(signal.ITIMER_REAL, max(left - (time.monotonic() - begun), 0.001) if left else 0)
        signal.signal(signal.SIGALRM, former)


def time_left(context: Any, reserve: int | None = None) -> Callable[[], bool]:
    """Whether the function has time for another round of work. reserve: milliseconds that a round may take."""
    needed = _RESERVE_MILLISECONDS if reserve is None else reserve
    return lambda: bool(context.get_remaining_time_in_millis() > needed)
