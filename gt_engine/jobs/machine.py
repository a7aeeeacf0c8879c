"""The labeling machine as the job sees it: lessons in, labels and a model out."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace

from gt_engine.autolabel import FeatureView, JobPlan, Learner, Progress, Round, labeling, learner_for
from gt_engine.autolabel.learner import NothingToLearn, Predictions
from gt_engine.autolabel.onnx_export.export import onnx_of
from gt_engine.autolabel.own_model.model_file import OwnModel
from gt_engine.autolabel.second_look import Suspicion, suspicions
from gt_engine.labels import Label, Task
from gt_engine.outputs import records

FIRST_TRAINING = 99
"""Tells the training on labels that came with the manifest from those that follow, by the number of batches before."""


@dataclass(frozen=True)
class Lesson:
    """What the machine may know: features of the labeled and of the unlabeled, people's labels, the model so far.

    `guesses` are its own labels of this job: of use to the last training alone. `before`: labels that came with the
    manifest, and None for those that were taken out, until the first round has learnt from them. `own_model`: the
    user's, whose opinions the view has (`FeatureView.opinions`); it goes along with what is learnt on top of it.
    `outdated`: there is a model, but one of another version of the engine, so it is not used.
    `through`: what stands between the machine and its learner, where predictions are worked on in chunks.
    """

    task: Task
    classes: tuple[str, ...]
    view: FeatureView
    labels: Mapping[str, Label]
    model: bytes | None
    guesses: Mapping[str, Label] = field(default_factory=dict)
    before: Mapping[str, Label | None] = field(default_factory=dict)
    own_model: OwnModel | None = None
    outdated: bool = False
    through: Callable[[Learner], Learner] = field(default=lambda learner: learner)


@dataclass(frozen=True, eq=False)
class SecondLook:
    """Left-out predictions of people's labels, each with its loss and how suspicious it makes the label, in their
    order."""

    predictions: Predictions
    losses: tuple[float, ...]
    suspicions: tuple[Suspicion, ...]


@dataclass(frozen=True)
class Trained:
    """A training. `samples`: labels it learnt from; `scores`: validation score of each epoch; `warm`: it started from
    a model. `before`: the objects that it learnt from where their labels came with the manifest, and it learnt from
    nothing else; None where it learnt from people's of this job. `second_look`: of a job's last one, what it says of
    people's labels that it never saw."""

    model: bytes
    samples: int
    scores: tuple[float, ...]
    warm: bool
    before: tuple[str, ...] | None = None
    second_look: SecondLook | None = None


@dataclass(frozen=True)
class Labeled:
    """What the machine may label, and the labels of those objects.

    trained      the training before it, None where the model was good as it was
    predictions  of those objects, in the form of a batch transform's output
    targets      how many objects it might have labeled at other targets; empty once it has labeled some
    """

    trained: Trained | None
    round: Round
    labels: Mapping[str, Label] = field(default_factory=dict)
    predictions: bytes = b""
    targets: Mapping[float, int] = field(default_factory=dict)


@dataclass(frozen=True)
class LearningMachine:
    """The machine that learns: features, learner and certified thresholds of gt_engine/autolabel. Deterministic: the
    same lesson and plan give the same model and the same labels."""

    threads: int = 1
    shorten_training: int = 1

    def label(self, lesson: Lesson, plan: JobPlan, progress: Progress) -> Labeled:
        started = self._started(lesson, plan)
        if started is not None:
            # As from an initial model: it has seen no label of this job, and is dropped where it does harm.
            plan, lesson = replace(plan, warm=True), replace(lesson, model=started.model)
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
        trained = started
        if outcome.trained:
            warm = lesson.model is not None and not outcome.round.fell_back
            trained = Trained(outcome.model, len(progress.human()), tuple(scores), warm)
        predictions = (
            records.prediction(outcome.labels[object_id], outcome.confidence[object_id])
            for object_id in outcome.round.machine
        )
        return Labeled(trained, outcome.round, outcome.labels, b"".join(predictions), outcome.targets)

    def train(self, lesson: Lesson, plan: JobPlan, progress: Progress) -> Trained:
        started = self._started(lesson, plan)
        lesson = lesson if started is None else replace(lesson, model=started.model)
        scores: list[float] = []
        learner = self._learner(lesson, plan)
        learnt = labeling.train(
            learner,
            lesson.view,
            plan,
            progress,
            lesson.labels,
            lesson.guesses,
            classes=lesson.classes,
            model=lesson.model,
            on_epoch=lambda _, score: scores.append(score),
        )
        left_out = learnt.left_out
        labels = [lesson.labels[object_id] for object_id in left_out.ids]
        others = [lesson.view.opinions.get(lesson.view.content_key(object_id)) for object_id in left_out.ids]
        second_look = SecondLook(
            left_out,
            tuple(learner.losses(left_out.labels, labels).tolist()),
            tuple(suspicions(left_out.labels, left_out.confidences, labels, left_out.seen, others)),
        )
        return Trained(
            learnt.model, len(progress.human()), tuple(scores), lesson.model is not None, second_look=second_look
        )

    def propose(self, lesson: Lesson, plan: JobPlan, object_ids: Collection[str]) -> Mapping[str, Label]:
        """What the lesson's model says of objects that certify nothing any more; nothing without a model."""
        if lesson.model is None:
            return {}
        # Nothing is decided on them, so all members may answer, those that have learnt from an object as well.
        predictions = self.predict(lesson, plan, tuple(object_ids), together=True)
        return dict(zip(predictions.ids, predictions.labels, strict=True))

    def predict(self, lesson: Lesson, plan: JobPlan, object_ids: Sequence[str], *, together: bool) -> Predictions:
        """What the lesson's model says of objects: a part of what `label` or `train` asks its learner."""
        if lesson.model is None:
            raise ValueError("there is no model to predict with")
        return self._learner(lesson, plan).predict(lesson.model, lesson.view, object_ids, together=together)

    def _started(self, lesson: Lesson, plan: JobPlan) -> Trained | None:
        """A model of the labels that came with the manifest, on top of the initial one; None without any."""
        if not lesson.before:
            return None
        scores: list[float] = []
        try:
            learnt = self._learner(lesson, plan).train(
                lesson.view,
                lesson.before,
                classes=lesson.classes,
                seed=plan.seed * 100 + FIRST_TRAINING,
                initial=lesson.model,
                on_epoch=lambda _, score: scores.append(score),
            )
        except NothingToLearn:  # all that there was has been taken out
            return None
        labeled = tuple(object_id for object_id, label in lesson.before.items() if label is not None)
        return Trained(learnt.model, len(labeled), tuple(scores), lesson.model is not None, labeled)

    def to_take_away(self, model: bytes) -> bytes:
        """A model of its own as one ONNX file."""
        return onnx_of(model)

    def _learner(self, lesson: Lesson, plan: JobPlan) -> Learner:
        learner = learner_for(
            lesson.task, loss=plan.guarantee.loss, threads=self.threads, shorten_training=self.shorten_training
        )
        return lesson.through(learner)
