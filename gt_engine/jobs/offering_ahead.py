"""What people are offered before the plan asks for it: nobody is to wait for the last answers of others, nor for the
machine. Pure.

    batch n ──────── its last answers are out ──► the machine trains ──► batch n + 1
                     └─ a part of batch n + 1 ─┘  └─ a part of what is left ─┘

While the last answers of a batch are out, what comes after it is known but for its failures. If that is another batch,
people are offered as much of it as there is room for. If it is a round of the machine, or the machine trains already,
they are offered no more than keeps them busy, for the machine may be able to label it.

How much it is depends on the people alone, and which objects it is on chance alone (`rounds.asked_ahead`): so it can
join the sample of the next round. When the plan asks for the batch at last, it is asked less what was offered ahead.
"""

from __future__ import annotations

from dataclasses import replace

from gt_engine.autolabel import rounds
from gt_engine.autolabel.progress import AskPeople, Purpose
from gt_engine.jobs.situation import Answers, Situation, part_of
from gt_engine.jobs.work import Offer

AHEAD_PER_WORKER = 6
"""Answers that a worker gives until those of others can no longer be corrected and the machine has trained."""
MOST_AHEAD = 64


def while_answers_are_out(now: Situation, answers: Answers) -> Offer | None:
    """What people are offered while the last answers of a batch are still out; None where nothing is."""
    state = now.state
    batch = next(batch for batch in state.open_batches if not batch.is_ahead)
    asked = AskPeople(batch.purpose, (*batch.object_ids, *batch.failed))
    answered = state.after(
        progress=state.progress.with_human(asked, labeled=batch.object_ids, unlabeled=tuple(batch.failed)),
        open_batches=tuple(batch for batch in state.open_batches if batch.is_ahead),
    )
    then = replace(now, state=answered)
    # The answers that are out may still take all of their time, so that is counted as it is now.
    allowed = min(now.conditions.still_allowed(answered), now.conditions.in_time(state))
    step, iteration = then.step, batch.iteration + 1
    if isinstance(step, AskPeople):
        return _offer(then, iteration, min(_not_yet_offered(then, step, allowed), _room(then, answers)))
    if isinstance(step, rounds.AutoLabel) and answered.ahead is None:
        return while_the_machine_trains(then, answers, allowed, iteration)
    return None


def while_the_machine_trains(now: Situation, answers: Answers, allowed: int, iteration: int) -> Offer | None:
    """What people are offered while the machine trains; None where nothing is."""
    busy = -(-AHEAD_PER_WORKER * answers.workers // now.plan.workers_per_object)
    pool = len(now.state.progress.pool())
    return _offer(now, iteration, min(busy, MOST_AHEAD, pool // 4, allowed, _room(now, answers)))


def less_what_was_offered(now: Situation, step: AskPeople) -> AskPeople:
    """A batch less what was offered ahead of it: a random part, as both are."""
    size = max(0, len(step.object_ids) - _offered(now))
    return part_of(step, size, [now.plan.seed, len(now.state.progress.batches), 3])


def _not_yet_offered(now: Situation, step: AskPeople, allowed: int) -> int:
    """How much of the next batch has not been offered yet. Where no machine labels, batches are nothing but places in
    a queue, and it may all be offered."""
    if not now.plan.auto_labeling:
        return min(len(now.state.asking.pool()), allowed)
    return len(now.within(max(allowed, 0), step).object_ids) - _offered(now)


def _offered(now: Situation) -> int:
    """How many objects of the next batch were offered ahead of it."""
    ahead = now.state.ahead
    return len(ahead.object_ids) + len(ahead.failed) if ahead else 0


def _room(now: Situation, answers: Answers) -> int:
    return now.plan.max_concurrent - answers.unsettled


def _offer(now: Situation, iteration: int, size: int) -> Offer | None:
    chosen = rounds.asked_ahead(now.plan, now.state.asking, size) if size > 0 else ()
    if not chosen:
        return None
    return Offer(iteration, AskPeople(Purpose.ROUND, chosen), is_ahead=True, certifies=now.certifies)
