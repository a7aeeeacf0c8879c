"""Twenty people at one job, two engines on the same tables, and deaths in the middle of anything.

Between any two looks at the tables somebody else may act, and any write may be the last of its engine. Whatever comes:
nobody's saved work is lost, no object is asked more often than wanted, no worker answers twice, nothing is stuck.
"""

from __future__ import annotations

import json
import random
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from gt_engine.jobs.stepping import take_step
from gt_engine.jobs.tools import Tools
from gt_engine.workforce.members import Worker
from gt_engine.workforce.offers import ObjectOffer
from gt_engine.workforce.tasks import Tasks
from gt_service.errors import Conflict, NotFound
from gt_service.job_tags import GOLD_LABELS_TAG, GOLD_SHARE_TAG, LEAST_WORKERS_TAG
from gt_service.objects import S3Uri
from tests.engine import BUCKET, GOLD, Killed, MemoryEngineObjects, MemoryEvents, bird_inputs, gold_line, memory_tools
from tests.people import Job, boxes, team_request
from tests.workforce_memory import MemoryTasks

OBJECTS, WANTED, BROWSERS = 24, 3, 20


@dataclass
class Fate:
    """What happens at every touch of tables or files: nothing, another's turn, or the end of this process."""

    dice: random.Random
    meanwhile: Callable[[], None] = lambda: None
    deaths: float = 0.0
    depth: int = 0
    killed: int = 0

    def touch(self) -> None:
        if self.dice.random() < self.deaths:
            self.killed += 1
            raise Killed
        if self.depth < 2 and self.dice.random() < 0.15:
            self.depth += 1
            try:
                self.meanwhile()
            finally:
                self.depth -= 1


class FatefulTasks(MemoryTasks):
    def __init__(self, fate: Fate) -> None:
        super().__init__()
        self._fate = fate

    def replace(self, changed: ObjectOffer) -> bool:
        self._fate.touch()
        done = super().replace(changed)
        self._fate.touch()  # written, and nobody is told
        return done

    def add(self, objects: Iterable[ObjectOffer]) -> None:
        for one in objects:
            self._fate.touch()
            super().add([one])


class FatefulObjects(MemoryEngineObjects):
    def __init__(self, contents: dict[str, bytes], fate: Fate) -> None:
        super().__init__(contents)
        self._fate = fate

    def write(self, uri: S3Uri, body: bytes, content_type: str) -> None:
        self._fate.touch()
        super().write(uri, body, content_type)
        self._fate.touch()


@dataclass
class Browser:
    """A person at a page, who does what people do, and notes what the page said was saved."""

    worker: Worker
    dice: random.Random
    task: str | None = None
    object_id: str = ""
    saved: dict[str, bytes] = field(default_factory=dict)
    submitted: set[str] = field(default_factory=set)
    declined: set[str] = field(default_factory=set)
    begun: dict[str, set[str]] = field(default_factory=dict)
    lapsed: Counter[str] = field(default_factory=Counter)
    last: str | None = None
    is_busy: bool = False
    agrees: float = 1.0

    def act(self, tasks: Tasks, job: str, clock: Callable[[], Any]) -> None:
        if self.is_busy:
            return
        self.is_busy = True
        try:
            if self.task is None:
                self._begin(tasks, job, clock)
            else:
                self._work(tasks, clock)
        except (Conflict, NotFound):
            # Too late, or lost with the tables: the page asks for the next task.
            if self.task is not None:
                self.lapsed[self.object_id] += 1
            self.task = None
        finally:
            self.is_busy = False

    def _begin(self, tasks: Tasks, job: str, clock: Callable[[], Any]) -> None:
        if self.last is not None and self.dice.random() < 0.03:
            task = tasks.undo(self.worker, self.last, clock())
            self.task, self.object_id, self.last = task.task_id, task.object_id, None
            self.submitted.discard(self.object_id)  # it stands until it is given back or another takes its place
            return
        found = tasks.next(self.worker, job, clock())
        if found is None:
            return
        task = tasks.accept(self.worker, found.task_id, clock())
        self.task, self.object_id = task.task_id, task.object_id
        self.submitted.discard(self.object_id)  # undone, though the page was never told
        self.begun.setdefault(self.object_id, set()).add(self.task)
        draft = tasks.draft(self.worker, self.task)
        if self.object_id in self.saved:
            assert draft == self.saved[self.object_id], "a saved stroke is gone"

    def _work(self, tasks: Tasks, clock: Callable[[], Any]) -> None:
        assert self.task is not None
        chance = self.dice.random()
        if chance < 0.3:
            strokes = str(self.dice.random()).encode()
            self.saved.pop(self.object_id, None)  # until the page says so, either may be there
            tasks.save_draft(self.worker, self.task, strokes)
            self.saved[self.object_id] = strokes
        elif chance < 0.33:
            self.saved.pop(self.object_id, None)
            tasks.release(self.worker, self.task, clock())
            self.lapsed[self.object_id] += 1
            self.task = None
        elif chance < 0.34:
            tasks.decline(self.worker, self.task, "blurred", "", clock())
            self.declined.add(self.object_id)
            self.task = None
        elif chance < 0.4:
            self.lapsed[self.object_id] += 1
            self.task = None  # the tab is closed and forgotten
        elif chance < 0.45:
            tasks.later(self.worker, self.task, clock())
            tasks.accept(self.worker, self.task, clock())
        else:
            place = 10 if self.dice.random() < self.agrees else 28
            tasks.submit(self.worker, self.task, boxes((place, 10, 18, 20)), 3, clock())
            self.submitted.add(self.object_id)
            self.last, self.task = self.task, None


