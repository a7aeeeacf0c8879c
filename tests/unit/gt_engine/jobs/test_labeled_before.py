"""Objects that come with their labels: the machine learns from them first, and they prove nothing."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, cast

import numpy as np
import pytest

from gt_engine.autolabel import FeatureStore, JobPlan, Progress
from gt_engine.autolabel.labeling import Lesson
from gt_engine.autolabel.learner import Learnt, Predictions, TrainingSet
from gt_engine.autolabel.progress import HumanBatch, Purpose
from gt_engine.autolabel.rounds import opening
from gt_engine.jobs import machine
from gt_engine.jobs.machine import Labeled, LearningMachine
from gt_engine.jobs.state import JobState, dump, load
from gt_engine.jobs.stepping import take_step
from gt_engine.labels import ClassLabel, Label, Task
from gt_service.outputs.records import taken_out
from tests.engine import (
    BUCKET,
    GOLD,
    MemoryEngineObjects,
    MemoryEvents,
    RememberingMachine,
    bird_inputs,
    job_record,
    memory_tools,
    request,
)

OBJECTS, BEFORE, NAME = 40, 8, "birds-0001"


class Hearing(RememberingMachine):
    """Remembers which labels were there before."""

    def __init__(self) -> None:
        super().__init__()
        self.before: list[set[str]] = []
        self.taken_out = set[str]()

    def label(self, lesson: Lesson, plan: JobPlan, progress: Progress) -> Labeled:
        self.before.append(set(lesson.before))
        self.taken_out |= {one for one, label in lesson.before.items() if label is None}
        return super().label(lesson, plan, progress)


def with_labels(*, broken: Mapping[str, Any] | None = None) -> dict[str, bytes]:
    """Inputs whose last lines have their labels; the first of these has another one, where it is given."""
    inputs = bird_inputs(OBJECTS + BEFORE)
    lines = [json.loads(line) for line in inputs[f"s3://{BUCKET}/input.manifest"].splitlines()]
    gold = [json.loads(line) for line in inputs[GOLD].splitlines()]
    attribute = next(name for name in gold[0] if name.endswith("-metadata")).removesuffix("-metadata")
    for line, right in list(zip(lines, gold, strict=True))[OBJECTS:]:
        line["category"], line["category-metadata"] = right[attribute], right[f"{attribute}-metadata"]
    if broken is not None:
        lines[OBJECTS] |= broken
    inputs[f"s3://{BUCKET}/input.manifest"] = b"".join(json.dumps(line).encode() + b"\n" for line in lines)
    return inputs


def run(directory: Path, inputs: dict[str, bytes]) -> tuple[Hearing, MemoryEngineObjects, Any]:
    hearing = Hearing()
    tools = replace(memory_tools(directory, inputs), features=FeatureStore(directory / "features"), machine=hearing)
    tools.store.create_job(job_record(request(NAME)))
    while not take_step(NAME, tools, MemoryEvents()).is_over:
        pass
    return hearing, cast("MemoryEngineObjects", tools.objects), tools.store.job(NAME)


def numbers(first: int, last: int) -> set[str]:
    return {str(number) for number in range(first, last)}


def test_they_are_learnt_from_before_the_first_round_and_asked_of_nobody(tmp_path: Path) -> None:
    hearing, objects, job = run(tmp_path, with_labels())
    assert job.status == "Completed"
    assert hearing.before[0] == numbers(OBJECTS, OBJECTS + BEFORE)
    assert all(not later for later in hearing.before[1:]), "the model has learnt them by then"
    asked = {uri.split("/")[-2] for uri in objects.contents if "/worker-response/" in uri}
    assert asked
    assert asked <= numbers(0, OBJECTS)
    output = objects.contents[f"s3://{BUCKET}/output/{NAME}/manifests/output/output.manifest"].splitlines()
    given = objects.contents[f"s3://{BUCKET}/input.manifest"].splitlines()
    assert output[OBJECTS:] == given[OBJECTS:]
    assert job.counters.total == OBJECTS


@pytest.mark.parametrize(
    "broken",
    [
        {"category": 7},
        {"category-metadata": {"class-map": {"0": "Lion"}}},
        {"source-ref": f"s3://{BUCKET}/images/gone.jpg"},
    ],
)
def test_one_that_cannot_be_learnt_from_fails_no_job(tmp_path: Path, broken: Mapping[str, Any]) -> None:
    """It is passed on as it came, and counts as no failure."""
    hearing, _, job = run(tmp_path, with_labels(broken=broken))
    assert job.status == "Completed"
    assert hearing.before[0] == numbers(OBJECTS + 1, OBJECTS + BEFORE)
    assert job.counters.failed == 0


def test_one_whose_label_was_taken_out_is_forgotten_and_asked_of_nobody(tmp_path: Path) -> None:
    """It went on in every model after it, and the owner had no way to be rid of it."""
    hearing, objects, job = run(tmp_path, with_labels(broken=taken_out("category")))
    assert (job.status, job.counters.failed, job.counters.total) == ("Completed", 0, OBJECTS)
    assert hearing.before[0] == numbers(OBJECTS, OBJECTS + BEFORE)
    assert hearing.taken_out == {str(OBJECTS)}
    assert str(OBJECTS) not in {uri.split("/")[-2] for uri in objects.contents if "/worker-response/" in uri}


def test_a_job_with_labels_opens_as_one_with_a_model() -> None:
    """Labels that are there are not asked for: a cold job of 1,250 objects asks for 400 before its first round."""
    objects = tuple(map(str, range(1250)))
    plan = JobPlan(seed=1, warm=False)
    cold = opening(plan, Progress(objects))
    before = opening(plan, Progress(objects, labeled_before=("2000",)))
    assert sum(size for _, size in cold) == 400
    assert before == opening(replace(plan, warm=True), Progress(objects))
    assert sum(size for _, size in before) == 100


class Taught:
    """A learner that remembers what it was taught; a model is the names of what it learnt from."""

    def __init__(self, sure: float) -> None:
        self.task, self.sure = Task.CLASSES, sure
        self.trainings: list[tuple[tuple[str, ...], bytes | None]] = []

    def train(self, training: TrainingSet, **_: Any) -> Learnt:
        ids = tuple(training.examples)
        self.trainings.append((ids, training.initial))
        return Learnt(",".join(ids).encode(), self._said(ids, 1.0))

    def predict(self, model: bytes, features: Any, ids: Sequence[str], *, together: bool = False) -> Predictions:
        return self._said(tuple(ids), self.sure)

    def losses(self, predicted: Sequence[Label], truth: Sequence[Label]) -> Any:
        return np.zeros(len(truth))

    def _said(self, ids: tuple[str, ...], sure: float) -> Predictions:
        return Predictions(ids, tuple(ClassLabel(0) for _ in ids), np.full(len(ids), sure))


def lesson_and_progress() -> tuple[Lesson, Progress]:
    ids = tuple(f"o{number}" for number in range(400))
    progress = Progress(ids, labeled_before=("b1", "b2"), batches=(HumanBatch(Purpose.VALIDATION, ids[:100]),))
    labels = {one: ClassLabel(0) for one in ids[:100]}
    before = {"b1": ClassLabel(0), "b2": ClassLabel(0)}
    return Lesson(Task.CLASSES, ("a", "b"), cast("Any", None), labels, None, before=before), progress


def test_the_first_round_decides_by_a_model_that_has_seen_them_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """The certificate rests on people's labels of this job, drawn by chance; no label from before is among them."""
    learner = Taught(sure=0.99)
    monkeypatch.setattr(machine, "learner_for", lambda *_, **__: learner)
    lesson, progress = lesson_and_progress()
    labeled = LearningMachine().label(lesson, JobPlan(seed=1, warm=False), progress)
    assert learner.trainings == [(("b1", "b2"), None)]
    assert labeled.trained is not None
    assert (labeled.trained.model, labeled.trained.before) == (b"b1,b2", ("b1", "b2"))
    assert labeled.round.validation == 100
    assert len(labeled.round.machine) == 300
    assert not {"b1", "b2"} & {*labeled.round.machine, *labeled.round.retired}


