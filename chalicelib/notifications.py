"""Notifications: what is due is queued where a transition is seen, and sent when the queue brings it."""

from __future__ import annotations

import json
from typing import Any

from chalice.app import Blueprint, SQSEvent

from chalicelib import metrics, wiring
from chalicelib.observability import logger
from chalicelib.shapes import campaign_json, job_json
from gt_service.notifications.delivery import DeliveryFailed, announce, deliver, known_channels
from gt_service.notifications.due import Notification, seconds_until_next_try
from gt_service.store.browsing import Browsing

LATEST_JOBS = 20
"""Of so many a change may be news: a chain works on one batch at a time, with its control and follow-ups."""

blueprint = Blueprint(__name__)


def tell(name: str) -> None:
    """Queues whatever is due in a campaign as it stands; called after each advance."""
    browsing = Browsing(wiring.store().tables)
    latest = browsing.batches(name, 1)
    jobs, _ = browsing.jobs(name, LATEST_JOBS, None)
    batches = latest[0].number if latest else 0
    backend = wiring.settings().deployment.backend
    campaign = campaign_json(wiring.store().campaigns.get(name), {}, batches, backend=backend)
    shown = [job_json(job) for job in jobs]
    metrics.transitions(announce(wiring.notifications(), wiring.notifications_queue(), campaign, shown, wiring.now()))
    metrics.standing(campaign, shown)


def tell_of(notification: Notification) -> None:
    """Queues one thing that no table shows: it came as an event. Twice, it is told once."""
    if wiring.notifications().begin(notification, wiring.now()):
        wiring.notifications_queue().put(notification)
        metrics.transitions((notification,))


@blueprint.on_sqs_message(queue_arn="arn:aws:sqs:us-east-1:000000000000:notifications", batch_size=1)
def on_notification(event: SQSEvent) -> dict[str, Any]:
    """Send what is due to every channel that hears of it; what fails comes back later, and later each time."""
    failed, settings = [], wiring.settings()
    for record in event.to_dict()["Records"]:
        message = json.loads(record["body"])
        logger.append_keys(campaign=message["campaign"], notification=message["id"])
        try:
            deliver(
                wiring.notifications(),
                wiring.sender(),
                known_channels(wiring.parameters(), settings.notifications_parameter, is_local=settings.is_local),
                message["campaign"],
                message["id"],
                wiring.now(),
            )
        except DeliveryFailed as error:
            wait = seconds_until_next_try(int(record["attributes"]["ApproximateReceiveCount"]), asked=error.wait)
            wiring.notifications_queue().hide(record["receiptHandle"], wait)
            failed.append({"itemIdentifier": record["messageId"]})
    return {"batchItemFailures": failed}
