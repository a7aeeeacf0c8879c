"""Chunks by a state machine, in bad weather: whatever dies, whatever is told twice or not at all, the job ends as it
does where its own steps look at the images and predict, with the same bytes."""

from __future__ import annotations

import json
import os
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any, cast

import numpy as np
import pytest
from botocore.exceptions import ClientError, EndpointConnectionError
from numpy.typing import NDArray

from gt_engine.autolabel import FeatureView, JobPlan
from gt_engine.autolabel.boxes.learner import BoxLearner
from gt_engine.autolabel.labeling import Lesson
from gt_engine.autolabel.learner import EpochReport, Learner, Learnt, Predictions, TrainingSet
from gt_engine.jobs import life_cycle, packs
from gt_engine.jobs.chunks import ChunksHere, MappedChunks
from gt_engine.jobs.context import context_of
from gt_engine.jobs.faults import Fault, fault_of
from gt_engine.jobs.machine import LearningMachine
from gt_engine.jobs.stepping import NextTurn, read_state, take_step
from gt_engine.jobs.steps import Tools, done, images, predicting
from gt_engine.jobs.steps import machine as machine_steps
from gt_engine.labels import BoxLabel, Label, box_label
from tests.engine import (
    SIZE,
    MemoryEngineObjects,
    MemoryEvents,
    bird_inputs,
    files_under,
    job_record,
    memory_tools,
    request,
)
from tests.people import ANN, Job, team_request

NAME = "birds-0001"
IMAGES, AT_ONCE = 112, 24
EASY = [{"Key": f"gt-engine:quality-{name}", "Value": value} for name, value in (("target", "0.5"), ("delta", "0.4"))]
"""The machine labels some of so few images."""
SEEDS = int(os.environ.get("FAULT_CHUNK_SEEDS", "3"))
ARN = "arn:aws:states:us-east-1:123456789012:stateMachine:a-stack-engine-chunks"


class Killed(BaseException):
    """The process is gone: nothing that it would have done afterwards is done."""


@dataclass
class Weather:
    """Chance, with one seed. `share`: how much of what can go wrong does."""

    seed: int
    share: float
    kills: int = 0
    chance: random.Random = field(init=False)

    def __post_init__(self) -> None:
        self.chance = random.Random(self.seed)

    def strikes(self) -> bool:
        return self.chance.random() < self.share

    def kill(self) -> None:
        if self.strikes():
            self.kills += 1
            raise Killed

    def trouble(self) -> None:
        if self.strikes():
            raise self.chance.choice(
                [
                    ClientError({"Error": {"Code": "ThrottlingException"}}, "StartExecution"),
                    ClientError({"Error": {"Code": "InternalServerError"}}, "DescribeExecution"),
                    EndpointConnectionError(endpoint_url="https://aws"),
                ]
            )


class PerilousObjects(MemoryEngineObjects):
    """A process may die before and after each write."""

    weather: Weather | None = None

    def write(self, *arguments: Any, **options: Any) -> Any:
        if self.weather is None:
            return super().write(*arguments, **options)
        self.weather.kill()
        written = super().write(*arguments, **options)
        self.weather.kill()
        return written


@dataclass(frozen=True)
class HeartLearner(BoxLearner):
    """Learns by heart and computes nothing: how sure it is follows from the content. It counts its trainings."""

    trainings: list[tuple[int, bool]] = field(default_factory=list)

    def train(self, training: TrainingSet, *, on_epoch: EpochReport | None = None) -> Learnt:
        self.trainings.append((training.seed, training.guesses is None))
        if on_epoch is not None:
            on_epoch(0, 1 / 3)
        model = json.dumps([training.seed, len(training.examples)]).encode()
        return Learnt(model, self._say(training.features, list(training.examples)))

    def predict(
        self, model: bytes, features: FeatureView, ids: Sequence[str], *, together: bool = False
    ) -> Predictions:
        return self._say(features, ids)

    def _say(self, features: FeatureView, ids: Sequence[str]) -> Predictions:
        sure = [(int(sha256(features.content_key(one).encode()).hexdigest(), 16) % 1000) / 999 for one in ids]
        labels = tuple(box_label([[10, 10, 30 + 1 / 3, 30]], [0], (SIZE, SIZE, 3), [it]) for it in sure)
        return Predictions(tuple(ids), labels, np.array(sure))

    def losses(self, predicted: Sequence[Label], truth: Sequence[Label]) -> NDArray[np.float64]:
        return np.array([one.confidences[0] < 0.5 for one in predicted if isinstance(one, BoxLabel)], np.float64)


