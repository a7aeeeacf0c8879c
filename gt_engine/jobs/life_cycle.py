"""What a labeling job does next. Pure: the same facts and the same state give the same work.

    Open ─► Prepare … ─► Ask (probes) ─► Ask … ─► AutoLabel ─► Ask ─► AutoLabel … ─► TrainFinal ─► End

Whom to ask and when to train is the auto-labeling plan's (gt_engine/autolabel/rounds.py). This module adds what
Ground Truth adds: iterations, the check of the first sample, stopping conditions, and stopping on request.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TypeAlias

import numpy as np

from gt_engine.autolabel import rounds
from gt_engine.autolabel.rounds import JobPlan, Progress, Purpose
from gt_engine.jobs.state import JobState
from gt_engine.store import Phase

PREPARE_AT_ONCE = 250
"""Images looked at in one step: few enough that other jobs get their turn."""
MAX_FAILED_SHARE_OF_FIRST_SAMPLE = 0.1


@dataclass(frozen=True)
class StoppingConditions:
    """Limits of a job; None where there is none."""

    max_human_labeled: int | None = None
    max_percentage_labeled: int | None = None


@dataclass(frozen=True)
class Open:
    """Read and check the manifest, keep a copy of it."""


@dataclass(frozen=True)
class Prepare:
    """Look at these images: are they readable, how large, what are their features."""

    first: int
    count: int


@dataclass(frozen=True)
class Ask:
    """Send a batch to people; its labels are those of `iteration`."""

    iteration: int
    step: rounds.AskPeople


@dataclass(frozen=True)
class AutoLabel:
    """Train and let the machine label what it may."""

    iteration: int
    step: rounds.AutoLabel


@dataclass(frozen=True)
class TrainFinal:
    """Train the model that the job leaves, on all human labels."""

    iteration: int


@dataclass(frozen=True)
class End:
    """Write the output manifest and end. `reason` is the FailureReason of a job that failed."""

    phase: Phase
    reason: str | None = None


Work: TypeAlias = Open | Prepare | Ask | AutoLabel | TrainFinal | End


def next_work(
    plan: JobPlan,
    conditions: StoppingConditions,
    state: JobState,
    *,
    looks_at_images: bool,
    stop_requested: bool,
    next_step: Callable[[JobPlan, Progress], rounds.Step] = rounds.next_step,
) -> Work:
    """The next piece of work of a job that has not ended."""
    if stop_requested:
        return End(Phase.STOPPED)
    if state.lines is None:
        return Open()
    objects = len(state.progress.objects)
    if looks_at_images and state.prepared < objects:
        return Prepare(state.prepared, min(PREPARE_AT_ONCE, objects - state.prepared))
    failed = first_sample_failed(state.progress)
    if failed:
        return End(Phase.FAILED, failed)
    allowed = still_allowed(conditions, state)
    if allowed <= 0 and state.counters.unlabeled:
        return End(Phase.STOPPED)
    step = next_step(plan, state.progress)
    match step:
        case rounds.AskPeople():
            return Ask(state.iteration_to_ask(), _within_limits(step, plan, state.progress, allowed))
        case rounds.AutoLabel():
            return AutoLabel(state.iteration + 1, step)
        case rounds.Finish() if _owes_a_model(step, plan, state):
            return TrainFinal(state.iteration + 1)
        case rounds.Finish():
            return End(Phase.COMPLETED)


def _owes_a_model(step: rounds.Finish, plan: JobPlan, state: JobState) -> bool:
    """A job with automated data labeling leaves a model of its own: the next job of the chain starts from it, even
    where the model that this one was given was good enough as it is."""
    if not plan.auto_labeling or state.is_trained_to_the_end or not state.counters.human:
        return False
    return step.train or not state.trainings


def _within_limits(step: rounds.AskPeople, plan: JobPlan, progress: Progress, allowed: int) -> rounds.AskPeople:
    """The batch without what a stopping condition forbids, and begun with a first sample where the plan has none.

    Source for the sample of jobs without automated data labeling: developer guide sms-batching; 10 data objects, then
    the rest of MaxConcurrentTaskCount, then full batches.
    """
    batches, size, purpose = len(progress.batches), len(step.object_ids), step.purpose
    if not plan.auto_labeling and batches < 2:
        size = min(plan.probe, plan.max_concurrent) if batches == 0 else max(1, plan.max_concurrent - plan.probe)
        purpose = Purpose.PROBE if batches == 0 else purpose
    size = min(size, allowed)
    if size >= len(step.object_ids):
        return replace(step, purpose=purpose)
    # A random part, as the batch itself is one: the first ones in the manifest would be no fair sample.
    kept = np.random.default_rng([plan.seed, batches, 1]).choice(len(step.object_ids), size, replace=False)
    return rounds.AskPeople(purpose, tuple(step.object_ids[place] for place in sorted(kept)))


def first_sample_failed(progress: Progress) -> str | None:
    """Why the job fails: more than a tenth of the first sample got no label. None where it is fine or not yet known.

    Source: developer guide sms-automated-labeling, step 1.
    """
    sample = next((batch for batch in progress.batches if batch.purpose is Purpose.PROBE), None)
    if sample is None:
        return None
    failed, size = len(sample.unlabeled), len(sample.unlabeled) + len(sample.labeled)
    if failed <= size * MAX_FAILED_SHARE_OF_FIRST_SAMPLE:
        return None
    return (
        f"ClientError: {failed} of the {size} data objects of the first sample could not be labeled; "
        f"a labeling job fails when more than {MAX_FAILED_SHARE_OF_FIRST_SAMPLE:.0%} of them do. "
        "The job's log names each object and its reason."
    )


def still_allowed(conditions: StoppingConditions, state: JobState) -> int:
    """How many more objects people may label before a stopping condition is met; 0 or less: it is met."""
    counters = state.counters
    allowed = len(state.progress.objects)
    if conditions.max_human_labeled is not None:
        allowed = min(allowed, conditions.max_human_labeled - counters.human)
    if conditions.max_percentage_labeled is not None:
        needed = -(-len(state.progress.objects) * conditions.max_percentage_labeled // 100)
        allowed = min(allowed, needed - counters.total)
    return allowed
