"""One auto-labeling round, done: train, predict, decide. The same code for the engine's jobs and the benchmarks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from gt_engine.autolabel.features import FeatureView
from gt_engine.autolabel.learner import EpochReport, Learner, Predictions
from gt_engine.autolabel.rounds import JobPlan, Progress, Round, decide
from gt_engine.labels import Label

ENOUGH = 0.5
"""A given model that may label so much of the pool at once is not compared with a cold start: it pays."""


@dataclass(frozen=True, eq=False)
class RoundOutcome:
    """What a round leaves behind.

    round       to be appended to the progress
    model       the model that decided
    trained     whether `model` was trained in this round (the first round of a warm job uses the given model as it is)
    labels      the machine's label of each object in `round.machine`; confidences of the labels' boxes are the model's
    confidence  how sure the model is of each of those labels as a whole
    """

    round: Round
    model: bytes
    trained: bool
    labels: Mapping[str, Label]
    confidence: Mapping[str, float]


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
    model    of the round before; in the first round of a warm job the given one; None on a cold start
    """
    number = len(progress.rounds) + 1
    first_of_warm = plan.warm and number == 1 and model is not None
    if first_of_warm and model is not None:
        outcome = _decided(learner, features, plan, progress, labels, model, trained=False)
        if len(outcome.round.machine) >= ENOUGH * len(progress.pool()):
            return outcome
        cold = _trained(learner, features, plan, progress, labels, classes=classes, model=None, on_epoch=on_epoch)
        if _worse(learner, features, progress, labels, model, cold):
            nothing = Round(number, None, (), (), (), outcome.round.validation, outcome.round.score, fell_back=True)
            return RoundOutcome(nothing, cold, True, {}, {})
        return outcome
    model = _trained(learner, features, plan, progress, labels, classes=classes, model=model, on_epoch=on_epoch)
    return _decided(learner, features, plan, progress, labels, model, trained=True)


def train(
    learner: Learner,
    features: FeatureView,
    plan: JobPlan,
    progress: Progress,
    labels: Mapping[str, Label],
    *,
    classes: Sequence[str],
    model: bytes | None,
    on_epoch: EpochReport | None = None,
) -> bytes:
    """The model that a job leaves behind (`Finish(train=True)`): from every human label, and from the machine's own.

    What the machine labeled has passed the certificate, so it is worth learning from: it is most of the job. Only now,
    as it would spoil the fairness of a certificate in this job; the next job decides on objects of its own.
    """
    guesses: Mapping[str, Label] = {}
    if model is not None and progress.machine():
        predictions = learner.predict(model, features, progress.machine(), together=True)
        guesses = dict(zip(predictions.ids, predictions.labels, strict=True))
    return _trained(
        learner, features, plan, progress, labels, classes=classes, model=model, guesses=guesses, on_epoch=on_epoch
    )


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
) -> bytes:
    """A model from every human label so far, on top of `model`."""
    examples = {one: labels[one] for one in progress.human()}
    seed = plan.seed * 100 + len(progress.batches)
    return learner.train(
        features, examples, classes=classes, seed=seed, initial=model, guesses=guesses, on_epoch=on_epoch
    )


def _decided(
    learner: Learner,
    features: FeatureView,
    plan: JobPlan,
    progress: Progress,
    labels: Mapping[str, Label],
    model: bytes,
    *,
    trained: bool,
) -> RoundOutcome:
    validation, pool = progress.validation(), progress.pool()
    # A model that was given has seen no label of this job, so nothing tells the validation objects from the others.
    checked = learner.predict(model, features, validation, together=not trained)
    predicted = learner.predict(model, features, pool, together=not trained)
    decision = decide(
        plan,
        progress,
        pool=pool,
        pool_confidences=predicted.confidences,
        validation=validation,
        validation_confidences=checked.confidences,
        losses=_losses(learner, checked, labels),
    )
    at = {one: i for i, one in enumerate(pool)}
    rows = [at[one] for one in decision.machine]
    return RoundOutcome(
        decision,
        model,
        trained,
        {pool[i]: predicted.labels[i] for i in rows},
        {pool[i]: float(predicted.confidences[i]) for i in rows},
    )


def _worse(
    learner: Learner,
    features: FeatureView,
    progress: Progress,
    labels: Mapping[str, Label],
    given: bytes,
    cold: bytes,
) -> bool:
    """Drift: on the first labels the given model loses more than one trained on them alone (each label left out)."""
    ids = progress.validation()
    losses = [
        _losses(learner, learner.predict(one, features, ids, together=one is given), labels) for one in (given, cold)
    ]
    excess = losses[0] - losses[1]
    # One standard error: a given model must not be dropped for bad luck.
    return bool(excess.mean() > excess.std() / np.sqrt(max(len(excess), 1)))


def _losses(
    learner: Learner, predictions: Predictions, labels: Mapping[str, Label]
) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
    return learner.losses(predictions.labels, [labels[one] for one in predictions.ids])
