"""What the pages of campaigns show: one campaign, what happens next in it, and who is at work."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from gt_service.campaign import CampaignSpec
from gt_service.campaign.form import FIELDS, NEW, FormField, values
from gt_service.campaign.values import NAME_PATTERN
from gt_service.etags import etag_of
from gt_service.pages import charts
from gt_service.pages.parts import Counts
from gt_service.pages.status import campaign_actions, campaign_dialogs, campaign_status, job_status
from gt_service.records.names import Role
from gt_service.records.states import CampaignStatus
from gt_service.reports.amounts import duration
from gt_service.task_types import MAX_IMAGE_BYTES, TaskType

Json = Mapping[str, Any]

_FEWEST_TO_FORETELL = 3
_UNKNOWN = "Ground Truth does not tell who is at work on a job."


@dataclass(frozen=True)
class NextStep:
    """What happens next in a campaign or why nothing does, and what a person can do about it."""

    text: str
    remedy: str = ""
    waits: bool = False


def job_row(job: Json) -> dict[str, Any]:
    """One labeling job in the comparison."""
    counts = Counts.of(job)
    return {**job, "status": job_status(job["status"]), "counts": counts, "progress": charts.progress(counts)}


def chain_points(jobs: Sequence[Json]) -> list[charts.ChainPoint]:
    """The finished jobs as points of the chart, in order of batch; follow-ups count with their batch's first try."""
    whole: dict[tuple[int, bool], list[Json]] = {}
    for job in jobs:
        if job_status(job["status"]).ended and job["role"] != Role.REVIEW:
            whole.setdefault((job["batch"], job["role"] == Role.CONTROL), []).append(job)
    points = []
    for (batch, control), tries in sorted(whole.items()):
        machine = sum(Counts.of(job).machine for job in tries)
        labeled = sum(Counts.of(job).labeled for job in tries)
        costs = [job.get("cost_mills") for job in tries]
        if labeled:
            points.append(
                charts.ChainPoint(
                    batch=batch,
                    role=Role.CONTROL if control else Role(tries[0]["role"]),
                    objects=labeled,
                    machine_share=machine / labeled,
                    cost_mills=None if None in costs else sum(cost for cost in costs if cost is not None),
                )
            )
    return points


def next_step(campaign: Json, jobs: Sequence[Json]) -> NextStep:
    """One sentence on what happens next, from the same facts that the planner reads."""
    status, reason, remedy = campaign["status"], campaign.get("reason") or "", campaign.get("remedy") or ""
    running = [job for job in jobs if not job_status(job["status"]).ended]
    tail = f" {running[0]['name']} goes on to its end." if running else ""
    if status == CampaignStatus.STOPPED:
        return NextStep(f"The campaign is stopped for good; its labels and reports stay.{tail}")
    if status == CampaignStatus.PAUSED:
        return NextStep(f"The campaign is paused: no new labeling job starts.{tail}", "Press Resume.", waits=True)
    if status == CampaignStatus.WAITING:
        return NextStep(reason or "The campaign waits.", remedy, waits=True)
    if reason:
        return NextStep(f"{reason}.{tail}", remedy, waits=True)
    if running:
        names = " and ".join(job["name"] for job in running[:3])
        after = "The next batch starts from the model that it leaves." if len(running) == 1 else ""
        return NextStep(f"{names} {'is' if len(running) == 1 else 'are'} labeling. {after}".strip())
    return _open_batch(campaign, is_done=bool(jobs))


def _open_batch(campaign: Json, *, is_done: bool) -> NextStep:
    pending = campaign["images"].get("pending") or 0
    rule = (campaign.get("spec") or {}).get("batch") or {}
    size, quiet = rule.get("size", 1250), rule.get("quiet_minutes", 30)
    if not pending and is_done:
        return NextStep("Everything that came is done. More images, dropped into the inbox, become the next batch.")
    if not pending:
        return NextStep(
            "Waiting for images: upload them here, or drop them into the inbox bucket under this campaign's name."
        )
    return NextStep(
        f"The open batch has {pending:,} of {size:,} images. It closes when it is full, {quiet} minutes after the last"
        " upload, or when you close it."
    )


