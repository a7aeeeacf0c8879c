"""A small campaign through the deployed template: images in, labels and cost reports out."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from gt_cli.demo.plan import Plan
from gt_cli.demo.run import Demo, perform
from gt_cli.demo.sources import draw_all
from gt_cli.stack import LocalStack
from gt_service.objects import S3Objects, S3Uri

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(900)]

IMAGES = 120
CAMPAIGN = "small"
LOOSE = {"target": 0.3, "risk": 0.5}
"""What so few validation labels can promise: the machine must label something, or nothing here is said of it."""


@pytest.fixture(scope="module")
def out(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("out")


@pytest.fixture(scope="module")
def found(stack: LocalStack, out: Path) -> dict[str, Any]:
    """What summary.json says after the demo's experiment, in small."""
    demo = Demo(CAMPAIGN, "drawn scenes", Plan.of(IMAGES), out, changes={"quality": LOOSE})
    return perform(demo, stack, draw_all(IMAGES, seed=16), Console())


@pytest.fixture(scope="module")
def jobs(found: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {job["role"]: job for job in found["jobs"]}


def report(out: Path, job: dict[str, Any]) -> dict[str, Any]:
    read: dict[str, Any] = json.loads((out / "reports" / job["name"] / "report.json").read_text())
    return read


def lines(text: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in text.splitlines()]


def test_three_jobs_run_in_the_notebooks_order(found: dict[str, Any]) -> None:
    assert [(job["role"], job["status"]) for job in found["jobs"]] == [
        ("first", "Completed"),
        ("warm", "Completed"),
        ("control", "Completed"),
    ]


def test_the_second_job_starts_from_the_model_of_the_first(jobs: dict[str, Any]) -> None:
    assert jobs["first"]["initial_model_arn"] is None
    assert jobs["first"]["final_model_arn"]
    assert jobs["warm"]["initial_model_arn"] == jobs["first"]["final_model_arn"]
    assert jobs["control"]["initial_model_arn"] is None


def test_every_image_is_in_exactly_one_batch(out: Path, found: dict[str, Any]) -> None:
    first, second = (
        {line["source-ref"] for line in lines((out / "manifests" / f"batch-000{n}.manifest").read_text())}
        for n in (1, 2)
    )
    assert (len(first), len(second)) == (IMAGES // 2, IMAGES // 2)
    assert not first & second


def test_every_image_gets_a_label_from_a_person_or_the_machine(out: Path, found: dict[str, Any]) -> None:
    for job in found["jobs"]:
        labeled = lines((out / "output" / job["name"] / "manifests/output/output.manifest").read_text())
        assert len(labeled) == job["objects"] == IMAGES // 2
        by = [line["category-metadata"]["human-annotated"] for line in labeled]
        assert (by.count("yes"), by.count("no")) == (job["human_labeled"], job["machine_labeled"])
        assert job["human_labeled"] + job["machine_labeled"] == job["objects"]


def answers(out: Path, job: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for file in (out / "output" / job["name"] / "annotations" / "worker-response").rglob("*.json"):
        yield from json.loads(file.read_text())["answers"]


def test_the_report_charges_every_answer_and_every_label_and_nothing_twice(out: Path, found: dict[str, Any]) -> None:
    for job in found["jobs"]:
        told = report(out, job)
        given = len(list(answers(out, job)))
        assert told["counts"]["answers"] == given
        wages = given * told["people"]["seconds_per_answer"] * 5  # mills a second, at $18 an hour
        assert told["cost"]["workers_mills"] == pytest.approx(wages, rel=0.01)
        assert told["cost"]["service_mills"] == told["cost"]["compute_mills"] == 0
        parts = ("service_mills", "workers_mills", "compute_mills")
        assert told["cost"]["total_mills"] == sum(told["cost"][part] for part in parts)
        everyone = job["objects"] * 3 * told["people"]["seconds_per_answer"] * 5
        assert told["all_human"]["total_mills"] == pytest.approx(everyone, rel=0.01)
        assert sum(iteration["human_images"] for iteration in told["iterations"]) == job["human_labeled"]


def test_machine_labels_are_scored_against_the_known_boxes(out: Path, found: dict[str, Any]) -> None:
    labeled = [job for job in found["jobs"] if job["machine_labeled"]]
    assert labeled, "no machine labels: what is said of them here would be said of nothing"
    for job in labeled:
        assert 0 <= job["true_error"] <= 1
        assert job["true_error"] == report(out, job)["quality"]["true_error"]


def test_the_api_tells_the_same_money_as_the_reports(stack: LocalStack, out: Path, found: dict[str, Any]) -> None:
    from gt_cli.api import Api

    with Api(stack.api_url, stack.headers) as api:
        campaign = api.campaign(CAMPAIGN)
    assert campaign is not None
    assert campaign["committed_mills"] == 0
    assert campaign["spent_mills"] == sum(report(out, job)["cost"]["total_mills"] for job in found["jobs"])


def test_every_link_of_the_page_opens(out: Path, found: dict[str, Any]) -> None:
    from html.parser import HTMLParser

    class Links(HTMLParser):
        found: list[str]

        def handle_starttag(self, _: str, attributes: list[tuple[str, str | None]]) -> None:
            self.found += [value for name, value in attributes if name in ("href", "src") and value]

    links = Links()
    links.found = []
    links.feed((out / "index.html").read_text())
    assert len(links.found) > 15
    for link in links.found:
        assert (out / link).exists(), link


@pytest.mark.parametrize("file", ["report.json", "report.csv", "report.html", "report.png"])
def test_each_job_has_its_report_in_every_form(out: Path, found: dict[str, Any], file: str) -> None:
    for job in found["jobs"]:
        assert (out / "reports" / job["name"] / file).stat().st_size > 200


def test_the_csv_has_a_row_for_each_iteration(out: Path, found: dict[str, Any]) -> None:
    job = found["jobs"][0]
    rows = list(csv.DictReader(io.StringIO((out / "reports" / job["name"] / "report.csv").read_text())))
    assert len(rows) >= len(report(out, job)["iterations"])


def test_the_picture_beside_the_task_is_there(out: Path, found: dict[str, Any]) -> None:
    assert (out / "instructions.png").read_bytes().startswith(b"\x89PNG")
    assert "crowd-bounding-box" in (out / "instructions.template").read_text()


def test_the_request_that_was_sent_is_kept(stack: LocalStack, found: dict[str, Any]) -> None:
    objects = S3Objects(stack.session.client("s3"))
    for job in found["jobs"]:
        key = f"{CAMPAIGN}/requests/{job['name']}.json"
        request = json.loads(objects.read(S3Uri(stack.outputs["ResultsBucket"], key)))
        assert request["LabelingJobName"] == job["name"]
        algorithms = request["LabelingJobAlgorithmsConfig"]
        assert algorithms.get("InitialActiveLearningModelArn") == job["initial_model_arn"]


def test_nothing_is_left_in_a_dead_letter_queue(stack: LocalStack, found: dict[str, Any]) -> None:
    sqs = stack.session.client("sqs")
    for queue in ("UploadsDeadLetters", "BatchesDeadLetters", "CompletionsDeadLetters", "EventsDeadLetters"):
        attributes = sqs.get_queue_attributes(
            QueueUrl=stack.outputs[queue], AttributeNames=["ApproximateNumberOfMessages"]
        )
        assert attributes["Attributes"]["ApproximateNumberOfMessages"] == "0", queue
