"""Which notifications are due: each transition once, under the same id whoever looks and however often."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from gt_service.errors import UnknownState
from gt_service.notifications.due import Kind, Notification, due, worker_paused
from tests import pages_data as data

NOW = datetime(2026, 5, 3, 10, 0, tzinfo=UTC)


def told(campaign: data.Json | None = None, jobs: list[data.Json] | None = None, now: datetime = NOW) -> dict[str, Any]:
    quiet = data.campaign(spent_mills=0)
    return {one.id: one for one in due(campaign or quiet, jobs or [], now=now)}


def test_a_completed_job_is_told_with_its_cost_and_share() -> None:
    found = told(jobs=[data.job()])
    assert set(found) == {"job/birds-0001/started", "job/birds-0001/completed"}
    completed = found["job/birds-0001/completed"]
    assert completed.subject == "birds-0001 is completed: 48% by machine, $170.20"
    assert completed.facts["cost_mills"] == 170_200
    assert completed.at == datetime(2026, 5, 1, 14, 20, tzinfo=UTC)


def test_completion_waits_for_the_cost() -> None:
    """Told at once it would have no cost in it, and nobody would be told the cost later."""
    assert set(told(jobs=[data.job(cost_mills=None)])) == {"job/birds-0001/started"}


@pytest.mark.parametrize("stage", ["Reserved", "Refused", "Withdrawn"])
def test_a_job_that_ground_truth_does_not_have_has_not_started(stage: str) -> None:
    assert told(jobs=[data.job(stage=stage, status="Failed", ended_at=None)]) == {}


def test_failure_tells_the_reason() -> None:
    failed = told(jobs=[data.job(status="Failed", failure_reason="Access denied")])["job/birds-0001/failed"]
    assert failed.kind is Kind.FAILED
    assert "Access denied" in failed.text


def test_stopped_jobs_are_told() -> None:
    assert "job/birds-0001/stopped" in told(jobs=[data.job(status="Stopped")])


@pytest.mark.parametrize(
    ("spent", "marks"), [(0, []), (249_999, []), (250_000, [50]), (400_000, [50, 80]), (500_000, [50, 80, 100])]
)
def test_budget_marks(spent: int, marks: list[int]) -> None:
    found = told(data.campaign(spent_mills=spent))
    assert [one.facts["percent"] for one in found.values()] == marks


def test_a_raised_cap_is_a_new_line_to_cross() -> None:
    before = set(told(data.campaign(spent_mills=250_000)))
    after = set(told(data.campaign(spent_mills=500_000, cap_mills=1_000_000)))
    assert before.isdisjoint(after)


def test_no_budget_no_marks() -> None:
    assert told(data.campaign(cap_mills=None, spent_mills=10**9)) == {}


def test_waiting_is_told_with_the_remedy_once_per_reason_and_batch() -> None:
    waits = data.campaign(status="waiting", reason="No money.", remedy="Raise it.", spent_mills=0)
    (first,) = told(waits).values()
    assert "Raise it." in first.text
    assert set(told(waits, now=NOW + timedelta(hours=1))) == {first.id}
    assert set(told({**waits, "reason": "No gold."})) != {first.id}
    assert set(told({**waits, "batches": 3})) != {first.id}


def test_old_news_is_not_told() -> None:
    """A service that comes back after a month must not send a month of messages."""
    assert told(jobs=[data.job()], now=NOW + timedelta(days=30)) == {}


def test_an_unknown_status_is_an_error() -> None:
    with pytest.raises(UnknownState):
        told(jobs=[data.job(status="Archived")])


def test_notifications_survive_the_queue() -> None:
    for one in told(jobs=data.chain()).values():
        assert Notification.from_dict(one.as_dict()) == one
    with pytest.raises(UnknownState):
        Notification.from_dict({"id": "x"})


def test_a_paused_worker_is_told_of_once_whenever_the_event_comes() -> None:
    detail = {"WorkerId": "private.us-east-1.ANN", "RightAnswers": 2, "KnownObjects": 9}
    told = worker_paused("birds", "birds-0001", detail, NOW)
    assert told == worker_paused("birds", "birds-0001", detail, NOW)
    assert told.id != worker_paused("birds", "birds-0001", detail, NOW + timedelta(days=1)).id
    assert Notification.from_dict(told.as_dict()) == told
    with pytest.raises(UnknownState):
        worker_paused("birds", "birds-0001", {"WorkerId": "ANN"}, NOW)