def campaign_page(
    campaign: Json,
    *,
    batches: Sequence[Json],
    in_batches: int,
    jobs: Sequence[Json],
    people: Sequence[tuple[Json, Json]] | None = (),
    deliveries: Sequence[Json] = (),
    may_operate: bool,
    fewest_auto_labeled: int,
) -> dict[str, Any]:
    """What the page of one campaign shows, from the API's answers, the newest jobs and batches first.

    in_batches: images in all batches, those too old to be among `batches` too. people: running jobs, each with the
    figures of its people; None where the backend does not tell. fewest_auto_labeled: of fewer images in a batch people
    label every one.
    """
    dialogs = campaign_dialogs(campaign["name"], fewest_auto_labeled) if may_operate else ()
    name, spec, cap = campaign["name"], campaign["spec"] or {}, campaign["cap_mills"]
    spent, committed = campaign["spent_mills"], campaign["committed_mills"]
    points, status = chain_points(jobs), campaign_status(campaign["status"])
    is_running = any(not job_status(job["status"]).ended for job in jobs)
    has_report = any(job["report_s3_uri"] and not Role(job["role"]).is_beside_chain for job in jobs)
    return {
        "campaign": campaign,
        "title": (spec.get("instructions") or {}).get("title") or name,
        "status": status,
        "live": not status.ended or is_running,
        "next_step": next_step(campaign, jobs),
        "in_batches": in_batches,
        "left": None if cap is None else cap - committed - spent,
        "spend": charts.spend(spent=spent, committed=committed, cap=cap) if cap else "",
        "share_chart": charts.machine_share(points) if points else "",
        "cost_chart": charts.cost_per_image(points) if points else "",
        "jobs": [job_row(job) for job in jobs],
        "batches": batches,
        "deliveries": deliveries,
        "actions": campaign_actions(
            dialogs, campaign["status"], pending=campaign["images"].get("pending") or 0, waits_for=campaign["waits_for"]
        ),
        "most_bytes": MAX_IMAGE_BYTES,
        "may_change": may_operate and not status.ended,
        "dialogs": dialogs,
        "spec": json.dumps(spec, indent=2, ensure_ascii=False) if spec else "",
        "has_labels": bool(campaign["images"].get("imported")) or has_report,
        "has_report": has_report,
        "has_second_look": any(job["final_model_arn"] and job["report_s3_uri"] for job in jobs),
        "people": [at_work(job, figures) for job, figures in people or ()],
        "people_note": _UNKNOWN if people is None and is_running else "",
    }


def at_work(job: Json, figures: Json) -> dict[str, Any]:
    """The people of one job, by `people/now.json` of the job (gt_engine/jobs/watching.py); an older engine wrote
    fewer figures.

    minutes_left: of their time, if they label all that is left, with as many answers to an image as so far where that
    is as many as it needs (`as_needed`). too_few: the team has fewer people than are to answer each image at the most.
    team_page: of the portal, for those who run the team.
    """
    answers, seconds = figures["answers"], figures["active_seconds"]
    most = figures["workers_per_object"]
    as_needed = 0 < figures.get("least_workers", 0) < most
    counts, minutes = Counts.of(job), None
    if answers >= _FEWEST_TO_FORETELL and seconds:
        labeled = max(counts.human, figures["done"]) + counts.machine
        left = max(0, counts.objects - labeled - counts.failed)
        needed = min(most, answers / figures["done"]) if as_needed and figures["done"] else most
        minutes = round(left * needed * seconds / answers / 60)
    portal, members = figures.get("portal") or "", figures.get("members")
    return {
        **{"offered": None, "in_work": None, "given_up": 0, "declines": {}, **figures},
        "job": job["name"],
        "active": duration(seconds),
        "an_answer": duration(seconds / answers) if answers else "",
        "minutes_left": minutes,
        "too_few": members is not None and members < most,
        "as_needed": as_needed,
        "team_page": f"{portal}/team" if portal.startswith(("https://", "http://")) else "",
    }


# ---------------------------------------------------------------- its spec


@dataclass(frozen=True)
class Input:
    """A field of the form with what it shows. options: of what may be chosen, or is suggested."""

    field: FormField
    value: str
    options: Sequence[str] = ()


def spec_page(
    name: str | None, file: Mapping[str, Any], *, teams: Sequence[str] = (), pending: int = 0
) -> dict[str, Any]:
    """name: None of a campaign that is not there yet. file: as `GET /campaigns/{name}/spec` answers it. pending: images
    that wait for a batch."""
    tasks = [task.value for task in TaskType if task.facts.takes_inbox_images]
    options = {"task": tasks, "workforce": [*teams, "public"]}
    text = file["text"] or NEW  # images came first
    shown = values(text)
    return {
        "name": name,
        "name_pattern": NAME_PATTERN.strip("^$"),
        "text": text,
        "inputs": [Input(field, shown[field.path], options.get(field.path, ())) for field in FIELDS],
        "tag": "" if name is None else etag_of(file),
        "objects": pending or "",
        "fields": [(path, field.description) for path, field in CampaignSpec.model_fields.items()],
    }