@dataclass(frozen=True)
class HeartMachine(LearningMachine):
    learner: HeartLearner = field(default_factory=HeartLearner)

    def _learner(self, lesson: Lesson, plan: JobPlan) -> Learner:
        return self.wrapped(self.learner)

    def to_take_away(self, model: bytes) -> bytes:
        return b"ONNX of " + model


@dataclass
class Machine:
    """Step Functions, as far as chunks see it; the map's work is done by `go_on`."""

    weather: Weather
    tools: Tools
    running: dict[str, dict[str, Any]] = field(default_factory=dict)
    ended: dict[str, str] = field(default_factory=dict)

    def start_execution(self, *, stateMachineArn: str, name: str, input: str) -> None:  # noqa: A002, N803
        self.weather.trouble()
        if name in self.running or name in self.ended:
            raise ClientError({"Error": {"Code": "ExecutionAlreadyExists"}}, "StartExecution")
        self.running[name] = json.loads(input)
        self.weather.trouble()  # it has begun, and nobody hears of it

    def describe_execution(self, *, executionArn: str) -> dict[str, str]:  # noqa: N803
        self.weather.trouble()
        name = executionArn.rpartition(":")[2]
        return {"status": "RUNNING" if name in self.running else self.ended[name]}

    def go_on(self) -> None:
        """Ends what runs: each chunk is done, done twice, or left undone; the whole may be cut off."""
        for name, begun in list(self.running.items()):
            order = self.weather.chance.sample(begun["firsts"], len(begun["firsts"]))
            status = "SUCCEEDED"
            for first in order:
                if self.weather.strikes():
                    status = self.weather.chance.choice(["FAILED", "ABORTED", "TIMED_OUT"])
                    break
                for _ in range(self.weather.chance.choice([1, 1, 2])):
                    self._chunk(begun["verb"], first)
            self.ended[name] = status
            del self.running[name]

    def _chunk(self, verb: str, first: int) -> None:
        objects = cast(PerilousObjects, self.tools.objects)
        objects.weather = self.weather
        try:
            record = self.tools.store.job(NAME)
            job = context_of(record, objects, region="us-east-1", account="123456789012")
            place, result = done(verb, first, job, read_state(job, self.tools), self.tools)
            objects.write(place, result, "json")
            if self.weather.strikes():
                objects.contents[str(place)] = b'{"images": {'  # damaged where it lies
        except Killed:
            pass
        finally:
            objects.weather = None


@pytest.fixture(autouse=True, scope="module")
def small_chunks() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        for module in (life_cycle, packs, images):
            patch.setattr(module, "PREPARE_AT_ONCE", AT_ONCE)
        for one in (predicting, machine_steps):
            patch.setattr(one, "PREDICT_AT_ONCE", AT_ONCE)
        yield


def open_tools(directory: Path, weather: Weather) -> tuple[Tools, Machine]:
    inputs = bird_inputs(IMAGES)
    inputs[f"s3://engine-tests/images/{IMAGES - 3}.jpg"] = b"no image"
    tools = replace(memory_tools(directory, inputs), objects=PerilousObjects(inputs), machine=HeartMachine())
    machine = Machine(weather, tools)
    chunks = MappedChunks(cast(Any, machine), ARN, tools.objects, at_least=1, now=tools.now)
    body = request(NAME)
    tools.store.create_job(job_record({**body, "Tags": [*body["Tags"], *EASY]}))
    return replace(tools, chunks=chunks), machine


def steps(tools: Tools, weather: Weather) -> Iterator[NextTurn]:
    """Steps to the end of the job, each of which may die at any write, and is then taken again."""
    objects = cast(PerilousObjects, tools.objects)
    turn = NextTurn()
    while not turn.is_over:
        objects.weather = weather
        try:
            turn = take_step(NAME, tools, MemoryEvents())
        except Killed:
            continue
        except (ClientError, EndpointConnectionError) as trouble:
            if fault_of(trouble) is not Fault.PASSING:
                raise
            continue
        finally:
            objects.weather = None
        yield turn


