"""Answers that come back to their worker with a comment: found first, as they were, and counted once."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from gt_engine.workforce.offers import close
from gt_service.task_types import TaskType
from tests.portal_client import Client
from tests.portal_world import CLASSES, JOB, PortalWorld
from tests.unit.gt_engine.portal.conftest import Visitor

PAGE = f"/team/jobs/{JOB}/answers"
BOXES = [{"label": "Bird", "left": 10, "top": 20, "width": 30, "height": 40}]
ANSWER = {"boundingBox": {"boundingBoxes": BOXES, "inputImageProperties": {"width": 960, "height": 640}}}


@pytest.fixture
def boss(visitor: Visitor) -> Client:
    return visitor("Boss", manager=True)


def answer(client: Client, content: dict[str, Any] = ANSWER) -> dict[str, Any]:
    task: dict[str, Any] = client.post(f"/jobs/{JOB}/next", json={}).json()["task"]
    client.post(f"/tasks/{task['id']}/accept", json={})
    client.put(f"/tasks/{task['id']}/draft", content=b'{"value": "as it was", "activeSeconds": 1}')
    done = client.post(f"/tasks/{task['id']}/submit", json={"answer": content, "activeSeconds": 1})
    assert done.status_code == 200
    return task


def place_of(task: dict[str, Any]) -> str:
    return str(task["id"].split("-")[1])


def give_back(boss: Client, ada: Client, task: dict[str, Any], comment: str = "The second bird?") -> int:
    me = ada.get("/session").json()["worker"]
    return boss.post(f"{PAGE}/{place_of(task)}/{me}", data={"comment": comment}).status_code


def test_a_returned_answer_comes_first_with_the_comment_and_as_it_was(
    world: PortalWorld, visitor: Visitor, boss: Client
) -> None:
    world.add_job(count=3)
    ada, bob = visitor("Ada"), visitor("Bob")
    task = answer(ada)
    answer(ada)
    page = boss.get(PAGE).text
    assert page.count("<rect ") == 2
    assert boss.get(f"{PAGE}/{place_of(task)}/image").headers["content-type"] == "image/jpeg"
    assert give_back(boss, ada, task) == 303
    assert give_back(boss, ada, task) == 409, "it is out already"
    assert boss.get(PAGE).text.count("<rect ") == 1
    assert world.tasks.progress(JOB, world.clock()).answers == 1
    assert "1 returned with a comment" in ada.get("/jobs").text
    while other := bob.post(f"/jobs/{JOB}/next", json={}).json()["task"]:
        assert place_of(other) != place_of(task), "it stays with its worker"
        answer(bob)
    again = ada.post(f"/jobs/{JOB}/next", json={}).json()["task"]
    assert (again["id"], again["comment"]) == (task["id"], "The second bird?")
    assert ada.get(f"/tasks/{task['id']}/draft").json()["value"] == "as it was"
    assert answer(ada)["id"] == task["id"]
    assert world.tasks.progress(JOB, world.clock()).answers == 3
    day = world.tasks.day(world.worker("Ada"), world.clock())
    assert day.done == 2, "corrected work is the same work"
    [key] = [key for key in world.objects.contents if "/people/returned/" in key]
    kept = json.loads(world.objects.contents[key])
    assert (kept["answer"]["answerContent"], kept["comment"]) == (ANSWER, "The second bird?")
    assert "returned before: “The second bird?”" in boss.get(PAGE).text


def test_only_who_runs_the_team_returns_what_can_be_corrected(
    world: PortalWorld, visitor: Visitor, boss: Client
) -> None:
    world.add_job(count=2)
    ada = visitor("Ada")
    task = answer(ada)
    assert [ada.get(path).status_code for path in (PAGE, f"{PAGE}/0/image")] == [403, 403]
    assert give_back(ada, ada, task) == 403
    assert give_back(boss, ada, task, comment=" ") == 422
    for place in ("9", "9" * 40, "9" * 4_301, "x"):
        assert boss.get(f"{PAGE}/{place}/image").status_code == 404
    item = world.tasks.store.object(JOB, int(place_of(task)))
    assert item is not None
    assert world.tasks.store.replace(close(item))
    assert give_back(boss, ada, task) == 409, "its label is made"


def test_a_returned_picture_is_on_no_page_of_many(world: PortalWorld, visitor: Visitor, boss: Client) -> None:
    """A tile has no place for the comment."""
    offer = world.add_job(count=3, template=CLASSES, task_type=TaskType.IMAGE_CLASSIFICATION)
    world.tasks.store.put_offer(replace(offer, time_limit_seconds=600))
    ada = visitor("Ada")
    task = answer(ada, {"choice": {"label": "Nest"}})
    assert "<p>Nest</p>" in boss.get(PAGE).text
    assert give_back(boss, ada, task) == 303
    tiles = ada.post(f"/jobs/{JOB}/grid", json={}).json()["tiles"]
    assert len(tiles) == 2
    assert task["id"] not in {tile["task"] for tile in tiles}
