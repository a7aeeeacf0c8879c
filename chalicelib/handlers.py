"""The functions behind the queues, the events and the schedule: each parses what came, and calls who decides."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord
from chalice.app import Blueprint, CloudWatchEvent, SQSEvent

from chalicelib import metrics, notifications, wiring
from chalicelib.messages import partial_failures, time_left
from chalicelib.observability import logger
from gt_service.errors import NotFound
from gt_service.ingest.events import uploads
from gt_service.notifications.due import worker_paused
from gt_service.records import NOWHERE, Campaign

blueprint = Blueprint(__name__)

# ---------------------------------------------------------------- uploads

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


# ---------------------------------------------------------------- batches and jobs


@blueprint.on_sqs_message(queue_arn="arn:aws:sqs:us-east-1:000000000000:batches", batch_size=1)
def on_batch_ready(event: SQSEvent) -> dict[str, Any]:
    """Advance the campaigns named: close batches, start labeling jobs."""

    def handle(record: SQSRecord) -> None:
        campaign = json.loads(record.body)["campaign"]
        wiring.chain().advance(campaign, may_go_on=time_left(event.context))
        notifications.tell(campaign)

    return partial_failures(event, handle)


WORKER_PAUSED = "gt-engine Worker Paused"


@blueprint.on_cw_event(
    {
        "source": ["aws.sagemaker", "gt.engine"],
        "detail-type": ["SageMaker Ground Truth Labeling Job State Change", WORKER_PAUSED],
    }
)
def on_job_state_change(event: CloudWatchEvent) -> None:
    """Record how the jobs named stand by now, whatever the event says, and advance their campaigns. Of a worker who is
    paused their owners are told."""
    for arn in event.resources:
        name = arn.rpartition("/")[2]
        try:
            job = wiring.chain().observe(name)
        except NotFound:
            # Every labeling job of the account sends events; this one is somebody else's.
            logger.info("not a job of this service", extra={"job": name})
            continue
        logger.info("job observed", extra={"campaign": job.campaign, "job": name, "status": job.state})
        wiring.chain().advance(job.campaign, may_go_on=time_left(event.context))
        notifications.tell(job.campaign)
        if event.detail_type == WORKER_PAUSED:
            at = datetime.fromisoformat(event.to_dict()["time"]).astimezone(UTC)
            notifications.tell_of(worker_paused(job.campaign, name, event.detail, at))


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


# ---------------------------------------------------------------- the schedule

EVERY_MINUTES = 5


@blueprint.schedule(f"rate({EVERY_MINUTES} minutes)")
def reconcile(event: CloudWatchEvent) -> None:
    """Advance every campaign from what is true, not from what was told. One that fails does not keep the others."""
    failed: list[str] = []
    go_on = time_left(event.context)
    names = [campaign.name for campaign in wiring.store().campaigns.all() if campaign.name != NOWHERE]
    # Another one is the first each time: where there is no time for all, it is not always the same ones that wait.
    first = int(wiring.now().timestamp() // (60 * EVERY_MINUTES)) % len(names) if names else 0
    for name in names[first:] + names[:first]:
        if not go_on():
            logger.warning("there was no time for all campaigns", extra={"campaigns": len(names)})
            break
        try:
            wiring.chain().watch(name)
            wiring.chain().advance(name, may_go_on=go_on)
            notifications.tell(name)
        except Exception:  # noqa: BLE001 - the others must have their turn; raised again below
            logger.exception("campaign not reconciled", extra={"campaign": name})
            failed.append(name)
    try:
        _walk(go_on)
    except Exception:  # noqa: BLE001 - raised again below, with the campaigns
        logger.exception("the inbox was not walked on")
        failed.append("the inbox")
    if failed:
        raise RuntimeError(f"not reconciled: {', '.join(failed)}")


def _walk(go_on: Callable[[], bool]) -> None:
    """Takes in what was uploaded and nobody was told of; the campaigns are advanced at the next tick."""
    for taken in wiring.inbox_walk().go_on(wiring.now(), may_go_on=go_on):
        logger.info("taken in", extra={"key": taken.key, "outcome": taken.outcome, "reason": taken.reason})
        metrics.upload_found(taken.outcome)
        if taken.campaign and taken.may_be_duplicate:
            wiring.store().campaigns.tell_of_duplicates(taken.campaign, wiring.now())
