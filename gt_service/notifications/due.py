"""Which notifications are due, from the state of a campaign and its jobs, and when a failed one is sent again. Pure."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any

from gt_service.errors import UnknownState
from gt_service.money import Mills, usd

Json = Mapping[str, Any]

_NOT_CREATED = ("Reserved", "Refused", "Withdrawn")
"""Ground Truth has no such job (yet), so nothing has started; that it was refused is told as the campaign's wait."""
BUDGET_MARKS = (50, 80, 100)
TOLD_WITHIN = timedelta(days=7)
"""Older transitions are not told any more: a service that was down for a month does not send a month's news."""


_FIRST_SECONDS, _FACTOR, _MOST_SECONDS = 15, 4, 3600
TRIES = 12
"""Of a delivery, in all; the queue's redrive policy says the same number (`maxReceiveCount`)."""


class Kind(StrEnum):
    """What a notification is about; receivers choose by it."""

    STARTED = "job.started"
    COMPLETED = "job.completed"
    FAILED = "job.failed"
    STOPPED = "job.stopped"
    BUDGET = "campaign.budget"
    WAITING = "campaign.waiting"
    PAUSED = "worker.paused"


@dataclass(frozen=True)
class Notification:
    """One thing to tell. `id` is unique in its campaign and the same whenever the same transition is looked at."""

    id: str
    kind: Kind
    campaign: str
    at: datetime
    subject: str
    text: str
    job: str | None = None
    facts: Mapping[str, Any] = field(default_factory=dict)

    def as_dict(self) -> dict[str, Any]:
        """The JSON that webhooks get and that waits in the queue."""
        return {**vars(self), "kind": self.kind.value, "at": self.at.isoformat(), "facts": dict(self.facts)}

    @classmethod
    def from_dict(cls, shape: Json) -> Notification:
        """The inverse of `as_dict`. Errors: `UnknownState` where it is none."""
        try:
            return cls(**{**shape, "kind": Kind(shape["kind"]), "at": datetime.fromisoformat(shape["at"])})
        except (KeyError, TypeError, ValueError) as error:
            raise UnknownState(f"not a notification: {error}") from None


@dataclass(frozen=True)
class Delivery:
    """How far a notification is. state: `queued`, `sending`, `retrying`, `sent`, or `failed` after the last try."""

    notification: Notification
    state: str
    tries: int
    sent_to: frozenset[str]
    error: str | None


def due(campaign: Json, jobs: Sequence[Json], *, now: datetime) -> tuple[Notification, ...]:
    """What should have been told by `now`, given the API's JSON of the campaign and of the jobs that may have changed.

    To call it again with the same state is free: the ids are the same, and an id is sent once.
    """
    notifications = [*_of_jobs(jobs), *_of_budget(campaign, now), *_of_waiting(campaign, now)]
    return tuple(notification for notification in notifications if now - notification.at <= TOLD_WITHIN)


def worker_paused(campaign: str, job: str, detail: Json, at: datetime) -> Notification:
    """That gt-engine gives a worker no new work, from its event's detail. Errors: `UnknownState` where it is none."""
    worker, right, shown = detail.get("WorkerId"), detail.get("RightAnswers"), detail.get("KnownObjects")
    if not (isinstance(worker, str) and isinstance(right, int) and isinstance(shown, int)):
        raise UnknownState(f"the event of a paused worker of {job} does not say who or why")
    return Notification(
        id=f"job/{job}/paused/{worker}/{at.isoformat()}",
        kind=Kind.PAUSED,
        campaign=campaign,
        job=job,
        at=at,
        subject=f"{job}: a worker is paused",
        text=f"{worker} was right on {right} of {shown} objects whose answer is known in {job}, and gets no new work"
        " until a manager lets them go on, on the portal's page Team.",
        facts={"worker_id": worker, "right_answers": right, "known_objects": shown},
    )


def _of_jobs(jobs: Sequence[Json]) -> Iterator[Notification]:
    for job in jobs:
        status = job["status"]
        if job.get("stage", status) in _NOT_CREATED:
            continue
        yield _started(job)
        if status == "Completed" and job.get("cost_mills") is not None:
            yield _completed(job)
        elif status == "Failed":
            yield _failed(job)
        elif status == "Stopped":
            yield _stopped(job)
        elif status not in ("Initializing", "InProgress", "Stopping", "Completed"):
            raise UnknownState(f"{status!r} is not a status of a labeling job that this version knows")


