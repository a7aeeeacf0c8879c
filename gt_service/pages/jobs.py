"""What the page of one labeling job shows: how far it is, and once it has ended its report."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from markupsafe import Markup

from gt_service.pages import charts
from gt_service.pages.formats import NOTHING, duration, moment, money, number, percent, time
from gt_service.pages.parts import Fact, Problem, Sample, Table
from gt_service.pages.report import cost_facts, iteration_rows, iterations_table, tables, training_series
from gt_service.pages.status import Action, Status, job_actions, job_dialogs, job_status

Json = Mapping[str, Any]


@dataclass(frozen=True)
class JobPage:
    """Everything on one labeling job's page."""

    name: str
    campaign: str
    batch: int
    role: str
    attempt: int
    status: Status
    started: str
    ended: str
    took: str
    objects: str
    done: str
    done_share: str
    eta: str
    last_step: str
    progress: Markup
    problems: tuple[Problem, ...]
    facts: tuple[Fact, ...]
    iterations: Table | None
    iterations_chart: Markup
    training_chart: Markup
    training_legend: tuple[tuple[str, str], ...]
    tables: tuple[Table, ...]
    samples: tuple[Sample, ...]
    places: tuple[tuple[str, str], ...]
    has_report: bool
    actions: tuple[Action, ...]
    dialogs: tuple[Action, ...]

    @property
    def live(self) -> bool:
        """Whether the page can still change by itself: the job runs, or its report is still to come."""
        return not self.status.ended or not self.has_report


def time_left(job: Json, *, now: datetime) -> str:
    """How long a running job still takes at the pace so far; nothing where there is no pace yet."""
    counters = job.get("counters") or {}
    done, started = _labeled(counters), moment(job.get("created_at"))
    rest = job["objects"] - done - (counters.get("FailedNonRetryableError") or 0)
    if job_status(job["status"]).ended or not done or rest <= 0 or started is None or now <= started:
        return ""
    return duration((now - started) / done * rest)


def _labeled(counters: Json) -> int:
    return (counters.get("HumanLabeled") or 0) + (counters.get("MachineLabeled") or 0)


def _last_step(job: Json) -> str:
    """What a running job does whose images are all labeled or failed; nothing of any other job."""
    counters = job.get("counters") or {}
    rest = job["objects"] - _labeled(counters) - (counters.get("FailedNonRetryableError") or 0)
    if job_status(job["status"]).ended or rest > 0:
        return ""
    return "All of them are through; the job trains its last model and writes its output."


def problems(job: Json) -> tuple[Problem, ...]:
    """Failures and leftovers with what to do about each."""
    counters = job.get("counters") or {}
    found = [Problem(job["warning"])] if job.get("warning") else []
    if job.get("output_problem"):
        found.append(
            Problem(
                f"The job's output is not whole: {job['output_problem']}",
                "Bring its files back; the bucket keeps earlier versions.",
            )
        )
    cost, reserved = job.get("cost_mills"), job.get("reserved_mills")
    if cost is not None and reserved is not None and cost > reserved:
        found.append(
            Problem(
                f"The job cost {money(cost)}, more than the {money(reserved)} set aside for it.",
                "Its report tells in which iterations objects went to workers.",
            )
        )
    if job["status"] == "Failed":
        reason = job.get("failure_reason") or "No reason was given."
        found.append(Problem(f"The job failed: {reason}", job.get("remedy") or _remedy(reason), severe=True))
    failed = counters.get("FailedNonRetryableError") or 0
    if failed:
        found.append(
            Problem(
                f"{failed:,} image(s) could not be labeled and will not be tried again in this job.",
                "They are listed below; each one's reason is in the job's log, group /aws/sagemaker/LabelingJobs,"
                f" stream {job['name']}. Mend the files and upload them again under other names.",
            )
        )
    left = counters.get("Unlabeled") or 0
    if left and job_status(job["status"]).ended:
        found.append(
            Problem(
                f"{left:,} image(s) have no label.",
                "A follow-up job sends only these, as often as the campaign's follow_ups allow.",
            )
        )
    return tuple(found)


