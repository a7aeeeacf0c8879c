"""What a job costs: the notebook's arithmetic to the cent, and what it leaves out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

import pytest

from gt_service.errors import UnknownState
from gt_service.job_tags import LEAST_WORKERS_TAG
from gt_service.money import usd
from gt_service.outputs import JobOutput, read_job_output
from gt_service.prices import PriceTable, Workforce
from gt_service.records.names import Role
from gt_service.reports.costs import Bill, Terms, up_front_objects
from gt_service.reports.ended_job import EndedJob, Scores
from gt_service.reports.report import job_report
from gt_service.task_types import TaskType
from tests.factories import PRIVATE_TEAM, VENDOR_TEAM, LabelingJob, MemoryLogs, notebook_jobs, spec
from tests.fakes import MemoryObjects

PRICES = PriceTable.current()


def read(job: LabelingJob) -> tuple[JobOutput, Terms]:
    store, logs = MemoryObjects(), MemoryLogs()
    description = job.write(store, logs)
    return read_job_output(store, logs, description), terms(description)


def reported(description: Mapping[str, Any], output: JobOutput) -> Mapping[str, Any]:
    job = EndedJob(description, spec(), Role.FIRST, 1)
    return job_report(job, output, PRICES, Scores(), now=datetime(2026, 6, 1, tzinfo=UTC))


def terms(description: Mapping[str, Any]) -> Terms:
    return Terms.of(description, TaskType.OBJECT_DETECTION)


@pytest.mark.parametrize(
    ("role", "workers", "expected"),
    [
        ("first", 5, "$217.00"),
        ("warm", 5, "$145.00"),
        ("control", 5, "$190.00"),
        ("first", 3, "$170.20"),
        ("warm", 3, "$127.00"),
        ("control", 3, "$154.00"),
    ],
)
def test_the_notebooks_jobs_to_the_cent(role: str, workers: int, expected: str) -> None:
    """The notebook bills five workers though its jobs ask for three; both sums must come from the job's request."""
    output, asked = read(notebook_jobs(workers)[role])
    assert usd(Bill(output, asked, PRICES).cost.total.total) == expected


@pytest.mark.parametrize(("workers", "expected"), [(5, "$325.00"), (3, "$235.00")])
def test_what_people_alone_would_cost(workers: int, expected: str) -> None:
    """The saving would be measured against the wrong sum."""
    bill = Bill(*read(notebook_jobs(workers)["first"]), PRICES)
    assert usd(bill.all_human(1250).total) == expected
    assert usd(bill.all_machine(1250).total) == "$100.00"


def test_iterations_add_up_to_the_whole() -> None:
    """The figure's bars would not sum to its title."""
    output, asked = read(notebook_jobs()["first"].trained(3, seconds=840).trained(4, seconds=61))
    cost = Bill(output, asked, PRICES).cost
    for part in ("service", "workers", "compute"):
        parts = sum(getattr(each, part) for each in cost.iterations.values())
        assert parts == getattr(cost.total, part)
    assert cost.iterations[1].total == 10 * (80 + 3 * 36)
    assert cost.iterations[3].compute == 893  # 840 s at $3.825 an hour, rounded up
    assert cost.total.compute == 893 + 65


def test_workers_are_paid_for_answers_that_led_to_nothing() -> None:
    """A failed job's bill would be too low: its workers answered."""
    job = LabelingJob(status="Failed").iteration(1, human=2).answered(1, 2, answers=3).answered(2, 3, answers=1)
    output, asked = read(job)
    cost = Bill(output, asked, PRICES).cost
    assert cost.total.workers == (2 * 3 + 3 + 1) * 36
    assert cost.total.service == 2 * 80
    assert cost.iterations[2].workers == 36


@pytest.mark.parametrize("status", ["Failed", "Stopped"])
def test_jobs_that_did_not_complete_cost_too(status: str) -> None:
    """Their budget would be given back whole."""
    output, asked = read(LabelingJob(status=status).iteration(1, human=10))
    assert Bill(output, asked, PRICES).cost.total.total == 10 * 188


