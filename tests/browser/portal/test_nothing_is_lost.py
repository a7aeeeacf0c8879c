"""Reload, a network gap, an engine that dies, a session that ends: not one stroke is lost, and the page says so."""

from __future__ import annotations

import asyncio
import threading
from typing import Any
from urllib.parse import urlsplit

import pytest
from selenium.webdriver import Chrome

from tests.browser.portal.conftest import Desk
from tests.portal_world import JOB, PortalWorld
from tests.waiting import soon


def test_a_reload_brings_everything_back(desk: Desk, world: PortalWorld) -> None:
    world.add_job(count=2)
    desk.open_job()
    drawn = desk.draw()
    desk.until_saved()
    desk.browser.refresh()
    desk.until_task()
    soon(lambda: desk.value() == drawn, 20)


def test_a_network_gap_costs_nothing(desk: Desk, world: PortalWorld) -> None:
    world.add_job(count=3)
    desk.open_job()
    desk.until_all_is_fetched()
    desk.offline()
    first = desk.draw()
    desk.until_saved("Offline: kept in this browser")
    desk.press("submit")
    soon(lambda: desk.boxes() == 0, 20)  # the next image was there already
    second = desk.draw(left=-40)
    desk.offline(False)
    soon(lambda: len(desk.answers()) == 1, 20)
    desk.until_saved()
    desk.submit()
    soon(lambda: len(desk.answers()) == 2, 20)
    assert [answer["answerContent"]["boundingBox"] for answer in desk.answers()] == [first, second]


def test_what_an_offline_tab_kept_is_there_when_it_is_opened_again(desk: Desk, world: PortalWorld) -> None:
    """The tab dies before the network is back: the strokes are in the browser."""
    world.add_job(count=2)
    desk.open_job()
    desk.offline()
    drawn = desk.draw()
    desk.until_saved("Offline: kept in this browser")
    desk.browser.get("about:blank")
    desk.offline(False)
    desk.open_job()
    soon(lambda: desk.value() == drawn, 20)
    desk.until_saved()


def test_an_answer_that_could_not_be_sent_is_sent_at_the_next_visit(shared_browser: Chrome, world: PortalWorld) -> None:
    world.add_job(count=2)
    desk = Desk(shared_browser, world)
    with world.served() as url:
        desk.sign_in()
        desk.open_job()
        desk.until_all_is_fetched()
        drawn = desk.draw()
        desk.until_saved()
    desk.press("submit")
    soon(lambda: desk.boxes() == 0, 20)
    desk.browser.get("about:blank")
    assert desk.answers() == []
    with world.served(urlsplit(url).port or 0):
        desk.open_job()
        soon(lambda: len(desk.answers()) == 1, 20)
        assert desk.answers()[0]["answerContent"]["boundingBox"] == drawn
        assert desk.boxes() == 0


def test_an_engine_that_dies_and_comes_back(shared_browser: Chrome, world: PortalWorld) -> None:
    world.add_job(count=2)
    desk = Desk(shared_browser, world)
    with world.served() as url:
        desk.sign_in()
        desk.open_job()
    drawn = desk.draw()
    desk.until_saved("Offline: kept in this browser")
    with world.served(urlsplit(url).port or 0):
        desk.until_saved()
        desk.browser.refresh()
        desk.until_task()
        soon(lambda: desk.value() == drawn, 20)


def test_a_page_that_a_dying_engine_did_not_send_is_asked_for_again(
    shared_browser: Chrome, world: PortalWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The task was fetched, its page was not: whoever sat there read that it cannot be loaded, and nothing went on."""
    world.add_job(count=1)
    asked, app = threading.Event(), world.app()

    async def dying(scope: Any, receive: Any, send: Any) -> None:
        if scope["path"].endswith("/page"):
            asked.set()
            await asyncio.sleep(60)
        await app(scope, receive, send)

    desk = Desk(shared_browser, world)
    with monkeypatch.context() as patch:
        patch.setattr(world, "app", lambda: dying)
        with world.served() as url:
            desk.sign_in()
            desk.browser.get(f"{url}/jobs/{JOB}")
            assert asked.wait(30)
    with world.served(urlsplit(url).port or 0):
        desk.until_task()
        assert desk.boxes() == 0


@pytest.mark.parametrize("way", ["in the page", "in another tab"])
def test_a_session_that_ends_while_somebody_works(desk: Desk, world: PortalWorld, way: str) -> None:
    world.add_job(count=2)
    desk.open_job()
    desk.until_all_is_fetched()  # what is still on its way would be refused before anything is drawn
    cookie = desk.browser.get_cookie("gt-session")
    assert cookie
    world.members.sign_out(cookie["value"])
    drawn = desk.draw()
    assert drawn["boundingBoxes"]
    dialog = desk.part("sign-in-dialog")
    soon(lambda: dialog.is_displayed(), 20)
    link = f"{world.url}/sign-in/{world.invitation()}"
    if way == "in the page":
        dialog.find_element("name", "link").send_keys(link)
        dialog.find_element("css selector", "[type=submit]").click()
    else:
        page = desk.browser.current_window_handle
        desk.browser.switch_to.new_window("tab")
        desk.browser.get(link)
        desk.browser.find_element("css selector", "button[type=submit]").click()
        soon(lambda: "/jobs" in desk.browser.current_url, 20)  # a tab that is closed sooner sends nothing
        desk.browser.close()
        desk.browser.switch_to.window(page)
    soon(lambda: not desk.part("sign-in-dialog").is_displayed(), 20)
    desk.until_saved()
    desk.submit()
    soon(lambda: len(desk.answers()) == 1, 20)
    assert desk.answers()[0]["answerContent"]["boundingBox"] == drawn


def test_an_answer_that_the_server_refuses_comes_back(desk: Desk, world: PortalWorld) -> None:
    """A template may let pass what no label can be made of: the worker is told, and nothing is thrown away."""
    from tests.portal_world import BOXES

    world.add_job(count=2, template=BOXES.replace("{{ task.input.labels | to_json | escape }}", "['Dragon']"))
    desk.open_job()
    drawn = desk.draw()
    first = desk.shown()
    desk.press("submit")
    soon(lambda: "Dragon" in desk.text("notice"), 20)
    assert desk.shown() == first
    assert desk.value() == drawn


def test_two_tabs_do_not_write_over_each_other(desk: Desk, world: PortalWorld) -> None:
    world.add_job(count=3)
    desk.open_job()
    first = desk.browser.current_window_handle
    drawn = desk.draw()
    desk.until_saved()
    desk.browser.switch_to.new_window("tab")
    desk.browser.get(f"{world.url}/jobs/{JOB}")
    soon(lambda: "open in another tab" in desk.text("waiting"), 20)
    desk.browser.find_element("css selector", "#waiting button").click()
    desk.until_task()
    soon(lambda: desk.value() == drawn, 20)
    desk.submit()
    desk.browser.close()
    desk.browser.switch_to.window(first)
    assert "goes on there" in desk.text("waiting")
    assert not desk.part("submit").is_enabled()


def test_a_page_that_the_server_refuses_says_why(desk: Desk, world: PortalWorld) -> None:
    world.add_job(count=1, template="{{ task.input.labels | nope }}")
    desk.browser.get(f"{world.url}/jobs/{JOB}")
    soon(lambda: "unknown filter" in desk.text("waiting"), 20)
    desk.browser.find_element("xpath", "//button[.='Decline this task']").click()
    assert desk.part("decline-dialog").is_displayed()
