"""A real browser on the deployed stack."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from selenium import webdriver
from selenium.webdriver.chrome.options import Options
from selenium.webdriver.chrome.service import Service

from gt_cli.stack import LocalStack
from gt_service.store import Store
from tests import seeding
from tests.browser.pages import sign_in

BROWSER, DRIVER = shutil.which("chromium") or shutil.which("google-chrome"), shutil.which("chromedriver")


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
    if BROWSER is None or DRIVER is None:
        pytest.skip("chromium and chromedriver are not installed (Debian: chromium, chromium-driver)")
    opened: list[webdriver.Chrome] = []

    def start(
        *, width: int = 1280, height: int = 900, dark: bool = False, for_several: bool = False
    ) -> webdriver.Chrome:
        options = Options()
        options.binary_location = str(BROWSER)
        profile = tmp_path_factory.mktemp("profile")
        for argument in (
            "--headless=new",
            "--no-sandbox",
            "--disable-gpu",
            "--disable-dev-shm-usage",
            "--no-proxy-server",
        ):
            options.add_argument(argument)
        options.add_argument(f"--user-data-dir={profile}")
        if dark:
            options.add_argument("--blink-settings=preferredColorScheme=0")
        options.enable_bidi = for_several  # it makes contexts of cookies of their own
        options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
        browser = webdriver.Chrome(options=options, service=Service(executable_path=str(DRIVER)))
        # A headless window is no narrower than 500 px; the phone's width is set as developer tools do it.
        browser.execute_cdp_cmd(
            "Emulation.setDeviceMetricsOverride",
            {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 500},
        )
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
    folder = Path(request.config.rootpath) / "build" / "screenshots"
    folder.mkdir(parents=True, exist_ok=True)
    return folder
