"""What a labeling job does next. Pure: the same facts and the same state give the same work.

    Open ─► Prepare … ─► Ask (probes) ─► Ask … ─► AutoLabel ─► Ask ─► AutoLabel … ─► TrainFinal ─► End

Where people answer, Ask is more than one step, for nobody knows how long they take:

    Offer ─► Publish ─► Wait … ─► Close ─► Consolidate ─► Wait … until every object of the batch has its outcome

They are offered a batch as soon as its images have been looked at (LookAhead); Prepare goes on while they work, in
slices in small jobs, so that the next batch has not long to wait.

When little of a batch is left to begin for somebody, or the machine is about to train, a part of the next
batch is offered ahead: nobody is to wait for the last answers of others, nor for the machine.

Whom to ask and when to train is the auto-labeling plan's (gt_engine/autolabel/rounds.py). This module adds what
Ground Truth adds: iterations, the check of the first sample, stopping conditions, and stopping on request.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import numpy as np

from gt_engine.autolabel import rounds
from gt_engine.autolabel.progress import AskPeople, Progress, Purpose
from gt_engine.autolabel.rounds import JobPlan
from gt_engine.jobs.state import JobState
from gt_engine.jobs.work import (
    Ask,
    AutoLabel,
    Close,
    Consolidate,
    End,
    LookAhead,
    Offer,
    Open,
    Prepare,
    Publish,
    Remind,
    TrainFinal,
    Wait,
    Work,
)
from gt_engine.store import Phase

PREPARE_AT_ONCE = 250
"""Images looked at in one step: few enough that other jobs get their turn."""
LOOK_AHEAD_AT_ONCE = 50
"""Images looked at in one step while people wait for a batch, or are about to."""
MOST_IN_SLICES = 1_000
"""In larger jobs people's answers may wait for a whole step of `Prepare`: their first batches last for longer."""
FIRST_SAMPLE = 10
"""Source: developer guide sms-batching."""
MAX_FAILED_SHARE_OF_FIRST_SAMPLE = 0.1
CONSOLIDATE_AT_ONCE = 100
"""Objects in one consolidation file."""
CONSOLIDATE_WITHIN = timedelta(seconds=60)
"""So long an object's answers wait for those of others before labels are made of them."""
LONGEST_WAIT = timedelta(hours=1)
AHEAD_PER_WORKER = 6
"""Answers that a worker gives until those of others can no longer be corrected and the machine has trained."""
MOST_AHEAD = 64
FEWEST_ASKED = 3
"""With time for fewer objects, people are not asked again: a job is not to end in ever smaller batches."""


@dataclass(frozen=True)
class StoppingConditions:
    """Limits of a job; None where there is none.

    people_seconds  what all answers together may take. object_seconds: what those to one object may take.
    """

    max_human_labeled: int | None = None
    max_percentage_labeled: int | None = None
    people_seconds: int | None = None
    object_seconds: int = 1


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


def next_work(
    plan: JobPlan,
    conditions: StoppingConditions,
    state: JobState,
    *,
    looks_at_images: bool,
    stop_requested: bool,
    answers: Answers | None = None,
) -> Work:
    """The next piece of work of a job that has not ended. `answers`: of its people, None where they are simulated."""
    if state.closing is not None:
        return Consolidate()
    if stop_requested:
        return _end(state, End(Phase.STOPPED))
    if state.lines is None:
        return Open()
    work = _next_work(plan, conditions, state, answers)
    if not looks_at_images or state.prepared == len(state.images):
        return work
    match work:
        case Publish() | Close() | Remind() | End(phase=Phase.FAILED | Phase.STOPPED):
            return work
        case Offer():
            return _look_ahead(work.step.object_ids, state) or work
        case Wait() if plan.auto_labeling and answers is not None and len(state.images) <= MOST_IN_SLICES:
            early = _early(plan, conditions, state, answers) if state.open_batches else None
            soon = () if early is None else early.step.object_ids
            turn = state.images[state.prepared : state.prepared + PREPARE_AT_ONCE]
            return _look_ahead(soon, state) or _look_ahead(turn, state) or _prepare(state, work.until)
        case Wait():
            return _prepare(state, work.until)
        case _:
            return _prepare(state)


def _look_ahead(object_ids: Sequence[str], state: JobState) -> LookAhead | None:
    """The next of these images that nobody has looked at yet; None where there are none."""
    seen = {*state.looked_ahead}
    unseen = tuple(object_id for object_id in object_ids if object_id not in seen)
    return LookAhead(unseen[:LOOK_AHEAD_AT_ONCE]) if unseen else None


def _prepare(state: JobState, until: datetime | None = None) -> Prepare:
    return Prepare(state.prepared, min(PREPARE_AT_ONCE, len(state.images) - state.prepared), until)


def _next_work(plan: JobPlan, conditions: StoppingConditions, state: JobState, answers: Answers | None) -> Work:
    """The next piece of work of a job whose images have all been looked at."""
    if any(batch.published < len(batch.object_ids) for batch in state.open_batches):
        return Publish()
    if answers is not None and any(not batch.is_ahead for batch in state.open_batches):
        return _with_people(plan, conditions, state, answers)
    failed = first_sample_failed(state.progress)
    if failed:
        return _end(state, End(Phase.FAILED, failed))
    return _next_step(plan, conditions, state, answers)


