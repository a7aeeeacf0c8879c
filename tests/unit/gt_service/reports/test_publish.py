"""The report that people get: its numbers, its files, its page."""

from __future__ import annotations

import csv
import json
import subprocess
import sys
import tempfile
import xml.etree.ElementTree as ET
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from html.parser import HTMLParser
from io import BytesIO, StringIO
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from gt_service.backends import GT_ENGINE, GT_ENGINE_SERVERLESS
from gt_service.errors import AccessDenied
from gt_service.job_tags import LEAST_WORKERS_TAG
from gt_service.objects import S3Uri
from gt_service.prices import PriceTable
from gt_service.records.names import Role
from gt_service.reports.campaign import CampaignResults, campaign_report, publish_campaign_report
from gt_service.reports.costs import Terms
from gt_service.reports.ended_job import EndedJob
from gt_service.reports.figure import job_figure, rendered
from gt_service.reports.page import job_page
from gt_service.reports.publish import make_job_report, publish_job_report
from gt_service.task_types import TaskType
from tests.factories import PRIVATE_TEAM, LabelingJob, MemoryLogs, box_label, compact, notebook_jobs, spec
from tests.fakes import MemoryObjects

NOW = datetime(2026, 5, 3, tzinfo=UTC)
PRICES = PriceTable.current()
GOLD = "s3://inbox/birds/gold/gold.manifest"
DESTINATION = S3Uri("results", "birds/reports/birds-0002")
Json = dict[str, Any]


def make(
    job: LabelingJob,
    role: str = "first",
    control: Json | None = None,
    gold: bool = False,
    prices: PriceTable = PRICES,
    certificates: tuple[Json, ...] = (),
    **asked: Any,
) -> Json:
    store, logs = MemoryObjects(), MemoryLogs()
    description = job.write(store, logs)
    for number, certificate in enumerate(certificates, start=1):
        path = f"activelearning/validation/{number}/output/certificate.json"
        store.contents[f"{job.root}/{path}"] = json.dumps(certificate).encode()
    if gold:
        store.contents[GOLD] = gold_manifest(job)
    return make_job_report(
        EndedJob(
            description,
            spec(**({"gold_labels": GOLD} if gold else {}), **asked),
            Role(role),
            1 if role == "first" else 2,
            control=control,
        ),
        objects=store,
        logs=logs,
        now=NOW,
        prices=prices,
    )


def gold_manifest(job: LabelingJob) -> bytes:
    lines = [{"source-ref": job.source(n), **box_label(job="gold", human=True)} for n in range(job.objects)]
    return "".join(compact(line) + "\n" for line in lines).encode()


@pytest.fixture(scope="module")
def notebook() -> dict[str, Json]:
    jobs = notebook_jobs()
    first, control = make(jobs["first"]), make(jobs["control"], "control")
    return {"first": first, "warm": make(jobs["warm"], "warm", control), "control": control}


@pytest.fixture(scope="module")
def published() -> tuple[Json, MemoryObjects]:
    """A job with everything: quality, trainings, unlabeled objects, text that needs escaping."""
    job = LabelingJob("birds-0002", initial_model="arn:aws:sagemaker:us-east-1:111122223333:model/m")
    job.iteration(1, human=10).iteration(2, human=40).iteration(3, human=10, machine=60)
    job.trained(2, samples=40).trained(3, samples=50, python=3)
    job.answered(3, job.objects, answers=2)
    job.objects += 1
    bad = job.objects - 1
    job.lines[bad] = {
        "source-ref": job.source(bad),
        "category-metadata": {"failure-reason": "<script>alert(1)</script>"},
    }
    store, logs = MemoryObjects(), MemoryLogs()
    description = job.write(store, logs)
    store.contents[GOLD] = gold_manifest(job)
    report = publish_job_report(
        EndedJob(
            description, spec(gold_labels=GOLD), Role.WARM, 2, control=make(notebook_jobs()["control"], "control")
        ),
        DESTINATION,
        objects=store,
        logs=logs,
        now=NOW,
        prices=PRICES,
    )
    return report, store


def test_the_saving_against_people_alone_and_its_ceiling(notebook: dict[str, Json]) -> None:
    """Published for the notebook's jobs at three workers: 27.6, 46.0 and 34.5 %, of at most 57.4 %."""
    shares = {role: report["saving"]["all_human"]["share"] for role, report in notebook.items()}
    assert shares == {"first": 0.2757, "warm": 0.4596, "control": 0.3447}
    assert {report["saving"]["ceiling"]["share"] for report in notebook.values()} == {0.5745}


