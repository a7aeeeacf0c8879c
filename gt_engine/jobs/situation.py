"""All that the choice of a job's next piece of work rests on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

import numpy as np

from gt_engine.autolabel import rounds
from gt_engine.autolabel.progress import AskPeople, Purpose
from gt_engine.autolabel.rounds import JobPlan
from gt_engine.jobs.state import JobState
from gt_engine.jobs.stopping import StoppingConditions


@dataclass(frozen=True)
class Answers:
    """How far people are with what they were offered, at the time `now`.

    batch        the place where the batch begins that the following are about
    ready        its objects whose answers are in, or whose time is over, and that can no longer be corrected
    ready_since  when the first of them was
    is_all       every object of the batch without an outcome is among them
    next_change  when another one may be ready, if people do nothing
    unsettled    objects that still lack answers, in all batches
    free         places that the worker who has the fewest could take now
    workers      how many people are at work
    gold_until   so long the job's end waits for known objects that people are at work on
    """

    now: datetime
    batch: int = 0
    ready: tuple[str, ...] = ()
    ready_since: datetime | None = None
    is_all: bool = False
    next_change: datetime | None = None
    unsettled: int = 0
    free: int = 0
    workers: int = 0
    gold_until: datetime | None = None


@dataclass(frozen=True)
class Situation:
    """Where a job stands. answers: of its people, None where they are simulated."""

    plan: JobPlan
    conditions: StoppingConditions
    state: JobState
    answers: Answers | None = None

    @property
    def step(self) -> rounds.Step:
        """What the plan says."""
        return rounds.next_step(self.plan, self.state.asking)

    @property
    def allowed(self) -> int:
        """How many more objects people may be asked about; 0 or less: none."""
        return min(self.conditions.still_allowed(self.state), self.conditions.in_time(self.state))

    @property
    def certifies(self) -> bool:
        """Whether what people are asked now may be the sample of a certificate."""
        return not rounds.has_decided(self.plan, self.state.asking)

    def within(self, allowed: int, step: AskPeople) -> AskPeople:
        """The batch without what a stopping condition forbids, and begun with a first sample where the plan has none.

        Source for the sample of jobs without automated data labeling: developer guide sms-batching; 10 data objects,
        then the rest of MaxConcurrentTaskCount, then full batches.
        """
        batches, size, purpose = len(self.state.progress.batches), len(step.object_ids), step.purpose
        if not self.plan.auto_labeling and batches < 2:
            most, probe = self.plan.max_concurrent, self.plan.probe
            size = min(probe, most) if batches == 0 else max(1, most - probe)
            purpose = Purpose.PROBE if batches == 0 else purpose
        return part_of(replace(step, purpose=purpose), min(size, allowed), [self.plan.seed, batches, 1])


def part_of(step: AskPeople, size: int, seed: Sequence[int]) -> AskPeople:
    """A random part of a batch, as the batch itself is one: the first ones in the manifest would be no fair sample."""
    if size >= len(step.object_ids):
        return step
    kept = np.random.default_rng(seed).choice(len(step.object_ids), size, replace=False)
    return replace(step, object_ids=tuple(step.object_ids[place] for place in sorted(kept)))