class World:
    def __init__(self, directory: Path, seed: int, *, objects: int = OBJECTS, **request: Any) -> None:
        self.dice = random.Random(seed)
        self.fate = Fate(random.Random(seed + 1))
        contents = bird_inputs(objects)
        known = [{"class_id": 0, "left": 10, "top": 10, "width": 18, "height": 20}]
        contents[GOLD] += b"\n".join(gold_line(f"s3://{BUCKET}/known/{number}.jpg", known) for number in range(8))
        tools: Tools = replace(
            memory_tools(directory, {}),
            people=FatefulTasks(self.fate),
            objects=FatefulObjects(contents, self.fate),
        )
        body = team_request(NumberOfHumanWorkersPerDataObject=WANTED, **request)
        self.job = Job(directory, objects, body=body, tools=tools)
        self.fate.meanwhile = self.somebody
        workers = [Worker(f"private.us-east-1.W{n:02}", f"sub-{n}", f"W{n}") for n in range(BROWSERS)]
        self.browsers = [Browser(worker, random.Random(seed * 100 + n)) for n, worker in enumerate(workers)]

    def somebody(self) -> None:
        """One small thing that anybody does; a death is its own process's and is started again."""
        self.job.clock += timedelta(seconds=self.dice.random() * 2)
        try:
            if self.dice.random() < 0.1:
                take_step(self.job.name, self.job.tools, MemoryEvents())  # one of two engines, at the same time
            else:
                self.dice.choice(self.browsers).act(self.job.tasks, self.job.name, lambda: self.job.clock)
        except Killed:
            pass
        except (Conflict, NotFound):
            pass

    def run(self) -> None:
        for turn in range(60_000):
            self.somebody()
            if turn % 50 == 0:
                self.job.clock += timedelta(seconds=40)
                if self.job.now_as.phase.has_ended:
                    return
        raise AssertionError(f"stuck: {self.job.tasks.progress(self.job.name, self.job.clock)}")


