"""A real browser on the deployed stack."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from selenium import webdriver

from gt_cli.stack import LocalStack
from gt_service.store import Store
from tests import seeding
from tests.browser import engines
from tests.browser.engines import ENGINE
from tests.browser.pages import sign_in


@pytest.fixture(scope="module")  # its settings are in the environment: they must be gone when other tests begin
def store(stack: LocalStack) -> Iterator[Store]:
    """The stack's tables, with the notebook's chain under the campaign `birds`."""
    with pytest.MonkeyPatch.context() as environment:
        found = seeding.store_of(stack, environment)
        seeding.notebooks_chain(stack, found, "birds")
        yield found


Open = Callable[..., webdriver.Chrome]


@pytest.fixture(scope="module")
def open_browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Open]:
    """Starts a browser of its own profile: `open_browser(width=390, dark=True)`. It is closed with the file of tests:
    an open page costs processor time for as long as it is open."""
    opened: list[Any] = []

    def start(*, width: int = 1280, height: int = 900, **options: bool) -> Any:
        browser = engines.start(tmp_path_factory.mktemp("profile"), (width, height), **options)
        opened.append(browser)
        return browser

    yield start
    for browser in opened:
        browser.quit()


@pytest.fixture(scope="module")
def signed_in(open_browser: Open, stack: LocalStack, store: Store) -> webdriver.Chrome:
    browser = open_browser()
    sign_in(browser, stack)
    return browser


@pytest.fixture(scope="session")
def screenshots(request: pytest.FixtureRequest) -> Path:
    """Where the pictures are left for people to look at."""
    folder = Path(request.config.rootpath) / "build" / "screenshots" / ("" if ENGINE == "chromium" else ENGINE)
    folder.mkdir(parents=True, exist_ok=True)
    return folder
