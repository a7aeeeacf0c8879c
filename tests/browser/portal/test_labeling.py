"""A stream of images, labelled by hand: what was drawn is what arrives, in the order of asking, each once."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from selenium.webdriver import ActionChains, Chrome, Keys

from gt_engine.workforce.supervision import Supervision
from gt_service.task_types import TaskType
from tests.browser.portal.conftest import Desk
from tests.portal_world import CLASSES, JOB, PortalWorld
from tests.waiting import soon


def test_a_stream_of_images(desk: Desk, world: PortalWorld) -> None:
    world.add_job(count=3)
    desk.open_job()
    drawn = []
    for number in range(3):
        drawn.append(desk.draw(left=-80 - 10 * number))
        desk.submit()
    assert "No work right now" in desk.text("waiting")
    soon(lambda: len(desk.answers()) == 3, 20)
    assert [answer["answerContent"]["boundingBox"] for answer in desk.answers()] == drawn
    assert all(0 < answer["activeSeconds"] < 30 for answer in desk.answers())
    assert desk.script_errors() == []


def test_new_work_comes_by_itself(desk: Desk, world: PortalWorld) -> None:
    world.add_job(count=1)
    desk.open_job()
    desk.draw()
    desk.submit()
    world.add_job("birds-0002", count=1)
    desk.browser.get(f"{world.url}/jobs")
    assert "birds-0002" in desk.browser.page_source


def test_an_incomplete_task_is_not_submitted(desk: Desk, world: PortalWorld) -> None:
    """The frame says what is missing; nothing is sent, and the task stays."""
    world.add_job(count=2)
    desk.open_job()
    before = desk.shown()
    desk.press("submit")
    soon(
        lambda: (
            "Nothing is drawn"
            in desk.frame()
            .find_element("css selector", "crowd-bounding-box")
            .shadow_root.find_element("css selector", ".submit .error")
            .text
        ),
        5,
    )
    assert desk.shown() == before
    assert desk.answers() == []


def test_by_keys_alone(desk: Desk, world: PortalWorld) -> None:
    world.add_job(count=3, template=CLASSES, task_type=TaskType.IMAGE_CLASSIFICATION)
    desk.open_job()
    for _ in range(3):
        desk.until_task()
        before = desk.shown()
        desk.key("2")
        desk.key(Keys.ENTER)
        soon(lambda before=before: desk.shown() != before, 20)
    soon(lambda: len(desk.answers()) == 3, 20)
    assert {answer["answerContent"]["choice"]["label"] for answer in desk.answers()} == {"Nest"}


def test_the_keys_of_the_page_around_the_task(desk: Desk, world: PortalWorld) -> None:
    """Shift+U takes the last answer back, Shift+D declines, Shift+L leaves: pressed in the task, or around it."""
    world.add_job(count=2, template=CLASSES, task_type=TaskType.IMAGE_CLASSIFICATION)
    desk.open_job()
    before = desk.shown()
    desk.key("2", Keys.ENTER)
    soon(lambda: desk.part("undo").is_displayed(), 20)
    desk.until_task()
    desk.key("U")
    soon(lambda: desk.shown() == before, 20)
    desk.until_task()
    desk.key("D")
    soon(lambda: desk.part("decline-dialog").is_displayed(), 20)
    ActionChains(desk.browser).send_keys(Keys.ESCAPE).perform()
    soon(lambda: not desk.part("decline-dialog").is_displayed(), 20)
    desk.browser.execute_script("document.activeElement.blur()")
    ActionChains(desk.browser).send_keys("L").perform()
    soon(lambda: desk.browser.current_url.endswith("/jobs"), 20)


def test_the_next_image_is_there_before_it_is_asked_for(desk: Desk, world: PortalWorld) -> None:
    """Its clock has not started: nobody loses time that he did not have."""
    world.add_job(count=3)
    desk.open_job()
    soon(lambda: len(desk.browser.find_elements("css selector", "iframe[data-place=next]")) == 1, 20)
    statuses = [mine.status for one in world.tasks.store.objects(JOB) for mine in one.assignments]
    assert statuses == ["accepted", "reserved"]


def test_a_returned_answer_is_corrected_first(desk: Desk, world: PortalWorld) -> None:
    """It comes with the comment and the boxes that were drawn."""
    world.add_job(count=3)
    desk.open_job()
    desk.draw()
    desk.submit()
    soon(lambda: len(desk.answers()) == 1, 20)
    [answered] = [one for one in world.tasks.store.objects(JOB) if one.answers]
    worker = answered.answers[0].worker
    Supervision(world.tasks).give_back(JOB, answered.place, worker, "The bird on the left?", worker, world.clock())
    desk.open_job()
    soon(lambda: "The bird on the left?" in desk.text("returned"), 20)
    assert desk.boxes() == 1
    desk.draw(left=20, top=20, width=60, height=50)
    assert desk.boxes() == 2
    desk.submit()
    assert not desk.part("returned").is_displayed()
    soon(lambda: desk.answers(), 20)
    [corrected] = desk.answers()
    assert len(corrected["answerContent"]["boundingBox"]["boundingBoxes"]) == 2


def test_undo_of_the_last_submit(desk: Desk, world: PortalWorld) -> None:
    world.add_job(count=2)
    desk.open_job()
    desk.draw()
    desk.submit()
    desk.draw(left=30, width=60)
    soon(lambda: desk.part("undo").is_displayed(), 20)
    desk.press("undo")
    soon(lambda: desk.boxes() == 1, 20)
    desk.until_task()
    desk.draw(left=-200, top=-160, width=50, height=50)
    assert desk.boxes() == 2
    desk.submit()
    assert desk.boxes() == 1, "the image that was left is there again with its box"
    desk.submit()
    soon(lambda: len(desk.answers()) == 2, 20)
    assert [len(answer["answerContent"]["boundingBox"]["boundingBoxes"]) for answer in desk.answers()] == [2, 1]


def test_undo_when_there_is_no_more_work(desk: Desk, world: PortalWorld) -> None:
    world.add_job(count=1)
    desk.open_job()
    desk.draw()
    desk.submit()
    soon(lambda: desk.part("undo").is_displayed(), 20)
    desk.press("undo")
    desk.until_task()
    assert desk.boxes() == 1


def test_a_submit_while_an_undo_is_on_its_way(
    shared_browser: Chrome, world: PortalWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The image that came back had no place any more, and the worker sat before an empty page."""
    world.add_job(count=3)
    app = world.app()

    async def slow(scope: Any, receive: Any, send: Any) -> None:
        if scope["path"].endswith("/undo"):
            await asyncio.sleep(3)
        await app(scope, receive, send)

    monkeypatch.setattr(world, "app", lambda: slow)
    desk = Desk(shared_browser, world)
    with world.served():
        desk.sign_in()
        desk.open_job()
        desk.draw()
        desk.submit()
        desk.draw(left=30, width=60)
        desk.draw(left=-60, width=40)
        soon(lambda: desk.part("undo").is_displayed(), 20)
        desk.press("undo")
        desk.part("submit").click()
        desk.until_task()
        soon(lambda: desk.boxes() == 1, 20)
        desk.submit()
        assert desk.boxes() == 2, "the image that was left is there again with its boxes"


