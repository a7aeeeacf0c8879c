"""A slice of a job's work in a function: how often a step is taken, and how the next one comes about."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from botocore.exceptions import ClientError

from gt_engine import jobs
from gt_engine.functions import steps
from gt_engine.functions.steps import MOST_DEATHS, TROUBLE_PAUSE, Hands, take
from gt_engine.functions.waking import HELD_SECONDS, Waker
from gt_engine.jobs.faults import Fault
from gt_engine.jobs.schedule import MOST_TRIES, StepReport

NOW = datetime(2026, 11, 26, 12, tzinfo=UTC)
MORE, DONE = StepReport("job", has_more=True), StepReport("job", has_more=False)
LIMIT = 900.0


def trouble(fault: Fault) -> StepReport:
    return StepReport("job", has_more=True, trouble="it did not work", fault=fault)


@dataclass
class Stage:
    """A function in virtual time: what was sent, set and failed. `broken`: calls of queue and timers that fail."""

    step: Callable[[int], tuple[StepReport, float]]
    steps: int = 0
    seconds: float = 0.0
    sent: list[str] = field(default_factory=list)
    timers: list[datetime] = field(default_factory=list)
    failed: list[str] = field(default_factory=list)
    broken: int = 0

    def take(self, times: int = 1) -> bool:
        hands: Any = Hands(
            step=self._step,
            fail=self._fail,
            waker=self,  # type: ignore[arg-type]
            timers=self,  # type: ignore[arg-type]
            left=lambda: LIMIT - self.seconds,
            clock=lambda: self.seconds,
            sleep=self._sleep,
            now=lambda: NOW + timedelta(seconds=self.seconds),
        )
        return take("job", hands, times=times)

    def again(self, job: str) -> None:
        self._check()
        self.sent.append(job)

    def set(self, job: str, at: datetime) -> None:
        self._check()
        self.timers.append(at)

    def _check(self) -> None:
        if self.broken:
            self.broken -= 1
            raise ClientError({"Error": {"Code": "ThrottlingException"}}, "SendMessage")

    def _step(self, job: str) -> StepReport:
        report, seconds = self.step(self.steps)
        self.steps += 1
        self._sleep(seconds)
        return report

    def _fail(self, job: str, reason: str) -> StepReport:
        self.failed.append(reason)
        return MORE

    def _sleep(self, seconds: float) -> None:
        self.seconds += seconds
        assert self.seconds < LIMIT, "Lambda has ended the function"


def test_a_short_job_runs_to_its_end_in_one_invocation() -> None:
    stage = Stage(lambda n: (MORE if n < 9 else DONE, 1.0))
    assert stage.take()
    assert (stage.steps, stage.sent, stage.timers) == (10, [], [])


def test_a_long_job_goes_on_in_another_invocation() -> None:
    """Each step has all of a function's time: one that began late would be cut off and paid for in vain."""
    stage = Stage(lambda _: (MORE, 25.0))
    assert stage.take()
    assert (stage.steps, stage.sent) == (3, ["job"])


def test_a_job_whose_people_are_at_work_costs_nothing_meanwhile() -> None:
    stage = Stage(lambda _: (StepReport("job", has_more=True, wait_seconds=3_600.0), 0.0))
    assert stage.take()
    assert (stage.steps, stage.timers) == (1, [NOW + timedelta(hours=1)])


def test_what_passes_is_waited_out_and_never_fails_the_job() -> None:
    stage = Stage(lambda n: (trouble(Fault.PASSING) if n < 4 else DONE, 0.0))
    assert stage.take()
    assert (stage.steps, stage.failed) == (5, [])


def test_a_long_trouble_is_not_slept_through() -> None:
    stage = Stage(lambda _: (trouble(Fault.PASSING), 0.0))
    assert stage.take()
    assert stage.failed == []
    (timer,) = stage.timers
    assert timer - NOW > TROUBLE_PAUSE
    assert stage.seconds < 61


