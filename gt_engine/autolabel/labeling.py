"""One auto-labeling round, done: train, predict, decide. The same code for the engine's jobs and the benchmarks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from gt_engine.autolabel.certify import by_target
from gt_engine.autolabel.features import FeatureView
from gt_engine.autolabel.learner import EpochReport, Learner, Learnt, Predictions, TrainingSet
from gt_engine.autolabel.progress import Progress, Round
from gt_engine.autolabel.rounds import JobPlan, decide, validation_by_chance
from gt_engine.labels import Label, Task

ENOUGH = 0.5
"""An initial model that may label so much of the pool at once is not compared with a cold start: it pays."""


FIRST_TRAINING = 99
"""Tells the training on labels that came with the manifest from those that follow, by the number of batches before."""


@dataclass(frozen=True, eq=False)
class Lesson:
    """What the machine may know.

    view     features of the labeled and of the unlabeled objects
    labels   consolidated human labels by object id (at least those of `progress.human()`)
    model    of the round before; in the first round of a warm job the initial one; None on a cold start
    guesses  the machine's own labels of this job: of use to the last training alone
    before   labels that came with the manifest, and None for those that were taken out, until the first round has
             learnt from them
    """

    task: Task
    classes: Sequence[str]
    view: FeatureView
    labels: Mapping[str, Label]
    model: bytes | None
    guesses: Mapping[str, Label] = field(default_factory=dict)
    before: Mapping[str, Label | None] = field(default_factory=dict)

    def of_people(self, plan: JobPlan, progress: Progress) -> TrainingSet:
        """Every human label so far, on top of the model."""
        examples = {one: self.labels[one] for one in progress.human()}
        seed = plan.seed * 100 + len(progress.batches)
        return TrainingSet(self.view, examples, self.classes, seed, initial=self.model)

    def of_before(self, plan: JobPlan) -> TrainingSet:
        """The labels that came with the manifest, on top of the model."""
        seed = plan.seed * 100 + FIRST_TRAINING
        return TrainingSet(self.view, self.before, self.classes, seed, initial=self.model)


@dataclass(frozen=True, eq=False)
class RoundOutcome:
    """What a round leaves behind.

    round       to be appended to the progress
    model       the model that decided
    trained     whether `model` was trained in this round (the first round of a warm job uses the initial one as it is)
    labels      the machine's label of each object in `round.machine`; confidences of the labels' boxes are the model's
    confidence  how sure the model is of each of those labels as a whole
    targets     how many objects it might have labeled at other targets; empty once it has labeled some
    """

    round: Round
    model: bytes
    trained: bool
    labels: Mapping[str, Label]
    confidence: Mapping[str, float]
    targets: Mapping[float, int] = field(default_factory=dict)


def run_round(
    learner: Learner, lesson: Lesson, plan: JobPlan, progress: Progress, *, on_epoch: EpochReport | None = None
) -> RoundOutcome:
    """Trains on the human labels so far and lets the machine label what the guarantee allows."""
    asked = (*progress.validation(), *progress.pool(), *progress.ahead)
    if plan.warm and not progress.rounds and lesson.model is not None:
        # An initial model has seen no label of this job, so nothing tells the labeled objects from the others.
        predictions = learner.predict(lesson.model, lesson.view, asked, together=True)
        outcome = _decided(learner, plan, progress, lesson.labels, predictions, lesson.model, trained=False)
        if len(outcome.round.machine) >= ENOUGH * len(progress.pool()):
            return outcome
        cold = learner.train(replace(lesson.of_people(plan, progress), initial=None), on_epoch=on_epoch)
        if _worse(learner, progress, lesson.labels, predictions, cold.left_out):
            score, validation = outcome.round.score, outcome.round.validation
            nothing = Round(1, None, (), (), (), validation, score, fell_back=True)
            return RoundOutcome(nothing, cold.model, True, {}, {})
        return outcome
    learnt = learner.train(lesson.of_people(plan, progress), on_epoch=on_epoch)
    predictions = _said(learner, lesson.view, learnt, asked)
    return _decided(learner, plan, progress, lesson.labels, predictions, learnt.model, trained=True)


def train(
    learner: Learner, lesson: Lesson, plan: JobPlan, progress: Progress, *, on_epoch: EpochReport | None = None
) -> Learnt:
    """The model that a job leaves behind (`Finish(train=True)`): from every human label, and from the machine's own.
    With it, what its members say of every human-labeled object that they never saw.

    What the machine labeled has passed the certificate, so it is worth learning from: it is most of the job. Only now,
    as it would spoil the fairness of a certificate in this job; the next job decides on objects of its own.
    """
    training = replace(lesson.of_people(plan, progress), guesses=lesson.guesses)
    learnt = learner.train(training, on_epoch=on_epoch)
    return Learnt(learnt.model, _said(learner, lesson.view, learnt, progress.human()))


def _said(learner: Learner, features: FeatureView, learnt: Learnt, ids: Sequence[str]) -> Predictions:
    """What a training says of its examples, and its model of those of the objects that it has not learnt from."""
    known = set(learnt.left_out.ids)
    rest = [one for one in ids if one not in known]
    return learnt.left_out + learner.predict(learnt.model, features, rest) if rest else learnt.left_out


def _decided(
    learner: Learner,
    plan: JobPlan,
    progress: Progress,
    labels: Mapping[str, Label],
    predictions: Predictions,
    model: bytes,
    *,
    trained: bool,
) -> RoundOutcome:
    """The decision that rests on what a model says of the labeled objects and of the pool."""
    checked = predictions.of(validation_by_chance(plan, progress))
    predicted = predictions.of(progress.pool())
    losses = _losses(learner, checked, labels)
    decision = decide(
        plan,
        progress,
        pool=predicted.ids,
        pool_confidences=predicted.confidences,
        validation=checked.ids,
        validation_confidences=checked.confidences,
        losses=losses,
        ahead_confidences=predictions.of(progress.ahead).confidences,
    )
    labeled = predicted.of(decision.machine)
    targets = {}
    if not progress.machine():
        targets = by_target(
            predicted.confidences,
            checked.confidences,
            losses,
            plan.guarantee,
            number=decision.number,
            human=decision.human,
        )
    return RoundOutcome(
        decision,
        model,
        trained,
        dict(zip(labeled.ids, labeled.labels, strict=True)),
        dict(zip(labeled.ids, labeled.confidences.tolist(), strict=True)),
        targets,
    )


def _worse(
    learner: Learner, progress: Progress, labels: Mapping[str, Label], initial: Predictions, cold: Predictions
) -> bool:
    """Drift: on the first labels the initial model loses more than one trained on them alone (each label left out)."""
    ids = progress.validation()
    by_initial, by_cold = (_losses(learner, predictions.of(ids), labels) for predictions in (initial, cold))
    excess = by_initial - by_cold
    # One standard error: an initial model must not be dropped for bad luck.
    return bool(excess.mean() > excess.std() / np.sqrt(max(len(excess), 1)))


def _losses(
    learner: Learner, predictions: Predictions, labels: Mapping[str, Label]
) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
    return learner.losses(predictions.labels, [labels[one] for one in predictions.ids])