def test_an_answer_of_today_can_be_corrected(desk: Desk, world: PortalWorld) -> None:
    world.add_job(count=2)
    desk.open_job()
    drawn = desk.draw()
    desk.submit()
    soon(lambda: len(desk.answers()) == 1, 20)
    desk.browser.get(f"{world.url}/me")
    desk.browser.find_element("link text", "Correct").click()
    desk.until_task()
    soon(lambda: desk.value() == drawn, 20)


def test_a_task_is_declined_with_a_reason(desk: Desk, world: PortalWorld) -> None:
    world.add_job(count=2)
    desk.open_job()
    before = desk.shown()
    desk.menu("decline")
    desk.browser.find_element("css selector", "[value=other]").click()
    button = desk.browser.find_element("css selector", "#decline-dialog .primary")
    button.click()
    soon(lambda: "comment" in desk.browser.find_element("css selector", "#decline-dialog .refusal").text, 20)
    desk.browser.find_element("css selector", "#decline-dialog textarea").send_keys("A drawing, not a photo")
    button.click()
    soon(lambda: desk.shown() not in {before, None}, 20)
    (declined,) = world.tasks.progress(JOB, world.clock()).declines
    assert (declined.reason, declined.comment) == ("other", "A drawing, not a photo")


def test_a_task_is_given_back_only_on_purpose(desk: Desk, world: PortalWorld) -> None:
    world.add_job(count=2)
    desk.open_job()
    before = desk.shown()
    desk.menu("release")
    desk.browser.find_element("css selector", "#release-dialog [data-close]").click()
    assert desk.shown() == before
    desk.menu("release")
    desk.browser.find_element("css selector", "#release-dialog .danger").click()
    soon(lambda: desk.shown() not in {before, None}, 20)


