"""What the page of one labeling job shows: how far it is, and once it has ended its report."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from gt_service.documents import parse_time
from gt_service.pages import charts
from gt_service.pages.parts import Counts, Fact, Problem, Sample
from gt_service.pages.report import cost_facts, iteration_rows, iterations_table, tables, training_series
from gt_service.pages.status import job_actions, job_dialogs, job_status
from gt_service.reports.amounts import money, number, percent, span

Json = Mapping[str, Any]


def time_left(job: Json, *, now: datetime) -> str:
    """How long a running job still takes at the pace so far; nothing where there is no pace yet."""
    counts, started = Counts.of(job), parse_time(job["created_at"])
    is_over = job_status(job["status"]).ended or counts.rest <= 0
    if is_over or not counts.labeled or started is None or now <= started:
        return ""
    return span((now - started).total_seconds() / counts.labeled * counts.rest)


def _last_step(job: Json) -> str:
    """What a running job does whose images are all labeled or failed; nothing of any other job."""
    if job_status(job["status"]).ended or Counts.of(job).rest > 0:
        return ""
    return "All of them are through; the job trains its last model and writes its output."


def problems(job: Json) -> Iterator[Problem]:
    """Failures and leftovers with what to do about each."""
    if job.get("warning"):
        yield Problem(job["warning"])
    if job.get("output_problem"):
        yield Problem(
            f"The job's output is not whole: {job['output_problem']}",
            "Bring its files back; the bucket keeps earlier versions.",
        )
    cost, reserved = job["cost_mills"], job["reserved_mills"]
    if cost is not None and cost > reserved:
        yield Problem(
            f"The job cost {money(cost)}, more than the {money(reserved)} set aside for it.",
            "Its report tells in which iterations objects went to workers.",
        )
    if job["status"] == "Failed":
        reason = job["failure_reason"] or "No reason was given."
        yield Problem(f"The job failed: {reason}", _remedy(reason), severe=True)
    if failed := Counts.of(job).failed:
        yield Problem(
            f"{failed:,} image(s) could not be labeled and will not be tried again in this job.",
            "They are listed below; each one's reason is in the job's log, group /aws/sagemaker/LabelingJobs,"
            f" stream {job['name']}. Correct the files and upload them again under other names.",
        )
    left = (job["counters"] or {}).get("Unlabeled") or 0
    if left and job_status(job["status"]).ended:
        yield Problem(
            f"{left:,} image(s) have no label.",
            "A follow-up job sends only these, as often as the campaign's follow_ups allow.",
        )


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
    return "Labels so far are kept. Fix the cause, then resume the campaign: a follow-up job sends only the rest."


def job_page(
    job: Json,
    *,
    report: Json | None,
    samples: Sequence[Sample] = (),
    now: datetime,
    may_operate: bool,
) -> dict[str, Any]:
    """What the page of one job shows, from the API's answers; `report` is None until it is written."""
    counts, status = Counts.of(job), job_status(job["status"])
    started, ended = parse_time(job["created_at"]), parse_time(job["ended_at"])
    rows = iteration_rows(report or {})
    curves = training_series(report or {})
    return {
        "job": job,
        "status": status,
        "counts": counts,
        "live": not status.ended or not job["report_s3_uri"],
        "took": span((ended - started).total_seconds()) if started and ended else "",
        "time_left": time_left(job, now=now),
        "last_step": _last_step(job),
        "progress": charts.progress(counts),
        "problems": list(problems(job)),
        "facts": _facts(job, report, counts),
        "iterations": iterations_table(report or {}) if rows else None,
        "iterations_chart": charts.iterations(rows) if rows else "",
        "training_chart": charts.lines(
            curves,
            x_name="epoch",
            title="Validation score per epoch: " + ", ".join(curve.name for curve in curves),
            y_high=1.0,
        ),
        "training_legend": [(f"line-{index % 4}", curve.name) for index, curve in enumerate(curves)],
        "tables": list(tables(report or {})),
        "samples": samples,
        "places": [(name, job[key]) for name, key in _PLACES if job[key]],
        "actions": job_actions(job["name"], job["status"]) if may_operate else (),
        "dialogs": job_dialogs(job["name"]) if may_operate else (),
    }


def _facts(job: Json, report: Json | None, counts: Counts) -> tuple[Fact, ...]:
    facts = [
        Fact("By people", number(counts.human), "images"),
        Fact("By machine", number(counts.machine), "images"),
        Fact("Machine share", percent(counts.machine_share)),
    ]
    if report:
        return (*facts, *cost_facts(report))
    if job["cost_mills"] is not None:
        return (*facts, Fact("Cost", money(job["cost_mills"])))
    if job.get("so_far_mills") is not None:
        facts.append(Fact("Spent so far", money(job["so_far_mills"]), "for labels; computing comes on top at the end"))
    ceiling = Fact("Ceiling", money(job["reserved_mills"]), "the most it may cost, set aside from the budget")
    return (*facts, ceiling)


_PLACES = (
    ("Starts from the model", "initial_model_arn"),
    ("Leaves the model", "final_model_arn"),
    ("Manifest", "manifest_s3_uri"),
    ("Output", "output_s3_uri"),
    ("Report", "report_s3_uri"),
)
