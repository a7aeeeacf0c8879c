"""The portal's pages at the sizes of desks, tablets and phones, light and dark: nothing is cut off, all can be read."""

from __future__ import annotations

from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest

from gt_engine.workforce.members import Worker
from tests.browser.conftest import Open
from tests.browser.portal.conftest import Desk
from tests.portal_world import PortalWorld
from tests.waiting import soon

AXE = (files("axe_core_python") / "axe.min.js").read_text()
FAULTS = """const done = arguments[arguments.length - 1];
axe.run({exclude: [["iframe"]]}).then((found) => done(found.violations
  .filter((fault) => ["serious", "critical"].includes(fault.impact))
  .map((fault) => `${fault.id}: ${fault.nodes.map((node) => node.html).join(" | ")}`)))"""
LABELED = "birds-0002"
"""A job that people have begun."""

SCREENS = [(1280, 820, False), (1280, 820, True), (820, 1100, False), (390, 780, False), (390, 780, True)]


@pytest.fixture(scope="module", params=SCREENS, ids=lambda one: f"{one[0]}-{'dark' if one[2] else 'light'}")
def screen(request: pytest.FixtureRequest, open_browser: Open) -> Any:
    width, height, dark = request.param
    return open_browser(width=width, height=height, dark=dark), f"{width}-{'dark' if dark else 'light'}"


@pytest.fixture
def boss(screen: Any, world: PortalWorld) -> Iterator[Desk]:
    """At the desk of one who runs the team, with a job and people."""
    people = [world.worker(name) for name in ("Ben", "Cleo with a long name that goes on")]
    with world.served():
        desk = Desk(screen[0], world)
        desk.sign_in("Ada", manager=True)
        world.add_job(count=3)
        world.add_job(LABELED, count=2, workers=2)
        for worker in people:
            label_and_decline(world, worker)
        yield desk
        desk.browser.get("about:blank")
        desk.browser.delete_all_cookies()


def label_and_decline(world: PortalWorld, worker: Worker) -> None:
    size = {"width": 960, "height": 640}
    box = {"label": "Bird", "left": 10, "top": 20, "width": 100, "height": 80}
    answer = {"boundingBox": {"boundingBoxes": [box], "inputImageProperties": size}}
    for does in (
        lambda task: world.tasks.submit(worker, task, answer, 12, world.clock()),
        lambda task: world.tasks.decline(worker, task, "other", "Is a chicken a bird here?", world.clock()),
    ):
        task = world.tasks.next(worker, LABELED, world.clock())
        assert task is not None
        does(world.tasks.accept(worker, task.task_id, world.clock()).task_id)


def check(desk: Desk, name: str, screen: Any, screenshots: Path) -> None:
    desk.browser.switch_to.default_content()
    desk.browser.save_screenshot(str(screenshots / f"portal-{name}-{screen[1]}.png"))
    wide = desk.browser.execute_script(
        "return document.documentElement.scrollWidth - document.documentElement.clientWidth"
    )
    assert wide == 0, f"{name} is wider than the screen by {wide} pixels"
    cut = "return [...document.querySelectorAll('.table')].map((one) => one.scrollWidth - one.clientWidth)"
    assert max(desk.browser.execute_script(cut), default=0) <= 0, f"a table of {name} is cut off"
    desk.browser.execute_script(AXE)
    assert desk.browser.execute_async_script(FAULTS) == []
    assert desk.script_errors() == []


def test_pages(boss: Desk, screen: Any, screenshots: Path) -> None:
    of_job = f"/team/jobs/{LABELED}"
    shown = {"jobs": "/jobs", "me": "/me", "team": "/team", "job": of_job, "answers": f"{of_job}/answers"}
    for name, path in shown.items():
        boss.browser.get(boss.world.url + path)
        check(boss, name, screen, screenshots)
    boss.browser.get(f"{boss.world.url}/sign-in/{boss.world.invitation('Dan')}")
    check(boss, "invitation", screen, screenshots)


def test_the_task_page(boss: Desk, screen: Any, screenshots: Path) -> None:
    boss.open_job()
    _, scheme = screen[1].split("-")
    assert boss.frame().execute_script("return document.documentElement.dataset.theme") == scheme
    check(boss, "task", screen, screenshots)
    boss.press("more")
    check(boss, "menu", screen, screenshots)
    boss.press("decline")
    check(boss, "decline", screen, screenshots)
    boss.browser.find_element("css selector", "#decline-dialog [data-close]").click()
    boss.draw()
    boss.submit()
    soon(lambda: boss.part("undo").is_displayed(), 20)
    check(boss, "undo", screen, screenshots)
    assert boss.part("submit").is_displayed()
    for _ in range(2):
        boss.draw()
        boss.submit()
    check(boss, "nothing", screen, screenshots)
