"""What the pages of campaigns show: the list, one campaign, its refused images."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from markupsafe import Markup

from gt_service.pages import charts
from gt_service.pages.formats import NOTHING, money, money_in_column, money_per_image, number, percent, time
from gt_service.pages.people import UNKNOWN, AtWork, at_work
from gt_service.pages.status import Action, Status, campaign_actions, campaign_dialogs, campaign_status, job_status

Json = Mapping[str, Any]


@dataclass(frozen=True)
class NextStep:
    """What happens next in a campaign or why nothing does, and what a person can do about it."""

    text: str
    remedy: str = ""
    waits: bool = False


@dataclass(frozen=True)
class CampaignRow:
    """One line of the list."""

    name: str
    status: Status
    task: str
    reserved: str
    spent: str
    cap: str
    reason: str
    since: str


@dataclass(frozen=True)
class JobRow:
    """One labeling job in the comparison."""

    name: str
    batch: int
    role: str
    attempt: int
    status: Status
    started: str
    objects: str
    human: str
    machine: str
    failed: str
    share: str
    cost: str
    per_image: str
    progress: Markup


@dataclass(frozen=True)
class BatchRow:
    """One closed batch."""

    number: int
    objects: str
    closed: str
    why: str
    status: str


@dataclass(frozen=True)
class Delivery:
    """One line of the delivery log of notifications."""

    at: str
    subject: str
    channel: str
    state: str
    tries: int
    error: str


@dataclass(frozen=True)
class CampaignPage:
    """Everything on one campaign's page."""

    name: str
    title: str
    status: Status
    task: str
    labels: tuple[str, ...]
    next_step: NextStep
    spec_errors: tuple[tuple[str, str, str], ...]
    warnings: tuple[str, ...]
    pending: str
    in_batches: str
    imported: str
    rejected: str
    replaced: str
    spent: str
    committed: str
    cap: str
    left: str
    spend: Markup
    share_chart: Markup
    cost_chart: Markup
    jobs: tuple[JobRow, ...]
    batches: tuple[BatchRow, ...]
    deliveries: tuple[Delivery, ...]
    actions: tuple[Action, ...]
    dialogs: tuple[Action, ...]
    spec: str
    has_labels: bool
    has_second_look: bool
    people: tuple[AtWork, ...] = ()
    people_note: str = ""

    @property
    def live(self) -> bool:
        """Whether the page can still change by itself."""
        return not self.status.ended or any(not job.status.ended for job in self.jobs)


def campaign_row(campaign: Json) -> CampaignRow:
    return CampaignRow(
        name=campaign["name"],
        status=campaign_status(campaign["status"]),
        task=(campaign.get("spec") or {}).get("task", NOTHING),
        reserved=money_in_column(campaign.get("committed_mills")),
        spent=money_in_column(campaign.get("spent_mills")),
        cap=money_in_column(campaign.get("cap_mills")),
        reason=campaign.get("reason") or "",
        since=time(campaign.get("created_at")),
    )


def job_row(job: Json) -> JobRow:
    counters = job.get("counters") or {}
    human, machine = counters.get("HumanLabeled") or 0, counters.get("MachineLabeled") or 0
    failed = counters.get("FailedNonRetryableError") or 0
    labeled = human + machine
    return JobRow(
        name=job["name"],
        batch=job["batch"],
        role=job["role"],
        attempt=job.get("attempt") or 0,
        status=job_status(job["status"]),
        started=time(job.get("created_at")),
        objects=number(job["objects"]),
        human=number(human),
        machine=number(machine),
        failed=number(failed),
        share=percent(machine / labeled) if labeled else NOTHING,
        cost=money_in_column(job.get("cost_mills")),
        per_image=money_per_image(job.get("cost_mills"), labeled),
        progress=charts.progress(human=human, machine=machine, failed=failed, total=job["objects"]),
    )


def chain_points(jobs: Sequence[Json]) -> list[charts.ChainPoint]:
    """The finished jobs as points of the chart, in order of batch; follow-ups count with their batch's first try."""
    whole: dict[tuple[int, bool], list[Json]] = {}
    for job in jobs:
        if job_status(job["status"]).ended and job["role"] != "review":
            whole.setdefault((job["batch"], job["role"] == "control"), []).append(job)
    points = []
    for (batch, control), tries in sorted(whole.items()):
        counters = [job.get("counters") or {} for job in tries]
        human = sum(one.get("HumanLabeled") or 0 for one in counters)
        machine = sum(one.get("MachineLabeled") or 0 for one in counters)
        costs = [job.get("cost_mills") for job in tries]
        if human + machine:
            points.append(
                charts.ChainPoint(
                    batch=batch,
                    role="control" if control else tries[0]["role"],
                    objects=human + machine,
                    machine_share=machine / (human + machine),
                    cost_mills=None if None in costs else sum(cost for cost in costs if cost is not None),
                )
            )
    return points


