"""Estimates: what is printed before any money moves."""

from __future__ import annotations

from typing import Any

import pytest

from gt_service.backends import GROUND_TRUTH, GT_ENGINE, GT_ENGINE_SERVERLESS
from gt_service.campaign import CampaignSpec
from gt_service.errors import SpecErrors
from gt_service.estimates import estimate as estimates
from gt_service.estimates import worst_case as worst_cases
from gt_service.estimates.ranges import Estimate, PastJob
from gt_service.money import Mills
from gt_service.prices import PriceTable
from gt_service.records.names import Role
from tests.factories import PRIVATE_TEAM, spec

NOTEBOOK = spec()
GROUND_TRUTH_PRICES = PriceTable.of(GROUND_TRUTH)
REGION = "us-east-1"


def estimate(spec: CampaignSpec, objects: int, prices: PriceTable = GROUND_TRUTH_PRICES, **more: Any) -> Estimate:
    return estimates.estimate(spec, objects, prices=prices, region=REGION, **more)


def worst_case(spec: CampaignSpec, objects: int, prices: PriceTable = GROUND_TRUTH_PRICES) -> Mills:
    return worst_cases.worst_case(spec, objects, prices=prices, region=REGION)


def so_far(spec: CampaignSpec, human: int, machine: int, prices: PriceTable = GROUND_TRUTH_PRICES) -> Mills:
    return worst_cases.so_far(spec, human=human, machine=machine, prices=prices)


def test_the_notebooks_first_job() -> None:
    """The likely cost of the notebook's first batch is what it cost: 48 % by machine."""
    found = estimate(NOTEBOOK, 1250)
    (job,) = found.jobs
    assert (job.role, job.objects, job.machine_share.likely) == ("first", 1250, 0.48)
    assert found.likely - job.compute.likely == 170_200
    assert found.all_human == 235_000


def test_a_campaign_is_estimated_batch_by_batch() -> None:
    """Later batches start from a model and cost less; one size for all would mislead."""
    found = estimate(spec(control_batches=[2]), 3000)
    assert [(job.role, job.objects) for job in found.jobs] == [
        ("first", 1250),
        ("warm", 1250),
        ("control", 1250),
        ("warm", 500),
    ]
    assert found.all_human == 3000 * 188


def test_imported_labels_cost_what_checking_a_share_of_them_costs() -> None:
    """An import of 1,000 labels asks people about 50 images, which nobody had reckoned with."""
    found = estimate(NOTEBOOK, 1000, imported=1000)
    assert [job.objects for job in found.jobs] == [1050]
    assert "50 of the 1,000 imported labels are checked by people" in found.assumptions
    assert estimate(spec(check_imported=0), 1000, imported=1000).jobs[0].objects == 1000


@pytest.mark.parametrize("objects", [0, 1, 199, 200, 399, 1250, 1251, 100_000])
@pytest.mark.parametrize("history", [(), (PastJob(Role.FIRST, 1250, 600, Mills(900)),)])
def test_the_band_is_in_order_and_under_the_worst_case(objects: int, history: tuple[PastJob, ...]) -> None:
    """A cost above the ceiling would break the budget; a low above the likely is nonsense."""
    found = estimate(spec(batch={"size": 5000}), objects, history=history)
    assert 0 <= found.low <= found.likely <= found.high <= found.ceiling
    for job in found.jobs:
        assert job.cost.ceiling == worst_case(NOTEBOOK, job.objects)


def test_the_worst_case_holds_every_answer_and_compute() -> None:
    """A reservation that is too small lets a job exceed its budget."""
    labels = 1250 * (80 + 3 * 36)
    assert worst_case(NOTEBOOK, 1250) > labels
    assert worst_case(spec(auto_labeling=False), 1250) == labels
    assert worst_case(NOTEBOOK, 1250) < labels * 1.1


def test_what_a_running_job_has_cost_is_what_its_labels_cost() -> None:
    """The notebook's first job, had it been looked at when its last label came; never above what was set aside."""
    assert so_far(NOTEBOOK, human=650, machine=600) == 170_200
    assert so_far(NOTEBOOK, human=0, machine=0) == 0
    assert so_far(NOTEBOOK, human=1250, machine=0) <= worst_case(NOTEBOOK, 1250)


FREE = PriceTable.of(GT_ENGINE)
BY_THE_HOUR = spec(workforce=PRIVATE_TEAM, price_per_task=None, wage="18", task_time_limit_seconds=60)


def test_wages_are_in_the_budget_at_their_most() -> None:
    """People who take their time would break a budget that was reckoned with the usual."""
    assert worst_case(BY_THE_HOUR, 1000, prices=FREE) == 1000 * 3 * 300, "60 seconds at $18 an hour: 30 cents"
    found = estimate(BY_THE_HOUR, 1000, prices=FREE)
    assert 0 < found.low < found.likely < found.high <= found.ceiling
    assert found.all_human == 1000 * 3 * 26 * 5, "26 seconds an answer, half a cent a second"
    assert any("$18.00 an hour" in line and "26 seconds" in line for line in found.assumptions)


def test_the_time_that_was_measured_takes_the_place_of_the_assumed() -> None:
    """A team that is twice as fast would be planned for twice too long, for good."""
    past = PastJob(Role.FIRST, 1250, 600, Mills(0), seconds_per_answer=10.0)
    assert estimate(BY_THE_HOUR, 1000, prices=FREE, history=[past]).all_human == 1000 * 3 * 10 * 5


