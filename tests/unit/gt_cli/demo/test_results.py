"""What the demo leaves: summary.json and the page that opens it."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from gt_cli.demo.results import ROLES, conclusion, summary, write
from gt_service.records.names import Role

KEYS = {
    "name",
    "role",
    "status",
    "objects",
    "human_labeled",
    "machine_labeled",
    "machine_share",
    "true_error",
    "cost_usd",
    "initial_model_arn",
    "final_model_arn",
    "output_s3_uri",
}
JOB = {
    "name": "birds-0001",
    "role": "first",
    "status": "Completed",
    "batch": 1,
    "initial_model_arn": None,
    "final_model_arn": "arn:aws:sagemaker:us-east-1:1:model/m",
    "output_s3_uri": "s3://results/birds/output/birds-0001",
}
REPORT = {
    "counts": {
        "objects": 1250,
        "human_images": 650,
        "machine_images": 600,
        "human_boxes": 900,
        "machine_boxes": 800,
        "unlabeled": 0,
    },
    "cost": {"total_mills": 170_200},
    "all_human": {"total_mills": 235_000},
    "machine_share": 0.48,
    "people": {"hours": 12.5, "all_human_hours": 24.0},
    "quality": {"true_error": 0.072},
}


def test_a_job_of_any_role_is_in_the_table() -> None:
    """A second look, or a role that comes with a later version, would end the demo with an error and no results."""
    assert set(ROLES) == set(Role)
    jobs = [{**JOB, "name": f"birds-{role}", "role": role} for role in (*Role, "something new")]
    whole = summary(jobs, {job["name"]: REPORT for job in jobs}, {})
    console = Console(file=io.StringIO(), width=200)
    console.print(conclusion(whole))
    text = console.file.getvalue()  # type: ignore[attr-defined]
    assert all(word in text for word in (*ROLES.values(), "something new", "birds-review"))


@pytest.fixture
def found() -> dict[str, Any]:
    about = {"campaign": "birds", "source": "drawn scenes", "images": 2500, "notes": ["small"]}
    return summary([JOB], {"birds-0001": REPORT}, about)


def test_the_summary_has_the_keys_that_scripts_read(found: dict[str, Any]) -> None:
    (job,) = found["jobs"]
    assert set(job) >= KEYS
    assert (job["cost_usd"], job["saving_usd"], job["true_error"]) == (170.2, 64.8, 0.072)


def test_a_job_without_gold_labels_has_no_true_error() -> None:
    (job,) = summary([JOB], {"birds-0001": {**REPORT, "quality": None}}, {})["jobs"]
    assert job["true_error"] is None


def test_the_table_shows_share_counts_money_and_error(found: dict[str, Any]) -> None:
    console = Console(width=160, record=True, file=io.StringIO())
    console.print(conclusion(found))
    shown = console.export_text()
    for text in ("48 %", "650 images", "800 boxes", "$170.20", "$235.00", "12 h 30 min", "24 h 00 min", "0.072"):
        assert text in shown


def test_the_page_links_only_to_what_is_there(found: dict[str, Any], tmp_path: Path) -> None:
    (tmp_path / "reports/birds-0001").mkdir(parents=True)
    (tmp_path / "reports/birds-0001/report.html").write_text("<p>")
    write(tmp_path, found)
    page = (tmp_path / "index.html").read_text()
    assert 'href="reports/birds-0001/report.html"' in page
    assert "report.csv" not in page
    assert "instructions.png" not in page
    assert json.loads((tmp_path / "summary.json").read_text())["jobs"][0]["machine_share"] == 0.48


def test_nothing_of_the_page_is_cut_off_on_paper(found: dict[str, Any], tmp_path: Path) -> None:
    """The last column is what people look for, and a bar without its colour tells nothing."""
    write(tmp_path, found)
    on_paper = (tmp_path / "index.html").read_text().partition("@media print {")[2].partition("</style>")[0]
    assert "size: A4 landscape" in on_paper
    assert ".scroll { overflow-x: visible; }" in on_paper
    assert ".bar, .bar > span { print-color-adjust: exact; }" in on_paper
