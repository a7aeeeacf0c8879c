"""Every few minutes: whatever was lost, late or stuck."""

from __future__ import annotations

from chalice.app import Blueprint, CloudWatchEvent

from chalicelib import notifications, wiring
from chalicelib.messages import time_left
from chalicelib.observability import logger
from gt_service.store.records import NOWHERE

blueprint = Blueprint(__name__)


@blueprint.schedule("rate(5 minutes)")
def reconcile(event: CloudWatchEvent) -> None:
    """Advance every campaign from what is true, not from what was told. One that fails does not keep the others."""
    failed: list[str] = []
    go_on = time_left(event.context)
    for campaign in wiring.store().campaigns.all():
        if campaign.name == NOWHERE:
            continue
        try:
            wiring.chain().watch(campaign.name)
            wiring.chain().advance(campaign.name, may_go_on=go_on)
            notifications.tell(campaign.name)
        except Exception:  # noqa: BLE001 - the others must have their turn; raised again below
            logger.exception("campaign not reconciled", extra={"campaign": campaign.name})
            failed.append(campaign.name)
    if failed:
        raise RuntimeError(f"not reconciled: {', '.join(failed)}")