def next_step(campaign: Json, jobs: Sequence[Json]) -> NextStep:
    """One sentence on what happens next, from the same facts that the planner reads."""
    status, reason, remedy = campaign["status"], campaign.get("reason") or "", campaign.get("remedy") or ""
    running = [job for job in jobs if not job_status(job["status"]).ended]
    tail = f" {running[0]['name']} goes on to its end." if running else ""
    if status == "stopped":
        return NextStep(f"The campaign is stopped for good; its labels and reports stay.{tail}")
    if status == "paused":
        return NextStep(f"The campaign is paused: no new labeling job starts.{tail}", "Press Resume.", waits=True)
    if status == "waiting":
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
        return NextStep("Waiting for images: drop them into the inbox bucket under this campaign's name.")
    return NextStep(
        f"The open batch has {pending:,} of {size:,} images. It closes when it is full, {quiet} minutes after the last"
        " upload, or when you close it."
    )


@dataclass(frozen=True)
class ImageRow:
    """One image that is in no batch, and why."""

    key: str
    reason: str
    remedy: str
    at: str


def image_row(image: Json) -> ImageRow:
    twin = image.get("duplicate_of")
    return ImageRow(
        key=image["key"],
        reason=image.get("reason") or (f"the same content as {twin}" if twin else ""),
        remedy=image.get("remedy") or "",
        at=time(image.get("uploaded_at")),
    )


def _count(images: Json, status: str) -> str:
    """1,250, or 1,000+ where nobody counted further."""
    return number(images.get(status)) + ("+" if status in images.get("more", ()) else "")


def delivery(entry: Json) -> Delivery:
    return Delivery(
        at=time(entry.get("at")),
        subject=entry["subject"],
        channel=entry["channel"],
        state=entry["state"],
        tries=entry.get("tries") or 0,
        error=entry.get("error") or "",
    )


def batch_row(batch: Json) -> BatchRow:
    return BatchRow(
        number=batch.get("number", batch.get("batch", 0)),
        objects=number(batch.get("objects")),
        closed=time(batch.get("closed_at")),
        why=batch.get("closed_because") or "",
        status=batch.get("status") or "",
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
) -> CampaignPage:
    """The page of one campaign from the API's answers, the newest jobs and batches first.

    in_batches: images in all batches, those too old to be among `batches` too. people: running jobs, each with the
    figures of its people; None where the backend does not tell.
    """
    spec = campaign.get("spec") or {}
    images = campaign["images"]
    spent, committed = campaign.get("spent_mills") or 0, campaign.get("committed_mills") or 0
    cap = campaign.get("cap_mills")
    points = chain_points(jobs)
    instructions = spec.get("instructions") or {}
    return CampaignPage(
        name=campaign["name"],
        title=instructions.get("title") or campaign["name"],
        status=campaign_status(campaign["status"]),
        task=spec.get("task", NOTHING),
        labels=tuple(spec.get("labels") or ()),
        next_step=next_step(campaign, jobs),
        warnings=tuple(campaign.get("warnings") or ()),
        spec_errors=tuple(
            (error.get("field") or "", error["message"], error.get("remedy") or "")
            for error in campaign.get("spec_errors") or ()
        ),
        pending=_count(images, "pending"),
        in_batches=number(in_batches),
        imported=number(images["imported"]) if images.get("imported") else "",
        rejected=_count(images, "rejected"),
        replaced=_count(images, "replaced") if images.get("replaced") else "",
        spent=money(spent),
        committed=money(committed),
        cap=money(cap),
        left=money(None if cap is None else cap - committed - spent),
        spend=charts.spend(spent=spent, committed=committed, cap=cap) if cap else Markup(""),
        share_chart=charts.machine_share(points) if points else Markup(""),
        cost_chart=charts.cost_per_image(points) if points else Markup(""),
        jobs=tuple(job_row(job) for job in jobs),
        batches=tuple(batch_row(batch) for batch in batches),
        deliveries=tuple(delivery(entry) for entry in deliveries),
        actions=campaign_actions(
            campaign["name"],
            campaign["status"],
            pending=images.get("pending") or 0,
            waits_for=campaign.get("waits_for"),
        )
        if may_operate
        else (),
        dialogs=campaign_dialogs(campaign["name"]) if may_operate else (),
        spec=json.dumps(spec, indent=2, ensure_ascii=False) if spec else "",
        has_labels=any(job["report_s3_uri"] and job["role"] in {"first", "warm"} for job in jobs),
        has_second_look=any(job.get("final_model_arn") and job.get("report_s3_uri") for job in jobs),
        people=tuple(at_work(job, figures) for job, figures in people or ()),
        people_note=UNKNOWN if people is None and any(not job_status(job["status"]).ended for job in jobs) else "",
    )
