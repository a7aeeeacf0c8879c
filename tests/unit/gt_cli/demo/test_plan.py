"""How the demo sizes its batches, and the spec it drops."""

from __future__ import annotations

import pytest
import yaml

from gt_cli.demo.plan import FULL_SCENES, Plan, campaign_spec
from gt_cli.stack import REGION
from gt_service.backends import GT_ENGINE
from gt_service.campaign import parse_spec
from gt_service.estimates.worst_case import worst_case
from gt_service.prices import PriceTable


def test_the_full_demo_has_the_notebooks_numbers() -> None:
    plan = Plan.of(FULL_SCENES)
    assert (plan.batch_size, plan.max_concurrent_tasks, plan.notes) == (1250, 200, ())


@pytest.mark.parametrize(("images", "half"), [(200, 100), (201, 101), (20, 10)])
def test_small_sets_are_halved_with_a_note(images: int, half: int) -> None:
    plan = Plan.of(images)
    assert plan.batch_size == half
    assert 1 <= plan.max_concurrent_tasks <= half
    assert len(plan.notes) == 1


@pytest.mark.parametrize("images", [20, 200, 2500])
def test_the_spec_that_is_dropped_is_one_that_the_service_takes(images: int) -> None:
    plan = Plan.of(images)
    text = yaml.safe_dump(campaign_spec("birds", ["Bird"], plan, "inbox"))
    spec = parse_spec(text, filename="campaign.yaml")
    assert (spec.batch.size, spec.control_batches) == (plan.batch_size, (2,))


def test_the_budget_lets_all_three_jobs_start_at_once() -> None:
    plan = Plan.of(2500)
    spec = parse_spec(yaml.safe_dump(campaign_spec("birds", ["Bird"], plan, "inbox")), filename="campaign.yaml")
    assert spec.budget is not None
    assert spec.budget >= 3 * worst_case(spec, plan.batch_size, prices=PriceTable.of(GT_ENGINE), region=REGION)
