"""What a labeling job does next. Pure: the same facts and the same state give the same work.

    Open ─► Prepare … ─► Ask (probes) ─► Ask … ─► AutoLabel ─► Ask ─► AutoLabel … ─► TrainFinal ─► End

Where people answer, Ask is more than one step, for nobody knows how long they take:

    Offer ─► Publish ─► Wait … ─► Close ─► Consolidate ─► Wait … until every object of the batch has its outcome

They are offered a batch as soon as its images have been looked at (LookAhead); Prepare goes on while they work, in
slices in small jobs, so that the next batch has not long to wait. When little of a batch is left to begin for somebody,
or the machine is about to train, a part of the next batch is offered ahead (`offering_ahead`).

Whom to ask and when to train is the auto-labeling plan's (gt_engine/autolabel/rounds.py). This module adds what
Ground Truth adds: iterations, the check of the first sample, stopping conditions, and stopping on request.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from gt_engine.autolabel import rounds
from gt_engine.autolabel.progress import AskPeople
from gt_engine.autolabel.rounds import JobPlan
from gt_engine.jobs.offering_ahead import less_what_was_offered, while_answers_are_out, while_the_machine_trains
from gt_engine.jobs.situation import Answers, Situation
from gt_engine.jobs.state import JobState
from gt_engine.jobs.stopping import first_sample_failed
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
CONSOLIDATE_AT_ONCE = 100
"""Objects in one consolidation file."""
CONSOLIDATE_WITHIN = timedelta(seconds=60)
"""So long an object's answers wait for those of others before labels are made of them."""
LONGEST_WAIT = timedelta(hours=1)


def next_work(now: Situation, *, looks_at_images: bool, stop_requested: bool) -> Work:
    """The next piece of work of a job that has not ended."""
    state = now.state
    if state.closing is not None:
        return Consolidate()
    if stop_requested:
        return _end(state, End(Phase.STOPPED))
    if state.lines is None:
        return Open()
    work = _of_looked_at(now)
    return work if not looks_at_images or state.prepared == len(state.images) else _looking_first(work, now)


def _looking_first(work: Work, now: Situation) -> Work:
    """The same piece of work, or images to be looked at before it or while it waits."""
    state = now.state
    match work:
        case Publish() | Close() | Remind() | End(phase=Phase.FAILED | Phase.STOPPED):
            return work
        case Offer():
            return _look_ahead(work.step.object_ids, state) or work
        case Wait() if now.plan.auto_labeling and now.answers is not None and len(state.images) <= MOST_IN_SLICES:
            early = while_answers_are_out(now, now.answers) if state.open_batches else None
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


def _of_looked_at(now: Situation) -> Work:
    """The next piece of work of a job whose images have all been looked at."""
    state = now.state
    if any(batch.published < len(batch.object_ids) for batch in state.open_batches):
        return Publish()
    if now.answers is not None and any(not batch.is_ahead for batch in state.open_batches):
        return _while_people_answer(now, now.answers)
    failed = first_sample_failed(state.progress)
    return _end(state, End(Phase.FAILED, failed)) if failed else _by_plan(now)


def _end(state: JobState, end: End) -> Work:
    """The end, after the answers that are there have become labels."""
    if not state.open_batches:
        return end
    return Close(state.open_batches[0].first, state.open_batches[0].left, by_force=True)


def _by_plan(now: Situation) -> Work:
    """What the plan says, as far as the stopping conditions let it."""
    plan, state, answers = now.plan, now.state, now.answers
    ahead, allowed, step = state.ahead, now.allowed, now.step
    if allowed <= 0 and state.counters.unlabeled and ahead is None and not now.conditions.leave_to_the_machine(step):
        return End(Phase.STOPPED)
    match step:
        case AskPeople() if answers is None:
            return Ask(state.iteration_to_ask(), now.within(allowed, step), certifies=now.certifies)
        case AskPeople():
            batch = less_what_was_offered(now, now.within(max(allowed, 0), step))
            return Offer(state.iteration_to_ask(), batch, certifies=now.certifies)
        case rounds.AutoLabel():
            iteration, busy = state.iteration + 1, None
            if answers is not None and ahead is None:
                busy = while_the_machine_trains(now, answers, allowed, iteration)
            return busy or AutoLabel(iteration, step)
        case rounds.Finish() if ahead is not None:
            return Offer(ahead.iteration, AskPeople(ahead.purpose, ()))
        case rounds.Finish() if _owes_a_model(step, plan, state):
            return TrainFinal(state.iteration + 1)
        case rounds.Finish() if answers is not None and answers.gold_until is not None:
            return Wait(answers.gold_until)
        case rounds.Finish():
            return End(Phase.COMPLETED)


def _while_people_answer(now: Situation, answers: Answers) -> Work:
    """Labels are made of some objects at a time: soon enough to be taken away, in files that are worth opening."""
    waited = answers.ready_since is not None and answers.now - answers.ready_since >= CONSOLIDATE_WITHIN
    if answers.ready and (answers.is_all or waited or len(answers.ready) >= CONSOLIDATE_AT_ONCE):
        return Close(answers.batch, answers.ready)
    if answers.free <= answers.workers and (early := while_answers_are_out(now, answers)) is not None:
        return early
    unsettled = now.state.open_batches if answers.unsettled else ()
    reminders = {batch.remind_at: batch.first for batch in unsettled if batch.remind_at}
    if reminders and min(reminders) <= answers.now:
        return Remind(reminders[min(reminders)])
    changes = [answers.next_change or answers.now + LONGEST_WAIT, *reminders]
    if answers.ready_since is not None:
        changes.append(answers.ready_since + CONSOLIDATE_WITHIN)
    return Wait(max(min(changes), answers.now))


def _owes_a_model(step: rounds.Finish, plan: JobPlan, state: JobState) -> bool:
    """A job with automated data labeling leaves a model of its own: the next job of the chain starts from it, even
    where the initial model was good enough as it is."""
    if not plan.auto_labeling or state.is_trained_to_the_end or not state.counters.human:
        return False
    return step.train or not state.trainings
