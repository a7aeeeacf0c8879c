"""What the handlers of queues have in common."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from aws_lambda_powertools.utilities.batch import BatchProcessor, EventType, process_partial_response
from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord
from chalice.app import SQSEvent

from chalicelib.observability import logger

_RESERVE_MILLISECONDS = 45_000
"""Left for the round of actions that has begun."""


def partial_failures(event: SQSEvent, handle: Callable[[SQSRecord], None]) -> dict[str, Any]:
    """Handles each message by itself; what SQS is to send again is what failed."""

    def logged(record: SQSRecord) -> None:
        try:
            handle(record)
        except Exception:
            logger.exception("message failed; SQS sends it again", extra={"message_id": record.message_id})
            raise

    processor = BatchProcessor(event_type=EventType.SQS, raise_on_entire_batch_failure=False)
    return dict(process_partial_response(event.to_dict(), logged, processor))


def time_left(context: Any) -> Callable[[], bool]:
    """Whether the function has time for another round of work."""
    return lambda: bool(context.get_remaining_time_in_millis() > _RESERVE_MILLISECONDS)