def test_other_targets_are_told_with_their_share_and_cost() -> None:
    """Whoever chooses the next target would choose it blindly."""
    told = {"by-target": [{"target": 0.8, "machine-labeled": 60}, {"target": 0.9, "machine-labeled": 15}]}
    job = LabelingJob().iteration(1, human=40).iteration(2, human=20, machine=40)
    report = make(job, certificates=(told, {"by-target": []}))
    loose, strict = report["targets"]["rows"]
    assert [row["machine_share"] for row in (loose, strict)] == [0.6, 0.15]
    assert loose["total_mills"] < strict["total_mills"] < report["all_human"]["total_mills"]
    assert loose["hours"] == pytest.approx(report["people"]["all_human_hours"] * 0.4, abs=0.001)
    page = job_page(report, rendered(job_figure(report), "svg")).decode()
    assert "Other targets" in page


def test_a_job_that_tells_nothing_of_other_targets_has_no_table_of_them(notebook: dict[str, Json]) -> None:
    assert notebook["first"]["targets"] is None
    damaged = make(LabelingJob().iteration(1, human=4), certificates=({"by-target": [{"target": 0.8}]},))
    assert damaged["targets"] is None
    assert any(one["code"] == "unreadable" for one in damaged["findings"])


def test_the_saving_against_the_control_and_its_mechanical_part(notebook: dict[str, Json]) -> None:
    """$27.00 less than the control, of which $21.60 is a training batch that was not bought."""
    saving = notebook["warm"]["saving"]["control"]
    assert (saving["mills"], saving["share"]) == (27_000, 0.1753)
    assert saving["mechanical"] == {"mills": 21_600, "objects": 200}
    assert saving["model"] == {"mills": 5_400}
    assert "birds-0002-control" in saving["compared_to"]
    assert notebook["first"]["saving"]["control"] is None


def test_parts_that_cannot_be_told_apart_are_not_made_up() -> None:
    """A control that labeled nothing by machine would get an invented mechanical part."""
    control = make(LabelingJob("birds-0002-control").iteration(1, human=20), "control")
    saving = make(notebook_jobs()["warm"], "warm", control)["saving"]["control"]
    assert saving["mechanical"] is None
    assert "birds-0002-control has no machine labels" in saving["why"]


def test_the_report_has_what_others_read(published: tuple[Json, MemoryObjects]) -> None:
    """The demo, the API and the status page read these keys."""
    report, _ = published
    assert report["job"] == {
        "name": "birds-0002",
        "campaign": "birds",
        "batch": 2,
        "role": "warm",
        "status": "Completed",
        "failure_reason": None,
        "initial_model_arn": "arn:aws:sagemaker:us-east-1:111122223333:model/m",
        "final_model_arn": None,
        "output_s3_uri": "s3://results/birds/output/birds-0002/",
        "created_at": "2026-05-01T08:00:00+00:00",
        "ended_at": "2026-05-01T12:00:00+00:00",
    }
    assert report["counts"] == {
        "objects": 122,
        "labeled": 120,
        "labeled_before": 0,
        "human_images": 60,
        "human_boxes": 60,
        "machine_images": 60,
        "machine_boxes": 60,
        "answers": 182,
        "unlabeled": 2,
        "failed": 0,
    }
    assert report["machine_share"] == 0.5
    assert report["cost"]["total_usd"] == report["cost"]["total_mills"] / 1000
    assert report["quality"]["true_error"] == 0.0
    assert report["audit_sample"] is None
    assert report["training"][0]["scores"] == [0.2, 0.5, 0.7]
    assert sum(worker["cost_mills"] for worker in report["workers"]) == report["cost"]["workers_mills"]


def test_all_five_files_are_written_and_the_json_is_the_report(published: tuple[Json, MemoryObjects]) -> None:
    """A link of the status page would lead nowhere."""
    report, store = published
    types = {key.rsplit(".", 1)[1]: kind for key, kind in store.content_types.items()}
    assert types == {
        "json": "application/json",
        "csv": "text/csv; charset=utf-8",
        "html": "text/html; charset=utf-8",
        "png": "image/png",
        "svg": "image/svg+xml",
        "bits": "application/octet-stream",
    }
    assert json.loads(store.contents[f"{DESTINATION}/report.json"]) == report
    # Whoever finds report.json must find the rest.
    assert list(store.content_types)[-1].endswith("report.json")