_REMEDIES = (
    (
        ("access denied", "accessdenied", "not authorized", "forbidden"),
        "Give the labeling role read access to the"
        " inbox bucket and write access to the results bucket (and the key), then close the batch again or resume.",
    ),
    (
        ("no such bucket", "nosuchbucket", "nosuchkey", "does not exist"),
        "Check that the manifest and its images are still in their buckets.",
    ),
    (("manifest",), "Look at the manifest's first lines; each must name an image that the labeling role can read."),
    (("30 days", "expire"), "Labels so far are kept. Resume the campaign: a follow-up job sends the rest."),
    (
        ("10%", "10 %", "first sample"),
        "Too many of the first images failed. Look at the images without a label, and at the gold labels where"
        " simulated workers answer from them.",
    ),
)


def _remedy(reason: str) -> str:
    lower = reason.lower()
    for words, remedy in _REMEDIES:
        if any(word in lower for word in words):
            return remedy
    return "Labels so far are kept. Mend the cause, then resume the campaign: a follow-up job sends only the rest."


def job_page(
    job: Json,
    *,
    report: Json | None,
    samples: Sequence[Sample] = (),
    now: datetime,
    may_operate: bool,
) -> JobPage:
    """The page of one job from the API's answers; `report` is None until it is written."""
    counters = job.get("counters") or {}
    human, machine = counters.get("HumanLabeled") or 0, counters.get("MachineLabeled") or 0
    failed = counters.get("FailedNonRetryableError") or 0
    started, ended = moment(job.get("created_at")), moment(job.get("ended_at"))
    rows = iteration_rows(report or {})
    curves = training_series(report or {})
    return JobPage(
        name=job["name"],
        campaign=job["campaign"],
        batch=job["batch"],
        role=job["role"],
        attempt=job.get("attempt") or 0,
        status=job_status(job["status"]),
        started=time(job.get("created_at")),
        ended=time(job.get("ended_at")) if ended else "",
        took=duration(ended - started) if started and ended else "",
        objects=number(job["objects"]),
        done=number(human + machine),
        done_share=percent((human + machine) / job["objects"]) if job["objects"] else NOTHING,
        eta=time_left(job, now=now),
        last_step=_last_step(job),
        progress=charts.progress(human=human, machine=machine, failed=failed, total=job["objects"]),
        problems=problems(job),
        facts=_facts(job, report, human=human, machine=machine),
        iterations=iterations_table(report or {}) if rows else None,
        iterations_chart=charts.iterations(rows) if rows else Markup(""),
        training_chart=charts.lines(
            curves,
            x_name="epoch",
            title="Validation score per epoch: " + ", ".join(one.name for one in curves),
            y_high=1.0,
        ),
        training_legend=tuple((f"line-{index % 4}", one.name) for index, one in enumerate(curves)),
        tables=tuple(tables(report or {})),
        samples=tuple(samples),
        places=_places(job),
        has_report=bool(job.get("report_s3_uri")),
        actions=job_actions(job["name"], job["status"]) if may_operate else (),
        dialogs=job_dialogs(job["name"]) if may_operate else (),
    )


def _facts(job: Json, report: Json | None, *, human: int, machine: int) -> tuple[Fact, ...]:
    labeled = human + machine
    facts = [
        Fact("By people", number(human), "images"),
        Fact("By machine", number(machine), "images"),
        Fact("Machine share", percent(machine / labeled) if labeled else NOTHING),
    ]
    if report:
        return (*facts, *cost_facts(report))
    if job.get("cost_mills") is not None:
        return (*facts, Fact("Cost", money(job["cost_mills"])))
    if job.get("so_far_mills") is not None:
        facts.append(Fact("Spent so far", money(job["so_far_mills"]), "for labels; computing comes on top at the end"))
    return (
        *facts,
        Fact("Ceiling", money(job.get("reserved_mills")), "the most it may cost, set aside from the budget"),
    )


def _places(job: Json) -> tuple[tuple[str, str], ...]:
    names = (
        ("Starts from the model", "initial_model_arn"),
        ("Leaves the model", "final_model_arn"),
        ("Manifest", "manifest_s3_uri"),
        ("Output", "output_s3_uri"),
        ("Report", "report_s3_uri"),
    )
    return tuple((name, job[key]) for name, key in names if job.get(key))
