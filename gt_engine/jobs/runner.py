"""Who works on which job when: one step per job at a time, jobs taking turns, in a few worker processes."""

from __future__ import annotations

import logging
import multiprocessing
import os
import threading
import time
from collections.abc import Callable, Iterable
from concurrent.futures import Executor, Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool

from gt_engine.jobs import worker
from gt_engine.jobs.faults import Fault, reason_of
from gt_engine.jobs.schedule import Schedule, StepReport, Turn
from gt_engine.settings import Settings

GRACE_SECONDS = 10.0

log = logging.getLogger(__name__)


class Runner:
    """Takes jobs' steps in turn, each in a process of its own, so that a process that dies has one owner.

    `wake` may be called from any thread.
    """

    def __init__(self, settings: Settings, new_process: Callable[[Settings], Executor] | None = None) -> None:
        self._settings = settings
        self._new_process = new_process or process
        self._schedule = Schedule(settings.processes)
        self._idle: list[Executor] = []
        self._running: dict[Future[StepReport], tuple[str, Executor]] = {}
        self._changed = threading.Condition()
        self._stopping = False
        self._thread = threading.Thread(target=self._loop, name="runner", daemon=True)

    def start(self, jobs: Iterable[str]) -> None:
        """Begins with the jobs that an earlier engine left unfinished."""
        for name in jobs:
            self.wake(name)
        self._thread.start()

    def wake(self, name: str) -> None:
        """The job has work: it was created, or asked to stop."""
        with self._changed:
            self._schedule.wake(name)
            self._changed.notify()

    def stop(self) -> None:
        """Lets running steps end for a moment and then ends the processes: an interrupted step is done again."""
        with self._changed:
            self._stopping = True
            self._changed.notify()
        end = time.monotonic() + GRACE_SECONDS
        while self._running and time.monotonic() < end:
            time.sleep(0.05)
        for child in multiprocessing.active_children():
            child.kill()
        for executor in (*self._idle, *(executor for _, executor in list(self._running.values()))):
            executor.shutdown(wait=False, cancel_futures=True)

    def _loop(self) -> None:
        while True:
            with self._changed:
                now = time.monotonic()
                while not self._stopping and (turn := self._schedule.next(now)):
                    self._begin(turn)
                if self._stopping:
                    return
                change = self._schedule.next_change()
                self._changed.wait(None if change is None else max(0.0, change - now))

    def _begin(self, turn: Turn) -> None:
        """Under the lock. An idle process that has died (out of memory, killed) is replaced."""
        try:
            executor = self._idle.pop() if self._idle else self._new_process(self._settings)
            try:
                future = self._submit(executor, turn)
            except BrokenProcessPool:
                executor.shutdown(wait=False)
                executor = self._new_process(self._settings)
                future = self._submit(executor, turn)
        except (BrokenProcessPool, OSError) as problem:  # no memory or no process to be had at this moment
            report = StepReport(turn.job, has_more=True, trouble=reason_of(problem), fault=Fault.PASSING)
            log.exception("no worker process could be started", extra={"job": turn.job})
            self._schedule.ended(report, time.monotonic())
            return
        self._running[future] = turn.job, executor
        future.add_done_callback(self._ended)

    def _submit(self, executor: Executor, turn: Turn) -> Future[StepReport]:
        if turn.doomed:
            return executor.submit(worker.fail_job, self._settings, turn.job, turn.doomed)
        return executor.submit(worker.run_step, self._settings, turn.job)

    def _ended(self, future: Future[StepReport]) -> None:
        with self._changed:
            name, executor = self._running.pop(future)
            if not self._stopping:
                report = _report(future, name)
                if report.fault is Fault.DEATH:
                    executor.shutdown(wait=False)
                else:
                    self._idle.append(executor)
                self._schedule.ended(report, time.monotonic())
            self._changed.notify()


def _report(future: Future[StepReport], name: str) -> StepReport:
    problem = future.exception()
    if problem is None:
        return future.result()
    fault = Fault.DEATH if isinstance(problem, BrokenProcessPool) else Fault.ENGINES
    trouble = fault.value if fault is Fault.DEATH else reason_of(problem)
    log.error("a step brought no report", extra={"job": name, "reason": trouble, "details": repr(problem)})
    return StepReport(name, has_more=True, trouble=trouble, fault=fault)


def process(settings: Settings) -> ProcessPoolExecutor:
    """A worker process. Spawned: a fork of a process with threads and connections would share both."""
    return ProcessPoolExecutor(
        1,
        mp_context=multiprocessing.get_context("spawn"),
        initializer=worker.start,
        initargs=(settings, os.getpid()),
    )
