"""Twenty people in real browsers on one job, while tabs are closed and the engine is killed at random.

No object twice to a worker, none answered more often than asked for, none stuck. `make long`; some minutes.
"""

from __future__ import annotations

import json
import random
import re
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest
from selenium import webdriver
from selenium.common.exceptions import WebDriverException

from gt_cli.ports import free_port
from gt_cli.stack import LocalSession, child_environment
from gt_cli.teams import create_team
from gt_engine.store import DynamoStore
from gt_engine.store.workforce import DynamoMembers, DynamoTeams
from gt_engine.workforce.members import Members
from gt_engine.workforce.teams import groups_of_teams
from tests.browser.conftest import open_browser
from tests.browser.portal.conftest import Desk
from tests.engine import BUCKET, bird_inputs
from tests.engine_server import Engine, ended, output_files, request_in, upload
from tests.portal_world import BOXES
from tests.waiting import soon

pytestmark = [pytest.mark.integration, pytest.mark.long, pytest.mark.timeout(3600)]

PEOPLE, OBJECTS, ANSWERS = 20, 16, 3
ENGINE_KILLS, TAB_KILLS = 3, 8
PREFIX = ("--table-prefix", "twenty")
PATIENCE = 180
PLACE = re.compile(r"/tasks/[0-9a-f]+-(\d+)-")

__all__ = ["open_browser"]


@dataclass
class Place:
    """Where a desk is."""

    url: str


@dataclass
class Person:
    """One who works in a browser context of their own: signed in whatever becomes of the tab."""

    browser: webdriver.Chrome
    context: str
    url: str
    job: str
    tab: str = ""
    answered: list[int] = field(default_factory=list)

    def open(self, path: str) -> Desk:
        self.tab = self.browser.browsing_context.create(type="window", user_context=self.context)
        desk = self.desk()
        self.browser.execute_cdp_cmd("Emulation.setFocusEmulationEnabled", {"enabled": True})
        self.browser.get(self.url + path)
        return desk

    def desk(self) -> Desk:
        self.browser.switch_to.window(self.tab)
        return Desk(self.browser, Place(self.url))  # type: ignore[arg-type]

    def sign_in(self, session: str) -> None:
        """By the cookie: twenty people of one address may not use their links in one minute."""
        self.open("/sign-in").browser.add_cookie({"name": "gt-session", "value": session})

    def begin(self) -> None:
        if self.tab:
            self.close()
        self.open(f"/jobs/{self.job}")

    def close(self) -> None:
        self.browser.switch_to.window(self.tab)
        self.browser.close()
        self.browser.switch_to.window(self.browser.window_handles[0])

    def shown(self) -> int | None:
        """The place of the object that is to be worked on; None where there is none, or none yet."""
        desk = self.desk()
        found = PLACE.search(desk.shown() or "")
        return int(found[1]) if found and desk.part("submit").is_enabled() else None

    def shown_or_again(self) -> bool:
        """Whether a task is; a page that took too long to load is loaded again, as it asks for."""
        place = self.shown()
        if place is None and "Load again" in self.desk().text("waiting"):
            self.begin()
        return place is not None

    def answer(self, *, dies: bool = False) -> bool:
        """Draws a box and submits; whether there was anything to do. dies: the tab does, at once."""
        if not self.shown_or_again() or (place := self.shown()) is None:
            return False
        assert place not in self.answered, f"object {place} came twice"
        desk = self.desk()
        if not desk.boxes():
            desk.draw()
        desk.press("submit")
        if not dies:
            soon(lambda: self.shown() != place, PATIENCE, known=lambda: (desk.text("notice"), desk.text("saved")))
            self.answered.append(place)
        return True


@pytest.fixture
def engine(aws: LocalSession, tmp_path: Path) -> Iterator[Engine]:
    options = [*PREFIX, "--correction-seconds", "0", "--port", str(free_port(0))]
    running = Engine(aws.endpoint_url, tmp_path / "engine", options).start()
    yield running
    assert running.stop() == 0


def test_twenty_browsers_on_one_job(
    aws: LocalSession,
    engine: Engine,
    name: str,
    open_browser: Any,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    dice = random.Random(7)
    team = create_team(engine.client(), "birders")
    upload(aws, bird_inputs(OBJECTS) | {f"s3://{BUCKET}/instructions.template": BOXES.encode()}, name)
    changes = {"WorkteamArn": team, "PublicWorkforceTaskPrice": None, "NumberOfHumanWorkersPerDataObject": ANSWERS}
    engine.client().create_labeling_job(**request_in(name, name, auto=False, Tags=[], **changes))
    browser = open_browser(for_several=True)
    people = []
    for session in sessions(aws, monkeypatch):
        people.append(Person(browser, browser.browser.create_user_context(), engine.url, name))
        people[-1].sign_in(session)
    cookies = {"gt-session": session}
    soon(lambda: name in httpx.get(f"{engine.url}/jobs", cookies=cookies, timeout=30).text, PATIENCE)
    for person in people:  # one after the other: on two processors twenty pages at once take longer than a page waits
        person.begin()
        soon(person.shown_or_again, PATIENCE)

    steps = range(OBJECTS * ANSWERS)
    engine_dies = set(dice.sample(steps, ENGINE_KILLS))
    tab_dies = set(dice.sample(steps, TAB_KILLS))
    step, last = 0, time.monotonic()
    while not has_ended(engine, name):
        assert time.monotonic() - last < 2 * PATIENCE, f"nobody had anything to do after {step} answers"
        person = dice.choice(people)
        try:
            did = person.answer(dies=step in tab_dies)
        except WebDriverException:  # the page was loading anew
            did = False
        if not did:
            continue
        last = time.monotonic()
        if step in tab_dies:
            person.begin()
        if step in engine_dies:
            engine.kill()
            engine.start()
        step += 1
    description = ended(engine.client(), name)
    files = output_files(aws, description)
    given = Counter(
        (path.split("/")[3], answer["workerId"])
        for path, body in files.items()
        if "/worker-response/" in path
        for answer in json.loads(body)["answers"]
    )
    of_object = Counter(place for place, _ in given)
    of_worker = Counter(worker for _, worker in given)
    assert description["LabelingJobStatus"] == "Completed"
    assert description["LabelCounters"]["HumanLabeled"] == OBJECTS, "none is stuck"
    assert set(given.values()) == {1}, "no object twice to a worker"
    assert set(of_object.values()) == {ANSWERS}, "none answered more often than asked for"
    with capsys.disabled():
        print(f"\n{PEOPLE} people, {len(given)} answers to {len(of_object)} objects, {len(of_worker)} people answered,")
        print(f"{TAB_KILLS} tabs closed after Submit, {ENGINE_KILLS} engines killed: {sorted(of_worker.values())}")


def has_ended(engine: Engine, name: str) -> bool:
    found = engine.client().describe_labeling_job(LabelingJobName=name)
    return bool(found["LabelingJobStatus"] not in {"Initializing", "InProgress"})


def sessions(aws: LocalSession, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """Everybody's, on the engine's tables."""
    for key, value in child_environment(aws.endpoint_url).items():
        monkeypatch.setenv(key, value)
    tables = DynamoStore("twenty", "us-east-1").tables
    teams = DynamoTeams(tables)
    members = Members(DynamoMembers(tables), lambda: groups_of_teams(teams), region="us-east-1")
    for number in range(PEOPLE):
        now = datetime.now(UTC)
        yield members.sign_in(members.invite(f"Person {number:02}", groups={"birders"}, now=now).token, now).id
