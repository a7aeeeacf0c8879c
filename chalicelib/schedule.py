"""Every few minutes: whatever was lost, late or stuck."""

from __future__ import annotations

from collections.abc import Callable

from chalice.app import Blueprint, CloudWatchEvent

from chalicelib import metrics, notifications, wiring
from chalicelib.messages import time_left
from chalicelib.observability import logger
from gt_service.records import NOWHERE

blueprint = Blueprint(__name__)

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
