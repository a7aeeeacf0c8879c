"""The engine's functions on the deployed template, in bad weather: processes of functions are killed at work, functions
are throttled, executions are stopped, and their ends are told twice, early or not at all.

It takes some fifteen minutes, for a step whose function died is taken again after two: `make faults`, `make long`.
"""

from __future__ import annotations

import json
import os
import random
import signal
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError
from rich.console import Console

from gt_cli.demo.plan import Plan
from gt_cli.demo.run import Demo, perform
from gt_cli.demo.sources import draw_all
from gt_cli.deployment import stack_name
from gt_cli.stack import LocalStack, local_stack
from gt_service.objects import S3Objects, S3Uri

pytestmark = [pytest.mark.integration, pytest.mark.long]

IMAGES = 60
SEED = int(os.environ.get("FAULT_SEED", "1"))
MOST_STEP_DEATHS = 3
"""In all: a message that four functions died of ends its job, as it should."""
LOOSE = {"target": 0.3, "risk": 0.5}


@dataclass
class Storm:
    """What befalls the functions of a stack, by chance with one seed, until it is over."""

    stack: LocalStack
    dice: random.Random = field(default_factory=lambda: random.Random(SEED))
    struck: Counter[str] = field(default_factory=Counter)
    troubles: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        session = self.stack.session
        self.functions, self.machines = session.client("lambda"), session.client("stepfunctions")
        self.events = session.client("events")
        self.map = self.stack.outputs["EngineChunksMap"]

    @contextmanager
    def blowing(self) -> Iterator[None]:
        over = threading.Event()
        thread = threading.Thread(target=self._blow, args=(over,))
        thread.start()
        try:
            yield
        finally:
            over.set()
            thread.join()

    def _blow(self, over: threading.Event) -> None:
        deeds: list[Callable[[], None]] = [
            self.kill_a_chunk,
            self.kill_a_chunk,
            self.kill_a_chunk,
            self.kill_a_step,
            self.tell_an_end,
            self.tell_an_end,
            self.stop_an_execution,
            self.throttle,
            self.lose_ends,
        ]
        while not over.wait(1.5):
            try:
                self.dice.choice(deeds)()
            except ClientError as trouble:
                self.troubles.append(str(trouble))

    def kill_a_chunk(self) -> None:
        self._kill("EngineChunks")

    def kill_a_step(self) -> None:
        if self.struck["EngineSteps killed"] < MOST_STEP_DEATHS:
            self._kill("EngineSteps")

    def _kill(self, function: str) -> None:
        """A process of the function, at work or waiting for it."""
        there = processes(self.stack, function)
        if there:
            with suppress(ProcessLookupError):
                os.kill(self.dice.choice(there), signal.SIGKILL)
                self.struck[f"{function} killed"] += 1

    def tell_an_end(self) -> None:
        """Of an execution that has ended, or of one that has not."""
        runs = self.machines.list_executions(stateMachineArn=self.map)["executions"]
        if runs:
            told = self.machines.describe_execution(executionArn=self.dice.choice(runs)["executionArn"])
            event = {"source": "aws.states", "detail": {"input": told["input"]}}
            for _ in range(2):
                name = resource(self.stack, "EngineSteps")
                self.functions.invoke(FunctionName=name, InvocationType="Event", Payload=json.dumps(event).encode())
            self.struck["ends told twice"] += 1

    def stop_an_execution(self) -> None:
        runs = self.machines.list_executions(stateMachineArn=self.map, statusFilter="RUNNING")["executions"]
        if runs and self.struck["executions stopped"] < 3:
            self.machines.stop_execution(executionArn=runs[0]["executionArn"])
            self.struck["executions stopped"] += 1

    def throttle(self) -> None:
        name = resource(self.stack, "EngineChunks")
        self.functions.put_function_concurrency(FunctionName=name, ReservedConcurrentExecutions=0)
        time.sleep(4)
        self.functions.delete_function_concurrency(FunctionName=name)
        self.struck["throttled"] += 1

    def lose_ends(self) -> None:
        """For so long that the end of an execution may fall into it: the job then looks for itself after minutes."""
        rule = resource(self.stack, "EngineChunksEnd")
        self.events.disable_rule(Name=rule)
        time.sleep(4)
        self.events.enable_rule(Name=rule)
        self.struck["ends lost for a while"] += 1


def processes(stack: LocalStack, function: str) -> list[int]:
    """Those in which MiniStack runs a function."""
    named = f"AWS_LAMBDA_FUNCTION_NAME={resource(stack, function)}".encode()
    ministack = stack.parts[0].pid
    found = []
    for place in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            mine = os.getsid(int(place.name)) == ministack
            if mine and named in (place / "environ").read_bytes().split(b"\0"):
                found.append(int(place.name))
    return found


def resource(stack: LocalStack, name: str) -> str:
    cloudformation = stack.session.client("cloudformation")
    found = cloudformation.describe_stack_resource(StackName=stack_name("local"), LogicalResourceId=name)
    return str(found["StackResourceDetail"]["PhysicalResourceId"]).rpartition("/")[2]


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalStack]:
    work = tmp_path_factory.mktemp("storm")
    with local_stack(
        work, logs=work / "logs", shorten_training=10, serverless=True, parameters={"EngineChunksFrom": "1"}
    ) as running:
        # A step whose function died before it could say that it is at work would come again after sixteen minutes.
        queue, attributes = running.outputs["EngineStepsQueue"], {"VisibilityTimeout": "60"}
        running.session.client("sqs").set_queue_attributes(QueueUrl=queue, Attributes=attributes)
        yield running


def test_jobs_end_as_on_a_good_day(stack: LocalStack, tmp_path: Path) -> None:
    demo = Demo("storm", "drawn scenes", Plan.of(IMAGES), tmp_path, changes={"quality": LOOSE})
    storm = Storm(stack)
    with storm.blowing():
        jobs = perform(demo, stack, draw_all(IMAGES, seed=16), Console())["jobs"]
    print(dict(storm.struck), storm.troubles)
    objects = S3Objects(stack.session.client("s3"))
    assert [job["status"] for job in jobs] == ["Completed"] * 3
    for job in jobs:
        record = stack.sagemaker().describe_labeling_job(LabelingJobName=job["name"])
        assert "FailureReason" not in record
        lines = [
            json.loads(line) for line in objects.lines(S3Uri.parse(record["LabelingJobOutput"]["OutputDatasetS3Uri"]))
        ]
        assert len({line["source-ref"] for line in lines}) == len(lines) == IMAGES // 2
        by_people = sum(_metadata(line)["human-annotated"] == "yes" for line in lines)
        assert (by_people, len(lines) - by_people) == (job["human_labeled"], job["machine_labeled"])
        # Nothing is paid twice: each object that people labeled has the answers of its three workers, and no more.
        root = S3Uri.parse(record["OutputConfig"]["S3OutputPath"]) / job["name"]
        answered = Counter(
            found.uri.key.split("/")[-2] for found in objects.list(root / "annotations/worker-response/")
        )
        assert len(answered) == by_people
        assert set(answered.values()) == {1}, "an object was sent to people again"
    assert storm.struck["EngineChunks killed"] >= 3, storm.struck
    assert storm.struck["EngineSteps killed"] >= 1, storm.struck


def _metadata(line: dict[str, Any]) -> dict[str, Any]:
    name = next(key for key in line if key.endswith("-metadata"))
    found: dict[str, Any] = line[name]
    return found
