"""Which job gets the next step, and what becomes of one that went wrong. Pure: the caller brings the time.

Jobs take turns: after a step a job goes to the back of the queue. One whose step failed pauses first.

A death of a worker process has one owner: the job whose step it was. But where memory ran out it may have been killed
for another's greed, so the death itself only makes the job a suspect. A suspect's next step runs alone, and only a
death while alone counts against it.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

from gt_engine.jobs.faults import Fault

MOST_TRIES = 3
"""A step that fails so often for the engine's own reasons fails its job; what passes is waited out."""
LONGEST_PAUSE_SECONDS = 60.0
LOOK_EVERY_SECONDS = 15.0
"""A job that waits for people is looked at so often: they may have answered to another engine on the same tables."""
BETWEEN_LOOKS_SECONDS = 1.0
"""However much people do, a job is looked at no more often."""
DEATH_PAUSE_SECONDS = 5.0
"""The first pause after a death: memory that ran out is not there again in a second."""


@dataclass(frozen=True)
class StepReport:
    """How a step went. `trouble`: it did not get done, and why; `fault`: whose fault that is.

    wait_seconds: people are at work, and there is nothing to do before; the job is looked at sooner all the same.
    """

    job: str
    has_more: bool
    trouble: str | None = None
    fault: Fault = Fault.ENGINES
    wait_seconds: float | None = None


@dataclass(frozen=True)
class Turn:
    """A job that may take a step. `doomed`: it is to be failed instead, for this reason."""

    job: str
    doomed: str | None = None


@dataclass
class _Troubles:
    """What went wrong with a job since its last step that went well."""

    in_a_row: int = 0
    faults: int = 0
    deaths_alone: int = 0
    is_suspect: bool = False
    doomed: str | None = None


class Schedule:
    """The queue of jobs for `at_once` steps at a time."""

    def __init__(self, at_once: int) -> None:
        self._at_once = at_once
        self._turns: deque[str] = deque()
        self._paused: dict[str, float] = {}
        self._waiting: dict[str, float] = {}
        self._looked: dict[str, float] = {}
        self._running: set[str] = set()
        self._woken_again: set[str] = set()
        self._troubles: dict[str, _Troubles] = {}

    @property
    def running(self) -> frozenset[str]:
        return frozenset(self._running)

    def wake(self, job: str) -> None:
        """The job has work: it was created, or asked to stop, or people have answered."""
        if job in self._running:
            self._woken_again.add(job)
        elif job in self._waiting:
            self._waiting[job] = min(self._waiting[job], self._looked[job] + BETWEEN_LOOKS_SECONDS)
        elif job not in self._turns and job not in self._paused:
            self._turns.append(job)

    def next(self, now: float) -> Turn | None:
        """The turn to take now, counted as running from here on; None where there is none."""
        self._resume(now)
        if not self._turns or len(self._running) >= self._at_once:
            return None
        job = self._turns[0]
        # Nothing starts beside a suspect, nor before one whose turn it is: else it would never be alone.
        if self._running and (self._is_suspect(job) or any(map(self._is_suspect, self._running))):
            return None
        self._turns.popleft()
        self._running.add(job)
        troubles = self._troubles.get(job)
        return Turn(job, troubles.doomed if troubles else None)

    def ended(self, report: StepReport, now: float) -> None:
        """What becomes of a job after its step."""
        job = report.job
        self._running.discard(job)
        woken = job in self._woken_again
        self._woken_again.discard(job)
        if report.trouble is None:
            self._troubles.pop(job, None)
            self._looked.pop(job, None)
            if report.wait_seconds is not None:
                longest = BETWEEN_LOOKS_SECONDS if woken else LOOK_EVERY_SECONDS
                self._waiting[job] = now + min(report.wait_seconds, longest)
                self._looked[job] = now
            elif report.has_more or woken:
                self._turns.append(job)
        else:
            self._paused[job] = now + self._pause_after(report)

    def next_change(self) -> float | None:
        """When a pause ends or a job is to be looked at; None where neither is."""
        return min((*self._paused.values(), *self._waiting.values()), default=None)

    def _pause_after(self, report: StepReport) -> float:
        """Notes a trouble; how many seconds the job is left alone for it."""
        troubles = self._troubles.setdefault(report.job, _Troubles())
        troubles.in_a_row += 1
        if report.fault is Fault.DEATH:
            troubles.deaths_alone += troubles.is_suspect
            troubles.is_suspect = True
        elif report.fault is not Fault.PASSING:
            troubles.faults += 1
        if max(troubles.faults, troubles.deaths_alone) >= MOST_TRIES:
            troubles.doomed = f"InternalServerError: the labeling engine failed: {report.trouble}"
        first = DEATH_PAUSE_SECONDS if report.fault is Fault.DEATH else 1.0
        return min(first * 2.0 ** min(troubles.in_a_row - 1, 16), LONGEST_PAUSE_SECONDS)

    def _is_suspect(self, job: str) -> bool:
        return job in self._troubles and self._troubles[job].is_suspect

    def _resume(self, now: float) -> None:
        for pauses in (self._paused, self._waiting):
            for job in [job for job, until in pauses.items() if until <= now]:
                del pauses[job]
                self._turns.append(job)
