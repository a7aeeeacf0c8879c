"""Ended labeling jobs that want their cost report."""

from __future__ import annotations

import json
from typing import Any

from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord
from chalice.app import Blueprint, SQSEvent

from chalicelib import wiring
from chalicelib.messages import partial_failures
from chalicelib.observability import logger

blueprint = Blueprint(__name__)


@blueprint.on_sqs_message(queue_arn="arn:aws:sqs:us-east-1:000000000000:completions", batch_size=1)
def on_job_completed(event: SQSEvent) -> dict[str, Any]:
    """Write the report and the campaign's labels, book what the job cost, and say that money is free again."""

    def handle(record: SQSRecord) -> None:
        message = json.loads(record.body)
        if "export" in message:
            wiring.make_export(message["export"], message["format"])
            logger.info("export made", extra={"campaign": message["export"], "format": message["format"]})
            return
        if "labels" in message:
            is_written = wiring.settlement().write_labels(message["labels"])
            text = "labels written" if is_written else "labels are written, or being written"
            logger.info(text, extra={"campaign": message["labels"]})
            return
        job = wiring.settlement().settle(message["job"])
        logger.info("report written", extra={"campaign": job.campaign, "job": job.name, "cost_mills": job.cost})
        wiring.QueueSignals().hint(job.campaign)

    return partial_failures(event, handle)