def test_the_csv_adds_up(published: tuple[Json, MemoryObjects]) -> None:
    """A spreadsheet made of it would show other sums than the page."""
    report, store = published
    rows = list(csv.DictReader(StringIO(store.contents[f"{DESTINATION}/report.csv"].decode())))
    assert [row["iteration"] for row in rows] == ["1", "2", "3", "all"]
    for column in ("human_images", "machine_boxes", "answers"):
        assert sum(int(row[column]) for row in rows[:-1]) == int(rows[-1][column])
    mills = [round(float(row["total_usd"]) * 1000) for row in rows]
    assert sum(mills[:-1]) == mills[-1] == report["cost"]["total_mills"]


class Links(HTMLParser):
    """Every tag, and every address that the page would load."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.loads: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.loads += [
            value for name, value in attrs if name in {"src", "href", "xlink:href"} and value and value[0] != "#"
        ]


def test_the_page_is_whole_by_itself_and_escapes_what_others_wrote(published: tuple[Json, MemoryObjects]) -> None:
    """Mailed or kept for years it must still open; and a failure reason must not run as a script."""
    page = published[1].contents[f"{DESTINATION}/report.html"].decode()
    links = Links()
    links.feed(page)
    assert links.loads == []
    assert {"script", "link", "img"} & links.tags == set()
    assert "svg" in links.tags
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page


def test_the_page_says_that_compute_is_training_alone(published: tuple[Json, MemoryObjects]) -> None:
    """Nobody could tell why the bill for instances is higher: predictions are paid too, in no file of the job."""
    report, store = published
    page = store.contents[f"{DESTINATION}/report.html"].decode()
    assert f"compute (training only) ${report['cost']['compute_mills'] / 1000:.2f}" in page
    assert "the time of predictions is in none of the job&#39;s files" in page
    assert "training $" in store.contents[f"{DESTINATION}/report.svg"].decode()


@pytest.mark.parametrize(("ahead", "said"), [(3600, True), (-1, False)])
def test_a_clock_that_is_ahead_of_the_job_is_explained(
    published: tuple[Json, MemoryObjects], ahead: int, said: bool
) -> None:
    """An iteration that ends after its job looks like a mistake of the report."""
    from gt_service.reports.page import job_page

    report, store = published
    ended = datetime.fromisoformat(report["job"]["ended_at"])
    iterations = [{**row, "ended_at": (ended + timedelta(seconds=ahead)).isoformat()} for row in report["iterations"]]
    page = job_page({**report, "iterations": iterations}, store.contents[f"{DESTINATION}/report.svg"])
    assert (b"clock of simulated workers" in page) is said


def test_the_figure_is_an_image_in_both_forms(published: tuple[Json, MemoryObjects]) -> None:
    """A broken figure would only be noticed by the reader."""
    store = published[1]
    image = Image.open(BytesIO(store.contents[f"{DESTINATION}/report.png"]))
    assert image.size[0] > 1400
    assert len(image.convert("RGB").getcolors(1_000_000) or []) > 50
    assert ET.fromstring(store.contents[f"{DESTINATION}/report.svg"]).tag == "{http://www.w3.org/2000/svg}svg"


def test_drawing_leaves_nothing_behind(
    published: tuple[Json, MemoryObjects], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """A machine that draws reports for a week would fill its disk with folders."""
    (tmp_path / "temporary").mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "temporary"))
    monkeypatch.setenv("MPLCONFIGDIR", str(tmp_path))
    rendered(job_figure(published[0]), "svg")
    assert not list((tmp_path / "temporary").iterdir())


def test_the_same_job_gives_the_same_files(published: tuple[Json, MemoryObjects]) -> None:
    """A completion that is delivered twice would seem to change the report."""
    from gt_service.reports.publish import write_job_report

    report, store = published
    again = MemoryObjects()
    write_job_report(again, report, DESTINATION)
    assert all(store.contents[key] == body for key, body in again.contents.items())


@pytest.mark.parametrize("status", ["Failed", "Stopped"])
def test_a_job_that_labeled_nothing_has_a_page_too(status: str) -> None:
    """The owner of a failed job would see no report, or a division by zero."""
    job = LabelingJob(status=status, objects=3)
    store, logs = MemoryObjects(), MemoryLogs()
    job.write_inputs(store)
    description = {**job.description(), "FailureReason": "ClientError: <no images>"}
    report = publish_job_report(
        EndedJob(description, spec(), Role.FIRST, 1), DESTINATION, objects=store, logs=logs, now=NOW, prices=PRICES
    )
    assert (report["machine_share"], report["cost"]["total_mills"], report["counts"]["unlabeled"]) == (0.0, 0, 3)
    assert b"ClientError: &lt;no images&gt;" in store.contents[f"{DESTINATION}/report.html"]


class Denied(MemoryObjects):
    """Gold labels in a bucket whose owner took the leave to read them away."""

    def read(self, uri: S3Uri, **options: Any) -> bytes:
        if str(uri) == GOLD:
            raise AccessDenied(f"the service may not read {uri}", remedy="Let it.")
        return super().read(uri, **options)


@pytest.mark.parametrize("store", [MemoryObjects(), Denied()])
def test_gold_labels_that_are_gone_cost_the_audit_and_not_the_report(store: MemoryObjects) -> None:
    """A typing error in the spec would leave every job without a bill and its budget set aside for ever."""
    job = LabelingJob().iteration(1, human=2).iteration(2, machine=2)
    report = make_job_report(
        EndedJob(job.write(store), spec(gold_labels=GOLD), Role.FIRST, 1),
        objects=store,
        logs=MemoryLogs(),
        now=NOW,
        prices=PRICES,
    )
    assert report["quality"] is None
    assert report["audit_sample"]["size"] == 2
    assert "no_gold_labels" in {finding["code"] for finding in report["findings"]}


@pytest.mark.parametrize("human", [True, False])
def test_a_label_that_cannot_be_read_costs_a_report_that_label_alone(human: bool) -> None:
    """The job would never be settled, and what was set aside for it stay so."""
    job = LabelingJob().iteration(1, human=2).iteration(2, machine=2)
    damaged = {"source-ref": job.source(0 if human else 3), **box_label(job=job.name, human=human)}
    damaged["category"]["annotations"][0]["left"] = "left"
    job.lines[0 if human else 3] = damaged
    report = make(job, gold=True)
    assert (report["counts"]["human_images"], report["counts"]["machine_images"]) == (2, 2)
    assert report["quality"]["human" if human else "machine"]["images"] == 1
    (finding,) = [each["message"] for each in report["findings"] if each["code"] == "unreadable"]
    assert finding.startswith("1 record(s) unread, first: the label of object ")


def test_a_classification_job_shows_its_confusion() -> None:
    """Only box jobs would have a quality section."""
    from tests.factories import class_label

    job = LabelingJob().iteration(1, human=2).iteration(2, machine=4)
    gold = []
    for number in range(6):
        name = ("Owl", "Crow")[number % 2]
        given = "Crow" if number == 2 else name
        job.lines[number] = {
            "source-ref": job.source(number),
            **class_label(given, 0, job=job.name, human=number < 2),
        }
        gold.append({"source-ref": job.source(number), **class_label(name, 0, job="gold", human=True)})
    store, logs = MemoryObjects(), MemoryLogs()
    description = job.write(store, logs)
    store.contents[GOLD] = "".join(compact(line) + "\n" for line in gold).encode()
    report = publish_job_report(
        EndedJob(
            description,
            spec(task="image-classification", labels=["Owl", "Crow"], gold_labels=GOLD, price_per_task="0.012"),
            Role.FIRST,
            1,
        ),
        DESTINATION,
        objects=store,
        logs=logs,
        now=NOW,
        prices=PRICES,
    )
    assert report["quality"]["machine"]["accuracy"] == 0.75
    assert b"Rows are gold classes" in store.contents[f"{DESTINATION}/report.html"]


def test_times_are_in_utc_wherever_the_report_is_made() -> None:
    """boto3 answers in the laptop's own zone: the page would say UTC beside another hour, and bill another month."""
    job = LabelingJob().iteration(1, human=2)
    store, tokyo = MemoryObjects(), timezone(timedelta(hours=9))
    description = job.write(store)
    times = {name: description[name].astimezone(tokyo) for name in ("CreationTime", "LastModifiedTime")}
    elsewhere = description | times | {"CreationTime": datetime(2026, 6, 1, 8, 30, tzinfo=tokyo)}
    report = make_job_report(
        EndedJob(elsewhere, spec(), Role.FIRST, 1), objects=store, logs=MemoryLogs(), now=NOW, prices=PRICES
    )
    assert report["job"]["created_at"] == "2026-05-31T23:30:00+00:00"
    assert report["job"]["ended_at"] == description["LastModifiedTime"].isoformat()
    assert Terms.of(elsewhere, TaskType.OBJECT_DETECTION).started == date(2026, 5, 31)


