"""The cost report of a job that gt-engine ran, read from its own S3 tree and logs."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from gt_cli.stack import LocalSession
from gt_service.objects import S3Uri
from gt_service.outputs import CloudWatchTrainingLogs
from gt_service.outputs.bulk import BulkObjects
from gt_service.reports.publish import publish_job_report
from tests.engine import BUCKET
from tests.engine_server import Engine, birds, ended, request_in
from tests.factories import spec

pytestmark = pytest.mark.integration


@pytest.fixture(scope="module")
def fast(aws: LocalSession, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    options = ["--table-prefix", "report"]
    running = Engine(aws.endpoint_url, tmp_path_factory.mktemp("report"), options, {"GT_ENGINE_HURRY": "10"}).start()
    yield running
    assert running.stop() == 0


def reported(aws: LocalSession, described: dict[str, Any]) -> dict[str, Any]:
    """The report of a job, written below `reports/<job>`."""
    gold = next(tag["Value"] for tag in described["Tags"] if tag["Key"] == "gt-service:gold-labels")
    return publish_job_report(
        objects=BulkObjects(aws.client("s3")),
        logs=CloudWatchTrainingLogs(aws.client("logs")),
        description=described,
        spec=spec(gold_labels=gold),
        role="first",
        batch=1,
        control=None,
        destination=S3Uri(BUCKET, f"reports/{described['LabelingJobName']}"),
        now=datetime(2026, 11, 22, tzinfo=UTC),
    )


@pytest.mark.timeout(600)
def test_the_report_of_an_engines_job(aws: LocalSession, fast: Engine, name: str) -> None:
    """What the engine writes and what the report reads would drift apart."""
    client = fast.client()
    client.create_labeling_job(**request_in(birds(aws, name, 60), name, MaxConcurrentTaskCount=12))
    described = ended(client, name, seconds=500)
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
    folder = S3Uri(BUCKET, f"reports/{name}/")
    paths = {item.uri.key.removeprefix(folder.key) for item in BulkObjects(aws.client("s3")).list(folder)}
    files = {path for path in paths if "/" not in path}
    assert files == {"report.json", "report.csv", "report.html", "report.png", "report.svg"}
    assert {path.partition("/")[0] for path in paths - files} == {"images"}
    assert "images/index.bits" in paths


@pytest.mark.timeout(600)
def test_what_a_machine_may_not_label_is_mended(aws: LocalSession, fast: Engine, name: str) -> None:
    """A target that no machine is shown to meet: what is left after the round goes to people with its boxes."""
    client = fast.client()
    body = request_in(birds(aws, name, 60), name, MaxConcurrentTaskCount=12)
    tags = {"gt-engine:proposals-blind": "0.2", "gt-engine:quality-target": "0.999"}
    body["Tags"] += [{"Key": key, "Value": value} for key, value in tags.items()]
    client.create_labeling_job(**body)
    described = ended(client, name, seconds=500)
    assert described["LabelCounters"]["HumanLabeled"] > 40
    report = reported(aws, described)
    mended, blind = report["proposals"]["proposed"], report["proposals"]["blind"]
    assert mended["images"] > blind["images"]
    assert mended["seconds_per_image"] > 0
    assert report["proposals"]["checked"] + report["proposals"]["planted"] == mended["answers"]
    assert report["findings"] == []
