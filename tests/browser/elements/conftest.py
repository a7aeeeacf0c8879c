"""Crowd elements in a real browser, in a frame like the portal's: opaque origin, strict content policy, one port."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from selenium import webdriver

from tests.browser.elements.tasks import SANDBOX, SHELL, Site, TaskPage, serve

Open = Callable[..., webdriver.Chrome]
OpenTask = Callable[..., TaskPage]


@pytest.fixture(scope="session")
def site() -> Iterator[Site]:
    with serve() as found:
        yield found


@pytest.fixture(scope="module")
def browser(open_browser: Open) -> webdriver.Chrome:
    """One browser for a file of tests."""
    return open_browser(width=1280, height=820)


@pytest.fixture
def open_task(browser: webdriver.Chrome, site: Site) -> Iterator[OpenTask]:
    """Opens a template as a task, loaded and started: `open_task("<crowd-form>…</crowd-form>", draft=…)`.

    A script error in any page fails the test, unless `expects_errors=True`.
    """
    opened: list[TaskPage] = []

    def check() -> None:
        for page in opened:
            assert page.expects_errors or page.messages("error") == []
        opened.clear()

    def start(
        template: str, *, using: webdriver.Chrome | None = None, expects_errors: bool = False, **fields: Any
    ) -> TaskPage:
        check()
        page = TaskPage(using or browser, expects_errors)
        page.console()
        page.browser.get(site.put(SHELL % (SANDBOX, site.put_task(template))))
        page.wait("ready")
        page.start(**fields)
        opened.append(page)
        return page

    yield start
    check()
