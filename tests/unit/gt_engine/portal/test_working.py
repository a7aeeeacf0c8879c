"""What the page of a task asks for: only one's own tasks, only from the portal's own pages, only what makes sense."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from gt_engine.workforce.offers import ObjectOffer, Status, TaskAssignment
from tests.portal_client import Client
from tests.portal_world import JOB, PortalWorld
from tests.unit.gt_engine.portal.conftest import Visitor

ANSWER = {"boundingBox": {"boundingBoxes": [], "inputImageProperties": {"width": 960, "height": 640}}}


@pytest.fixture
def ada(world: PortalWorld, visitor: Visitor) -> Client:
    world.add_job()
    return visitor("Ada")


def take(client: Client, *besides: str) -> dict[str, Any]:
    task: dict[str, Any] = client.post(f"/jobs/{JOB}/next", json={"besides": list(besides)}).json()["task"]
    return task


def test_from_a_job_to_an_answer(ada: Client) -> None:
    task = take(ada)
    assert task["secondsLeft"] is None
    begun = ada.post(f"/tasks/{task['id']}/accept", json={}).json()
    assert 295 < begun["secondsLeft"] <= 300
    assert ada.get(f"/tasks/{task['id']}/draft").status_code == 204
    assert ada.put(f"/tasks/{task['id']}/draft", content=b'{"value": 1}').status_code == 204
    assert ada.get(f"/tasks/{task['id']}/draft").json() == {"value": 1}
    done = ada.post(f"/tasks/{task['id']}/submit", json={"answer": ANSWER, "activeSeconds": 0.01})
    assert done.json()["done"] == 1
    assert take(ada)["id"] != task["id"]


def test_text_that_a_page_cut_within_an_emoji_is_taken(ada: Client, world: PortalWorld) -> None:
    """The worker could never submit it, nor the task before; and the job would have failed on it."""
    task = take(ada)["id"]
    ada.post(f"/tasks/{task}/accept", json={})
    body = json.dumps({"answer": {**ANSWER, "why": "a \ud83d"}, "activeSeconds": 1})
    assert ada.post(f"/tasks/{task}/submit", content=body).status_code == 200
    (answer,) = [body for name, body in world.objects.contents.items() if "/people/answers/" in name]
    assert json.loads(answer)["answerContent"]["why"] == "a \ufffd"


@pytest.mark.parametrize(
    ("verb", "body"),
    [
        ("decline", '{"reason": []}'),
        ("decline", '{"reason": {"a": 1}}'),
        ("submit", '{"answer": {"boundingBox": NaN}, "activeSeconds": 1}'),
        ("submit", '{"answer": {}, "activeSeconds": 1%s}' % ("0" * 400)),
        ("submit", '{"answer": {}, "activeSeconds": 1e999}'),
        ("submit", '{"answer": {"b": {"boundingBoxes": [{"left": 1%s}]}}, "activeSeconds": 1}' % ("0" * 400)),
    ],
)
def test_what_makes_no_sense_is_refused_in_words(ada: Client, verb: str, body: str) -> None:
    task = take(ada)["id"]
    ada.post(f"/tasks/{task}/accept", json={})
    assert ada.post(f"/tasks/{task}/{verb}", content=body).status_code == 422


def test_the_next_task_is_fetched_ahead_without_its_clock(ada: Client) -> None:
    first = take(ada)
    second = take(ada, first["id"])
    assert second["id"] != first["id"]
    assert second["secondsLeft"] is None
    assert take(ada, first["id"])["id"] == second["id"]


def test_an_answer_can_be_opened_again(ada: Client) -> None:
    task = take(ada)["id"]
    ada.post(f"/tasks/{task}/accept", json={})
    ada.post(f"/tasks/{task}/submit", json={"answer": ANSWER, "activeSeconds": 1})
    assert ada.post(f"/tasks/{task}/undo", json={}).json()["secondsLeft"] > 200
    assert "Correct" not in ada.get("/me").text
    ada.post(f"/tasks/{task}/submit", json={"answer": ANSWER, "activeSeconds": 1})
    assert f"?reopen={task}" in ada.get("/me").text


def test_my_day_says_how_many_known_objects_were_right(world: PortalWorld, visitor: Visitor) -> None:
    offer, ada = world.add_job(), world.worker("Ada")
    world.tasks.store.put_offer(replace(offer, shows_accuracy=True))
    for place, grade in ((-1, "right"), (-2, "wrong"), (-3, "right")):
        mine = TaskAssignment(ada.worker_id, "n", Status.SUBMITTED, world.clock(), grade=grade)
        world.tasks.store.add([ObjectOffer(JOB, place, f"gold{place}", -1, 1, (mine,))])
    assert "2 of 3" in visitor("Ada").get("/me").text
    assert "Known objects" not in visitor("Bob").get("/me").text


@pytest.mark.parametrize(
    "body",
    [
        {"answer": [], "activeSeconds": 1},
        {"answer": ANSWER},
        {"answer": ANSWER, "activeSeconds": True},
        {"answer": {"boundingBox": {"boundingBoxes": [{"label": "Cat"}]}}, "activeSeconds": 1},
        {"answer": {"boundingBox": {"boundingBoxes": "x"}}, "activeSeconds": 1},
    ],
)
def test_an_answer_is_checked_on_the_server(ada: Client, body: dict[str, Any]) -> None:
    """The page of a task is hostile: what it says is checked again where nobody can change the check."""
    task = take(ada)["id"]
    ada.post(f"/tasks/{task}/accept", json={})
    refused = ada.post(f"/tasks/{task}/submit", json=body)
    assert refused.status_code == 422
    assert refused.json()["field"]


@pytest.mark.parametrize(
    ("body", "field"),
    [({}, "reason"), ({"reason": "boring"}, "reason"), ({"reason": "other", "comment": " "}, "comment")],
)
def test_a_decline_says_why(ada: Client, body: dict[str, Any], field: str) -> None:
    task = take(ada)["id"]
    ada.post(f"/tasks/{task}/accept", json={})
    assert ada.post(f"/tasks/{task}/decline", json=body).json()["field"] == field
    assert ada.post(f"/tasks/{task}/decline", json={"reason": "unclear"}).status_code == 200


def test_what_is_too_large_is_refused_before_it_is_kept(ada: Client) -> None:
    task = take(ada)["id"]
    assert ada.put(f"/tasks/{task}/draft", content=b'"' + b"a" * (8 * 2**20) + b'"').status_code == 413
    assert ada.put(f"/tasks/{task}/draft", content=b"not json").status_code == 422


VERBS = ("accept", "submit", "decline", "release", "later", "undo")


@pytest.mark.parametrize("verb", VERBS)
def test_nobody_does_anything_with_another_s_task(ada: Client, visitor: Visitor, verb: str) -> None:
    task = take(ada)["id"]
    ada.post(f"/tasks/{task}/accept", json={})
    body = {"answer": ANSWER, "activeSeconds": 1, "reason": "unclear"}
    assert visitor("Ben").post(f"/tasks/{task}/{verb}", json=body).status_code == 404
    assert visitor().post(f"/tasks/{task}/{verb}", json=body).status_code == 401
    assert ada.get(f"/tasks/{task}").json()["status"] == "accepted"


def test_ids_cannot_be_guessed(ada: Client) -> None:
    nonce, _, rest = take(ada)["id"].partition("-")
    assert len(nonce) >= 32
    assert ada.post(f"/tasks/{'0' * len(nonce)}-{rest}/accept", json={}).status_code == 404
    for wrong in ("x", "--", "a-b-c", f"{nonce}-999999-{JOB}", f"{nonce}-0-other", "%2e%2e", "a-1-" + "x" * 3000):
        assert ada.get(f"/tasks/{wrong}").status_code == 404


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Origin": "http://localhost.evil.example"},
        {"Origin": "http://localhost:8000"},
        {"Origin": "", "Sec-Fetch-Site": "cross-site"},
        {"Origin": ""},
    ],
)
def test_another_site_changes_nothing(ada: Client, headers: dict[str, str]) -> None:
    """ "null" is what a task's own frame sends: it can act for nobody either."""
    task = take(ada)["id"]
    ada.post(f"/tasks/{task}/accept", json={})
    for path in (f"/tasks/{task}/release", f"/jobs/{JOB}/next", "/sign-out", "/team/invite"):
        assert ada.post(path, json={}, headers=headers).status_code == 403
    assert ada.put(f"/tasks/{task}/draft", content=b"{}", headers=headers).status_code == 403
    assert ada.get(f"/tasks/{task}").json()["status"] == "accepted"


