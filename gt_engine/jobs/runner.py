"""Who works on which job when: one step per job at a time, jobs taking turns, in a few worker processes."""

from __future__ import annotations

import logging
import multiprocessing
import os
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable
from concurrent.futures import Executor, Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool

from gt_engine.jobs import worker
from gt_engine.jobs.worker import StepReport
from gt_engine.settings import Settings

MOST_TRIES = 3
"""A step that fails so often for the engine's own reasons fails its job; AWS's troubles are waited out."""
LONGEST_PAUSE_SECONDS = 60.0
GRACE_SECONDS = 10.0

log = logging.getLogger(__name__)


class Runner:
    """Takes jobs' steps in turn. `wake` may be called from any thread."""

    def __init__(self, settings: Settings, new_pool: Callable[[Settings], Executor] | None = None) -> None:
        self._settings = settings
        self._new_pool = new_pool or processes
        self._turns: deque[str] = deque()
        self._paused: dict[str, float] = {}
        self._tries: dict[str, int] = {}
        self._doomed: dict[str, str] = {}
        self._running: dict[Future[StepReport], str] = {}
        self._woken_again: set[str] = set()
        self._changed = threading.Condition()
        self._stopping = False
        self._pool = self._new_pool(settings)
        self._thread = threading.Thread(target=self._loop, name="runner", daemon=True)

    def start(self, jobs: Iterable[str]) -> None:
        """Begins with the jobs that an earlier engine left unfinished."""
        for name in jobs:
            self.wake(name)
        self._thread.start()

    def wake(self, name: str) -> None:
        """The job has work: it was created, or asked to stop."""
        with self._changed:
            if name in self._running.values():
                self._woken_again.add(name)
            elif name not in self._turns and name not in self._paused:
                self._turns.append(name)
            self._changed.notify()

    def stop(self) -> None:
        """Lets running steps end for a moment and then ends the processes: an interrupted step is done again."""
        with self._changed:
            self._stopping = True
            self._changed.notify()
        end = time.monotonic() + GRACE_SECONDS
        while self._running and time.monotonic() < end:
            time.sleep(0.05)
        for process in list(self._processes()):
            process.kill()
        self._pool.shutdown(wait=False, cancel_futures=True)

    def _loop(self) -> None:
        while True:
            with self._changed:
                self._resume_paused()
                while not self._stopping and self._turns and len(self._running) < self._settings.processes:
                    self._begin(self._turns.popleft())
                if self._stopping:
                    return
                self._changed.wait(self._next_pause())

    def _begin(self, name: str) -> None:
        """Under the lock. A pool whose process died (out of memory, killed) is replaced once and for all."""
        for _ in range(2):
            try:
                if name in self._doomed:
                    future = self._pool.submit(worker.fail_job, self._settings, name, self._doomed[name])
                else:
                    future = self._pool.submit(worker.run_step, self._settings, name)
            except BrokenProcessPool:
                self._pool = self._new_pool(self._settings)
                continue
            self._running[future] = name
            future.add_done_callback(self._ended)
            return
        self._pause(name)

    def _ended(self, future: Future[StepReport]) -> None:
        with self._changed:
            name = self._running.pop(future)
            again = name in self._woken_again
            self._woken_again.discard(name)
            if not self._stopping:
                self._place(name, self._report(future, name), again)
            self._changed.notify()

    def _report(self, future: Future[StepReport], name: str) -> StepReport:
        problem = future.exception()
        if problem is None:
            return future.result()
        # The process died in the middle of a step, this job's or another's.
        log.error("a worker process died", extra={"job": name, "reason": repr(problem)})
        return StepReport(name, has_more=True, trouble="the worker process died", passes=False)

    def _place(self, name: str, report: StepReport, again: bool) -> None:
        """Under the lock: where the job goes after a step. At the back of the queue: that is what keeps turns fair."""
        if report.trouble is None:
            self._tries.pop(name, None)
            self._doomed.pop(name, None)
            if report.has_more or again:
                self._turns.append(name)
            return
        self._tries[name] = self._tries.get(name, 0) + 1
        if not report.passes and self._tries[name] >= MOST_TRIES:
            self._doomed[name] = f"InternalServerError: the labeling engine failed: {report.trouble}"
        self._pause(name)

    def _pause(self, name: str) -> None:
        seconds = min(2.0 ** self._tries.get(name, 1) / 2, LONGEST_PAUSE_SECONDS)
        self._paused[name] = time.monotonic() + seconds

    def _resume_paused(self) -> None:
        now = time.monotonic()
        for name in [name for name, until in self._paused.items() if until <= now]:
            del self._paused[name]
            self._turns.append(name)

    def _next_pause(self) -> float | None:
        return max(0.0, min(self._paused.values()) - time.monotonic()) if self._paused else None

    def _processes(self) -> list[multiprocessing.process.BaseProcess]:
        return [child for child in multiprocessing.active_children() if child.is_alive()]


def processes(settings: Settings) -> ProcessPoolExecutor:
    """Worker processes. Spawned: a fork of a process with threads and connections would share both."""
    return ProcessPoolExecutor(
        settings.processes,
        mp_context=multiprocessing.get_context("spawn"),
        initializer=worker.start,
        initargs=(settings, os.getpid()),
    )