def test_nothing_is_charged_where_nobody_charges() -> None:
    """On gt-engine a private team costs what its owner pays it, and he has not said."""
    unpaid = spec(workforce=PRIVATE_TEAM, price_per_task=None)
    assert estimate(unpaid, 1250, prices=FREE).ceiling == 0
    assert so_far(unpaid, human=10, machine=10, prices=FREE) == 0


def test_the_worst_case_is_at_the_dearest_tier() -> None:
    """The monthly tiers are shared with other jobs: a reservation may not count on them below what one job reaches."""
    people_only = spec(auto_labeling=False, workforce=PRIVATE_TEAM, price_per_task=None, batch={"size": 100_000})
    assert worst_case(people_only, 50_000) == 50_000 * 80
    assert worst_case(people_only, 100_000) == 100_000 * 80, "half of it in one month and half in the next"


def test_no_saving_is_promised_beyond_what_the_procedure_allows() -> None:
    """People label 200 or 400 objects before the machine may begin: no job can do better."""
    first, warm = estimate(NOTEBOOK, 2500).jobs
    assert first.machine_share.high == pytest.approx(0.68)
    assert warm.machine_share.high == pytest.approx(0.84)
    assert estimate(NOTEBOOK, 150).jobs[0].machine_share.high == 0


def test_history_takes_the_priors_place_and_narrows_the_band() -> None:
    """A campaign that labels half as much by machine as the notebook would be told the notebook's cost for ever."""
    poor = [PastJob(Role.WARM, 1250, 500, Mills(900)) for _ in range(8)]
    before, after = estimate(NOTEBOOK, 1250, first_batch=9).jobs[0], estimate(NOTEBOOK, 1250, history=poor).jobs[0]
    assert after.role == "warm"
    assert after.machine_share.likely == pytest.approx((8 * 0.4 + 0.8) / 9)
    assert after.cost.high - after.cost.low < before.cost.high - before.cost.low
    assert after.compute.likely == 900


def test_a_history_without_machine_labels_has_no_model_to_start_from() -> None:
    """The next job would be estimated as warm although no model exists."""
    assert estimate(NOTEBOOK, 1250, history=[PastJob(Role.FIRST, 1250, 0, Mills(0))]).jobs[0].role == "first"


def test_people_alone_where_no_machine_may_label() -> None:
    """Task types without auto-labeling would be promised a saving."""
    found = estimate(spec(auto_labeling=False), 1250)
    assert found.low == found.likely == found.high == found.ceiling == found.all_human == 235_000


def test_assumptions_are_printed_with_the_numbers() -> None:
    """A reader would take the notebook's shares for their own, or a private team for free."""
    text = " ".join(estimate(NOTEBOOK, 100).assumptions)
    assert "notebook" in text
    assert "1,250" in text
    private = spec(workforce=PRIVATE_TEAM, price_per_task=None)
    assert "does not pay private" in " ".join(estimate(private, 1250).assumptions)


def test_where_people_alone_are_cheaper_the_spec_s_field_is_named() -> None:
    """The figures said so, and nothing said what to do about it."""
    private = spec(workforce=PRIVATE_TEAM, price_per_task=None)
    assert "auto_labeling: false" in " ".join(estimate(private, 100).assumptions)
    assert "auto_labeling: false" not in " ".join(estimate(NOTEBOOK, 5_000).assumptions)


def test_past_jobs_come_from_reports() -> None:
    """The history would be empty or wrong."""
    report = {
        "job": {"role": "warm"},
        "counts": {"objects": 1250, "machine_images": 1000},
        "cost": {"compute_mills": 638},
    }
    job = PastJob.of(report)
    assert (job.machine_share, job.compute) == (0.8, 638)
    assert PastJob(Role.WARM, 0, 0, Mills(0)).machine_share == 0.0


def test_the_estimate_as_json() -> None:
    """The API's answer would lack what the page shows."""
    shown = estimate(NOTEBOOK, 1250).as_dict()
    assert shown["all_human_usd"] == 235.0
    assert shown["jobs"][0]["machine_share"] == {
        "low": 0.15,
        "likely": 0.48,
        "high": pytest.approx(0.68),
    }


def test_only_people_of_an_own_team_have_a_wage() -> None:
    """A vendor's or the public's work would be paid twice on paper."""
    with pytest.raises(SpecErrors, match="by the hour"):
        spec(wage="18")


SERVERLESS = PriceTable.of(GT_ENGINE_SERVERLESS)


def test_functions_are_in_the_estimate_and_set_aside_at_their_most() -> None:
    """The bill for computing would come on top of a budget that was said to hold."""
    found, without = (estimate(BY_THE_HOUR, 1000, prices=prices) for prices in (SERVERLESS, FREE))
    (job,) = found.jobs
    assert 0 < job.compute.low < job.compute.likely < job.compute.high < job.compute.ceiling
    assert found.ceiling - without.ceiling == job.compute.ceiling
    assert found.likely - without.likely == job.compute.likely
    assert found.all_human > without.all_human, "people's pages are functions as well"
    assert worst_case(BY_THE_HOUR, 1000, prices=SERVERLESS) == found.ceiling
    assert "its functions at AWS's list prices" in " ".join(found.assumptions)