def _end(state: JobState, end: End) -> Work:
    """The end, after the answers that are there have become labels."""
    if not state.open_batches:
        return end
    return Close(state.open_batches[0].first, state.open_batches[0].left, by_force=True)


def _next_step(plan: JobPlan, conditions: StoppingConditions, state: JobState, answers: Answers | None) -> Work:
    """What the plan says, as far as the stopping conditions let it."""
    ahead = state.ahead
    allowed = min(still_allowed(conditions, state), _in_time(conditions, state))
    step = rounds.next_step(plan, state.asking)
    if allowed <= 0 and state.counters.unlabeled and ahead is None and not _is_left_to_the_machine(step, conditions):
        return End(Phase.STOPPED)
    match step:
        case AskPeople() if answers is None:
            limited = _within_limits(step, plan, state.progress, allowed)
            return Ask(state.iteration_to_ask(), limited, certifies=not rounds.has_decided(plan, state.asking))
        case AskPeople():
            limited = _without(_within_limits(step, plan, state.progress, max(allowed, 0)), state, plan)
            return Offer(state.iteration_to_ask(), limited, certifies=not rounds.has_decided(plan, state.asking))
        case rounds.AutoLabel():
            early = None if answers is None or ahead else _ahead(plan, state, answers, allowed)
            return early or AutoLabel(state.iteration + 1, step)
        case rounds.Finish() if ahead is not None:
            return Offer(ahead.iteration, AskPeople(ahead.purpose, ()))
        case rounds.Finish() if _owes_a_model(step, plan, state):
            return TrainFinal(state.iteration + 1)
        case rounds.Finish() if answers is not None and answers.gold_until is not None:
            return Wait(answers.gold_until)
        case rounds.Finish():
            return End(Phase.COMPLETED)


def _with_people(plan: JobPlan, conditions: StoppingConditions, state: JobState, answers: Answers) -> Work:
    """Labels are made of some objects at a time: soon enough to be taken away, in files that are worth opening."""
    waited = answers.ready_since is not None and answers.now - answers.ready_since >= CONSOLIDATE_WITHIN
    if answers.ready and (answers.is_all or waited or len(answers.ready) >= CONSOLIDATE_AT_ONCE):
        return Close(answers.batch, answers.ready)
    if answers.free <= answers.workers:
        early = _early(plan, conditions, state, answers)
        if early is not None:
            return early
    unsettled = state.open_batches if answers.unsettled else ()
    reminders = {batch.remind_at: batch.first for batch in unsettled if batch.remind_at}
    if reminders and min(reminders) <= answers.now:
        return Remind(reminders[min(reminders)])
    changes = [answers.next_change or answers.now + LONGEST_WAIT, *reminders]
    if answers.ready_since is not None:
        changes.append(answers.ready_since + CONSOLIDATE_WITHIN)
    return Wait(max(min(changes), answers.now))


def _early(plan: JobPlan, conditions: StoppingConditions, state: JobState, answers: Answers) -> Offer | None:
    """What people are offered while the last answers of a batch are still out; None where nothing is.

    What comes after the batch is known but for its failures: another batch, or a round of the machine.
    """
    batch = next(batch for batch in state.open_batches if not batch.is_ahead)
    asked = AskPeople(batch.purpose, (*batch.object_ids, *batch.failed))
    after = state.after(
        progress=state.progress.with_human(asked, labeled=batch.object_ids, unlabeled=tuple(batch.failed)),
        open_batches=tuple(batch for batch in state.open_batches if batch.is_ahead),
    )
    allowed = min(still_allowed(conditions, after), _in_time(conditions, state))
    step = rounds.next_step(plan, after.asking)
    if isinstance(step, AskPeople):
        size = min(_planned(plan, after, step, allowed), plan.max_concurrent - answers.unsettled)
        return _offer_ahead(plan, after, batch.iteration + 1, size)
    if isinstance(step, rounds.AutoLabel) and after.ahead is None:
        return _ahead(plan, after, answers, allowed, iteration=batch.iteration + 1)
    return None


def _planned(plan: JobPlan, state: JobState, step: AskPeople, allowed: int) -> int:
    """How much of the next batch has not been offered yet. Where no machine labels, batches are nothing but places in
    a queue, and it may all be offered."""
    if not plan.auto_labeling:
        return min(len(state.asking.pool()), allowed)
    planned = len(_within_limits(step, plan, state.progress, max(allowed, 0)).object_ids)
    return planned - (len(state.ahead.object_ids) + len(state.ahead.failed) if state.ahead else 0)


