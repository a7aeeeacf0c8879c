"""Every few minutes: whatever was lost, late or stuck."""

from __future__ import annotations

from chalice import Blueprint
from chalice.app import CloudWatchEvent

blueprint = Blueprint(__name__)


@blueprint.schedule("rate(5 minutes)")
def reconcile(event: CloudWatchEvent) -> None:
    """Advance every campaign from what is true, not from what was told."""
    raise NotImplementedError("reconcile is being built")