@pytest.fixture(scope="module")
def expected(tmp_path_factory: pytest.TempPathFactory, small_chunks: None) -> dict[str, bytes]:
    """What the job leaves where its own steps look at its images and predict, on a good day."""
    tools, _ = open_tools(tmp_path_factory.mktemp("expected"), Weather(0, share=0.0))
    tools = replace(tools, chunks=ChunksHere())
    while not take_step(NAME, tools, MemoryEvents()).is_over:
        pass
    record = tools.store.job(NAME)
    assert (record.status, record.failure_reason) == ("Completed", None)
    assert record.counters.machine, "the machine labels nothing: nothing is said of its predictions"
    return files_under(cast(MemoryEngineObjects, tools.objects).contents, NAME)


def test_both_ways_leave_the_same_bytes(tmp_path: Path, expected: dict[str, bytes]) -> None:
    tools, machine = open_tools(tmp_path, Weather(0, share=0.0))
    waits = 0
    for turn in steps(tools, machine.weather):
        if turn.not_before is not None:
            waits += 1
            machine.go_on()
    record = tools.store.job(NAME)
    assert (record.status, record.failure_reason) == ("Completed", None)
    assert files_under(cast(MemoryEngineObjects, tools.objects).contents, NAME) == expected
    assert waits == len(machine.ended), "one execution has all chunks of a step"
    assert set(machine.ended.values()) == {"SUCCEEDED"}
    trainings = cast(HeartMachine, tools.machine).learner.trainings
    assert len(trainings) == len(set(trainings)), "a step that waited for its predictions has trained again"


def test_whatever_dies_the_same_bytes_come_out(tmp_path: Path, expected: dict[str, bytes]) -> None:
    """Deaths of chunks, steps and executions; throttling; broken connections; results that are damaged; an end that is
    told early, twice, or never, when the job looks for itself."""
    kills = 0
    for seed in range(SEEDS):
        weather = Weather(seed, share=random.Random(-seed).choice([0.01, 0.02, 0.04]))
        tools, machine = open_tools(tmp_path / str(seed), weather)
        for turn in steps(tools, weather):
            if turn.not_before is not None and not weather.strikes():  # else woken before there is anything to see
                machine.go_on()
        record = tools.store.job(NAME)
        assert (record.status, record.failure_reason) == ("Completed", None), seed
        assert files_under(cast(MemoryEngineObjects, tools.objects).contents, NAME) == expected, seed
        kills += weather.kills
    print(f"{SEEDS} schedules, {kills} kills")
    assert kills > SEEDS, "the weather was fair: nothing is said of kills"


def test_people_work_while_functions_look_at_the_images(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A job of many thousand images would keep its people waiting until the last function has ended."""
    monkeypatch.setattr(life_cycle, "MOST_IN_SLICES", 0)
    weather, inputs = Weather(0, share=0.0), bird_inputs(IMAGES)
    made = replace(memory_tools(tmp_path, inputs), machine=HeartMachine())
    machine = Machine(weather, made)
    chunks = MappedChunks(cast(Any, machine), ARN, made.objects, at_least=1, now=made.now)
    body = team_request(NumberOfHumanWorkersPerDataObject=1)
    job = Job(tmp_path, IMAGES, body=body, tools=replace(made, chunks=chunks))
    assert job.run().not_before is not None
    assert machine.running
    assert job.answer_all(ANN) == 10
    job.later(60)
    assert (job.now_as.counters.human, bool(machine.running)) == (10, True)
    assert job.answer_all(ANN), "the next batch is not there"
    while not job.run().is_over:
        machine.go_on()
        job.answer_all(ANN)
        job.clock += timedelta(seconds=60)
    assert (job.now_as.status, job.now_as.counters.total) == ("Completed", IMAGES)


def test_a_small_job_starts_no_function(tmp_path: Path) -> None:
    tools, machine = open_tools(tmp_path, Weather(0, share=0.0))
    tools = replace(tools, chunks=replace(cast(MappedChunks, tools.chunks), at_least=IMAGES + 1))
    assert not [turn for turn in steps(tools, machine.weather) if turn.not_before is not None]
    assert (machine.running, machine.ended) == ({}, {})
