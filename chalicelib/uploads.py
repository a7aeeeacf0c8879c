"""Objects created in the inbox bucket, as S3 tells them through the uploads queue."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord
from chalice.app import Blueprint, SQSEvent

from chalicelib import metrics, wiring
from chalicelib.messages import partial_failures
from chalicelib.observability import logger
from gt_service.ingest.events import uploads
from gt_service.records import NOWHERE, Campaign

blueprint = Blueprint(__name__)

_SECONDS_EACH = 15
"""An image of 40 MB takes one or two."""
_HINT_EVERY = timedelta(seconds=2)
_IMAGES_PER_SECOND_OF_PATIENCE = 1000
_LONGEST_PATIENCE = timedelta(seconds=60)


@blueprint.on_sqs_message(
    queue_arn="arn:aws:sqs:us-east-1:000000000000:uploads", batch_size=10, maximum_batching_window_in_seconds=1
)
def on_uploads(event: SQSEvent) -> dict[str, Any]:
    """Check and register what was uploaded; messages that failed come again, and they alone."""
    intake, now, touched, duplicated = wiring.intake(), wiring.now(), set[str](), set[str]()

    def take(record: SQSRecord) -> None:
        for upload in uploads(record.body):
            taken = intake.take(upload, now)
            logger.info("taken in", extra={"key": taken.key, "outcome": taken.outcome, "reason": taken.reason})
            metrics.upload(taken.outcome)
            touched.update([taken.campaign] if taken.campaign else [])
            duplicated.update([taken.campaign] if taken.campaign and taken.may_be_duplicate else [])

    failures = partial_failures(event, take, seconds_each=_SECONDS_EACH)
    for name in sorted(duplicated):
        wiring.store().campaigns.tell_of_duplicates(name, wiring.now())
    for name in sorted(touched - {NOWHERE}):
        # Read anew: a hint that was sent while these images were registered may have arrived before they were.
        hint(wiring.store().campaigns.get(name))
    return failures


def hint(campaign: Campaign) -> None:
    """Says once every few seconds, however many images come, that the campaign may have a batch to close.

    The message is delayed by the time in which no other is sent, so whatever was registered before is seen when it
    arrives. A large batch is counted less often.
    """
    size = 0 if campaign.spec is None else campaign.spec.batch.size
    every = min(_LONGEST_PATIENCE, max(_HINT_EVERY, timedelta(seconds=size // _IMAGES_PER_SECOND_OF_PATIENCE)))
    if wiring.store().campaigns.claim_hint(campaign, wiring.now(), every):
        wiring.QueueSignals().hint(campaign.name, delay_seconds=int(every.total_seconds()) + 1)
