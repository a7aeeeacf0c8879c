"""What every test of the service's pages does in a browser: sign in, read, wait, and ask what it complained of."""

from __future__ import annotations

from importlib.resources import files

import pytest
from selenium import webdriver
from selenium.common.exceptions import NoSuchElementException, StaleElementReferenceException, TimeoutException
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.ui import WebDriverWait

from gt_cli.stack import LocalStack
from tests.waiting import PATIENCE

AXE = (files("axe_core_python") / "axe.min.js").read_text()
VIOLATIONS = """
const done = arguments[arguments.length - 1];
axe.run().then((found) => done(found.violations.map((one) => `${one.id}: ${one.nodes[0].html}`)));
"""


def sign_in(browser: webdriver.Chrome, stack: LocalStack, place: str = "campaigns") -> None:
    browser.get(f"{stack.api_url}/{place}")
    browser.find_element(By.NAME, "token").send_keys(stack.token, Keys.ENTER)
    WebDriverWait(browser, PATIENCE).until(lambda page: "login" not in page.current_url)


def text(browser: webdriver.Chrome) -> str:
    return browser.find_element(By.TAG_NAME, "main").text


def wait_for(browser: webdriver.Chrome, words: str, seconds: float = PATIENCE) -> None:
    stale = [StaleElementReferenceException, NoSuchElementException]
    try:
        WebDriverWait(browser, seconds, ignored_exceptions=stale).until(lambda page: words in text(page))
    except TimeoutException:
        pytest.fail(f"{words!r} is not on the page:\n{text(browser)}\n{browser.get_log('browser')}")


def complaints(browser: webdriver.Chrome) -> list[str]:
    """A blocked script, style or image, an error; each is told once."""
    return [entry["message"] for entry in browser.get_log("browser") if entry["level"] in ("SEVERE", "WARNING")]
