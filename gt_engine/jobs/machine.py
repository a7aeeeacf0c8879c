"""The labeling machine as the job sees it: lessons in, labels and a model out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

from gt_engine.autolabel import FeatureView, JobPlan, Learner, Predictions, Progress, Round, learner_for
from gt_engine.autolabel.rounds import decide
from gt_engine.labels import Label, Task
from gt_engine.outputs import records


@dataclass(frozen=True)
class Lesson:
    """What the machine may know: features of the labeled and of the unlabeled, people's labels, the model so far."""

    task: Task
    classes: tuple[str, ...]
    view: FeatureView
    labels: Mapping[str, Label]
    model: bytes | None


@dataclass(frozen=True)
class Trained:
    """A training. `samples`: labels it learnt from; `scores`: validation score of each epoch; `warm`: it started from
    a model."""

    model: bytes
    samples: int
    scores: tuple[float, ...]
    warm: bool


@dataclass(frozen=True)
class Labeled:
    """What the machine may label, and the labels of those objects.

    trained      the training before it, None where the model was good as it was
    predictions  every prediction of the round, in the form of a batch transform's output
    """

    trained: Trained | None
    round: Round
    labels: Mapping[str, Label] = field(default_factory=dict)
    predictions: bytes = b""


class Machine(Protocol):
    """Deterministic: the same lesson and plan give the same model and the same labels."""

    def label(self, lesson: Lesson, plan: JobPlan, progress: Progress) -> Labeled: ...

    def train(self, lesson: Lesson, plan: JobPlan) -> Trained: ...


@dataclass(frozen=True)
class LearningMachine:
    """The machine that learns: features, learner and certified thresholds of gt_engine/autolabel."""

    fast: bool = False

    def label(self, lesson: Lesson, plan: JobPlan, progress: Progress) -> Labeled:
        learner = learner_for(lesson.task, loss=plan.guarantee.loss)
        trained = self._train(learner, lesson, plan)
        pool, validation = progress.pool(), progress.validation()
        of_pool = learner.predict(trained.model, lesson.view, pool)
        of_validation = learner.predict(trained.model, lesson.view, validation)
        round_ = decide(
            plan,
            progress,
            pool=pool,
            pool_confidences=of_pool.confidences,
            validation=validation,
            validation_confidences=of_validation.confidences,
            losses=learner.losses(of_validation.labels, [lesson.labels[one] for one in validation]),
        )
        labels = dict(zip(of_pool.ids, of_pool.labels, strict=True))
        return Labeled(trained, round_, {one: labels[one] for one in round_.machine}, _as_transform(of_pool))

    def train(self, lesson: Lesson, plan: JobPlan) -> Trained:
        return self._train(learner_for(lesson.task, loss=plan.guarantee.loss), lesson, plan)

    def _train(self, learner: Learner, lesson: Lesson, plan: JobPlan) -> Trained:
        scores: list[float] = []
        model = learner.train(
            lesson.view,
            lesson.labels,
            classes=lesson.classes,
            seed=plan.seed,
            initial=lesson.model,
            on_epoch=lambda _, score: scores.append(score),
        )
        return Trained(model, len(lesson.labels), tuple(scores), warm=lesson.model is not None)


def _as_transform(predictions: Predictions) -> bytes:
    pairs = zip(predictions.labels, predictions.confidences, strict=True)
    return b"".join(records.prediction(label, float(confidence)) for label, confidence in pairs)