def _ahead(
    plan: JobPlan, state: JobState, answers: Answers, allowed: int, *, iteration: int | None = None
) -> Offer | None:
    """What people are offered while the machine trains: no more than keeps them busy, for the machine may be able to
    label it. How much it is depends on the people alone, and which objects it is on chance alone."""
    size = -(-AHEAD_PER_WORKER * answers.workers // plan.workers_per_object)
    pool = len(state.progress.pool())
    size = min(size, MOST_AHEAD, pool // 4, allowed, plan.max_concurrent - answers.unsettled)
    return _offer_ahead(plan, state, state.iteration + 1 if iteration is None else iteration, size)


def _offer_ahead(plan: JobPlan, state: JobState, iteration: int, size: int) -> Offer | None:
    chosen = rounds.asked_ahead(plan, state.asking, size) if size > 0 else ()
    if not chosen:
        return None
    step, certifies = AskPeople(Purpose.ROUND, chosen), not rounds.has_decided(plan, state.asking)
    return Offer(iteration, step, is_ahead=True, certifies=certifies)


def _without(step: AskPeople, state: JobState, plan: JobPlan) -> AskPeople:
    """A batch less what was offered ahead of it: a random part, as both are."""
    ahead = state.ahead
    size = max(0, len(step.object_ids) - (len(ahead.object_ids) + len(ahead.failed) if ahead else 0))
    return _part(step, size, [plan.seed, len(state.progress.batches), 3])


def _owes_a_model(step: rounds.Finish, plan: JobPlan, state: JobState) -> bool:
    """A job with automated data labeling leaves a model of its own: the next job of the chain starts from it, even
    where the model that this one was given was good enough as it is."""
    if not plan.auto_labeling or state.is_trained_to_the_end or not state.counters.human:
        return False
    return step.train or not state.trainings


def _within_limits(step: AskPeople, plan: JobPlan, progress: Progress, allowed: int) -> AskPeople:
    """The batch without what a stopping condition forbids, and begun with a first sample where the plan has none.

    Source for the sample of jobs without automated data labeling: developer guide sms-batching; 10 data objects, then
    the rest of MaxConcurrentTaskCount, then full batches.
    """
    batches, size, purpose = len(progress.batches), len(step.object_ids), step.purpose
    if not plan.auto_labeling and batches < 2:
        size = min(plan.probe, plan.max_concurrent) if batches == 0 else max(1, plan.max_concurrent - plan.probe)
        purpose = Purpose.PROBE if batches == 0 else purpose
    return _part(replace(step, purpose=purpose), min(size, allowed), [plan.seed, batches, 1])


def _part(step: AskPeople, size: int, seed: Sequence[int]) -> AskPeople:
    """A random part of a batch, as the batch itself is one: the first ones in the manifest would be no fair sample."""
    if size >= len(step.object_ids):
        return step
    kept = np.random.default_rng(seed).choice(len(step.object_ids), size, replace=False)
    return replace(step, object_ids=tuple(step.object_ids[place] for place in sorted(kept)))


def first_sample_failed(progress: Progress) -> str | None:
    """Why the job fails: more than a tenth of the first sample got no label. None where it is fine or not yet known.

    Source: developer guide sms-automated-labeling, step 1.
    """
    sample = next((batch for batch in progress.batches if batch.purpose is Purpose.PROBE), None)
    if sample is None:
        return None
    failed, size = len(sample.unlabeled), len(sample.unlabeled) + len(sample.labeled)
    # Where people's time allows only a part of the sample, one failure is still no more than one of the whole sample.
    whole = max(size, min(FIRST_SAMPLE, len(progress.objects)))
    if failed <= whole * MAX_FAILED_SHARE_OF_FIRST_SAMPLE:
        return None
    return (
        f"ClientError: {failed} of the {size} data objects of the first sample could not be labeled; "
        f"a labeling job fails when more than {MAX_FAILED_SHARE_OF_FIRST_SAMPLE:.0%} of them do. "
        "The job's log names each object and its reason."
    )


def still_allowed(conditions: StoppingConditions, state: JobState) -> int:
    """How many more objects people may be asked about before a stopping condition is met; 0 or less: it is met."""
    counters = state.counters
    allowed = len(state.progress.objects)
    if conditions.max_human_labeled is not None:
        allowed = min(allowed, conditions.max_human_labeled - counters.human)
    if conditions.max_percentage_labeled is not None:
        needed = -(-len(state.progress.objects) * conditions.max_percentage_labeled // 100)
        allowed = min(allowed, needed - counters.total)
    return allowed - sum(len(batch.left) for batch in state.open_batches)


def _in_time(conditions: StoppingConditions, state: JobState) -> int:
    """How many more objects people may be asked about so that all answers stay within the time that the job may take
    of them, however long each answer takes."""
    if conditions.people_seconds is None:
        return len(state.progress.objects)
    left = int((conditions.people_seconds - state.people_seconds) // conditions.object_seconds)
    allowed = left - sum(len(batch.left) for batch in state.open_batches)
    return allowed if allowed >= min(FEWEST_ASKED, state.counters.unlabeled) else 0


def _is_left_to_the_machine(step: rounds.Step, conditions: StoppingConditions) -> bool:
    """Where only people's time has run out, the machine still labels what it can."""
    return conditions.people_seconds is not None and isinstance(step, rounds.AutoLabel)
