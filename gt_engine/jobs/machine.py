"""The labeling machine as the job sees it: lessons in, labels and a model out."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace

from gt_engine.autolabel import JobPlan, Learner, Progress, Round, labeling, learner_for
from gt_engine.autolabel.labeling import Lesson
from gt_engine.autolabel.learner import NothingToLearn, Predictions
from gt_engine.autolabel.onnx_export.export import onnx_of
from gt_engine.autolabel.second_look import Suspicion, suspicions
from gt_engine.labels import Label
from gt_engine.outputs import records


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
    wrapped: Callable[[Learner], Learner] = field(default=lambda learner: learner)
    """What stands between the machine and its learner, see `through`."""

    def through(self, wrapped: Callable[[Learner], Learner]) -> LearningMachine:
        """This machine with something between it and its learner, where predictions are worked on in chunks."""
        return replace(self, wrapped=wrapped)

    def label(self, lesson: Lesson, plan: JobPlan, progress: Progress) -> Labeled:
        started = self._started(lesson, plan)
        if started is not None:
            # As from an initial model: it has seen no label of this job, and is dropped where it does harm.
            plan, lesson = replace(plan, warm=True), replace(lesson, model=started.model)
        scores: list[float] = []
        outcome = labeling.run_round(
            self._learner(lesson, plan), lesson, plan, progress, on_epoch=lambda _, score: scores.append(score)
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
        learnt = labeling.train(learner, lesson, plan, progress, on_epoch=lambda _, score: scores.append(score))
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
                lesson.of_before(plan), on_epoch=lambda _, score: scores.append(score)
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
        return self.wrapped(learner)
