"""What reads the S3 tree and the logs of a job that gt-engine ran: the cost report, and AWS's own notebook."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from gt_cli.stack import LocalSession, child_environment
from gt_service.objects import S3Uri
from gt_service.outputs import CloudWatchTrainingLogs
from gt_service.outputs.bulk import BulkObjects
from gt_service.prices import PriceTable
from gt_service.records.names import Role
from gt_service.reports.ended_job import EndedJob
from gt_service.reports.publish import publish_job_report
from tests.engine import BUCKET
from tests.engine_server import Engine, birds, ended, output_files, request_in
from tests.factories import spec
from tests.integration.notebook_cell import CELL, IMPORTS

pytestmark = [pytest.mark.integration, pytest.mark.timeout(600)]

SHELL = """
import subprocess
def shell(command):
    return subprocess.run(command, shell=True, check=True, capture_output=True, text=True).stdout.splitlines()
"""
RESULTS = """
print("RESULTS" + json.dumps({
    "human": dict(consolidated_nims), "human_boxes": sum(consolidated_nboxes.values()),
    "machine": dict(auto_nims), "machine_boxes": sum(auto_nboxes.values()),
    "iterations": n_iters, "cost": [total_human, total_auto],
    "samples": training_sizes, "curves": training_mAPs, "trained_in": training_iters,
}))
"""


def as_python(cell: str) -> str:
    """The cell with IPython's two kinds of shell lines as calls."""
    cell = re.sub(r"^!(.+)$", r'shell(f"""\1""")', cell, flags=re.MULTILINE)
    return re.sub(r"^(\w+) = !(.+)$", r'\1 = shell(f"""\2""")', cell, flags=re.MULTILINE)


