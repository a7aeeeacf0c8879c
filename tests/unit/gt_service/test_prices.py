"""Prices: what a table row says must be what is billed."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from gt_service.backends import GROUND_TRUTH, GT_ENGINE
from gt_service.errors import InvalidInput
from gt_service.money import Mills
from gt_service.prices import InstanceRate, PriceTable, ServiceFee, Tier, Workforce, wages
from gt_service.task_types import TASKS, TaskType
from tests.factories import PRIVATE_TEAM, PUBLIC_TEAM, VENDOR_TEAM

DAY = date(2026, 5, 1)


@pytest.mark.parametrize(
    ("objects", "already", "mills"),
    [
        pytest.param(0, 0, 0, id="nothing"),
        pytest.param(1, 0, 80, id="first object"),
        pytest.param(50_000, 0, 4_000_000, id="whole first tier"),
        pytest.param(50_001, 0, 4_000_040, id="one over the first tier"),
        pytest.param(2, 49_999, 120, id="across the first border"),
        pytest.param(2, 999_999, 60, id="across the second border"),
        pytest.param(1_000_001, 0, 4_000_000 + 950_000 * 40 + 20, id="through all tiers"),
        pytest.param(5, 2_000_000, 100, id="beyond the last border"),
    ],
)
def test_the_service_fee_falls_in_monthly_tiers(objects: int, already: int, mills: int) -> None:
    """A large customer would be told too much, or one near a border too little."""
    fee = PriceTable.current().service_fee(TaskType.OBJECT_DETECTION, DAY)
    assert fee.cost(objects, already=already) == mills


def test_every_task_type_has_a_fee_and_every_algorithm_its_instances() -> None:
    """A campaign of a rarer task type would end in an error instead of a bill."""
    table = PriceTable.current()
    for task in TaskType:
        assert table.service_fee(task, DAY).cost(1) == 80
        for region in ("us-east-1", "ap-south-1"):
            compute = table.compute(task, region)
            assert (compute is None) == (TASKS[task].algorithm is None)
            if compute is not None:
                assert table.instance(compute.training, DAY).mills_per_hour > 0
                assert table.instance(compute.inference, DAY).mills_per_hour > 0


def test_every_row_says_when_and_where_it_was_read() -> None:
    """Nobody could check a price, or tell that it is stale."""
    table = PriceTable.current()
    for row in (*table.service_fees, *table.instances):
        assert row.source
        assert row.since <= row.read


def test_seconds_are_billed_up_to_the_mill() -> None:
    """Rounding down would let the sum of many trainings exceed what was reserved."""
    rate = InstanceRate(DAY, DAY, "ml.p3.2xlarge", Mills(3825), "test")
    assert rate.cost(3600) == 3825
    assert rate.cost(1) == 2
    assert rate.cost(0) == 0


def test_a_later_row_takes_over_on_its_day_and_not_before() -> None:
    """A price change would be applied to jobs that ran before it, or not at all."""

    def row(since: date, mills: int) -> ServiceFee:
        return ServiceFee(since, since, frozenset(TaskType), (Tier(None, Mills(mills)),), "test")

    table = PriceTable((row(date(2020, 1, 1), 80), row(DAY, 70)), ())
    task = TaskType.IMAGE_CLASSIFICATION
    assert table.service_fee(task, DAY - timedelta(days=1)).cost(1) == 80
    assert table.service_fee(task, DAY).cost(1) == 70
    with pytest.raises(InvalidInput, match="no service fee"):
        table.service_fee(task, date(2019, 12, 31))


def test_gt_engine_charges_nothing_whatever_answers() -> None:
    """A campaign's budget would be spent on fees that nobody asks."""
    free = PriceTable.of(GT_ENGINE)
    assert all(free.service_fee(task, DAY).cost(10**6) == 0 for task in TaskType)
    assert all(free.compute(task, "us-east-1") is None for task in TaskType)
    assert PriceTable.of(GROUND_TRUTH) == PriceTable.current()


def test_wages_are_for_the_time_worked_and_never_less() -> None:
    """Rounded down, many short answers would cost nothing."""
    assert wages(3600, Mills(18_000)) == 18_000
    assert wages(0.1, Mills(18_000)) == 1
    assert wages(0, Mills(18_000)) == 0


def test_the_work_team_tells_who_is_paid_by_whom() -> None:
    """A private team's work would be billed as if the service paid it."""
    assert Workforce.of(PUBLIC_TEAM) is Workforce.PUBLIC
    assert Workforce.of(PRIVATE_TEAM) is Workforce.PRIVATE
    assert Workforce.of(VENDOR_TEAM) is Workforce.VENDOR
    with pytest.raises(InvalidInput):
        Workforce.of("arn:aws:sagemaker:us-east-1:111122223333:workteam/other/birders")