def test_later_means_later(desk: Desk, world: PortalWorld) -> None:
    world.add_job(count=2)
    desk.open_job()
    drawn = desk.draw()
    desk.menu("later")
    soon(lambda: desk.browser.current_url.endswith("/jobs"), 20)
    desk.browser.find_element("link text", "Go on").click()
    desk.until_task()
    soon(lambda: desk.value() == drawn, 20)


def test_the_clock_warns_and_an_image_that_fails_can_be_declined(desk: Desk, world: PortalWorld) -> None:
    world.add_job(count=1, seconds=5, image=lambda _: b"\xff\xd8\xffbroken")
    desk.open_job()
    soon(lambda: "cannot be shown" in desk.text("notice"), 20)
    soon(lambda: desk.part("clock").get_attribute("data-state") == "soon", 20)
    desk.part("notice").find_element("css selector", "button").click()
    assert desk.browser.find_element("css selector", "[value=cannot-be-shown]").is_selected()
    desk.browser.find_element("css selector", "#decline-dialog [data-close]").click()
    soon(lambda: desk.text("clock") == "Time is up", 20)
    assert "kept as a draft" in desk.text("notice")


LUNCH = """
const done = arguments[arguments.length - 1];
const { ActiveTime } = await import(new URL("clock.js", document.querySelector("script[type=module]").src));
let now = 0, visible = true;
const time = new ActiveTime(() => now, () => visible);
const after = (seconds, touched) => { now += 1000 * seconds; if (touched) time.touch(); return time.count(); };
time.start();
const counted = [after(30, true), after(10, false)];
counted.push(after(3600, false), after(60, true), after(20, true)); // lunch with the page open
visible = false;
counted.push(after(3600, false)); // lunch in another tab
visible = true;
counted.push(after(0, true), after(5, true));
done(counted);
"""


def test_a_lunch_break_is_no_time_at_work(desk: Desk, world: PortalWorld) -> None:
    """`timeSpentInSeconds` is paid. A minute without input counts, as somebody may look; the hour after it does not."""
    desk.browser.get(f"{world.url}/jobs/{JOB}")
    counted = desk.browser.execute_async_script(f"(async function () {{{LUNCH}}}).apply(null, arguments)")
    assert counted == [30, 40, 90, 90, 110, 110, 110, 115]


def test_instructions_closed_in_one_task_are_closed_in_the_next_and_after_a_reload(
    desk: Desk, world: PortalWorld
) -> None:
    world.add_job(count=3, template=CLASSES, task_type=TaskType.IMAGE_CLASSIFICATION)
    desk.open_job()

    def is_open() -> bool:
        return desk.frame().find_element("css selector", "short-instructions").is_displayed()

    assert is_open()
    tool = desk.frame().find_element("css selector", "crowd-image-classifier")
    tool.shadow_root.find_element("css selector", "[aria-label='Close instructions']").click()
    desk.key("1")
    desk.submit()
    assert not is_open()
    desk.open_job()
    assert not is_open()