def test_no_page_of_the_portal_can_be_framed_or_run_foreign_scripts(ada: Client) -> None:
    for path in ("/jobs", f"/jobs/{JOB}", "/me", "/sign-in", "/sign-in/x", "/team", "/nowhere"):
        headers = ada.get(path, headers={"Accept": "text/html"}).headers
        if path == "/nowhere":
            continue
        policy = headers["content-security-policy"]
        assert "frame-ancestors 'none'" in policy
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy
        assert headers["x-content-type-options"] == "nosniff"


def test_a_task_whose_time_is_over_keeps_its_draft(world: PortalWorld, visitor: Visitor) -> None:
    world.add_job(count=1)
    ada = visitor("Ada")
    task = take(ada)["id"]
    ada.post(f"/tasks/{task}/accept", json={})
    world.clock.ahead = timedelta(minutes=7)
    assert ada.put(f"/tasks/{task}/draft", content=b'{"value": 2}').status_code == 204
    refused = ada.post(f"/tasks/{task}/submit", json={"answer": ANSWER, "activeSeconds": 1})
    assert refused.status_code == 409
    assert "draft is kept" in refused.json()["message"]
    again = take(ada)["id"]
    assert ada.get(f"/tasks/{again}/draft").json() == {"value": 2}


def test_people_of_other_teams_see_no_job(ada: Client, visitor: Visitor) -> None:
    stranger = visitor("Eve", groups=("fishers",))
    assert "No work right now" in stranger.get("/jobs").text
    assert stranger.post(f"/jobs/{JOB}/next", json={}).status_code == 404