def test_a_fault_of_the_engine_fails_the_job_after_three_tries() -> None:
    """Else a job would cost money for ever."""
    stage = Stage(lambda n: (trouble(Fault.ENGINES) if n < MOST_TRIES else DONE, 40.0))
    assert stage.take()
    assert stage.failed == ["InternalServerError: the labeling engine failed: it did not work"]


@pytest.mark.parametrize("times", range(1, MOST_DEATHS + 1))
def test_a_function_may_die_a_few_times(times: int) -> None:
    stage = Stage(lambda _: (DONE, 1.0))
    assert stage.take(times)
    assert stage.failed == []


def test_a_step_that_always_kills_its_function_fails_the_job() -> None:
    stage = Stage(lambda _: (DONE, 1.0))
    assert stage.take(MOST_DEATHS + 1)
    assert stage.failed == ["InternalServerError: the labeling engine failed: the function died in it 4 times"]
    assert stage.sent == ["job"]  # its end is told in a step of its own


@pytest.mark.parametrize("report", [MORE, StepReport("job", has_more=True, wait_seconds=60.0)])
def test_a_next_step_that_cannot_be_arranged_at_once_is_arranged_later(report: StepReport) -> None:
    stage = Stage(lambda _: (report, 61.0), broken=5)
    assert stage.take()
    assert len(stage.sent) + len(stage.timers) == 1


def test_a_next_step_that_cannot_be_arranged_keeps_the_message() -> None:
    """Else the job would stand still for ever."""
    assert not Stage(lambda _: (MORE, 61.0), broken=1_000).take()


@pytest.mark.parametrize("times", [1, 2])
def test_the_end_of_an_execution_wakes_its_job_however_often_it_is_told(
    monkeypatch: pytest.MonkeyPatch, times: int
) -> None:
    """The images are looked at by then, and the job waits for nothing else."""
    woken = list[str]()
    monkeypatch.setattr(steps, "waker", lambda: SimpleNamespace(wake=woken.append))
    detail = {"status": "SUCCEEDED", "input": json.dumps({"job": "birds-0001", "firsts": [0, 250]})}
    for _ in range(times):
        steps.handler({"source": "aws.states", "detail": detail}, None)
    assert woken == ["birds-0001"] * times


@pytest.mark.parametrize("missing", ["keys", "a library"])
def test_a_function_that_cannot_begin_keeps_the_job_for_two_minutes(
    monkeypatch: pytest.MonkeyPatch, missing: str
) -> None:
    """Not for the sixteen of the queue: the parameter with the keys may be throttled, or memory too short to load."""
    held = list[int]()
    sqs = SimpleNamespace(change_message_visibility=lambda **change: held.append(change["VisibilityTimeout"]))

    def throttled() -> Any:
        raise ClientError({"Error": {"Code": "ThrottlingException"}}, "GetParameter")

    monkeypatch.setattr(steps, "waker", lambda: Waker(sqs, "url"))  # type: ignore[arg-type]
    if missing == "keys":
        monkeypatch.setattr(steps, "setup", throttled)
    else:
        monkeypatch.delattr(jobs, "worker", raising=False)
        monkeypatch.setitem(sys.modules, "gt_engine.jobs.worker", None)
    record = {"receiptHandle": "receipt", "messageId": "1", "body": json.dumps({"job": "birds-0001"})}
    event = {"Records": [record | {"attributes": {"ApproximateReceiveCount": "1"}}]}
    with pytest.raises(ClientError if missing == "keys" else ImportError):
        steps.handler(event, None)
    assert held == [HELD_SECONDS]


def test_a_message_is_held_before_the_engine_is_loaded() -> None:
    """Whatever ends the function before it holds the message keeps the job waiting for sixteen minutes."""
    heavy = ("numpy", "PIL", "pynamodb", "gt_engine.jobs.worker")
    code = f"import sys, gt_engine.functions.steps; print([name for name in {heavy} if name in sys.modules])"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "[]"
