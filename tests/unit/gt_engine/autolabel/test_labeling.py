"""One auto-labeling round with real learners: whom it asks, and when it drops the model that it was given."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import cast

import numpy as np
import pytest
from numpy.typing import NDArray

from gt_cli.datasets.scenes import HABITATS
from gt_engine.autolabel import (
    FeatureView,
    Guarantee,
    JobPlan,
    Learner,
    Learnt,
    Method,
    Predictions,
    Progress,
    TrainingSet,
    learner_for,
    next_step,
)
from gt_engine.autolabel.labeling import Lesson, RoundOutcome, run_round
from gt_engine.autolabel.progress import AskPeople
from gt_engine.jobs.machine import LearningMachine
from gt_engine.labels import BoxLabel, ClassLabel, Label, Task

LEARNER = learner_for(Task.CLASSES, shorten_training=4)


@pytest.fixture
def batches(habitats: dict[str, ClassLabel]) -> tuple[dict[str, ClassLabel], dict[str, ClassLabel]]:
    """What an earlier job learnt from, and the objects of the next one."""
    known = list(habitats.items())
    return dict(known[: len(known) // 2]), dict(known[len(known) // 2 :])


def first_round(features: FeatureView, model: bytes, labels: dict[str, ClassLabel]) -> RoundOutcome:
    plan = JobPlan(1, warm=True, max_concurrent=2 * len(labels) // 3, guarantee=Guarantee("error", 0.6))
    progress = Progress(tuple(labels))
    while isinstance(step := next_step(plan, progress), AskPeople):
        progress = progress.with_human(step, labeled=step.object_ids)
    people: dict[str, Label] = {one: labels[one] for one in progress.human()}
    return run_round(LEARNER, Lesson(Task.CLASSES, HABITATS, features, people, model), plan, progress)


def test_a_model_that_would_do_worse_than_none_is_dropped(
    features: FeatureView, batches: tuple[dict[str, ClassLabel], dict[str, ClassLabel]]
) -> None:
    """Kept, it would label a new batch by what is no longer true."""
    earlier, now = batches
    turned = {one: ClassLabel((label.class_id + 1) % len(HABITATS)) for one, label in earlier.items()}
    misled = LEARNER.train(TrainingSet(features, turned, classes=HABITATS, seed=1)).model
    outcome = first_round(features, misled, now)
    assert outcome.round.fell_back
    assert outcome.trained
    assert not outcome.labels


def test_a_model_that_knows_its_business_is_kept(
    features: FeatureView, batches: tuple[dict[str, ClassLabel], dict[str, ClassLabel]]
) -> None:
    """Dropped for bad luck, it would cost a training batch."""
    earlier, now = batches
    model = LEARNER.train(TrainingSet(features, earlier, classes=HABITATS, seed=1)).model
    outcome = first_round(features, model, now)
    assert not outcome.round.fell_back
    assert outcome.model == model


def test_members_answer_together_only_for_what_none_of_them_learnt(
    features: FeatureView, batches: tuple[dict[str, ClassLabel], dict[str, ClassLabel]]
) -> None:
    """Together on what they learnt, they would only recite it, and look better than they are."""
    earlier, now = batches
    model = LEARNER.train(TrainingSet(features, earlier, classes=HABITATS, seed=1)).model
    for ids, differ in ((list(earlier), False), (list(now), True)):
        alone = LEARNER.predict(model, features, ids).confidences
        together = LEARNER.predict(model, features, ids, together=True).confidences
        assert bool((alone != together).any()) is differ


def test_what_people_correct_is_what_the_model_says(features: FeatureView, boxes: dict[str, BoxLabel]) -> None:
    """Each object has a proposal, the same one however often the step is done; without a model none has."""
    known, now = list(boxes)[:40], list(boxes)[40:]
    learner, machine, plan = (
        learner_for(Task.BOXES, shorten_training=10),
        LearningMachine(threads=2, shorten_training=10),
        JobPlan(1, warm=True),
    )
    model = learner.train(
        TrainingSet(features, {one: boxes[one] for one in known}, classes=("Sparrow", "Other"), seed=1)
    ).model
    lesson = Lesson(Task.BOXES, ("Sparrow", "Other"), features, {}, model)
    proposed, again = (machine.propose(lesson, plan, now) for _ in range(2))
    assert set(proposed) == set(now)
    for one in now:
        label = proposed[one]
        assert isinstance(label, BoxLabel)
        assert label.image_size == boxes[one].image_size
        assert np.array_equal(label.boxes, cast(BoxLabel, again[one]).boxes)
    assert sum(len(cast(BoxLabel, label)) for label in proposed.values()) > 0
    assert machine.propose(replace(lesson, model=None), plan, now) == {}


class Wrong:
    """Knows nothing of what it says: what each object loses is given, and all are as sure."""

    task = Task.BOXES

    def __init__(self, losses: dict[str, float]) -> None:
        self._losses = losses

    def train(self, training: TrainingSet, **_: object) -> Learnt:
        return Learnt(b"", self.predict(b"", training.features, ()))

    def predict(self, _: bytes, __: FeatureView, ids: Sequence[str], *, together: bool = False) -> Predictions:
        return Predictions(tuple(ids), tuple(ClassLabel(int(one)) for one in ids), np.full(len(ids), 0.5))

    def losses(self, predicted: Sequence[Label], _: Sequence[Label]) -> NDArray[np.float64]:
        return np.array([self._losses[str(cast(ClassLabel, one).class_id)] for one in predicted])


def test_a_manifest_that_leads_from_easy_images_to_hard_ones_certifies_no_more_than_another() -> None:
    """The finite-sample test looks at one loss after the other: in the manifest's order every model that misses the
    target passed, before it came to the hard images."""
    ids = tuple(map(str, range(600)))
    learner = Wrong({one: 0.6 if place >= 450 else 0.0 for place, one in enumerate(ids)})
    labels: dict[str, Label] = dict.fromkeys(ids, ClassLabel(0))
    passed = 0
    for seed in range(12):
        plan = JobPlan(seed, warm=False, guarantee=Guarantee("f1", 0.9, method=Method.FINITE_SAMPLE))
        progress = Progress(ids)
        while isinstance(step := next_step(plan, progress), AskPeople):
            progress = progress.with_human(step, labeled=step.object_ids)
        lesson = Lesson(Task.BOXES, (), cast(FeatureView, None), labels, None)
        outcome = run_round(cast(Learner, learner), lesson, plan, progress)
        passed += bool(outcome.labels)
    assert passed <= 1
