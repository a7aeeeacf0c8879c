"""Jobs with gold items: hidden, paid, never labels, never twice to one worker, and a pause for who takes no care."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from gt_engine.request import job_tags
from gt_engine.request.errors import ValidationException
from gt_engine.workforce.gold import GoldItem, choose
from gt_engine.workforce.index import parse_task_id
from gt_engine.workforce.members import Pause, Worker
from gt_engine.workforce.tasks import Tasks
from gt_service.job_tags import GOLD_LABELS_TAG, GOLD_SHARE_TAG, SHOW_ACCURACY_TAG
from gt_service.task_types import TaskType
from tests.engine import BUCKET, GOLD, gold_line, picture
from tests.people import ANN, BOB, START, TEAM, Job, boxes, team_request

HERE = boxes((10, 10, 20, 20))
KNOWN = [{"class_id": 0, "left": 10, "top": 10, "width": 20, "height": 20}]
CARELESS = boxes((1, 1, 4, 4))


def body(share: float = 0.5, workers: int = 1, **changes: Any) -> dict[str, Any]:
    tags = {GOLD_SHARE_TAG: str(share), GOLD_LABELS_TAG: GOLD}
    tags |= {key: changes.pop(key) for key in list(changes) if key.startswith("gt-engine:")}
    return team_request(
        **{
            "auto": False,
            "NumberOfHumanWorkersPerDataObject": workers,
            "Tags": [{"Key": key, "Value": value} for key, value in tags.items()],
        }
        | changes
    )


class GoldJob(Job):
    """A job with `known` gold items beside its objects, which come whenever they may."""

    def __init__(self, directory: Path, objects: int, *, known: int = 8, tools: Any = None, **changes: Any) -> None:
        super().__init__(directory, objects, body=body(**changes), tools=tools)
        self.paused: list[tuple[str, Pause]] = []
        lines = []
        for number in range(known):
            source = f"s3://{BUCKET}/known/{number}.jpg"
            self.contents[source], _ = picture(number)
            lines.append(gold_line(source, KNOWN))
        own = [gold_line(f"s3://{BUCKET}/images/{number}.jpg", KNOWN) for number in range(objects)]
        self.contents[GOLD] = b"\n".join([*own, *lines]) + b"\n"
        self.tasks = Tasks(
            self.tools.people,
            lambda _: self.tools.objects,
            lambda _: {TEAM},
            self.woken.append,
            lambda worker, why: self.paused.append((worker, why)),
        )
        self.tasks._finder.chance = lambda: 0.0

    def shown(self, worker: Worker, answer: Any = HERE) -> list[str]:
        """What a worker is given, answered, until there is nothing."""
        found = []
        while (task := self.answer(worker, answer)) is not None:
            found.append(task.object_id)
            self.run()
        return found


def is_gold(object_id: str) -> bool:
    return object_id.startswith("gold-")


def test_gold_items_are_work_and_no_labels(tmp_path: Path) -> None:
    job = GoldJob(tmp_path, 10)
    job.run()
    seen = job.shown(ANN)
    job.later(200)
    assert job.now_as.status == "Completed"
    assert sum(map(is_gold, seen)) == 5  # half of ten answers, and not one more
    assert (job.now_as.counters.human, job.now_as.counters.total) == (10, 10)
    output = job.files["manifests/output/output.manifest"]
    assert b"known/" not in output
    assert len(output.splitlines()) == 10
    assert not [path for path, text in job.files.items() if "consolidat" in path and b"gold-" in text]
    paid = [path.split("/")[-2] for path in job.files if path.startswith("annotations/worker-response/")]
    assert sum(map(is_gold, paid)) == 5
    assert len(paid) == 15
    assert not job.paused


def test_the_end_of_a_job_waits_a_little_for_who_is_at_a_gold_item(tmp_path: Path) -> None:
    """What a worker has begun is paid; but one who has gone away keeps no job from ending."""
    for is_answered in (True, False):
        job = GoldJob(tmp_path / str(is_answered), 10, TaskTimeLimitInSeconds=1200)
        job.run()
        while not is_gold((task := job.next(BOB)).object_id):  # type: ignore[union-attr]
            job.answer(BOB, HERE)
        assert task is not None
        job.tasks.accept(BOB, task.task_id, job.clock)
        job.shown(ANN)
        job.later(300)  # what was kept for him beside the gold item is others'
        job.shown(ANN)
        job.later(100)
        assert job.now_as.counters.human == 10
        assert not job.now_as.phase.has_ended
        if is_answered:
            job.tasks.submit(BOB, task.task_id, HERE, 200, job.clock)
            assert job.woken[-1] == job.name
            job.run()
        else:
            job.later(500)
        assert job.now_as.status == "Completed"
        paid = [path for path in job.files if path.startswith("annotations/worker-response/")]
        assert any(f"/{task.object_id}/" in path for path in paid) or not is_answered


def test_nothing_on_a_page_tells_a_gold_item_from_others(tmp_path: Path) -> None:
    job = GoldJob(tmp_path, 10)
    job.run()
    task = job.next(ANN)
    assert task is not None
    assert is_gold(task.object_id)
    assert 0 <= parse_task_id(task.task_id)[1] < 10
    assert task.manifest_line == {"source-ref": str(task.source)}
    again = job.next(ANN)
    assert again is not None
    assert again.task_id == task.task_id  # the page was loaded again
    assert job.tasks.task(ANN, task.task_id, job.clock).object_id == task.object_id


def test_no_worker_has_a_gold_item_twice_not_even_in_the_next_job(tmp_path: Path) -> None:
    job = GoldJob(tmp_path, 10, known=4, workers=2)
    job.run()
    seen = {worker.worker_id: Counter(filter(is_gold, job.shown(worker))) for worker in (ANN, BOB)}
    assert all(counts and max(counts.values()) == 1 for counts in seen.values())
    job.later(200)
    assert job.now_as.status == "Completed"
    following = GoldJob(tmp_path, 10, known=4, workers=2, LabelingJobName="birds-0002", tools=job.tools)
    following.run()
    shown = {item.object_id: item for item in following.tools.people.gold("birds-0002")}
    assert shown
    before = Counter(worker for item in shown.values() for worker in (one.worker for one in item.assignments))
    assert before[ANN.worker_id] == len(seen[ANN.worker_id])
    assert len(list(filter(is_gold, following.shown(ANN)))) == 4 - before[ANN.worker_id]


def test_who_takes_no_care_is_paused_and_told_of_once_let_go_on_it_counts_anew(tmp_path: Path) -> None:
    job = GoldJob(tmp_path, 30, known=20)
    job.run()
    for _ in range(12):
        job.answer(ANN, CARELESS)
    assert [(worker, why.right) for worker, why in job.paused][:1] == [(ANN.worker_id, 0)]
    assert job.paused[0][1].shown <= 4
    resting = replace(ANN, pause=Pause(START, job.name, 0, 4))
    assert job.tasks.next(resting, job.name, job.clock) is None
    assert job.tasks.jobs(resting, job.clock)[0].tasks_left <= 1  # what was kept for them when it came
    begun = job.next(ANN)
    assert begun is not None
    job.tasks.accept(ANN, begun.task_id, job.clock)
    kept = job.tasks.next(resting, job.name, job.clock)
    assert kept is not None
    assert kept.task_id == begun.task_id  # what is begun may be finished
    job.tasks.submit(ANN, begun.task_id, HERE, 3, job.clock)
    known = len(job.paused)
    job.tasks.forgive(ANN.worker_id)
    assert job.answer(ANN, CARELESS) is not None
    assert len(job.paused) == known
    progress = job.tasks.progress(job.name, job.clock)
    assert progress.gold > 0
    assert progress.answers + progress.gold == progress.workers[0].answers


def test_what_was_kept_for_a_worker_who_is_paused_is_others_at_once(tmp_path: Path) -> None:
    """The last objects of a job would wait for somebody who may not have them."""
    job = GoldJob(tmp_path, 30, known=20)
    job.run()
    while not job.paused:
        job.answer(ANN, CARELESS)
    kept = [one.of(ANN.worker_id) for one in job.tools.people.objects(job.name)]
    assert not [one for one in kept if one is not None and one.holds(job.clock)]


def test_the_tables_lost_nobody_gets_a_gold_item_again(tmp_path: Path) -> None:
    job = GoldJob(tmp_path, 12)
    job.run()
    seen = []
    for _ in range(6):
        task = job.answer(ANN)
        assert task is not None
        seen.append(task.object_id)
    job.tools.people.delete_objects(job.name)
    job.run()
    seen += job.shown(ANN)
    assert any(map(is_gold, seen))
    assert max(Counter(seen).values()) == 1


def test_the_job_s_own_objects_are_no_gold_items_and_without_others_there_are_none(tmp_path: Path) -> None:
    job = GoldJob(tmp_path, 6, known=0)
    job.run()
    assert not any(map(is_gold, job.shown(ANN)))
    job.later(200)
    assert job.now_as.status == "Completed"


def test_all_answers_to_gold_items_together_stay_within_what_was_set_aside() -> None:
    items = [GoldItem(f"s3://b/{number}", {}, ("ann",) * (number % 3)) for number in range(90)]
    for most in (0, 1, 7, 59, 60, 61, 1000):
        chosen = choose(items, {"s3://b/0"}, most, seed=4)
        assert sum(answers for _, answers in chosen) == most
        assert all(answers > 0 for _, answers in chosen)
        assert all(item.source != "s3://b/0" for item, _ in chosen)
    assert all(not item.shown_to for item, _ in choose(items, (), 20, seed=4))
    assert choose(items, (), 20, seed=4) == choose(reversed(items), (), 20, seed=4)


@pytest.mark.parametrize(
    "tags",
    [
        {GOLD_SHARE_TAG: "0.1"},
        {GOLD_SHARE_TAG: "0.6", GOLD_LABELS_TAG: GOLD},
        {GOLD_SHARE_TAG: "0.1", GOLD_LABELS_TAG: GOLD, "gt-engine:pass-mark": "0.95"},
    ],
)
def test_gold_items_without_known_answers_or_out_of_bounds_are_refused(tags: dict[str, str]) -> None:
    with pytest.raises(ValidationException, match="gold-share"):
        job_tags.care(tags, TaskType.OBJECT_DETECTION)


@pytest.mark.parametrize("shows", ["false", "true"])
def test_workers_see_how_many_they_had_right_only_where_the_campaign_says_so(tmp_path: Path, shows: str) -> None:
    job = GoldJob(tmp_path, 10, **{SHOW_ACCURACY_TAG: shows})
    job.run()
    job.answer(ANN, HERE)
    job.answer(ANN, HERE)
    assert job.tasks.grades(ANN) == ([True] if shows == "true" else [])
    assert not job.tasks.grades(BOB)


def test_answers_are_files_that_say_who(tmp_path: Path) -> None:
    job = GoldJob(tmp_path, 4)
    job.run()
    job.shown(ANN)
    job.later(200)
    response = next(text for path, text in job.files.items() if "/gold-1/" in path and "worker-response" in path)
    assert json.loads(response)["answers"][0]["workerId"] == ANN.worker_id
