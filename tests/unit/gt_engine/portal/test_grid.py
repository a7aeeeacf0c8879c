"""The grid: only where it asks all that the page asks, each picture its own answer, and nobody else's."""

from __future__ import annotations

import json

import pytest

from gt_engine.portal.frames import has_grid
from gt_service.task_types import TaskType
from tests.portal_world import BOXES, CLASSES, JOB, PortalWorld
from tests.unit.gt_engine.portal.conftest import Visitor

IMAGES = TaskType.IMAGE_CLASSIFICATION
EXTRA = "<crowd-form><crowd-image-classifier name='a'></crowd-image-classifier><crowd-input name='why'></crowd-form>"


@pytest.mark.parametrize(
    ("task", "template", "expected"),
    [
        (IMAGES, CLASSES, True),
        (TaskType.IMAGE_CLASSIFICATION_MULTI_LABEL, CLASSES, False),
        (TaskType.OBJECT_DETECTION, BOXES, False),
        (IMAGES, EXTRA, False),
        (IMAGES, CLASSES + "<input name='x'>", False),
        (IMAGES, "<crowd-form></crowd-form>", False),
        (IMAGES, CLASSES + "{% if task.input.proposal %}{% endif %}", False),
    ],
)
def test_a_page_that_asks_more_has_no_grid(task: TaskType, template: str, expected: bool) -> None:
    assert has_grid(task, template) is expected


def add(world: PortalWorld, *, seconds: int = 300, template: str = CLASSES) -> None:
    world.add_job(count=30, template=template, task_type=IMAGES, labels=("Owl", "Crow"), seconds=seconds, size=(60, 40))


def test_tiles_are_tasks_of_the_worker_alone(world: PortalWorld, visitor: Visitor) -> None:
    add(world)
    ada, ben = visitor("Ada"), visitor("Ben")
    tiles = ada.post(f"/jobs/{JOB}/grid", json={}).json()["tiles"]
    assert len(tiles) == 24
    assert len(ben.post(f"/jobs/{JOB}/grid", json={}).json()["tiles"]) == 6  # what is left
    assert [one["task"] for one in ada.post(f"/jobs/{JOB}/grid", json={}).json()["tiles"]] == [
        one["task"] for one in tiles
    ]
    picture = ben.get(tiles[0]["image"])
    assert picture.headers["content-type"] == "image/jpeg"
    assert ben.get(f"/tasks/{tiles[0]['task']}/image").status_code == 403
    body = {"answers": [{"task": tiles[0]["task"], "label": "Owl"}], "activeSeconds": 2}
    assert ben.post(f"/jobs/{JOB}/grid/submit", json=body).json()["refused"].keys() == {tiles[0]["task"]}


def test_each_picture_has_its_own_answer_and_its_share_of_the_time(world: PortalWorld, visitor: Visitor) -> None:
    add(world)
    ada = visitor("Ada")
    tiles = [one["task"] for one in ada.post(f"/jobs/{JOB}/grid", json={}).json()["tiles"]]
    world.clock.ahead += world.clock.ahead.__class__(seconds=60)
    answers = [{"task": task, "label": "Owl"} for task in tiles[:10]]
    answers += [{"task": tiles[10], "reason": "cannot-be-shown"}, {"task": tiles[11]}]
    for _ in range(2):  # the answer to the first try was lost on the way
        found = ada.post(f"/jobs/{JOB}/grid/submit", json={"answers": answers, "activeSeconds": 24}).json()
        assert (found["done"], found["refused"]) == (10, {})
    files = [json.loads(body) for key, body in world.objects.contents.items() if "/people/answers/" in key]
    assert len(files) == 10
    assert {file["activeSeconds"] for file in files} == {2.0}
    assert files[0]["answerContent"] == {"choice": {"label": "Owl"}}
    assert len([key for key in world.objects.contents if "/people/declines/" in key]) == 1


def test_one_answer_that_is_not_taken_keeps_none_of_the_others(world: PortalWorld, visitor: Visitor) -> None:
    add(world)
    ada = visitor("Ada")
    tiles = [one["task"] for one in ada.post(f"/jobs/{JOB}/grid", json={}).json()["tiles"]]
    answers = [{"task": tiles[0], "label": "Eagle"}, {"task": tiles[1], "label": "Owl"}]
    found = ada.post(f"/jobs/{JOB}/grid/submit", json={"answers": answers, "activeSeconds": 2}).json()
    assert found["done"] == 1
    assert "Eagle" in found["refused"][tiles[0]]


def test_no_more_tiles_than_the_time_of_a_task_holds(world: PortalWorld, visitor: Visitor) -> None:
    add(world, seconds=30)
    assert len(visitor("Ada").post(f"/jobs/{JOB}/grid", json={}).json()["tiles"]) == 6


@pytest.mark.parametrize("path", ["grid", "grid/submit"])
def test_a_job_without_a_grid_and_a_request_that_is_none_are_refused(
    world: PortalWorld, visitor: Visitor, path: str
) -> None:
    add(world, template=EXTRA)
    ada = visitor("Ada")
    assert ada.post(f"/jobs/{JOB}/{path}", json={"answers": [1], "activeSeconds": 1}).status_code in {404, 422}
    assert ada.get(f"/jobs/{JOB}/grid", headers={"Accept": "text/html"}).status_code == 404
    assert "Many on one page" not in ada.get("/jobs", headers={"Accept": "text/html"}).text
