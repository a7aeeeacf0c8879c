"""Turns, pauses and deaths, with time in the test's hand."""

from __future__ import annotations

from gt_engine.jobs.faults import Fault
from gt_engine.jobs.schedule import LONGEST_PAUSE_SECONDS, LOOK_EVERY_SECONDS, Schedule, StepReport, Turn


class Play:
    """A schedule, the time, and what became of each job."""

    def __init__(self, at_once: int = 2) -> None:
        self.schedule = Schedule(at_once)
        self.now = 0.0

    def begin(self) -> list[str]:
        """The jobs that start now."""
        return [turn.job for turn in self.turns()]

    def turns(self) -> list[Turn]:
        started = []
        while turn := self.schedule.next(self.now):
            started.append(turn)
        return started

    def ends(self, job: str, fault: Fault | None = None) -> None:
        trouble = None if fault is None else f"so says {job}"
        self.schedule.ended(StepReport(job, has_more=True, trouble=trouble, fault=fault or Fault.ENGINES), self.now)

    def until_a_pause_ends(self) -> None:
        change = self.schedule.next_change()
        assert change is not None
        self.now = max(self.now, change)


def test_a_job_whose_process_was_killed_takes_no_other_down() -> None:
    """The out-of-memory killer takes the biggest process, three times in a row; the job beside it goes on."""
    play = Play()
    play.schedule.wake("big")
    play.schedule.wake("small")
    doomed = {}
    for _ in range(300):
        play.now += 1
        for turn in play.turns():
            if turn.doomed:
                doomed[turn.job] = turn.doomed
                play.schedule.ended(StepReport(turn.job, has_more=False), play.now)
        for job in sorted(play.schedule.running):
            play.ends(job, Fault.DEATH if job == "big" else None)
    assert doomed == {"big": "InternalServerError: the labeling engine failed: so says big"}


def test_a_job_that_was_killed_for_anothers_greed_is_never_failed_for_it() -> None:
    """Only a death while nothing else ran counts: beside another, either may have taken the memory."""
    play = Play()
    play.schedule.wake("victim")
    play.schedule.wake("greedy")
    assert play.begin() == ["victim", "greedy"]
    for _ in range(10):
        play.ends("victim", Fault.DEATH)
        play.ends("greedy")
        play.until_a_pause_ends()
        assert play.begin() == ["greedy"]  # it was first in the queue
        play.ends("greedy")
        assert play.begin() == ["victim"], "alone, whatever else waits"
        play.ends("victim")
        assert play.begin() == ["greedy", "victim"]


def test_a_suspect_runs_alone() -> None:
    play = Play(at_once=3)
    for job in "abc":
        play.schedule.wake(job)
    assert play.begin() == ["a", "b", "c"]
    play.ends("a", Fault.DEATH)
    play.until_a_pause_ends()
    assert play.begin() == [], "the suspect is next, and b and c still run"
    play.ends("b")
    assert play.begin() == [], "c still runs"
    play.ends("c")
    assert play.begin() == ["a"]
    play.schedule.wake("d")
    assert play.begin() == []
    play.ends("a")
    assert sorted(play.begin()) == ["b", "c", "d"]


def test_three_deaths_alone_fail_the_job() -> None:
    play = Play()
    play.schedule.wake("a")
    for _ in range(4):
        [turn] = play.turns()
        assert turn.doomed is None
        play.ends("a", Fault.DEATH)
        play.until_a_pause_ends()
    [turn] = play.turns()
    assert turn.doomed == "InternalServerError: the labeling engine failed: so says a"


def test_what_passes_never_counts_however_often_it_comes() -> None:
    """Nor does it use up the tries that a fault of the engine's has."""
    play = Play()
    play.schedule.wake("a")
    for fault in [Fault.PASSING] * 50 + [Fault.ENGINES] * 2 + [Fault.PASSING] * 50:
        [turn] = play.turns()
        assert turn.doomed is None
        play.ends("a", fault)
        before = play.now
        play.until_a_pause_ends()
        assert 0 < play.now - before <= LONGEST_PAUSE_SECONDS


def test_pauses_grow_and_start_again_after_a_step_that_went_well() -> None:
    play = Play()
    play.schedule.wake("a")
    pauses = []
    for fault in [Fault.PASSING, Fault.PASSING, Fault.PASSING, None, Fault.PASSING]:
        assert play.begin() == ["a"]
        before = play.now
        play.ends("a", fault)
        if fault:
            play.until_a_pause_ends()
            pauses.append(play.now - before)
    assert pauses == [1, 2, 4, 1]


def test_a_job_that_waits_for_people_is_looked_at_now_and_then_and_soon_when_woken() -> None:
    schedule = Schedule(1)
    schedule.wake("birds")
    assert schedule.next(0) == Turn("birds")
    schedule.ended(StepReport("birds", has_more=True, wait_seconds=3600), 0)
    assert schedule.next(1) is None
    assert schedule.next_change() == LOOK_EVERY_SECONDS
    assert schedule.next(LOOK_EVERY_SECONDS) == Turn("birds")
    schedule.ended(StepReport("birds", has_more=True, wait_seconds=2), 20)
    assert schedule.next_change() == 22
    for _ in range(20):  # however many people do something at once
        schedule.wake("birds")
    assert schedule.next_change() == 21
    assert schedule.next(21) == Turn("birds")
    schedule.wake("birds")  # an answer came while the job was looked at
    schedule.ended(StepReport("birds", has_more=True, wait_seconds=3600), 21)
    assert schedule.next(21) is None
    assert schedule.next(22) == Turn("birds")