def run_cell(engine: Engine, job_name: str, directory: Path) -> dict[str, Any]:
    script = directory / "cell.py"
    script.write_text(f"{IMPORTS}{SHELL}job_name = {job_name!r}\n{as_python(CELL)}{RESULTS}")
    environment = child_environment(engine.endpoint_url) | {
        "AWS_ENDPOINT_URL_SAGEMAKER": engine.url,
        "MPLBACKEND": "Agg",
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
    }
    done = subprocess.run([sys.executable, str(script)], cwd=directory, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    result: dict[str, Any] = json.loads(done.stdout.split("RESULTS")[1])
    return result


@pytest.fixture(scope="module")
def described(aws: LocalSession, engine: Engine) -> dict[str, Any]:
    """A job that people and machine have labeled, as it is described."""
    name = "job-to-read"
    engine.client().create_labeling_job(**request_in(birds(aws, name, 160), name, MaxConcurrentTaskCount=30))
    described = ended(engine.client(), name, seconds=500)
    assert described["LabelingJobStatus"] == "Completed"
    return described


def reported(aws: LocalSession, described: dict[str, Any]) -> dict[str, Any]:
    """The report of a job, written below `reports/<job>`."""
    gold = next(tag["Value"] for tag in described["Tags"] if tag["Key"] == "gt-service:gold-labels")
    return publish_job_report(
        EndedJob(described, spec(gold_labels=gold), Role.FIRST, 1),
        S3Uri(BUCKET, f"reports/{described['LabelingJobName']}"),
        objects=BulkObjects(aws.client("s3")),
        logs=CloudWatchTrainingLogs(aws.client("logs")),
        now=datetime(2026, 11, 22, tzinfo=UTC),
        prices=PriceTable.current(),
    )


def test_the_report_of_an_engines_job(aws: LocalSession, described: dict[str, Any]) -> None:
    """What the engine writes and what the report reads would drift apart."""
    counters = described["LabelCounters"]
    report = reported(aws, described)
    counts = report["counts"]
    assert (counts["human_images"], counts["machine_images"]) == (counters["HumanLabeled"], counters["MachineLabeled"])
    assert (
        counts["answers"] == described["HumanTaskConfig"]["NumberOfHumanWorkersPerDataObject"] * counts["human_images"]
    )
    assert report["findings"] == []
    assert all(run["scores"] and run["samples"] and run["model_s3_uri"] for run in report["training"])
    assert report["quality"]["human"]["images"] == counts["human_images"]
    assert report["quality"]["human"]["mean_f1"] > 0.8
    assert all(worker["median_seconds"] for worker in report["workers"])
    assert sum(worker["answers"] for worker in report["workers"]) == counts["answers"]
    folder = S3Uri(BUCKET, f"reports/{described['LabelingJobName']}/")
    paths = {item.uri.key.removeprefix(folder.key) for item in BulkObjects(aws.client("s3")).list(folder)}
    files = {path for path in paths if "/" not in path}
    assert files == {"report.json", "report.csv", "report.html", "report.png", "report.svg"}
    assert {path.partition("/")[0] for path in paths - files} == {"images"}
    assert "images/index.bits" in paths


def test_what_a_machine_may_not_label_is_corrected(aws: LocalSession, engine: Engine, name: str) -> None:
    """A target that no machine is shown to meet: what is left after the round goes to people with its boxes."""
    client = engine.client()
    body = request_in(birds(aws, name, 60), name, MaxConcurrentTaskCount=12)
    tags = {"gt-engine:proposals-blind": "0.2", "gt-engine:quality-target": "0.999"}
    body["Tags"] += [{"Key": key, "Value": value} for key, value in tags.items()]
    client.create_labeling_job(**body)
    described = ended(client, name, seconds=500)
    assert described["LabelCounters"]["HumanLabeled"] > 40
    report = reported(aws, described)
    corrected, blind = report["proposals"]["proposed"], report["proposals"]["blind"]
    assert corrected["images"] > blind["images"]
    assert corrected["seconds_per_image"] > 0
    assert report["proposals"]["checked"] + report["proposals"]["planted"] == corrected["answers"]
    assert report["findings"] == []


def test_the_notebooks_cell_counts_what_the_job_did(
    aws: LocalSession, engine: Engine, described: dict[str, Any], tmp_path: Path
) -> None:
    """AWS's own notebook reads the engine's output as if Ground Truth had written it."""
    counters = described["LabelCounters"]
    found = run_cell(engine, described["LabelingJobName"], tmp_path)
    human = {int(iteration): count for iteration, count in found["human"].items()}
    machine = {int(iteration): count for iteration, count in found["machine"].items() if count}
    assert sum(human.values()) == counters["HumanLabeled"]
    assert sum(machine.values()) == counters["MachineLabeled"]
    assert (human[1], human[2], human[3]) == (10, 20, 30)
    # The cell's bars go by a count of iterations: it leaves out a last one in which only the machine labeled.
    # Ground Truth's output has such iterations too; there are no other gaps for it to stumble over.
    assert sorted({*human, *machine}) == list(range(1, max({*human, *machine}) + 1))
    shown = range(1, found["iterations"] + 1)
    assert set(human) <= set(shown)
    assert found["cost"] == [
        pytest.approx(0.26 * sum(human.values())),
        pytest.approx(0.08 * sum(machine.get(iteration, 0) for iteration in shown)),
    ]
    boxes = {"yes": 0, "no": 0}
    for line in output_files(aws, described)["manifests/output/output.manifest"].splitlines():
        record = json.loads(line)
        boxes[record["category-metadata"]["human-annotated"]] += len(record["category"]["annotations"])
    assert (found["human_boxes"], found["machine_boxes"]) == (boxes["yes"], boxes["no"])
    assert found["samples"][0] == 60
    assert found["trained_in"][0] == 4
    assert len(found["samples"]) == len(found["curves"]) == len(found["trained_in"])
    assert all(curve and all(0 <= score <= 1 for score in curve) for curve in found["curves"])
    assert described["LabelingJobOutput"]["FinalActiveLearningModelArn"].split(":model/")[1]
