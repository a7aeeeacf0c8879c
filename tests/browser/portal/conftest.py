"""A worker at a desk: a browser on a served portal, signed in, with the few gestures that labeling takes."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any

import pytest
from selenium.common.exceptions import WebDriverException
from selenium.webdriver import ActionChains, Chrome, Keys
from selenium.webdriver.remote.webelement import WebElement

from tests.browser.conftest import Open
from tests.portal_world import JOB, PortalWorld
from tests.waiting import soon


@dataclass
class Desk:
    browser: Chrome
    world: PortalWorld

    def sign_in(self, name: str = "Ada", **options: Any) -> None:
        self.browser.get(f"{self.world.url}/sign-in/{self.world.invitation(name, **options)}")
        self.browser.find_element("css selector", "button[type=submit]").click()
        soon(lambda: "/jobs" in self.browser.current_url, 20)

    def open_job(self, name: str = JOB) -> None:
        self.browser.get(f"{self.world.url}/jobs/{name}")
        self.until_task()

    # --- the page around the task

    def part(self, name: str) -> WebElement:
        self.browser.switch_to.default_content()
        return self.browser.find_element("id", name)

    def text(self, name: str) -> str:
        return self.part(name).text.strip()

    def press(self, name: str) -> None:
        soon(lambda: self.part(name).is_enabled(), 20)
        self.part(name).click()

    def menu(self, name: str) -> None:
        self.press("more")
        self.press(name)

    def until_task(self) -> None:
        """A task is shown and can be worked on."""
        soon(lambda: self.part("submit").is_enabled(), 30)

    def until_all_is_fetched(self) -> None:
        """The task is the worker's, and the next one is there: no request of opening is still on its way."""
        soon(lambda: "left" in self.text("clock"), 20)
        soon(lambda: self.browser.find_elements("css selector", "iframe[data-place=next]"), 20)

    def until_saved(self, state: str = "Saved") -> None:
        soon(lambda: self.text("saved") == state, 30)

    def submit(self) -> None:
        """Submits, and waits for the next task or for the word that there is none."""
        before = self.shown()
        self.press("submit")
        soon(
            lambda: (
                self.text("waiting") not in ("", "Loading…")
                or (self.shown() not in (None, before) and self.part("submit").is_enabled())
            ),
            30,
            known=lambda: (self.text("notice"), self.text("saved"), self.script_errors()),
        )

    def shown(self) -> str | None:
        """The address of the task that is worked on; None where none is shown."""
        self.browser.switch_to.default_content()
        address: str | None = self.browser.execute_script(
            "const frame = document.querySelector('iframe[data-place=current]');"
            "return document.getElementById('waiting').hidden && frame ? frame.src : null"
        )
        return address

    # --- the task

    def frame(self) -> Chrome:
        """The browser, in the frame of the task."""
        self.browser.switch_to.default_content()
        self.browser.switch_to.frame(self.browser.find_element("css selector", "iframe[data-place=current]"))
        return self.browser

    def draw(self, left: int = -80, top: int = -60, width: int = 140, height: int = 100) -> dict[str, Any]:
        """Draws a box, in pixels of the screen from the middle of the element. Returns the element's value."""
        tool = self.frame().find_element("css selector", "crowd-bounding-box")
        chain = ActionChains(self.browser, duration=20).move_to_element_with_offset(tool, left, top).click_and_hold()
        chain.move_by_offset(width // 2, height // 2).move_by_offset(width - width // 2, height - height // 2)
        chain.release().perform()
        return self.value()

    def value(self) -> dict[str, Any]:
        """Of the task's element, which has one as soon as its script has run."""
        script = "return document.querySelector('crowd-bounding-box')?.value"
        found: dict[str, Any] = soon(lambda: self.frame().execute_script(script), 20)
        return found

    def boxes(self) -> int:
        return len(self.value()["boundingBoxes"])

    def key(self, *keys: str) -> None:
        """Keys of the task. What was pressed around it has the focus until the task has taken it back."""
        frame = self.frame()
        soon(lambda: frame.execute_script("return document.hasFocus()"), 20)
        ActionChains(self.browser).send_keys(*keys).perform()
        self.browser.switch_to.default_content()

    def offline(self, is_offline: bool = True) -> None:
        self.browser.switch_to.default_content()
        self.browser.set_offline(is_offline)  # type: ignore[attr-defined]

    def script_errors(self) -> list[str]:
        entries = self.browser.get_log("browser")  # type: ignore[no-untyped-call]
        return [entry["message"] for entry in entries if entry["level"] == "SEVERE"]

    def drafts(self) -> dict[str, bytes]:
        """The draft files that the portal wrote."""
        return {key: body for key, body in self.world.objects.contents.items() if "/people/drafts/" in key}

    def answers(self) -> list[dict[str, Any]]:
        """The answer files that the portal wrote."""
        import json

        contents = self.world.objects.contents
        return [json.loads(body) for key, body in sorted(contents.items()) if "/people/answers/" in key]


@pytest.fixture(scope="module")
def shared_browser(open_browser: Open) -> Chrome:
    return open_browser()


@pytest.fixture
def world() -> PortalWorld:
    return PortalWorld()


@pytest.fixture
def served(world: PortalWorld) -> Iterator[str]:
    with world.served() as url:
        yield url


@pytest.fixture
def desk(shared_browser: Chrome, world: PortalWorld, served: str) -> Iterator[Desk]:
    """Ada's desk. Its job is still to be added to `world`."""
    desk = Desk(shared_browser, world)
    desk.sign_in()
    yield desk
    desk.offline(False)
    desk.browser.get("about:blank")
    desk.browser.delete_all_cookies()


__all__ = ["AbstractContextManager", "Desk", "Keys", "WebDriverException"]
