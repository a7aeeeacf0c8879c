"""The portal of a real engine on the local stack: from the link to the output manifest, by HTTP as a browser would."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from gt_cli.stack import LocalSession, child_environment
from gt_cli.teams import create_team
from tests.engine_server import Engine, birds, ended, request_in
from tests.people import ANSWER
from tests.waiting import soon

pytestmark = pytest.mark.integration

PREFIX = ("--table-prefix", "portal")
IMAGES = 3


@pytest.fixture
def portal(aws: LocalSession, tmp_path: Path) -> Iterator[Engine]:
    running = Engine(aws.endpoint_url, tmp_path / "engine", [*PREFIX, "--correction-seconds", "0"]).start()
    yield running
    assert running.stop() == 0


@contextmanager
def browser(portal: Engine, aws: LocalSession) -> Iterator[httpx.Client]:
    """Signed in by a link of the command line."""
    command = [sys.executable, "-m", "gt_engine.main", "workers", "invite", "Ann", *PREFIX]
    link = subprocess.run(
        command, env=child_environment(aws.endpoint_url), capture_output=True, text=True, timeout=60, check=True
    ).stdout.strip()
    with httpx.Client(base_url=portal.url, headers={"Origin": portal.url}, timeout=30) as client:
        assert "Welcome, Ann" in client.get(link, headers={"Accept": "text/html"}).text
        assert client.post(link).status_code == 200
        yield client


def test_a_job_is_labeled_through_the_portal(aws: LocalSession, portal: Engine, name: str) -> None:
    sagemaker = portal.client()
    team = create_team(sagemaker, "birders")
    birds(aws, name, IMAGES)
    changes = {"WorkteamArn": team, "PublicWorkforceTaskPrice": None, "NumberOfHumanWorkersPerDataObject": 1}
    sagemaker.create_labeling_job(**request_in(name, name, auto=False, Tags=[], **changes))

    with browser(portal, aws) as ann:
        soon(lambda: "Start working" in ann.get("/jobs").text, 60)
        for number in range(IMAGES):
            task = ann.post(f"/jobs/{name}/next", json={}).json()["task"]
            page = ann.get(task["page"], headers={"Cookie": ""})
            assert page.headers["content-security-policy"].startswith("sandbox allow-scripts allow-forms;")
            begun = ann.post(f"/tasks/{task['id']}/accept", json={}).json()
            assert begun["secondsLeft"] > 200
            draft = json.dumps({"value": number, "activeSeconds": 1})
            assert ann.put(f"/tasks/{task['id']}/draft", content=draft).status_code == 204
            if number == 1:  # the engine dies: session, signatures, clock and draft are there again
                portal.kill()
                portal.start()
                ann.base_url = httpx.URL(portal.url)
                ann.headers["Origin"] = portal.url
            assert ann.get(f"/tasks/{task['id']}/draft").json()["value"] == number
            body = {"answer": ANSWER, "activeSeconds": 0.5}
            assert ann.post(f"/tasks/{task['id']}/submit", json=body).json()["done"] == number + 1
        assert re.search(r"Done today</dt><dd>3", ann.get("/me").text)

    described: dict[str, Any] = ended(portal.client(), name)
    assert described["LabelCounters"]["HumanLabeled"] == IMAGES


def test_the_page_of_a_template_is_rendered_for_its_owner(portal: Engine) -> None:
    page = portal.client().render_ui_template(
        UiTemplate={"Content": '<img src="{{ task.input.image | grant_read_access }}">{{ task.input.nothing }}'},
        Task={"Input": json.dumps({"image": "s3://engine-tests/x.jpg"})},
        RoleArn="arn:aws:iam::123456789012:role/labeling",
    )
    assert "X-Amz-Signature=" in page["RenderedContent"] or "Signature=" in page["RenderedContent"]
    assert [error["Code"] for error in page["Errors"]] == ["UndefinedVariable"]
