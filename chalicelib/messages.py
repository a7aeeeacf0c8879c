"""What the handlers of queues have in common."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from aws_lambda_powertools.utilities.batch import BatchProcessor, EventType, process_partial_response
from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord
from chalice.app import SQSEvent

from chalicelib.observability import logger
from gt_service.time_limit import OutOfTime, time_limit

_RESERVE_MILLISECONDS = 45_000
"""Left for the round of actions that has begun."""
_AFTERWARDS_MILLISECONDS = 5_000
"""Left for what a function does behind its messages."""


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


def time_left(context: Any, reserve: int | None = None) -> Callable[[], bool]:
    """Whether the function has time for another round of work. reserve: milliseconds that a round may take."""
    needed = _RESERVE_MILLISECONDS if reserve is None else reserve
    return lambda: bool(context.get_remaining_time_in_millis() > needed)
