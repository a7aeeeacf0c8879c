"""A real engine asks as many people as needed and looks after their care: over HTTP, on real tables and buckets."""

from __future__ import annotations

import json
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from pathlib import Path

import httpx
import pytest

from gt_cli.stack import LocalSession, child_environment
from gt_cli.teams import create_team
from gt_service.job_tags import GOLD_LABELS_TAG, GOLD_SHARE_TAG, LEAST_WORKERS_TAG
from tests.engine import BUCKET, GOLD, bird_inputs, gold_line, picture
from tests.engine_server import Engine, ended, request_in, upload
from tests.people import boxes
from tests.waiting import PATIENCE, soon

pytestmark = pytest.mark.integration

HERE, CARELESS = boxes((10, 10, 20, 20)), boxes((1, 1, 4, 4))
KNOWN = [{"class_id": 0, "left": 10, "top": 10, "width": 20, "height": 20}]
OBJECTS, ITEMS = 24, 12


@pytest.fixture
def portal_engine(aws: LocalSession, tmp_path: Path) -> Iterator[Engine]:
    options = ["--table-prefix", "care", "--correction-seconds", "0"]
    running = Engine(aws.endpoint_url, tmp_path / "engine", options).start()
    yield running
    assert running.stop() == 0


SignIn = Callable[..., httpx.Client]


@pytest.fixture
def sign_in(aws: LocalSession, portal_engine: Engine) -> Iterator[SignIn]:
    """Browsers of people who were invited."""
    with ExitStack() as clients:
        yield lambda name, **options: clients.enter_context(closing(signed_in(aws, portal_engine, name, **options)))


def signed_in(aws: LocalSession, engine: Engine, name: str, *, manager: bool = False) -> httpx.Client:

    command = [sys.executable, "-m", "gt_engine.main", "workers", "invite", name, "--table-prefix", "care"]
    command += ["--group", "birders", *(["--manager"] if manager else [])]
    made = subprocess.run(
        command, env=child_environment(aws.endpoint_url), capture_output=True, text=True, timeout=60, check=True
    )
    client = httpx.Client(
        base_url=engine.url, headers={"Origin": engine.url, "Accept": "application/json"}, timeout=PATIENCE
    )
    assert client.post(f"/sign-in/{made.stdout.strip().rpartition('/')[2]}").status_code < 400
    return client


def work(client: httpx.Client, job: str, answer: object) -> int:
    """Everything that there is to do now; how much that was."""
    for done in range(200):
        found = client.post(f"/jobs/{job}/next", json={})
        task = found.json().get("task")
        if task is None:
            return done
        client.post(f"/tasks/{task['id']}/accept", json={})
        sent = client.post(f"/tasks/{task['id']}/submit", json={"answer": answer, "activeSeconds": 1})
        assert sent.status_code == 200 or found.status_code == 404, sent.text
    raise AssertionError("the work never ends")


def test_careful_people_are_asked_as_needed_and_a_careless_one_is_paused(
    aws: LocalSession, portal_engine: Engine, name: str, sign_in: SignIn
) -> None:
    sagemaker = portal_engine.client()
    team = create_team(sagemaker, "birders")
    contents = bird_inputs(OBJECTS)
    lines = []
    for number in range(ITEMS):
        source = f"s3://{BUCKET}/known/{number}.jpg"
        contents[source] = picture(number)[0]
        lines.append(gold_line(source, KNOWN))
    contents[GOLD] = b"\n".join(lines) + b"\n"
    upload(aws, contents, name)
    tags = {GOLD_LABELS_TAG: GOLD, GOLD_SHARE_TAG: "0.5", LEAST_WORKERS_TAG: "1"}
    sagemaker.create_labeling_job(
        **request_in(
            name,
            name,
            auto=False,
            Tags=[{"Key": key, "Value": value} for key, value in tags.items()],
            WorkteamArn=team,
            PublicWorkforceTaskPrice=None,
            NumberOfHumanWorkersPerDataObject=3,
        )
    )
    boss = sign_in("Boss", manager=True)
    cat = sign_in("Cat")
    soon(lambda: cat.post(f"/jobs/{name}/next", json={}).json().get("task"), 60)

    def is_paused() -> bool:
        work(cat, name, CARELESS)
        return bool(cat.post(f"/jobs/{name}/next", json={}).json().get("isPaused"))

    soon(is_paused, 60)
    assert "A short break" in cat.get("/jobs", headers={"Accept": "text/html"}).text
    page = boss.get("/team", headers={"Accept": "text/html"}).text
    assert "No new work" in page
    assert "Let go on" in page
    people = [boss, sign_in("Ann"), sign_in("Bob")]

    def is_done() -> bool:
        for client in people:
            work(client, name, HERE)
        status: str = sagemaker.describe_labeling_job(LabelingJobName=name)["LabelingJobStatus"]
        return status == "Completed"

    soon(is_done, 180)
    assert ended(sagemaker, name)["LabelCounters"]["HumanLabeled"] == OBJECTS
    s3 = aws.client("s3")
    listed = s3.get_paginator("list_objects_v2").paginate(Bucket=BUCKET, Prefix=f"{name}/")
    keys = [found["Key"] for page in listed for found in page.get("Contents", ())]
    counts, gold = Counter[int](), 0
    for key in keys:
        if "/worker-response/" not in key:
            continue
        answers = json.loads(s3.get_object(Bucket=BUCKET, Key=key)["Body"].read())["answers"]
        assert len({one["workerId"] for one in answers}) == len(answers)
        if "/gold-" in key:
            gold += len(answers)
        else:
            counts[len(answers)] += 1
    assert sum(counts.values()) == OBJECTS
    assert set(counts) <= {2, 3}
    assert counts[2] > 0
    assert 3 <= gold <= OBJECTS * 3 // 2
    assert any("/skills/" in key for key in keys)
