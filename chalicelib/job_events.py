"""Labeling job state changes, as EventBridge tells them."""

from __future__ import annotations

from chalice.app import Blueprint, CloudWatchEvent

from chalicelib import notifications, wiring
from chalicelib.messages import time_left
from chalicelib.observability import logger
from gt_service.errors import NotFound

blueprint = Blueprint(__name__)


@blueprint.on_cw_event(
    {
        "source": ["aws.sagemaker", "gt.engine"],
        "detail-type": ["SageMaker Ground Truth Labeling Job State Change"],
    }
)
def on_job_state_change(event: CloudWatchEvent) -> None:
    """Record how the jobs named stand by now, whatever the event says, and advance their campaigns."""
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
