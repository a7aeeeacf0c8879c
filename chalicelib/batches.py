"""Hints that a campaign may have something to do."""

from __future__ import annotations

import json
from typing import Any

from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord
from chalice.app import Blueprint, SQSEvent

from chalicelib import notifications, wiring
from chalicelib.messages import partial_failures, time_left

blueprint = Blueprint(__name__)


@blueprint.on_sqs_message(queue_arn="arn:aws:sqs:us-east-1:000000000000:batches", batch_size=1)
def on_batch_ready(event: SQSEvent) -> dict[str, Any]:
    """Advance the campaigns named: close batches, start labeling jobs."""

    def handle(record: SQSRecord) -> None:
        campaign = json.loads(record.body)["campaign"]
        wiring.chain().advance(campaign, may_go_on=time_left(event.context))
        notifications.tell(campaign)

    return partial_failures(event, handle)
