"""What the HTTP API shows: records as JSON. Times are ISO 8601 in UTC, money is in mills."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

from gt_service.backends import Backend
from gt_service.campaign.contradictions import warnings
from gt_service.listing import read_token, unknown_token
from gt_service.records import Batch, Campaign, Image, ImageStatus, Import, Job, Verdict
from gt_service.records.states import CampaignStatus, JobState
from gt_service.store.shards import Cursor, is_cursor

Json = dict[str, Any]

_SHOWN_AS = {
    JobState.RESERVED: JobState.INITIALIZING,
    JobState.REFUSED: JobState.FAILED,
    JobState.WITHDRAWN: JobState.STOPPED,
}
"""`status` holds Ground Truth's words alone; `stage` tells what only the service knows."""


def campaign_json(
    campaign: Campaign, images: Json, batches: int, *, backend: Backend, more: Sequence[str] = (), inbox: str = ""
) -> Json:
    """images: how many are `pending`, `rejected`, `duplicate`, `replaced` and `in_batches`. more: of which there are
    more."""
    spec, verdict = campaign.spec, verdict_of(campaign)
    return {
        "name": campaign.name,
        "status": verdict.status.value,
        "reason": verdict.reason,
        "remedy": verdict.remedy,
        "waits_for": verdict.waits_for,
        "spec_errors": list(campaign.spec_errors),
        "warnings": [*campaign.notices, *([] if spec is None else warnings(spec, backend)), *_of_imports(campaign)],
        "spec": None if spec is None else spec.model_dump(mode="json"),
        "revision": campaign.revision,
        "images": {**images, "imported": sum(each.held for each in campaign.imports)},
        "images_more": list(more),
        "batches": batches,
        "imports": [import_json(each) for each in campaign.imports],
        "cap_mills": campaign.cap,
        "committed_mills": campaign.committed,
        "spent_mills": campaign.spent,
        "created_at": _time(campaign.created_at),
        "inbox_s3_uri": f"s3://{inbox}/{campaign.name}/" if inbox else None,
    }


def import_json(dropped: Import) -> Json:
    """A file of labels that was dropped, and what became of them."""
    is_unread = "unread" if dropped.revision is None else "read"
    return {
        "name": dropped.name,
        "key": dropped.key,
        "etag": dropped.etag,
        "status": "refused" if dropped.problem is not None else is_unread,
        "labels": dropped.labels,
        "proposals": dropped.proposals,
        "held": dropped.held,
        "waiting": dropped.waiting,
        "left_out": dropped.left_out,
        "checked": dropped.checked,
        "notes": list(dropped.notes),
        "problem": None if dropped.problem is None else dict(dropped.problem),
    }


def _of_imports(campaign: Campaign) -> Iterator[str]:
    """What the owner should know of labels that were dropped."""
    for each in campaign.imports:
        if each.problem is not None:
            remedy = f" {each.problem['remedy']}" if each.problem.get("remedy") else ""
            yield f"{each.key} was refused: {each.problem['message']}.{remedy}"
        elif each.waiting and campaign.imports_seen is not None:
            yield f"{each.waiting:,} of {each.labels:,} labels in {each.key} wait for their images to be uploaded"
        if each.left_out:
            yield f"{each.left_out:,} of {each.labels:,} labels in {each.key} were left out, the first: {each.notes[0]}"


def verdict_of(campaign: Campaign) -> Verdict:
    """How the campaign stands; what its owner has just asked for shows at once, before anybody has judged it anew."""
    wanted = CampaignStatus(campaign.state)
    judged = {wanted, CampaignStatus.WAITING} if wanted is CampaignStatus.ACTIVE else {wanted}
    return campaign.verdict if campaign.verdict.status in judged else Verdict(wanted)


def batch_json(batch: Batch) -> Json:
    return {
        "number": batch.number,
        "campaign": batch.campaign,
        "status": batch.state.value,
        "closed_because": batch.reason,
        "objects": batch.objects,
        "unlabeled": batch.unlabeled,
        "manifest_s3_uri": batch.manifest_uri,
        "created_at": _time(batch.created_at),
        "closed_at": _time(batch.closed_at),
    }


def job_json(job: Job) -> Json:
    return {
        "name": job.name,
        "campaign": job.campaign,
        "batch": job.batch,
        "role": job.role.value,
        "attempt": job.attempt,
        "status": status_of(job),
        "stage": job.state.value,
        "objects": job.objects,
        "counters": dict(job.counters),
        "unlabeled": job.unlabeled,
        "initial_model_arn": job.initial_model_arn,
        "final_model_arn": job.final_model_arn,
        "manifest_s3_uri": job.manifest_uri,
        "output_s3_uri": job.output_uri,
        "reserved_mills": job.reserved,
        "cost_mills": job.cost,
        "report_s3_uri": job.report_uri,
        "failure_reason": job.failure_reason,
        "warning": job.warning,
        "output_problem": job.output_problem,
        "created_at": _time(job.created_at or job.reserved_at),
        "ended_at": _time(job.ended_at),
    }


def status_of(job: Job) -> str:
    """In Ground Truth's words."""
    return _SHOWN_AS.get(job.state, job.state).value


def image_json(image: Image, twin: str | None = None) -> Json:
    """twin: of a duplicate, the key that is labeled in its stead."""
    is_imported = image.status is ImageStatus.IMPORTED
    came_with = f"its label came with {image.place.partition('#')[2]}" if is_imported else None
    return {
        "key": image.key,
        "status": image.status.value,
        "batch": image.batch,
        "reason": image.reason or came_with,
        "remedy": image.remedy,
        "duplicate_of": twin,
        "size": image.size,
        "width": image.width or None,
        "height": image.height or None,
        "format": image.media_format or None,
        "orientation": image.orientation,
        "uploaded_at": image.event_time,
        "replaced_after_batch": image.replaced_after_batch,
    }


def cursor_of(token: str | None, status: ImageStatus) -> Cursor | None:
    """Errors: `InvalidInput` for a token that no answer about images of this status held."""
    match read_token(token):
        case None:
            return None
        case [shard, place, key] if is_cursor(shard, place, key, status):
            return shard, place, key
    raise unknown_token()


def _time(moment: datetime | None) -> str | None:
    return None if moment is None else moment.isoformat()
