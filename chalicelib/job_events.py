"""What becomes of labeling jobs and of those who work on them, as EventBridge tells it."""

from __future__ import annotations

from datetime import UTC, datetime

from chalice.app import Blueprint, CloudWatchEvent

from chalicelib import notifications, wiring
from chalicelib.messages import time_left
from chalicelib.observability import logger
from gt_service.errors import NotFound
from gt_service.notifications import worker_paused

blueprint = Blueprint(__name__)

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
