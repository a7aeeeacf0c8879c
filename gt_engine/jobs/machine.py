"""The labeling machine as the job sees it: lessons in, labels and a model out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

from gt_engine.autolabel import FeatureView, JobPlan, Learner, Progress, Round, labeling, learner_for
from gt_engine.labels import Label, Task
from gt_engine.outputs import records


@dataclass(frozen=True)
class Lesson:
    """What the machine may know: features of the labeled and of the unlabeled, people's labels, the model so far.

    `guesses` are its own labels of this job: of use to the last training alone.
    """

    task: Task
    classes: tuple[str, ...]
    view: FeatureView
    labels: Mapping[str, Label]
    model: bytes | None
    guesses: Mapping[str, Label] = field(default_factory=dict)


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
    predictions  of those objects, in the form of a batch transform's output
    """

    trained: Trained | None
    round: Round
    labels: Mapping[str, Label] = field(default_factory=dict)
    predictions: bytes = b""


class Machine(Protocol):
    """Deterministic: the same lesson and plan give the same model and the same labels."""

    def label(self, lesson: Lesson, plan: JobPlan, progress: Progress) -> Labeled: ...

    def train(self, lesson: Lesson, plan: JobPlan, progress: Progress) -> Trained: ...


@dataclass(frozen=True)
class LearningMachine:
    """The machine that learns: features, learner and certified thresholds of gt_engine/autolabel."""

    threads: int = 1
    hurry: int = 1

    def label(self, lesson: Lesson, plan: JobPlan, progress: Progress) -> Labeled:
        scores: list[float] = []
        outcome = labeling.run_round(
            self._learner(lesson, plan),
            lesson.view,
            plan,
            progress,
            lesson.labels,
            classes=lesson.classes,
            model=lesson.model,
            on_epoch=lambda _, score: scores.append(score),
        )
        trained = None
        if outcome.trained:
            warm = lesson.model is not None and not outcome.round.fell_back
            trained = Trained(outcome.model, len(progress.human()), tuple(scores), warm)
        predictions = (
            records.prediction(outcome.labels[one], outcome.confidence[one]) for one in outcome.round.machine
        )
        return Labeled(trained, outcome.round, outcome.labels, b"".join(predictions))

    def train(self, lesson: Lesson, plan: JobPlan, progress: Progress) -> Trained:
        scores: list[float] = []
        model = labeling.train(
            self._learner(lesson, plan),
            lesson.view,
            plan,
            progress,
            lesson.labels,
            lesson.guesses,
            classes=lesson.classes,
            model=lesson.model,
            on_epoch=lambda _, score: scores.append(score),
        )
        return Trained(model, len(progress.human()), tuple(scores), warm=lesson.model is not None)

    def _learner(self, lesson: Lesson, plan: JobPlan) -> Learner:
        return learner_for(lesson.task, loss=plan.guarantee.loss, threads=self.threads, hurry=self.hurry)
