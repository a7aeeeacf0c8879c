"""Images closed into one manifest."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from gt_service.records.states import BatchState


@dataclass(frozen=True)
class Batch:
    """Images closed into one manifest.

    objects: members chosen, and once closed those that the manifest holds. unlabeled: left without a label when the
    batch was done. labeled_manifest_uri: the same with labeled lines behind, for a job to learn from; None where there
    are none. extra_follow_ups: granted by its owner on top of the spec's. leaves_out: its owner wants to go on
    without what has no label. review_objects: how many of its labels were chosen for the second look that the spec asks
    for, None until then; they are in `review_manifest_uri`.
    """

    campaign: str
    number: int
    state: BatchState
    reason: str
    objects: int
    members_uri: str
    manifest_uri: str | None
    created_at: datetime
    closed_at: datetime | None = None
    unlabeled: int | None = None
    extra_follow_ups: int = 0
    leaves_out: bool = False
    labeled_manifest_uri: str | None = None
    review_objects: int | None = None
    review_manifest_uri: str | None = None