def _started(job: Json) -> Notification:
    model = job.get("initial_model_arn")
    start = f"It starts from the model {model.rsplit('/', 1)[-1]}." if model else "It starts without a model."
    text = (
        f"{job['name']} labels {job['objects']:,} images of batch {job['batch']} ({job['role']}). {start}"
        f" It costs {usd(Mills(job['reserved_mills']))} at most."
    )
    facts = {name: job[name] for name in ("batch", "role", "objects", "reserved_mills")}
    return _of_job(job, Kind.STARTED, "has started", text, {**facts, "initial_model_arn": model})


def _completed(job: Json) -> Notification:
    human, machine = _labeled(job)
    share = machine / (human + machine) if human + machine else 0.0
    cost = usd(Mills(job["cost_mills"]))
    text = (
        f"{job['name']} has labeled {human + machine:,} of {job['objects']:,} images,"
        f" {machine:,} ({share:.0%}) by machine and {human:,} by people. It cost {cost}."
    )
    facts = {
        **_counts(job),
        "machine_share": round(share, 4),
        "cost_mills": job["cost_mills"],
        "report_s3_uri": job.get("report_s3_uri"),
    }
    return _of_job(job, Kind.COMPLETED, f"is completed: {share:.0%} by machine, {cost}", text, facts)


def _failed(job: Json) -> Notification:
    reason = job.get("failure_reason")
    text = f"{job['name']} has failed: {reason or 'no reason was given'}. What is labeled so far is kept."
    return _of_job(job, Kind.FAILED, "has failed", text, {**_counts(job), "failure_reason": reason})


def _stopped(job: Json) -> Notification:
    labeled = f"{sum(_labeled(job)):,} of {job['objects']:,} images labeled"
    text = f"{job['name']} was stopped with {labeled}; these labels are kept."
    return _of_job(job, Kind.STOPPED, "was stopped", text, _counts(job))


def _of_job(job: Json, kind: Kind, news: str, text: str, facts: Json) -> Notification:
    name, word = job["name"], kind.removeprefix("job.")
    at = _time(job["created_at"] if kind is Kind.STARTED else job["ended_at"])
    return Notification(f"job/{name}/{word}", kind, job["campaign"], at, f"{name} {news}", text, name, facts)


def _of_budget(campaign: Json, now: datetime) -> Iterator[Notification]:
    cap, spent = campaign.get("cap_mills"), campaign.get("spent_mills") or 0
    if not cap:
        return
    for mark in BUDGET_MARKS:
        if spent * 100 >= cap * mark:
            # The cap is part of the id: a raised cap is a new line to cross.
            yield Notification(
                id=f"campaign/budget/{cap}/{mark}",
                kind=Kind.BUDGET,
                campaign=campaign["name"],
                at=now,
                subject=f"{campaign['name']} has spent {mark} % of its budget",
                text=f"{campaign['name']} has spent {usd(Mills(spent))} of {usd(Mills(cap))}.",
                facts={"percent": mark, "spent_mills": spent, "cap_mills": cap},
            )


def _of_waiting(campaign: Json, now: datetime) -> Iterator[Notification]:
    if campaign["status"] != "waiting":
        return
    reason, remedy = campaign.get("reason") or "no reason was given", campaign.get("remedy") or ""
    # The same reason at a later batch is a new wait.
    state = f"{campaign.get('batches')}|{reason}".encode()
    yield Notification(
        id=f"campaign/waiting/{hashlib.sha256(state).hexdigest()[:16]}",
        kind=Kind.WAITING,
        campaign=campaign["name"],
        at=now,
        subject=f"{campaign['name']} waits",
        text=f"{campaign['name']} waits: {reason}" + (f" What to do: {remedy}" if remedy else ""),
        facts={"reason": reason, "remedy": remedy},
    )


def _labeled(job: Json) -> tuple[int, int]:
    counters = job.get("counters") or {}
    return counters.get("HumanLabeled") or 0, counters.get("MachineLabeled") or 0


def _counts(job: Json) -> dict[str, Any]:
    human, machine = _labeled(job)
    return {"objects": job["objects"], "human_labeled": human, "machine_labeled": machine}


def _time(text: str) -> datetime:
    time = datetime.fromisoformat(text)
    return time.replace(tzinfo=UTC) if time.tzinfo is None else time.astimezone(UTC)


def seconds_until_next_try(tries: int, *, asked: int | None = None) -> int:
    """Seconds to wait after the `tries`-th try failed: 15, 60, 240, 960, then an hour each.

    `asked` is the receiver's own wish (Retry-After), which counts where it is longer, up to the same hour.
    """
    planned: int = _FIRST_SECONDS * _FACTOR ** min(max(tries, 1) - 1, TRIES)
    return min(_MOST_SECONDS, max(planned, asked or 0))
