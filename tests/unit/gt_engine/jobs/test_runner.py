"""Who works when: turns are fair, troubles pass, and a job that cannot go on ends instead of turning for ever."""

from __future__ import annotations

import errno
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path
from typing import Any

import pytest

from gt_engine.jobs import schedule, worker
from gt_engine.jobs.faults import Fault
from gt_engine.jobs.runner import Runner
from gt_engine.jobs.schedule import StepReport
from gt_engine.settings import Settings
from tests.engine import settings
from tests.waiting import soon

Steps = Callable[[str], StepReport]


class Stage:
    """A runner whose steps are a function of the test, in threads; everything done is written down."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, directory: Path) -> None:
        self.done: list[str] = []
        self.failed: dict[str, str] = {}
        self.steps: Steps = lambda name: StepReport(name, has_more=False)
        monkeypatch.setattr(worker, "run_step", self._run)
        monkeypatch.setattr(worker, "fail_job", self._fail)
        monkeypatch.setattr(schedule, "LONGEST_PAUSE_SECONDS", 0.01)
        self.pools = 0
        self.runner = Runner(settings(directory, processes=1), self._pool)

    def _pool(self, _: Settings) -> Executor:
        self.pools += 1
        return ThreadPoolExecutor(1)

    def _run(self, _: Settings, name: str) -> StepReport:
        self.done.append(name)
        return self.steps(name)

    def _fail(self, _: Settings, name: str, reason: str) -> StepReport:
        self.failed[name] = reason
        return StepReport(name, has_more=False)

    def wait(self, ready: Callable[[], Any]) -> None:
        soon(ready, 20, every=0.005, known=lambda: (self.done, self.failed))


@pytest.fixture
def stage(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Stage]:
    made = Stage(monkeypatch, tmp_path)
    yield made
    made.runner.stop()


def times(stage: Stage, name: str, count: int) -> bool:
    return stage.done.count(name) >= count


def test_jobs_take_turns(stage: Stage) -> None:
    """A job of 100,000 images must not keep one of ten waiting."""
    stage.steps = lambda name: StepReport(name, has_more=stage.done.count(name) < 4)
    stage.runner.start(["a", "b", "c"])
    stage.wait(lambda: len(stage.done) == 12)
    assert stage.done == ["a", "b", "c"] * 4


def test_a_job_that_is_woken_while_it_runs_gets_another_turn(stage: Stage) -> None:
    """A stop that arrives during the last step must not be forgotten."""
    begun, go_on = threading.Event(), threading.Event()

    def step(name: str) -> StepReport:
        begun.set()
        go_on.wait(10)
        return StepReport(name, has_more=False)

    stage.steps = step
    stage.runner.start(["a"])
    assert begun.wait(10)
    stage.runner.wake("a")
    stage.runner.wake("a")
    go_on.set()
    stage.wait(lambda: times(stage, "a", 2))
    time.sleep(0.1)
    assert stage.done == ["a", "a"]


def test_troubles_of_aws_are_waited_out_however_long(stage: Stage) -> None:
    stage.steps = lambda name: (
        StepReport(name, has_more=True, trouble="no connection", fault=Fault.PASSING)
        if stage.done.count(name) < 9
        else StepReport(name, has_more=False)
    )
    stage.runner.start(["a"])
    stage.wait(lambda: times(stage, "a", 9))
    assert stage.failed == {}


def test_a_step_that_keeps_failing_ends_its_job_and_no_other(stage: Stage) -> None:
    stage.steps = lambda name: (
        StepReport(name, has_more=True, trouble="KeyError: 'x'")
        if name == "bad"
        else StepReport(name, has_more=stage.done.count(name) < 20)
    )
    stage.runner.start(["bad", "good"])
    stage.wait(lambda: stage.failed and times(stage, "good", 20))
    assert stage.failed == {"bad": "InternalServerError: the labeling engine failed: KeyError: 'x'"}
    assert stage.done.count("bad") == 3


def test_one_failure_is_forgotten_after_a_step_that_went_well(stage: Stage) -> None:
    def step(name: str) -> StepReport:
        turn = stage.done.count(name)
        trouble = "odd" if turn % 2 else None
        return StepReport(name, has_more=turn < 12, trouble=trouble) if turn < 12 else StepReport(name, has_more=False)

    stage.steps = step
    stage.runner.start(["a"])
    stage.wait(lambda: times(stage, "a", 12))
    assert stage.failed == {}


class Breaking(ThreadPoolExecutor):
    """An idle process that has died."""

    def submit(self, *_: Any, **__: Any) -> Future[Any]:
        raise BrokenProcessPool("killed")


def test_an_idle_process_that_died_is_replaced(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stage.runner, "_idle", [Breaking(1)])
    stage.runner.start(["a"])
    stage.wait(lambda: times(stage, "a", 1))
    assert (stage.pools, stage.done) == (1, ["a"])


def test_a_machine_without_memory_for_a_process_is_waited_out(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    """The runner's own thread must outlive it: no job would ever get a turn again."""
    real, refusals = stage.runner._new_process, iter(range(5))

    def refusing(settings: Settings) -> Executor:
        if next(refusals, None) is not None:
            raise OSError(errno.ENOMEM, "Cannot allocate memory")
        return real(settings)

    monkeypatch.setattr(stage.runner, "_new_process", refusing)
    stage.runner.start(["a"])
    stage.wait(lambda: times(stage, "a", 1))
    assert stage.failed == {}


def test_a_process_that_dies_in_a_step_costs_nobody_a_try(stage: Stage) -> None:
    def step(name: str) -> StepReport:
        if stage.done.count(name) == 1:
            raise BrokenProcessPool("killed in the middle")
        return StepReport(name, has_more=False)

    stage.steps = step
    stage.runner.start(["a"])
    stage.wait(lambda: times(stage, "a", 2))
    assert stage.failed == {}


def test_what_a_step_brought_instead_of_a_report_is_what_the_job_says(stage: Stage) -> None:
    """`the worker process died` for everything sent people looking in the wrong place."""

    def step(_: str) -> StepReport:
        raise ZeroDivisionError("by zero")

    stage.steps = step
    stage.runner.start(["a"])
    stage.wait(lambda: stage.failed)
    assert stage.failed == {"a": "InternalServerError: the labeling engine failed: ZeroDivisionError: by zero"}
