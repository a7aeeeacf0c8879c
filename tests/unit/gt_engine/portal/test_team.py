"""The pages of those who run a team: only theirs, links shown once, answers taken back and asked anew."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from gt_engine.portal.team import as_csv
from gt_engine.workforce.files import WorkFiles
from gt_engine.workforce.progress import JobProgress, WorkerProgress
from gt_engine.workforce.supervision import keep_ended, read_ended
from gt_service.task_types import TaskType
from tests.portal_client import Client
from tests.portal_world import CLASSES, JOB, PortalWorld
from tests.unit.gt_engine.portal.conftest import Visitor

HTML = {"Accept": "text/html"}


@pytest.fixture
def boss(visitor: Visitor) -> Client:
    return visitor("Boss", manager=True)


def classify(client: Client, label: str, most: int = 99) -> int:
    """Answers all that there is; how much that was."""
    for done in range(most):
        task = client.post(f"/jobs/{JOB}/next", json={}).json()["task"]
        if task is None:
            return done
        client.post(f"/tasks/{task['id']}/accept", json={})
        body = {"answer": {"choice": {"label": label}}, "activeSeconds": 1}
        assert client.post(f"/tasks/{task['id']}/submit", json=body).status_code == 200
    return most


def add_classes(world: PortalWorld, **job: Any) -> None:
    world.add_job(template=CLASSES, task_type=TaskType.IMAGE_CLASSIFICATION, **job)


def test_only_managers_see_them(world: PortalWorld, visitor: Visitor) -> None:
    world.add_job()
    ada = visitor("Ada")
    me = ada.get("/session").json()["worker"]
    for path in (
        "/team",
        f"/team/jobs/{JOB}",
        f"/team/jobs/{JOB}.csv",
        f"/team/jobs/{JOB}/agreement",
        f"/team/jobs/{JOB}/discard/{me}",
    ):
        assert ada.get(path).status_code == 403
        assert visitor().get(path).status_code == 401
    mine = [f"/team/{me}/{verb}" for verb in ("link", "disable", "enable")]
    for path in ("/team/invite", *mine, f"/team/jobs/{JOB}/discard/{me}"):
        assert ada.post(path).status_code == 403
    assert "Team</a>" not in ada.get("/jobs").text


def test_a_link_is_shown_once_and_lets_in(world: PortalWorld, visitor: Visitor, boss: Client) -> None:
    page = boss.post("/team/invite", data={"name": "Cleo", "groups": "birders, night"}, headers=HTML).text
    link = re.findall(r'value="http://localhost(/sign-in/[^"]+)"', page)
    assert len(link) == 1
    assert "/sign-in/" not in boss.get("/team").text
    cleo = visitor()
    assert cleo.post(link[0], headers=HTML).status_code == 303
    assert next(one for one in world.members.workers() if one.name == "Cleo").groups == {"birders", "night"}


def test_who_was_signed_out_gets_a_link_for_a_quarter_of_an_hour(
    world: PortalWorld, visitor: Visitor, boss: Client
) -> None:
    ada = world.worker("Ada")
    page = boss.post(f"/team/{ada.worker_id}/link", headers=HTML).text
    [link] = re.findall(r'value="http://localhost(/sign-in/[^"]+)"', page)
    world.clock.ahead = timedelta(minutes=14)
    assert "Welcome, Ada" in visitor().get(link).text
    world.clock.ahead = timedelta(minutes=15)
    assert visitor().get(link).status_code == 410
    assert visitor().post(link, headers=HTML).status_code == 410


def test_who_is_paused_is_out_and_may_come_back(world: PortalWorld, visitor: Visitor, boss: Client) -> None:
    ada = visitor("Ada")
    me = ada.get("/session").json()["worker"]
    assert boss.post(f"/team/{me}/disable").status_code == 303
    assert ada.get("/session").status_code == 401
    assert "Paused" in boss.get("/team").text
    boss.post(f"/team/{me}/enable")
    assert visitor("Ada").get("/session").status_code == 200


def test_nobody_locks_himself_out(boss: Client) -> None:
    me = boss.get("/session").json()["worker"]
    assert boss.post(f"/team/{me}/disable").status_code == 422


def test_answers_that_are_taken_back_are_asked_anew(world: PortalWorld, visitor: Visitor, boss: Client) -> None:
    add_classes(world, count=3, workers=1)
    eve, ada = visitor("Eve"), visitor("Ada")
    assert classify(eve, "Nest") == 3
    assert classify(ada, "Bird") == 0
    me = eve.get("/session").json()["worker"]
    assert "Take back the answers of Eve?" in boss.get(f"/team/jobs/{JOB}/discard/{me}").text
    assert len([key for key in world.objects.contents if "/people/answers/" in key]) == 3
    assert "3 answers of Eve taken back" in boss.post(f"/team/jobs/{JOB}/discard/{me}").text
    assert [key for key in world.objects.contents if "/people/answers/" in key] == []
    assert len([key for key in world.objects.contents if "/people/discarded/" in key]) == 3
    assert classify(eve, "Nest") == 0
    assert classify(ada, "Bird") == 3
    assert "0 answers of Eve taken back" in boss.post(f"/team/jobs/{JOB}/discard/{me}").text


def test_an_answer_whose_label_is_made_stays(world: PortalWorld, visitor: Visitor, boss: Client) -> None:
    from gt_engine.workforce.offers import close

    add_classes(world, count=2, workers=1)
    eve = visitor("Eve")
    classify(eve, "Nest")
    first = world.tasks.store.object(JOB, 0)
    assert first
    world.tasks.store.replace(close(first))
    me = eve.get("/session").json()["worker"]
    page = boss.post(f"/team/jobs/{JOB}/discard/{me}").text
    assert "1 answer of Eve taken back" in page
    assert "1 could not be taken back" in page


def test_agreement_shows_who_disagrees(world: PortalWorld, visitor: Visitor, boss: Client) -> None:
    add_classes(world, count=4, workers=3)
    classify(visitor("Ada"), "Bird")
    classify(visitor("Ben"), "Bird")
    assert "100 %" in boss.get(f"/team/jobs/{JOB}/agreement").text
    classify(visitor("Eve"), "Nest")
    page = boss.get(f"/team/jobs/{JOB}/agreement").text
    assert "33 %" in page
    assert re.search(r"Eve</th><td class=\"n\"[^>]*>0 %", page)


def test_agreement_with_a_proposal_is_not_shown_as_peoples_own(
    world: PortalWorld, visitor: Visitor, boss: Client
) -> None:
    """All who accept what they see would look careful."""
    world.add_job(
        count=2, template=CLASSES, task_type=TaskType.IMAGE_CLASSIFICATION, workers=2, proposals={0: {"label": "Bird"}}
    )
    for name, label in (("Ada", "Bird"), ("Ben", "Nest")):
        classify(visitor(name), label, most=2)
    assert "1 object<" in boss.get(f"/team/jobs/{JOB}/agreement").text


def test_the_job_s_page_has_its_figures(world: PortalWorld, visitor: Visitor, boss: Client) -> None:
    add_classes(world, count=4, workers=2)
    ada = visitor("Ada")
    classify(ada, "Bird", most=2)
    task = ada.post(f"/jobs/{JOB}/next", json={}).json()["task"]["id"]
    ada.post(f"/tasks/{task}/accept", json={})
    ada.post(f"/tasks/{task}/decline", json={"reason": "other", "comment": "<b>upside down</b>"})
    page = boss.get(f"/team/jobs/{JOB}").text
    assert "&lt;b&gt;upside down&lt;/b&gt;" in page
    assert "Something else" in page
    rows = boss.get(f"/team/jobs/{JOB}.csv").text.splitlines()
    assert rows[0].startswith("worker_id,name,answers")
    assert ",Ada,2,1,0,0," in rows[1]


def test_a_job_that_has_ended_is_read_and_its_answers_stay(world: PortalWorld, visitor: Visitor, boss: Client) -> None:
    """Who was paid for what is asked when the job is over."""
    add_classes(world, count=2, workers=2)
    eve = visitor("Eve")
    classify(eve, "Nest")
    classify(visitor("Ada"), "Nest")
    me = eve.get("/session").json()["worker"]
    offer = world.tasks.store.offer(JOB)
    assert offer
    files = WorkFiles.of(offer.tree, world.objects)
    keep_ended(JOB, world.clock(), world.tasks.store, files)
    before = boss.get(f"/team/jobs/{JOB}.csv").text
    world.tasks.store.delete_offer(JOB)
    world.tasks.store.delete_objects(JOB)
    assert boss.get(f"/team/jobs/{JOB}").status_code == 404
    kept = read_ended(files)
    assert kept
    world.portal = replace(world.portal, ended=lambda _: kept, ended_jobs=lambda: [(JOB, "Birds")])
    boss = visitor("Chief", manager=True)
    page = boss.get(f"/team/jobs/{JOB}").text
    assert "answers can no longer be taken back" in page
    assert "Take answers back" not in page
    assert "every 10s" not in page
    assert boss.get(f"/team/jobs/{JOB}.csv").text == before
    assert "100 %" in boss.get(f"/team/jobs/{JOB}/agreement").text
    assert f'href="/team/jobs/{JOB}"' in boss.get("/team").text
    assert boss.get(f"/team/jobs/{JOB}/discard/{me}").status_code == 409
    assert boss.post(f"/team/jobs/{JOB}/discard/{me}").status_code == 409
    assert len([key for key in world.objects.contents if "/people/answers/" in key]) == 4


def test_a_name_is_no_formula_in_a_spreadsheet() -> None:
    progress = JobProgress("j", 1, 0, 0, 0, 1, 0, 1, 0.0, workers=(WorkerProgress("w"),))
    assert "'=cmd()" in as_csv(progress, {"w": "=cmd()"})