def test_a_model_of_wrong_labels_is_dropped(monkeypatch: pytest.MonkeyPatch) -> None:
    """A model of them that does worse than one of people's first labels is dropped, as one of another job is."""
    learner = Taught(sure=0.01)
    monkeypatch.setattr(machine, "learner_for", lambda *_, **__: learner)
    monkeypatch.setattr("gt_engine.autolabel.labeling._worse", lambda *_: True)
    lesson, progress = lesson_and_progress()
    plan = replace(JobPlan(seed=1, warm=False))
    monkeypatch.setattr("gt_engine.autolabel.labeling.ENOUGH", 2)
    labeled = LearningMachine().label(lesson, plan, progress)
    assert labeled.round.fell_back
    assert labeled.trained is not None
    assert not labeled.trained.before
    assert learner.trainings[1][1] is None


def test_a_job_goes_on_with_them_after_it_was_killed() -> None:
    """What a state holds is read back whole, also one that an earlier version wrote."""
    state = JobState(datetime(2026, 5, 1, tzinfo=UTC), progress=Progress(("0",), by_people=frozenset("0")))
    state = replace(state, progress=replace(state.progress, labeled_before=("1", "2")))
    assert load(dump(state)) == state
    old = json.loads(dump(state))
    del old["progress"]["labeled_before"], old["progress"]["by_people"]
    assert load(json.dumps(old).encode()).progress == Progress(("0",))
