"""What a finished demo leaves: the campaign's part of the results bucket, summary.json, and the page that opens it."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from rich import box
from rich.table import Table

from gt_cli.demo.plan import WAGE
from gt_service.money import Mills, as_usd_number
from gt_service.records.names import Role
from gt_service.reports.amounts import cents, duration, percent

JsonObject = Mapping[str, Any]
ROLES: Mapping[str, str] = {
    Role.FIRST: "without a model",
    Role.WARM: "from the first job's model",
    Role.CONTROL: "same images, without",
    Role.REVIEW: "a second look at labels that seem wrong",
}
"""What a job is there for; one of a role that is not here is shown by its role."""


def summary(jobs: Sequence[JsonObject], reports: Mapping[str, JsonObject], about: JsonObject) -> dict[str, Any]:
    """What summary.json holds. `jobs` in order of their start; `reports` by job name."""
    return {**about, "jobs": [_summary_of(job, reports[job["name"]]) for job in jobs]}


def _summary_of(job: JsonObject, report: JsonObject) -> dict[str, Any]:
    counts, cost, quality = report["counts"], report["cost"], report.get("quality") or {}
    saving = report["all_human"]["total_mills"] - cost["total_mills"]
    return {
        "name": job["name"],
        "role": job["role"],
        "status": job["status"],
        "batch": job["batch"],
        "objects": counts["objects"],
        "human_labeled": counts["human_images"],
        "machine_labeled": counts["machine_images"],
        "human_boxes": counts["human_boxes"],
        "machine_boxes": counts["machine_boxes"],
        "unlabeled": counts["unlabeled"],
        "machine_share": report["machine_share"],
        "people_hours": report["people"]["hours"],
        "all_human_hours": report["people"]["all_human_hours"],
        "true_error": quality.get("true_error"),
        "cost_usd": as_usd_number(Mills(cost["total_mills"])),
        "all_human_usd": as_usd_number(Mills(report["all_human"]["total_mills"])),
        "saving_usd": as_usd_number(Mills(saving)),
        "initial_model_arn": job["initial_model_arn"],
        "final_model_arn": job["final_model_arn"],
        "output_s3_uri": job["output_s3_uri"],
    }


def conclusion(results: JsonObject) -> Table:
    """The notebook's conclusion as a table."""
    table = Table(box=box.SIMPLE_HEAD, title="What the pre-trained model saved", title_style="bold", pad_edge=False)
    table.add_column("job")
    for name in ("machine share", "by people", "by machine", "people's time", "wages", "true error"):
        table.add_column(name, justify="right")
    for job in results["jobs"]:
        table.add_row(
            f"{job['name']}\n[dim]{ROLES.get(job['role'], job['role'])}[/]",
            f"[bold]{percent(job['machine_share'])}[/]",
            f"{job['human_labeled']:,} images\n[dim]{job['human_boxes']:,} boxes[/]",
            f"{job['machine_labeled']:,} images\n[dim]{job['machine_boxes']:,} boxes[/]",
            f"{_hours(job['people_hours'])}\n[dim]of {_hours(job['all_human_hours'])}[/]",
            f"{_dollars(job['cost_usd'])}\n[dim]of {_dollars(job['all_human_usd'])}[/]",
            "–" if job["true_error"] is None else f"{job['true_error']:.3f}",
            end_section=True,
        )
    table.caption = (
        f"Of: had people labeled every object, at the time an answer measured here, and ${WAGE} an hour. The people\n"
        "are simulated. True error: 1 − mean image F1 at IoU 0.5 of the machine's labels against the known boxes."
    )
    return table


def write(folder: Path, results: JsonObject) -> None:
    """Writes summary.json and index.html beside what was downloaded."""
    (folder / "summary.json").write_text(json.dumps(results, indent=2) + "\n", "utf-8")
    pages = Environment(loader=PackageLoader("gt_cli.demo"), autoescape=True, undefined=StrictUndefined)
    pages.filters["dollars"] = _dollars
    pages.filters["hours"] = _hours
    page = pages.get_template("index.html").render(
        found=results, roles=ROLES, wage=WAGE, has=lambda path: (folder / path).exists()
    )
    (folder / "index.html").write_text(page, "utf-8")


def _dollars(amount: float) -> str:
    return cents(round(amount * 1000))


def _hours(hours: float | None) -> str:
    return "–" if hours is None else duration(3600 * hours)
