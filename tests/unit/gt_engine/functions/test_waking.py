"""Messages and timers that make a job's next step happen."""

from __future__ import annotations

import json
import time
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from botocore.exceptions import ClientError

from gt_engine.functions import waking
from gt_engine.functions.waking import SOONEST, TOGETHER_SECONDS, Timers, Waker

NOW = datetime(2026, 11, 26, 12, tzinfo=UTC)


class Sqs:
    def __init__(self) -> None:
        self.sent: list[dict[str, Any]] = []
        self.held: list[int] = []

    def send_message(self, **message: Any) -> None:
        self.sent.append(message)

    def change_message_visibility(self, **change: Any) -> None:
        self.held.append(change["VisibilityTimeout"])
        if len(self.held) == 2:
            raise ClientError({"Error": {"Code": "ThrottlingException"}}, "ChangeMessageVisibility")


class Scheduler:
    def __init__(self) -> None:
        self.schedules: dict[str, dict[str, Any]] = {}

    def create_schedule(self, **schedule: Any) -> None:
        if schedule["Name"] in self.schedules:
            raise ClientError({"Error": {"Code": "ConflictException"}}, "CreateSchedule")
        self.schedules[schedule["Name"]] = schedule

    def update_schedule(self, **schedule: Any) -> None:
        assert schedule["Name"] in self.schedules
        self.schedules[schedule["Name"]] = schedule


def timers(scheduler: Scheduler) -> Timers:
    return Timers(scheduler, prefix="a-stack-", queue_arn="queue", role_arn="role", now=lambda: NOW)  # type: ignore[arg-type]


def test_a_job_is_one_group_whatever_the_case_of_its_name() -> None:
    """Two groups would be two steps of one job at a time."""
    sqs = Sqs()
    waker = Waker(sqs, "url")  # type: ignore[arg-type]
    waker.wake("Birds-0001")
    waker.again("birds-0001")
    assert {message["MessageGroupId"] for message in sqs.sent} == {"birds-0001"}
    assert json.loads(sqs.sent[0]["MessageBody"]) == {"job": "Birds-0001"}


def test_answers_within_a_second_are_one_message_and_later_ones_are_not() -> None:
    sqs, clock = Sqs(), [100.0]
    waker = Waker(sqs, "url", now=lambda: clock[0])  # type: ignore[arg-type]
    for clock[0] in (100.0, 100.0 + 0.9 * TOGETHER_SECONDS, 100.0 + TOGETHER_SECONDS):
        waker.wake("job")
    first, second, third = (message["MessageDeduplicationId"] for message in sqs.sent)
    assert first == second != third


def test_more_work_is_never_taken_for_what_was_said_before() -> None:
    sqs = Sqs()
    waker = Waker(sqs, "url")  # type: ignore[arg-type]
    waker.again("job")
    waker.again("job")
    assert len({message["MessageDeduplicationId"] for message in sqs.sent}) == 2


def test_a_message_is_held_for_as_long_as_it_is_worked_on(monkeypatch: pytest.MonkeyPatch) -> None:
    """A call that fails in between ends nothing: the next one holds on."""
    monkeypatch.setattr(waking, "STILL_HERE_SECONDS", 0.01)
    sqs = Sqs()
    with Waker(sqs, "url").holding("receipt"):  # type: ignore[arg-type]
        deadline = time.monotonic() + 10
        while len(sqs.held) < 4 and time.monotonic() < deadline:
            time.sleep(0.01)
    held = len(sqs.held)
    assert held >= 4
    time.sleep(0.05)
    assert len(sqs.held) == held


def test_a_job_has_one_timer_which_is_the_last_that_was_set() -> None:
    scheduler = Scheduler()
    for minutes in (10, 20):
        timers(scheduler).set("Job", NOW + timedelta(minutes=minutes))
    timers(scheduler).set("another", NOW + timedelta(minutes=30))
    mine = [one for one in scheduler.schedules.values() if one["Target"]["SqsParameters"]["MessageGroupId"] == "job"]
    assert [one["ScheduleExpression"] for one in mine] == ["at(2026-11-26T12:20:00)"]
    assert len(scheduler.schedules) == 2
    assert all(name.startswith("a-stack-") and len(name) <= 64 for name in scheduler.schedules)


def test_a_timer_of_the_past_rings_soon() -> None:
    """EventBridge takes a time that has passed and never rings."""
    scheduler = Scheduler()
    timers(scheduler).set("job", NOW - timedelta(hours=1))
    (schedule,) = scheduler.schedules.values()
    assert schedule["ScheduleExpression"] == f"at({NOW + SOONEST:%Y-%m-%dT%H:%M:%S})"
