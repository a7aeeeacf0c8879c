"""The same request is done once."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from gt_service.errors import Conflict, InvalidInput
from gt_service.store.requests import KEPT, LEASE, KeptAnswer, Requests

NOW = datetime(2026, 5, 3, 10, 0, tzinfo=UTC)
SECOND = timedelta(seconds=1)
ANSWER = KeptAnswer(202, '{"name": "birds"}')


@pytest.fixture
def requests(aws: None) -> Requests:
    found = Requests("requests", "us-east-1")
    found._items.create_table(wait=True)
    return found


def test_a_request_is_answered_as_before_for_a_day(requests: Requests) -> None:
    assert requests.begin("ann 1", "stop", NOW) is None
    requests.end("ann 1", "stop", ANSWER, NOW)
    assert requests.begin("ann 1", "stop", NOW + KEPT - SECOND) == ANSWER
    assert requests.begin("ann 1", "stop", NOW + KEPT) is None


def test_of_two_at_the_same_time_one_is_done(requests: Requests) -> None:
    requests.begin("ann 1", "stop", NOW)
    with pytest.raises(Conflict, match="being answered"):
        requests.begin("ann 1", "stop", NOW)


def test_one_that_died_stands_in_nobodys_way(requests: Requests) -> None:
    requests.begin("ann 1", "stop", NOW)
    assert requests.begin("ann 1", "stop", NOW + LEASE) is None


def test_one_that_failed_may_be_tried_again_at_once(requests: Requests) -> None:
    requests.begin("ann 1", "stop", NOW)
    requests.forget("ann 1", "stop")
    assert requests.begin("ann 1", "stop", NOW) is None


def test_a_key_is_for_one_request(requests: Requests) -> None:
    """A client that reuses keys would otherwise be told that a thing was done which was not."""
    requests.begin("ann 1", "stop", NOW)
    requests.end("ann 1", "stop", ANSWER, NOW)
    with pytest.raises(InvalidInput) as refused:
        requests.begin("ann 1", "pause", NOW)
    assert refused.value.field == "Idempotency-Key"
