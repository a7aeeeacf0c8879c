"""One auto-labeling round, done: train, predict, decide. The same code for the engine's jobs and the benchmarks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from gt_engine.autolabel.certify import by_target
from gt_engine.autolabel.features import FeatureView
from gt_engine.autolabel.learner import EpochReport, Learner, Learnt, Predictions
from gt_engine.autolabel.progress import Progress, Round
from gt_engine.autolabel.rounds import JobPlan, decide, validation_by_chance
from gt_engine.labels import Label

ENOUGH = 0.5
"""An initial model that may label so much of the pool at once is not compared with a cold start: it pays."""


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
    learner: Learner,
    features: FeatureView,
    plan: JobPlan,
    progress: Progress,
    labels: Mapping[str, Label],
    *,
    classes: Sequence[str],
    model: bytes | None,
    on_epoch: EpochReport | None = None,
) -> RoundOutcome:
    """Trains on the human labels so far and lets the machine label what the guarantee allows.

    labels   consolidated human labels by object id (at least those of `progress.human()`)
    model    of the round before; in the first round of a warm job the initial one; None on a cold start
    """
    if plan.warm and not progress.rounds and model is not None:
        # An initial model has seen no label of this job, so nothing tells the labeled objects from the others.
        predictions = learner.predict(
            model, features, (*progress.validation(), *progress.pool(), *progress.ahead), together=True
        )
        outcome = _decided(learner, plan, progress, labels, predictions, model, trained=False)
        if len(outcome.round.machine) >= ENOUGH * len(progress.pool()):
            return outcome
        cold = _trained(learner, features, plan, progress, labels, classes=classes, model=None, on_epoch=on_epoch)
        if _worse(learner, progress, labels, predictions, cold.left_out):
            score, validation = outcome.round.score, outcome.round.validation
            nothing = Round(1, None, (), (), (), validation, score, fell_back=True)
            return RoundOutcome(nothing, cold.model, True, {}, {})
        return outcome
    learnt = _trained(learner, features, plan, progress, labels, classes=classes, model=model, on_epoch=on_epoch)
    predictions = _said(learner, features, learnt, (*progress.validation(), *progress.pool(), *progress.ahead))
    return _decided(learner, plan, progress, labels, predictions, learnt.model, trained=True)


def train(
    learner: Learner,
    features: FeatureView,
    plan: JobPlan,
    progress: Progress,
    labels: Mapping[str, Label],
    guesses: Mapping[str, Label],
    *,
    classes: Sequence[str],
    model: bytes | None,
    on_epoch: EpochReport | None = None,
) -> Learnt:
    """The model that a job leaves behind (`Finish(train=True)`): from every human label, and from the machine's own.
    With it, what its members say of every human-labeled object that they never saw.

    What the machine labeled has passed the certificate, so it is worth learning from: it is most of the job. Only now,
    as it would spoil the fairness of a certificate in this job; the next job decides on objects of its own.

    labels   of people by object id, `progress.human()`; guesses: those of the machine, `progress.machine()`
    """
    learnt = _trained(
        learner, features, plan, progress, labels, classes=classes, model=model, guesses=guesses, on_epoch=on_epoch
    )
    return Learnt(learnt.model, _said(learner, features, learnt, progress.human()))


def _said(learner: Learner, features: FeatureView, learnt: Learnt, ids: Sequence[str]) -> Predictions:
    """What a training says of its examples, and its model of those of the objects that it has not learnt from."""
    known = set(learnt.left_out.ids)
    rest = [one for one in ids if one not in known]
    return learnt.left_out + learner.predict(learnt.model, features, rest) if rest else learnt.left_out


def _trained(
    learner: Learner,
    features: FeatureView,
    plan: JobPlan,
    progress: Progress,
    labels: Mapping[str, Label],
    *,
    classes: Sequence[str],
    model: bytes | None,
    guesses: Mapping[str, Label] | None = None,
    on_epoch: EpochReport | None = None,
) -> Learnt:
    """A model from every human label so far, on top of `model`."""
    examples = {one: labels[one] for one in progress.human()}
    seed = plan.seed * 100 + len(progress.batches)
    return learner.train(
        features, examples, classes=classes, seed=seed, initial=model, guesses=guesses, on_epoch=on_epoch
    )


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