def test_a_control_of_a_job_whose_labels_are_all_the_machines() -> None:
    """Where as many people are asked as needed, its report would divide by no image, and its reserve stay set aside."""
    control = make(LabelingJob("birds-0002-control").iteration(1, human=4).iteration(2, machine=6), "control")
    tags = {"Tags": [{"Key": LEAST_WORKERS_TAG, "Value": "1"}]}
    job, store = LabelingJob("birds-0002").iteration(1, machine=10), MemoryObjects()
    report = make_job_report(
        EndedJob(job.write(store) | tags, spec(), Role.WARM, 2, control=control),
        objects=store,
        logs=MemoryLogs(),
        now=NOW,
        prices=PRICES,
    )
    assert report["saving"]["control"]["mechanical"] == {"objects": 4, "mills": 4 * 3 * 36}


def test_a_campaign_side_by_side(notebook: dict[str, Json]) -> None:
    """At three workers the notebook's two batches, cold then warm, save 36.8 % of all-human and 8.3 % of cold twice."""
    report = campaign_report(
        CampaignResults("birds", [notebook["first"], notebook["warm"], notebook["control"]]), now=NOW
    )
    chain = report["totals"]["chain"]
    assert (chain["jobs"], chain["cost_mills"], chain["saved_share"]) == (2, 297_200, 0.3677)
    assert report["totals"]["controls"]["cost_mills"] == 154_000
    assert report["without_chaining"]["cost_mills"] == 324_200
    assert report["without_chaining"]["saved_share"] == 0.0833