@pytest.fixture
def one_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is done in parallel is done in a row, so that a seed is one story."""
    for module in ("tools", "steps.people", "reading", "watching", "steps.gold"):
        monkeypatch.setattr(f"gt_engine.jobs.{module}.in_parallel", map)


def check(world: World) -> dict[str, list[Mapping[str, Any]]]:
    """What holds whatever happened; the answers of every object."""
    job, files = world.job, world.job.files
    assert job.now_as.status == "Completed", job.now_as.failure_reason
    responses: dict[str, list[Mapping[str, Any]]] = {}
    for path, body in files.items():
        if path.startswith("annotations/worker-response/"):
            object_id = path.split("/")[-2]
            assert object_id not in responses, "an object was consolidated twice"
            responses[object_id] = json.loads(body)["answers"]
    for object_id, answers in responses.items():
        who = [answer["workerId"] for answer in answers]
        most = json.loads(files["people/gold.json"])[object_id]["answers"] if "gold-" in object_id else WANTED
        assert len(set(who)) == len(who) <= most, f"object {object_id}: {who}"
    given = {(answer["workerId"], object_id) for object_id, answers in responses.items() for answer in answers}
    for browser in world.browsers:
        for object_id in browser.submitted:
            assert (browser.worker.worker_id, object_id) in given, "an answer that was saved is gone"
        for object_id, begun in browser.begun.items():
            assert len(begun) <= 1 + browser.lapsed[object_id], "an object was shown twice to a worker"
        assert not browser.submitted & browser.declined
    consolidated = [
        entry["datasetObjectId"]
        for path, body in files.items()
        if "/consolidation-response/" in path
        for entry in json.loads(body)
    ]
    assert len(consolidated) == len(set(consolidated))
    return responses


@pytest.mark.usefixtures("one_thread")
@pytest.mark.parametrize("deaths", [0.0, 0.01])
@pytest.mark.parametrize("seed", range(4))
def test_whatever_happens_nothing_is_lost_doubled_or_stuck(tmp_path: Path, seed: int, deaths: float) -> None:
    world = World(tmp_path, seed, auto=False)
    world.fate.deaths = deaths
    world.run()
    assert (world.fate.killed > 0) == (deaths > 0)
    responses = check(world)
    declines = Counter(object_id for browser in world.browsers for object_id in browser.declined)
    for object_id in map(str, range(OBJECTS)):
        assert len(responses.get(object_id, ())) == WANTED or declines[object_id] >= WANTED


@pytest.mark.usefixtures("one_thread")
@pytest.mark.parametrize("deaths", [0.0, 0.01])
@pytest.mark.parametrize("seed", range(2))
def test_asking_as_many_as_needed_keeps_all_of_it_and_asks_nobody_too_many(
    tmp_path: Path, seed: int, deaths: float
) -> None:
    world = World(tmp_path, seed, auto=False, Tags=[{"Key": LEAST_WORKERS_TAG, "Value": "1"}])
    world.fate.deaths = deaths
    for browser in world.browsers:
        browser.agrees = 0.8
    world.run()
    counts = Counter(len(answers) for answers in check(world).values())
    assert set(counts) <= {1, 2, WANTED}
    assert counts[2] > 0
    assert counts[WANTED] > 0


@pytest.mark.usefixtures("one_thread")
@pytest.mark.parametrize("deaths", [0.0, 0.01])
@pytest.mark.parametrize("seed", range(2))
def test_gold_items_are_never_labels_and_never_twice_with_a_worker(tmp_path: Path, seed: int, deaths: float) -> None:
    tags = {GOLD_SHARE_TAG: "0.3", GOLD_LABELS_TAG: GOLD}
    world = World(tmp_path, seed, auto=False, Tags=[{"Key": key, "Value": value} for key, value in tags.items()])
    world.fate.deaths = deaths
    world.job.tasks._finder.chance = random.Random(seed).random
    world.run()
    responses = check(world)
    gold = {object_id: answers for object_id, answers in responses.items() if object_id.startswith("gold-")}
    assert gold
    assert sum(map(len, gold.values())) <= 0.3 * OBJECTS * WANTED
    lines = world.job.files["manifests/output/output.manifest"].splitlines()
    assert len(lines) == OBJECTS
    assert world.job.now_as.counters.total + world.job.now_as.counters.failed == OBJECTS
    assert not any(b"known/" in line for line in lines)


@pytest.mark.usefixtures("one_thread")
@pytest.mark.parametrize("seed", range(2))
def test_a_machine_beside_the_people_changes_none_of_it(tmp_path: Path, seed: int) -> None:
    objects = 90
    world = World(tmp_path, seed, objects=objects, MaxConcurrentTaskCount=20)
    world.fate.deaths = 0.003
    world.run()
    responses = check(world)
    machine = {
        line.split(b" ", 1)[0].decode()
        for path, body in world.job.files.items()
        if path.endswith("auto_annotator_output.txt")
        for line in body.splitlines()
    }
    assert machine
    assert not machine & responses.keys(), "an object was labeled by people and by the machine"
    counters = world.job.now_as.counters
    assert (counters.machine, counters.human) == (len(machine), len(responses))
    assert counters.total + counters.failed == objects
