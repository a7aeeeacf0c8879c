"""Many pictures on one page: what does not fit is marked, by mouse or keyboard, and each one gets its own answer."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from selenium.webdriver import ActionChains, Keys
from selenium.webdriver.support.select import Select

from gt_engine.workforce.members import Pause
from gt_service.task_types import TaskType
from tests.browser.portal.conftest import Desk
from tests.browser.portal.test_looks import check, screen
from tests.portal_world import CLASSES, JOB, PortalWorld
from tests.waiting import soon

__all__ = ["screen"]

LABELS = ("Owl", "Crow", "Wren")


def add(world: PortalWorld, count: int = 30, labels: tuple[str, ...] = LABELS) -> None:
    world.add_job(
        count=count,
        template=CLASSES,
        task_type=TaskType.IMAGE_CLASSIFICATION,
        labels=labels,
        title="What does this image show?",
        size=(240, 180),
    )


def open_grid(desk: Desk) -> None:
    desk.browser.get(f"{desk.world.url}/jobs/{JOB}/grid")
    soon(lambda: desk.part("submit").is_enabled(), 20, known=desk.script_errors)


def tiles(desk: Desk) -> list[Any]:
    return desk.browser.find_elements("css selector", ".tile")


def marked(desk: Desk) -> list[int]:
    return [place for place, tile in enumerate(tiles(desk)) if tile.get_attribute("data-state") == "marked"]


def answered(desk: Desk) -> dict[str, str]:
    """The label of each object that has an answer."""
    found = {}
    for key, body in desk.world.objects.contents.items():
        if "/people/answers/" in key:
            found[key.split("/")[-2]] = json.loads(body)["answerContent"]["choice"]["label"]
    return found


def press(desk: Desk, *keys: str) -> None:
    ActionChains(desk.browser).send_keys(*keys).perform()


def test_what_is_not_marked_gets_the_label_of_the_page_and_each_picture_its_own_answer(desk: Desk) -> None:
    add(desk.world)
    desk.browser.get(f"{desk.world.url}/jobs")
    desk.browser.find_element("link text", "Many on one page").click()
    soon(lambda: desk.part("submit").is_enabled(), 20)
    assert len(tiles(desk)) == 24
    for place in (3, 7):
        tiles(desk)[place].find_element("css selector", "button").click()
    assert marked(desk) == [3, 7]
    desk.press("submit")
    assert "2 marked pictures" in desk.text("notice")  # what they are is not said yet
    assert answered(desk) == {}
    Select(tiles(desk)[3].find_element("css selector", "select")).select_by_visible_text("Crow")
    Select(tiles(desk)[7].find_element("css selector", "select")).select_by_visible_text("Wren")
    soon(lambda: desk.text("saved") == "Saved", 10)
    desk.press("submit")
    soon(lambda: len(tiles(desk)) == 6, 20, known=desk.script_errors)
    labels = answered(desk)
    assert len(labels) == 24
    assert sorted(labels.values()) == ["Crow", *["Owl"] * 22, "Wren"]
    times = [answer["activeSeconds"] for answer in desk.answers()]
    assert len(set(times)) == 1
    assert 0 < times[0] < 5


def test_the_keyboard_is_enough(desk: Desk) -> None:
    add(desk.world, count=8)
    open_grid(desk)
    press(desk, Keys.ARROW_RIGHT, Keys.ARROW_RIGHT, "2")  # the third is a crow
    press(desk, Keys.ARROW_LEFT, Keys.SPACE)  # the second does not fit …
    assert marked(desk) == [1, 2]
    press(desk, Keys.SPACE)  # … or does
    press(desk, Keys.ARROW_DOWN)
    assert marked(desk) == [2]
    press(desk, Keys.ENTER)
    soon(lambda: len(answered(desk)) == 8, 20)
    assert sorted(answered(desk).values()) == ["Crow", *["Owl"] * 7]
    soon(lambda: "No work" in desk.text("waiting"), 10)


def test_with_two_labels_what_does_not_fit_is_the_other_and_marks_outlive_a_reload(desk: Desk) -> None:
    add(desk.world, count=6, labels=("Fine", "Scratch"))
    open_grid(desk)
    tiles(desk)[4].find_element("css selector", "button").click()
    soon(lambda: desk.text("saved") == "Saved", 10)
    open_grid(desk)
    assert marked(desk) == [4]
    desk.press("submit")
    soon(lambda: len(answered(desk)) == 6, 20)
    assert sorted(answered(desk).values()) == [*["Fine"] * 5, "Scratch"]


def test_who_is_not_sure_gives_back_and_a_broken_picture_is_declined(desk: Desk) -> None:
    add(desk.world, count=4)
    broken = f"s3://labels/{JOB}/0.jpg"
    desk.world.objects.contents[broken] = b"no picture"
    open_grid(desk)
    soon(lambda: len(desk.browser.find_elements("css selector", ".broken")) == 1, 10)
    tiles(desk)[1].find_element("css selector", "button").click()
    Select(tiles(desk)[1].find_element("css selector", "select")).select_by_index(3)
    desk.press("submit")
    soon(lambda: len(answered(desk)) == 2, 20)
    declined = [key for key in desk.world.objects.contents if "/people/declines/" in key]
    assert len(declined) == 1
    soon(lambda: len(tiles(desk)) == 1, 20)  # what was given back comes again


def test_the_grid_at_every_size(world: PortalWorld, screen: Any, screenshots: Path) -> None:
    add(world)
    with world.served():
        desk = Desk(screen[0], world)
        desk.sign_in()
        open_grid(desk)
        desk.browser.find_elements("css selector", ".tile button")[1].click()
        soon(lambda: desk.text("saved") == "Saved", 10)
        check(desk, "grid", screen, screenshots)
        worker = next(one for one in world.members.workers() if one.name == "Ada")
        world.members.pause(worker.worker_id, Pause(world.clock(), JOB, 3, 8))
        desk.browser.get(f"{world.url}/jobs")
        assert "A short break" in desk.browser.find_element("id", "paused").text
        check(desk, "paused", screen, screenshots)
        desk.browser.get("about:blank")
        desk.browser.delete_all_cookies()


def test_a_paused_worker_reads_why_and_gets_no_new_task(desk: Desk) -> None:
    add(desk.world)
    worker = next(one for one in desk.world.members.workers() if one.name == "Ada")
    desk.world.members.pause(worker.worker_id, Pause(desk.world.clock(), JOB, 3, 8))
    for path in (f"/jobs/{JOB}", f"/jobs/{JOB}/grid"):
        desk.browser.get(desk.world.url + path)
        soon(lambda: "A short break" in desk.text("waiting"), 20, known=desk.script_errors)
    desk.world.members.resume(worker.worker_id)
    open_grid(desk)
    assert len(tiles(desk)) == 24