@pytest.mark.parametrize(("team", "kind"), [(PRIVATE_TEAM, Workforce.PRIVATE), (VENDOR_TEAM, Workforce.VENDOR)])
def test_teams_that_the_service_does_not_pay(team: str, kind: Workforce) -> None:
    """A private team's work would be billed at the public workforce's price."""
    output, asked = read(LabelingJob(workteam=team).iteration(1, human=10))
    assert asked.workforce is kind
    assert Bill(output, asked, PRICES).cost.total.total == 10 * 80


def test_public_work_without_a_price_is_not_taken_for_free() -> None:
    """A request that this version does not understand would be billed at nothing."""
    description = LabelingJob(price=None).iteration(1, human=1).description()
    with pytest.raises(UnknownState, match="without a price"):
        terms(description)


def test_prices_in_dollars_cents_and_tenths() -> None:
    """$1.206 would be read as something else."""
    description = LabelingJob(price=(1, 20, 6)).iteration(1, human=1).description()
    assert terms(description).price_per_answer == 1206


def test_the_fee_of_a_month_starts_anew_with_the_month() -> None:
    """A job over the end of a month would be billed at the tier that the old month had reached."""
    output, asked = read(LabelingJob().iteration(1, human=10).iteration(2, human=10).iteration(3, human=10))
    first, second, third = output.iterations
    output = replace(
        output,
        iterations=(
            replace(first, human_images=50_000, ended_at=datetime(2026, 5, 31, 22, tzinfo=UTC)),
            replace(second, ended_at=datetime(2026, 5, 31, 23, tzinfo=UTC)),
            replace(third, ended_at=datetime(2026, 6, 1, 1, tzinfo=UTC)),
        ),
    )
    asked = replace(asked, started=date(2026, 5, 31))
    cost = Bill(output, asked, PRICES).cost
    assert (cost.iterations[2].service, cost.iterations[3].service) == (400, 800)


def test_objects_that_people_label_before_the_machine_may_begin() -> None:
    """The mechanical part of a warm job's saving would be wrong."""
    jobs = notebook_jobs()
    assert up_front_objects(read(jobs["first"])[0].iterations) == 400
    assert up_front_objects(read(jobs["warm"])[0].iterations) == 200
    assert up_front_objects(read(LabelingJob().iteration(1, human=5))[0].iterations) is None


def test_a_training_before_any_label_is_still_paid() -> None:
    """Compute of a job that labeled nothing would vanish."""
    job = LabelingJob(objects=1).trained(1, seconds=3600)
    output, asked = read(job)
    assert Bill(output, asked, PRICES).cost.total.compute == 3825


def test_asking_as_needed_is_compared_to_the_most_for_what_people_labeled_and_to_nothing_else() -> None:
    """The machine's saving would be told as that of asking fewer people, or the other way round."""
    job = LabelingJob(workers=2).iteration(1, human=10).iteration(2, machine=10)
    output, _ = read(job)
    output, description = replace(output, targets=((0.9, 15),)), job.description()
    most = {"HumanTaskConfig": {**description["HumanTaskConfig"], "NumberOfHumanWorkersPerDataObject": 3}}
    tag = {"Tags": [{"Key": LEAST_WORKERS_TAG, "Value": "1"}]}
    report = reported(description | most | tag, output)
    assert report["people"]["as_needed"] == {
        "least": 1,
        "most": 3,
        "answers_per_object": 2.0,
        "answers_saved": 10,
        "share": 0.3333,
        "mills": 10 * 36,
    }
    assert report["all_human"]["workers_mills"] == 20 * 2 * 36
    (row,) = report["targets"]["rows"]
    assert row["total_mills"] == 20 * 80 + 5 * 2 * 36, "another target asks as needed too"
    report = reported(description | most, output)
    assert report["people"]["as_needed"] is None
