"""People at a labeling job, on stand-ins: a clock, a team, and a job that is woken as the runner would wake it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from gt_engine.jobs.stepping import AT_ONCE, NextTurn, take_step
from gt_engine.jobs.tools import Tools
from gt_engine.store import JobRecord
from gt_engine.workforce.members import Worker
from gt_engine.workforce.tasks import Tasks
from gt_engine.workforce.views import Task
from tests.engine import (
    ACCOUNT,
    REGION,
    SIZE,
    MemoryEngineObjects,
    MemoryEvents,
    MemoryStore,
    bird_inputs,
    files_under,
    job_record,
    memory_tools,
    request,
)

TEAM = f"arn:aws:sagemaker:{REGION}:{ACCOUNT}:workteam/private-crowd/birders"
START = datetime(2026, 3, 1, 12, tzinfo=UTC)
ANN, BOB, CAT = (Worker(f"private.us-east-1.{name}", f"sub-{name}", name.title()) for name in ("ann", "bob", "cat"))


def boxes(*corners: tuple[int, int, int, int], label: str = "Bird") -> dict[str, Any]:
    """The answer of crowd-bounding-box: (left, top, width, height) each."""
    drawn = [
        {"height": height, "label": label, "left": left, "top": top, "width": width}
        for left, top, width, height in corners
    ]
    return {"boundingBox": {"boundingBoxes": drawn, "inputImageProperties": {"height": SIZE, "width": SIZE}}}


ANSWER = boxes((10, 10, 20, 20))


def team_request(**changes: Any) -> dict[str, Any]:
    """A request whose work team is the people's, two to an object."""
    team = {"WorkteamArn": TEAM, "PublicWorkforceTaskPrice": None, "NumberOfHumanWorkersPerDataObject": 2, "Tags": []}
    return request(**(team | changes))


class Job:
    """A labeling job that people answer. `contents` are the objects in S3."""

    def __init__(
        self, directory: Path, objects: int, *, body: Mapping[str, Any] | None = None, tools: Tools | None = None
    ) -> None:
        self.clock = START
        body = dict(body or team_request(auto=False))
        self.name: str = body["LabelingJobName"]
        made = tools or memory_tools(directory, bird_inputs(objects))
        self.tools = replace(made, now=lambda: self.clock)
        self.events = MemoryEvents()
        self.record = replace(job_record(body, created_at=START), by_people=True)
        self.tools.store.create_job(self.record)
        self.woken: list[str] = []
        self.tasks = Tasks(self.tools.people, lambda _: self.tools.objects, lambda _: {TEAM}, self.woken.append)

    @property
    def contents(self) -> dict[str, bytes]:
        assert isinstance(self.tools.objects, MemoryEngineObjects)
        return self.tools.objects.contents

    @property
    def files(self) -> dict[str, bytes]:
        return files_under(self.contents, self.name)

    @property
    def now_as(self) -> JobRecord:
        return self.tools.store.job(self.name)

    def run(self) -> NextTurn:
        """Steps until the job waits or has ended; what the last one said."""
        for _ in range(1000):
            turn = take_step(self.name, self.tools, self.events)
            if turn != AT_ONCE:
                return turn
        raise AssertionError("the job never waits and never ends")

    def later(self, seconds: float) -> NextTurn:
        self.clock += timedelta(seconds=seconds)
        return self.run()

    def next(self, worker: Worker) -> Task | None:
        return self.tasks.next(worker, self.name, self.clock)

    def answer(self, worker: Worker, answer: Mapping[str, Any] = ANSWER, *, seconds: float = 4) -> Task | None:
        """The worker's next task, answered; None where there is none, or no job any more."""
        task = self.next(worker) if self.tools.people.offer(self.name) else None
        if task is None:
            return None
        self.tasks.accept(worker, task.task_id, self.clock)
        self.clock += timedelta(seconds=seconds)
        self.tasks.submit(worker, task.task_id, answer, seconds, self.clock)
        return task

    def answer_all(self, *workers: Worker) -> int:
        """Everything that there is to do now, by these workers in turn; how many answers that is."""
        count, idle = 0, False
        while not idle:
            idle = True
            for worker in workers:
                if self.answer(worker) is not None:
                    count, idle = count + 1, False
        return count


def memory_store(tools: Tools) -> MemoryStore:
    assert isinstance(tools.store, MemoryStore)
    return tools.store