def test_a_control_is_paid_once_however_many_jobs_its_batch_had(notebook: dict[str, Json]) -> None:
    """Chaining would be praised for every follow-up job, as if not chaining had paid the control again."""
    jobs = [notebook["first"], notebook["warm"], notebook["warm"], notebook["control"]]
    without = campaign_report(CampaignResults("birds", jobs), now=NOW)["without_chaining"]
    assert without["cost_mills"] == 324_200
    assert without["saved_mills"] == 324_200 - 297_200 - notebook["warm"]["cost"]["total_mills"]


def test_a_campaign_without_a_control_claims_nothing_about_chaining(notebook: dict[str, Json]) -> None:
    """A saving would be printed that nobody measured."""
    assert campaign_report(CampaignResults("birds", [notebook["first"]]), now=NOW)["without_chaining"] is None


def test_what_duplicates_saved_is_priced_by_the_campaigns_own_labels(notebook: dict[str, Json]) -> None:
    """A saving that could not be checked would be printed, or money that unlabeled twins never saved."""
    duplicates = {"exact": 10, "near": 5, "labeled": 12}
    reports = [notebook["first"], notebook["warm"], notebook["control"]]
    report = campaign_report(CampaignResults("birds", reports, duplicates), now=NOW)["duplicates"]
    chain = campaign_report(CampaignResults("birds", reports), now=NOW)["totals"]["chain"]
    assert report["saved_mills"] == 12 * chain["cost_mills"] // chain["labeled"]
    assert {key: report[key] for key in duplicates} == duplicates
    assert campaign_report(CampaignResults("birds", [], duplicates), now=NOW)["duplicates"]["saved_mills"] == 0


LABELS = {
    "images": 1200,
    "people": 500,
    "machine": 700,
    "nothing": 12,
    "disagrees": 20,
    "corrected": 3,
    "taken_out": 1,
    "classes": {"Bird": 1100, "Cat": 88},
    "corrected_of_jobs": {"birds-0001": 4},
}


