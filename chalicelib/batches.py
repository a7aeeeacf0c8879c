"""Hints that a campaign may have something to do."""

from __future__ import annotations

from typing import Any

from chalice import Blueprint
from chalice.app import SQSEvent

blueprint = Blueprint(__name__)


@blueprint.on_sqs_message(queue_arn="arn:aws:sqs:us-east-1:000000000000:batches", batch_size=1)
def on_batch_ready(event: SQSEvent) -> dict[str, Any]:
    """Advance the campaigns named: close batches, start labeling jobs."""
    raise NotImplementedError("on_batch_ready is being built")
