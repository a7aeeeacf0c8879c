"""Each notification once, under every schedule of the queue."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from gt_service.notifications.due import TRIES, Kind, Notification
from gt_service.store.notifications import LEASE, LOST_AFTER, STUCK_AFTER, Notifications

NOW = datetime(2026, 5, 3, 10, 0, tzinfo=UTC)
LATER = NOW + LEASE + timedelta(seconds=1)


def notification(number: int = 1, at: datetime = NOW) -> Notification:
    return Notification(f"job/birds-{number:04}/started", Kind.STARTED, "birds", at, "started", "it has started")


@pytest.fixture
def log(aws: None) -> Notifications:
    found = Notifications("notifications", "us-east-1")
    found._items.create_table(wait=True)
    return found


def test_a_transition_is_queued_once_whoever_sees_it(log: Notifications) -> None:
    assert [log.begin(notification(), NOW) for _ in range(3)] == [True, False, False]


def test_a_notification_that_the_queue_lost_is_queued_again(log: Notifications) -> None:
    """A handler that died between writing and sending must not silence the notification for ever."""
    log.begin(notification(), NOW)
    late = NOW + LOST_AFTER + timedelta(seconds=1)
    assert log.told("birds", NOW - timedelta(days=7), late) == frozenset()
    assert [log.begin(notification(), late) for _ in range(2)] == [True, False]
    assert log.told("birds", NOW - timedelta(days=7), late) == {notification().id}


def test_two_handlers_of_one_message_do_not_both_send(log: Notifications) -> None:
    log.begin(notification(), NOW)
    assert log.claim("birds", notification().id, NOW) is not None
    assert log.claim("birds", notification().id, NOW) is None


def test_a_handler_that_died_is_followed_by_another_that_knows_what_was_sent(log: Notifications) -> None:
    log.begin(notification(), NOW)
    dead = log.claim("birds", notification().id, NOW)
    assert dead is not None
    log.sent(dead, "slack")
    heir = log.claim("birds", notification().id, LATER)
    assert heir is not None
    assert (heir.sent_to, heir.tries) == ({"slack"}, 2)
    log.close(dead, error="too late")  # the dead one was only slow
    assert log.claim("birds", notification().id, LATER) is None
    log.close(heir, error=None)
    assert log.claim("birds", notification().id, LATER + LEASE * 2) is None


def test_a_failed_try_can_be_tried_again_and_shows_its_error(log: Notifications) -> None:
    log.begin(notification(), NOW)
    first = log.claim("birds", notification().id, NOW)
    assert first is not None
    log.close(first, error="slack: HTTP 503")
    (shown,) = log.latest("birds", limit=5)
    assert (shown.state, shown.error, shown.tries) == ("retrying", "slack: HTTP 503", 1)
    again = log.claim("birds", notification().id, NOW)
    assert again is not None
    log.close(again, error=None)
    (shown,) = log.latest("birds", limit=5)
    assert (shown.state, shown.error, shown.tries) == ("sent", None, 2)


def test_an_unknown_notification_cannot_be_claimed(log: Notifications) -> None:
    assert log.claim("birds", "job/none/started", NOW) is None


def test_the_log_shows_the_newest_first(log: Notifications) -> None:
    for number in range(1, 6):
        log.begin(notification(number, NOW + timedelta(minutes=number)), NOW)
    assert [one.notification.id[-12:-8] for one in log.latest("birds", limit=3)] == ["0005", "0004", "0003"]


def test_a_message_lost_between_two_tries_is_queued_again(log: Notifications) -> None:
    log.begin(notification(), NOW)
    tried = log.claim("birds", notification().id, NOW)
    assert tried is not None
    log.close(tried, error="slack: HTTP 503")
    assert not log.begin(notification(), NOW + timedelta(hours=2))
    assert log.begin(notification(), NOW + STUCK_AFTER + timedelta(minutes=1))


def test_the_last_try_gives_up_until_somebody_redrives_it(log: Notifications) -> None:
    """Or the dead letters' alarm and the reconciler would send it for ever."""
    log.begin(notification(), NOW)
    for number in range(TRIES):
        tried = log.claim("birds", notification().id, NOW + timedelta(hours=number))
        assert tried is not None
        log.close(tried, error="slack: HTTP 503")
    (shown,) = log.latest("birds", limit=1)
    assert (shown.state, shown.tries) == ("failed", TRIES)
    assert not log.begin(notification(), NOW + timedelta(days=2))
    assert log.claim("birds", notification().id, NOW + timedelta(days=2)) is not None