@pytest.mark.parametrize("roles", [[], ["first"], ["first", "warm", "control"]])
def test_the_campaigns_files(notebook: dict[str, Json], roles: list[str]) -> None:
    """A campaign's page would fail while its first job is still running."""
    store = MemoryObjects()
    publish_campaign_report(
        CampaignResults("birds", [notebook[role] for role in roles], labels=LABELS if roles else None),
        S3Uri("results", "birds/reports"),
        objects=store,
        now=NOW,
    )
    names = sorted(key.rsplit("/", 1)[1] for key in store.contents)
    assert names == ["campaign.html", "campaign.json", "campaign.png", "campaign.svg"]
    page = store.contents["s3://results/birds/reports/campaign.html"].decode()
    assert all(notebook[role]["job"]["name"] in page for role in roles)
    assert ("3 put right, 1 taken out: 4 of birds-0001." in page) == bool(roles)


def test_drawing_libraries_are_loaded_only_to_draw() -> None:
    """Every function of the service would start a second later."""
    code = (
        "import sys, gt_service.reports.publish, gt_service.estimates.estimate, gt_service.reports.campaign;"
        "print([m for m in ('matplotlib', 'numpy', 'jinja2') if m in sys.modules])"
    )
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert loaded.strip() == "[]"


def test_people_by_the_hour_cost_the_time_that_was_measured() -> None:
    """The owner of a team wants hours and wages, not a fee that nobody asks."""
    job = LabelingJob("birds-0001", workteam=PRIVATE_TEAM, price=None)
    job.iteration(1, human=40).iteration(2, human=10, machine=50)
    report = make(job, "first", price_per_task=None, wage="18", prices=PriceTable.of(GT_ENGINE), workforce=PRIVATE_TEAM)
    people, cost = report["people"], report["cost"]
    hours = people["seconds_per_answer"] * people["answers"] / 3600
    assert people["answers"] == 150
    assert people["hours"] == pytest.approx(hours, rel=1e-3)
    assert people["all_human_hours"] == pytest.approx(2 * hours, rel=1e-3)
    assert cost["total_mills"] == cost["workers_mills"] == pytest.approx(hours * 18_000, rel=1e-3)
    assert report["saving"]["all_human"]["share"] == pytest.approx(0.5, abs=0.001)
    assert people["cost_per_image_mills"] == pytest.approx(cost["total_mills"] / 100, abs=0.01)
    page = job_page(report, rendered(job_figure(report), "svg")).decode()
    assert "People's time" in page.replace("&#39;", "'")
    assert "no service fee" in page
    assert "Service fee</th>" not in page


def test_time_is_drawn_where_there_is_no_money() -> None:
    """An own team on gt-engine without a wage: a chart of zero dollars says nothing."""
    job = LabelingJob("birds-0001", workteam=PRIVATE_TEAM, price=None).iteration(1, human=40)
    report = make(job, "first", price_per_task=None, prices=PriceTable.of(GT_ENGINE), workforce=PRIVATE_TEAM)
    assert report["cost"]["total_mills"] == 0
    titles = [axes.get_title() for axes in job_figure(report).axes]
    assert titles[0].startswith("People's time by iteration")
    page = job_page(report, rendered(job_figure(report), "svg")).decode()
    assert "Saved against all-human" not in page


def test_functions_are_in_the_cost_with_what_they_used() -> None:
    """Computing that AWS bills and no report names is a cost that nobody saved against."""
    job = LabelingJob("birds-0001", workteam=PRIVATE_TEAM, price=None)
    job.iteration(1, human=40).iteration(2, human=10, machine=50)
    prices = PriceTable.of(GT_ENGINE_SERVERLESS)
    report = make(job, "first", price_per_task=None, prices=prices, workforce=PRIVATE_TEAM)
    cost = report["cost"]
    assert cost["total_mills"] == cost["compute_mills"] > 0
    (row,) = [one for one in report["terms"]["prices"] if one["what"] == "functions, as counted"]
    assert row["mills"] == cost["compute_mills"]
    dollars = sum(Decimal(str(one["used"])) * Decimal(one["dollars"]) for one in row["units"])
    assert float(dollars) * 1000 == pytest.approx(cost["compute_mills"], abs=1.01), "the units make up the sum"
    assert report["saving"]["all_human"]["mills"] > 0, "people alone would have sent the portal twice as many answers"
    page = job_page(report, rendered(job_figure(report), "svg")).decode()
    assert "computing on functions" in page
    assert "a stack on your own machine is billed nothing" in page
    assert "service fee $" not in page
