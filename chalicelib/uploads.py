"""Objects created in the inbox bucket, as S3 tells them through the uploads queue."""

from __future__ import annotations

from typing import Any

from chalice import Blueprint
from chalice.app import SQSEvent

blueprint = Blueprint(__name__)


@blueprint.on_sqs_message(
    queue_arn="arn:aws:sqs:us-east-1:000000000000:uploads", batch_size=10, maximum_batching_window_in_seconds=1
)
def on_uploads(event: SQSEvent) -> dict[str, Any]:
    """Check and register what was uploaded; failed messages alone come back."""
    raise NotImplementedError("on_uploads is being built")
