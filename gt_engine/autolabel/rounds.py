"""The plan of a labeling job: whom to ask next, when to train, what the machine may label.

Pure: `next_step(plan, progress)` says what to do, the caller does it and appends what happened to the progress.
Every choice follows from the plan's seed, so a job that was killed goes on as if nothing had happened.

    cold   10 probes · 190 training · 200 validation · (auto-label, ask people) …
    warm   10 probes ·  90 validation ·                (auto-label, ask people) …

These are the numbers of a job of 1,250 objects or more; a smaller cold job asks for a third of its objects before it
decides. A larger one has more rounds, and asks for more between them.

    progress = Progress(objects=...)
    while not isinstance(step := next_step(plan, progress), Finish):
        if isinstance(step, AskPeople):
            ... people answer, labels are consolidated ...
            progress = progress.with_human(step, labeled=[...], unlabeled=[...])
        else:
            outcome = run_round(learner, lesson, plan, progress)
            progress = progress.with_round(outcome.round)

People are asked about a random part of what is left, never about the hardest: a random part is a fair sample, which
is what the guarantee rests on.

Real people are asked on while the machine trains (`Progress.ahead`, `asked_ahead`): a random part of what is left,
drawn before the round is decided and so neither of its pool nor of its sample. It joins the sample of the next round
without what the machine would have labeled in this one (`Round.passed_over`): then it is a random part of what is
left after the round, as every other batch is.

What people label once the last round is over certifies nothing (`has_decided`): only that may they see with the
machine's proposal.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from math import ceil, log2
from typing import TypeAlias

import numpy as np

from gt_engine.autolabel.certify import Guarantee, Method, Numbers, certify
from gt_engine.autolabel.progress import AskPeople, Progress, Purpose, Round

MOST_ROUNDS = 5
"""After so many auto-labeling rounds people label what is left; see `most_rounds` for larger jobs."""

USUAL_OBJECTS = 2_500
"""Jobs of up to so many objects have `MOST_ROUNDS`; each doubling adds two."""

OPENING_SHARE = 0.32
"""The share of its objects that a cold job asks for before its first round: 400 of 1,250."""

FEWEST_TO_DECIDE = 100
"""A job asks for so many labels at the least before its first round, however loose the target: with fewer the machine
is seldom shown to meet it (measured: 100 labels instead of 33 certify 70 % instead of 39 % at a target of 0.70)."""

FEWEST_LEFT = 64
"""So few objects are not worth another training: people label them."""

MISTAKES = 10
"""A warm job asks for so many labels before its first round that a machine which just misses the target would show so
many mistakes: 100 for a target of 0.9. More would be labels that the machine could have made."""


@dataclass(frozen=True)
class JobPlan:
    """What is fixed when a job starts.

    seed            from the job's name; every random choice follows from it
    warm            an initial model was given (and accepted)
    auto_labeling   False: people label everything
    max_concurrent  MaxConcurrentTaskCount: the largest human batch
    probe           size of the first sample
    guarantee       what the machine's labels must meet
    workers_per_object  answers to each object
    proposes        people correct the machine's labels of what is left after the last round; so a round that labels
                    nothing, after the first, is the last
    """

    seed: int
    warm: bool
    auto_labeling: bool = True
    max_concurrent: int = 200
    probe: int = 10
    guarantee: Guarantee = field(default_factory=lambda: Guarantee("f1", 0.9))
    workers_per_object: int = 1
    proposes: bool = False


@dataclass(frozen=True)
class AutoLabel:
    """Let the machine label what it may (see `run_round`)."""

    number: int


@dataclass(frozen=True)
class Finish:
    """Nothing is left. `train`: train the model that the job leaves behind first, on labels that none has seen yet."""

    train: bool


Step: TypeAlias = AskPeople | AutoLabel | Finish


def opening(plan: JobPlan, progress: Progress) -> list[tuple[Purpose, int]]:
    """The human batches before the first round, with their sizes; none is empty, so that iterations have no gap."""
    most = plan.max_concurrent
    probe = min(plan.probe, most)
    batches = [(Purpose.PROBE, probe)]
    needed = max(FEWEST_TO_DECIDE, round(MISTAKES / plan.guarantee.risk))
    cold = min(2 * most, max(needed, round(OPENING_SHARE * len(progress.objects))))
    # An exact test needs all the labels that it can get.
    if plan.guarantee.method is Method.FINITE_SAMPLE:
        needed, cold = most, 2 * most
    warm = plan.warm or bool(progress.labeled_before)
    rest = min(most, needed if warm else cold // 2) - probe
    if rest > 0:
        batches.append((Purpose.VALIDATION if warm else Purpose.TRAINING, rest))
    # A model that was dropped leaves a cold job: its first labels become training, and validation is added.
    if not warm or fell_back(progress):
        batches.append((Purpose.VALIDATION, min(most, cold - cold // 2)))
    return batches


def most_rounds(objects: int) -> int:
    """How many rounds a job may have. A round looks at everything that is left, so they may not grow with the job as
    such; its labels grow by a third from one to the next, so that a few more reach far."""
    return MOST_ROUNDS + 2 * max(0, ceil(log2(objects / USUAL_OBJECTS))) if objects else MOST_ROUNDS


def rounds_due(plan: JobPlan, first: Sequence[tuple[Purpose, int]], asked: int) -> int:
    """How many rounds the human batches asked so far are worth: one after the opening, and one more each time that
    people have labeled a third of what they had labeled before, in whole batches."""
    labels, batches, due = sum(size for _, size in first), len(first), 0
    while batches <= asked:
        due += 1
        more = max(1, labels // 3 // plan.max_concurrent)
        batches, labels = batches + more, labels + more * plan.max_concurrent
    return due


def fell_back(progress: Progress) -> bool:
    """Whether the initial model was dropped."""
    return any(one.fell_back for one in progress.rounds)


def has_decided(plan: JobPlan, progress: Progress) -> bool:
    """Whether no round is to come, whatever people answer from here on: their labels certify nothing any more.

    Once true it stays true: rounds become no fewer, and what is left does not grow.
    """
    rounds = progress.rounds
    if not plan.auto_labeling:
        return True
    if not rounds:
        return False
    if len(rounds) >= most_rounds(len(progress.objects)) or len(progress.pool()) <= FEWEST_LEFT:
        return True
    # Of the kept jobs' rounds (benchmarks/results) none after such a one labeled anything.
    return plan.proposes and len(rounds) > 1 + fell_back(progress) and not rounds[-1].machine


def next_step(plan: JobPlan, progress: Progress) -> Step:
    """What comes next."""
    pool = progress.pool()
    if not pool and (last := progress.for_people()):
        return AskPeople(Purpose.ROUND, last[: plan.max_concurrent])
    if not pool:
        return Finish(train=plan.auto_labeling and bool(progress.human()) and _unseen(progress))
    if not plan.auto_labeling:
        return _ask(plan, progress, Purpose.ROUND, plan.max_concurrent)
    first = opening(plan, progress)
    asked = len(progress.batches)
    if asked < len(first):
        # A warm job's third batch is asked only once its round has dropped the initial model.
        purpose, size = first[asked]
        return _ask(plan, progress, purpose, size)
    if has_decided(plan, progress):
        return _ask(plan, progress, Purpose.ROUND, plan.max_concurrent)
    rounds = len(progress.rounds)
    if rounds < rounds_due(plan, first, asked) + int(fell_back(progress)):
        return AutoLabel(rounds + 1)
    # Half of what is left: enough to learn from, and the machine may still spare the other half.
    return _ask(plan, progress, Purpose.ROUND, min(plan.max_concurrent, max(FEWEST_LEFT, -(-len(pool) // 2))))


def decide(
    plan: JobPlan,
    progress: Progress,
    *,
    pool: tuple[str, ...],
    pool_confidences: Numbers,
    validation: tuple[str, ...],
    validation_confidences: Numbers,
    losses: Numbers,
    ahead_confidences: Numbers | None = None,
) -> Round:
    """The auto-labeling decision, from what the model says of the pool, of the validation objects and of
    `progress.ahead`. validation: in an order of chance (`validation_by_chance`)."""
    number, human = len(progress.rounds) + 1, len(progress.human())
    threshold = certify(
        pool_confidences, validation_confidences, losses, progress.strata(), plan.guarantee, number=number, human=human
    )
    above = np.inf if threshold is None else threshold
    retired = np.flatnonzero(validation_confidences >= above)
    return Round(
        number=number,
        threshold=threshold,
        machine=tuple(pool[i] for i in np.flatnonzero(pool_confidences >= above)),
        retired=tuple(validation[i] for i in retired),
        losses=tuple(float(losses[i]) for i in retired),
        validation=len(validation),
        score=1 - float(losses.mean()) if len(losses) else 0.0,
        passed_over=tuple(
            one
            for one, confidence in zip(
                progress.ahead, () if ahead_confidences is None else ahead_confidences, strict=True
            )
            if confidence >= above
        ),
        human=human,
    )


def validation_by_chance(plan: JobPlan, progress: Progress) -> tuple[str, ...]:
    """`progress.validation()` in an order of chance. People are asked in the manifest's order, which may lead from easy
    images to hard ones; a test that looks at one loss after the other (certify.betting) would stop before the hard."""
    ids = progress.validation()
    rng = np.random.default_rng([plan.seed, len(progress.batches), len(progress.rounds), 3])
    return tuple(ids[place] for place in rng.permutation(len(ids)))


def asked_ahead(plan: JobPlan, progress: Progress, size: int) -> tuple[str, ...]:
    """The objects that people are asked about before it is known what the next batch is: a random part of the pool."""
    pool = progress.pool()
    rng = np.random.default_rng([plan.seed, len(progress.batches), len(progress.rounds), len(progress.ahead), 2])
    return tuple(pool[place] for place in rng.permutation(len(pool))[:size])


def _ask(plan: JobPlan, progress: Progress, purpose: Purpose, size: int) -> AskPeople:
    pool = progress.pool()
    rng = np.random.default_rng([plan.seed, len(progress.batches)])
    chosen = sorted(rng.choice(len(pool), min(size, len(pool)), replace=False))
    return AskPeople(purpose, tuple(pool[i] for i in chosen))


def _unseen(progress: Progress) -> bool:
    """Whether there are labels, of people or of the machine, that came after the last training."""
    if not progress.rounds:
        return bool(progress.human())
    last = progress.rounds[-1]
    seen = last.validation + sum(len(one.retired) for one in progress.rounds[:-1])
    seen += len({id_ for one in progress.rounds[:-1] for id_ in one.passed_over} & set(progress.human()))
    return bool(last.machine) or len(progress.human()) > seen
