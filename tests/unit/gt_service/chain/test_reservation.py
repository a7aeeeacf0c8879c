"""What is set aside for a job: never less than it can cost; where it can be held to it, what the budget has left."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from gt_service.backends import GROUND_TRUTH, GT_ENGINE, GT_ENGINE_SERVERLESS, Backend
from gt_service.campaign import CampaignSpec
from gt_service.chain.next_jobs import FEWEST_OBJECTS, Reservation, reservation
from gt_service.estimates.worst_case import worst_case
from gt_service.money import Mills
from gt_service.prices import PriceTable, wages
from tests.factories import REGION

TEAM = "arn:aws:sagemaker:us-east-1:111122223333:workteam/private-crowd/birders"


def by_the_hour(**changes: Any) -> CampaignSpec:
    document = {"name": "birds", "task": "object-detection", "labels": ["Bird"], "workforce": TEAM, "wage": "18"}
    return CampaignSpec(**{**document, **changes})


@given(
    objects=st.integers(1, 5_000),
    headroom=st.integers(0, 10_000_000),
    backend=st.sampled_from([GT_ENGINE, GT_ENGINE_SERVERLESS]),
    gold=st.sampled_from([0.0, 0.1]),
    limit=st.integers(30, 3_600),
)
def test_what_is_set_aside_pays_whatever_people_take(
    objects: int, headroom: int, backend: Backend, gold: float, limit: int
) -> None:
    """A cap that a job can break is none: its answers at their time, and all else at its worst, are in it."""
    items = {"gold_items": {"share": gold}, "gold_labels": "s3://inbox/gold.manifest"} if gold else {}
    spec = by_the_hour(task_time_limit_seconds=limit, **items)
    found = reservation(spec, objects, Mills(headroom), backend=backend, region=REGION)
    worst = worst_case(spec, objects, prices=PriceTable.of(backend), region=REGION)
    if found.people_seconds is None:
        assert found.amount == worst
        return
    an_object = spec.most_workers * limit
    rest = worst - wages(objects * an_object, Mills(18_000))
    assert rest + wages(found.people_seconds, Mills(18_000)) <= found.amount < worst
    assert found.people_seconds >= min(objects, FEWEST_OBJECTS) * an_object
    assert found.amount <= headroom or found.people_seconds == FEWEST_OBJECTS * an_object


def test_what_fits_is_not_limited() -> None:
    spec = by_the_hour()
    assert reservation(spec, 10, None, backend=GT_ENGINE, region=REGION).people_seconds is None
    assert reservation(spec, 10, Mills(10_000_000), backend=GT_ENGINE, region=REGION).people_seconds is None


def test_who_cannot_be_told_to_stop_is_not_trusted_to() -> None:
    """Ground Truth has no such limit, and people who are paid by the answer need none."""
    spec, by_the_answer = by_the_hour(), by_the_hour(wage=None)
    worst = worst_case(spec, 1_000, prices=PriceTable.of(GROUND_TRUTH), region=REGION)
    assert reservation(spec, 1_000, Mills(100_000), backend=GROUND_TRUTH, region=REGION) == Reservation(worst)
    assert reservation(by_the_answer, 1_000, Mills(0), backend=GT_ENGINE, region=REGION).people_seconds is None
