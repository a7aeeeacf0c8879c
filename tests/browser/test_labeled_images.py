"""The labeled images in Chromium, on the deployed stack: looked through, and put right by pointer and by keys alone."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from selenium import webdriver
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.ui import Select, WebDriverWait

from gt_cli.stack import LocalStack
from gt_service.store import Store
from tests.browser.conftest import Open
from tests.browser.pages import AXE, PATIENCE, VIOLATIONS, complaints, sign_in, text, wait_for
from tests.waiting import soon

pytestmark = pytest.mark.integration
GRID = "campaigns/birds/labeled-images"


@pytest.fixture
def browser(signed_in: webdriver.Chrome) -> Iterator[webdriver.Chrome]:
    """Whatever the browser complained of fails the test: a blocked script, style or image."""
    signed_in.get_log("browser")
    yield signed_in
    assert [message for message in complaints(signed_in) if "409" not in message] == []


def image(stack: LocalStack, number: int, query: str = "") -> str:
    return f"{stack.api_url}/{GRID}?{query}image=birds-0001.{number}"


def edit(browser: webdriver.Chrome) -> None:
    # The page's script makes the button.
    soon(lambda: browser.find_elements(By.CSS_SELECTOR, "#correct button"))[0].click()


def drag(browser: webdriver.Chrome, start: tuple[int, int], end: tuple[int, int]) -> None:
    """From one pixel of the image to another."""
    picture = browser.find_element(By.CSS_SELECTOR, "#picture svg")
    browser.execute_script("arguments[0].scrollIntoView({block: 'center'})", picture)
    where = """
        const at = new DOMPoint(...arguments[1]).matrixTransform(arguments[0].getScreenCTM());
        const whole = arguments[0].getBoundingClientRect();
        return [at.x - whole.x - whole.width / 2, at.y - whole.y - whole.height / 2];
    """
    (x, y), (to_x, to_y) = (browser.execute_script(where, picture, point) for point in (start, end))
    action = ActionChains(browser, duration=50)
    action.move_to_element_with_offset(picture, int(x), int(y)).click_and_hold()
    action.move_by_offset(int((to_x - x) / 2), int((to_y - y) / 2)).move_by_offset(
        int((to_x - x) / 2), int((to_y - y) / 2)
    )
    action.release().perform()


def listed(browser: webdriver.Chrome) -> list[str]:
    return [item.text for item in browser.find_elements(By.CSS_SELECTOR, ".boxes button")]


def saved(browser: webdriver.Chrome, words: str) -> None:
    """Presses save, and waits for the page with the label as it is now."""
    browser.find_element(By.CSS_SELECTOR, ".correcting [type=submit]").click()
    wait_for(browser, words)


def shown(stack: LocalStack, query: str) -> dict[str, Any]:
    answer = httpx.get(f"{stack.api_url}/{GRID}?{query}", headers=stack.headers, timeout=PATIENCE)
    found: dict[str, Any] = answer.raise_for_status().json()
    return found


def test_the_campaigns_page_leads_to_its_images_and_filters_narrow_them(
    browser: webdriver.Chrome, stack: LocalStack
) -> None:
    browser.get(f"{stack.api_url}/campaigns/birds")
    browser.find_element(By.LINK_TEXT, "Labeled images").click()
    wait_for(browser, "1 to 24 of 48")
    Select(browser.find_element(By.NAME, "who")).select_by_value("people")
    wait_for(browser, "1 to 16 of 16")
    Select(browser.find_element(By.NAME, "job")).select_by_value("birds-0001")
    wait_for(browser, "1 to 8 of 8")
    browser.find_element(By.CSS_SELECTOR, ".samples a").click()
    wait_for(browser, "Correct it")
    before = browser.current_url
    browser.find_element(By.CSS_SELECTOR, "[rel=next]").click()
    WebDriverWait(browser, PATIENCE).until(lambda page: page.current_url != before)
    assert "who=people" in browser.current_url


def test_a_box_is_drawn_moved_renamed_and_kept(browser: webdriver.Chrome, stack: LocalStack) -> None:
    browser.get(image(stack, 0))
    edit(browser)
    had = listed(browser)
    drag(browser, (4, 200), (30, 225))
    assert len(listed(browser)) == len(had) + 1
    drawn = listed(browser)[-1]
    drag(browser, (17, 212), (57, 212))
    moved = listed(browser)[-1]
    assert moved != drawn
    assert moved.split(" at ")[0] == drawn.split(" at ")[0], "moving does not change its size"
    browser.find_element(By.NAME, "why").send_keys("one was missed")
    saved(browser, "one was missed")
    assert "corrected by" in text(browser)
    (row,) = [row for row in shown(stack, "")["images"] if row["id"] == "birds-0001.0"] or [{"boxes": None}]
    assert row["boxes"] is None or len(row["boxes"]) in {len(had), len(had) + 1}


def test_a_corner_is_dragged_across_the_one_that_faces_it(browser: webdriver.Chrome, stack: LocalStack) -> None:
    """What was its right side is its left one then, and the label stays inside the image."""
    browser.get(image(stack, 4))
    edit(browser)
    drag(browser, (100, 190), (130, 220))
    browser.find_element(By.CSS_SELECTOR, ".boxes li:last-child button").click()
    corner = browser.find_element(By.CSS_SELECTOR, ".handle[data-corner='01']")
    x, y = (float(corner.get_attribute(name) or 0) for name in ("cx", "cy"))
    drag(browser, (int(x), int(y)), (200, 170))
    size, place = listed(browser)[-1].split(", ", 1)[1].split(" at ")
    width, height = map(int, size.split(" × "))
    left, top = map(int, place.split(", "))
    assert abs(left - 130) <= 2
    assert abs(left + width - 200) <= 2
    assert abs(top - 170) <= 2
    assert abs(top + height - 190) <= 2


def test_keys_alone_add_move_size_and_delete(browser: webdriver.Chrome, stack: LocalStack) -> None:
    browser.get(image(stack, 1))
    opener = browser.find_element(By.CSS_SELECTOR, "#correct button")
    opener.send_keys(Keys.ENTER)
    had = listed(browser)
    browser.find_element(By.XPATH, "//button[.='Add a box']").send_keys(Keys.ENTER)
    assert listed(browser)[-1].endswith("80 × 60 at 120, 90")
    keys = ActionChains(browser)
    keys.send_keys(Keys.ARROW_RIGHT, Keys.ARROW_DOWN)
    keys.key_down(Keys.SHIFT).send_keys(Keys.ARROW_LEFT).key_up(Keys.SHIFT)
    keys.key_down(Keys.CONTROL).send_keys(Keys.ARROW_UP).key_up(Keys.CONTROL).perform()
    assert listed(browser)[-1].endswith("80 × 59 at 111, 91")
    ActionChains(browser).send_keys(Keys.DELETE).perform()
    assert listed(browser) == had
    ActionChains(browser).send_keys(Keys.DELETE).perform()
    assert len(listed(browser)) == len(had) - 1
    saved(browser, "corrected by")


def test_who_comes_second_is_told_and_loses_nothing(browser: webdriver.Chrome, stack: LocalStack) -> None:
    """Two people with the same page open."""
    browser.get(image(stack, 2))
    edit(browser)
    body = {"image": "birds-0001.2", "label": {"boxes": []}}
    answer = httpx.post(
        f"{stack.api_url}/campaigns/birds/corrections", json=body, headers=stack.headers, timeout=PATIENCE
    )
    assert answer.status_code == 201
    browser.find_element(By.XPATH, "//button[.='Add a box']").click()
    mine = listed(browser)
    browser.find_element(By.CSS_SELECTOR, ".correcting [type=submit]").click()
    refusal = browser.find_element(By.CSS_SELECTOR, ".correcting .refusal")
    WebDriverWait(browser, PATIENCE).until(lambda _: refusal.is_displayed())
    assert "corrected it at" in refusal.text
    assert listed(browser) == mine
    browser.find_element(By.XPATH, "//button[.='Cancel']").click()
    wait_for(browser, "0 boxes")


def test_corrections_reach_the_grid_by_themselves(browser: webdriver.Chrome, stack: LocalStack) -> None:
    body = {"image": "birds-0001.3", "label": {"boxes": []}, "why": "empty"}
    httpx.post(
        f"{stack.api_url}/campaigns/birds/corrections", json=body, headers=stack.headers, timeout=PATIENCE
    ).raise_for_status()
    until = time.monotonic() + PATIENCE
    while "birds-0001.3" not in [row["id"] for row in shown(stack, "only=nothing")["images"]]:
        assert time.monotonic() < until
        time.sleep(0.5)


@pytest.mark.parametrize("place", [GRID, f"{GRID}?only=corrected", f"{GRID}?image=birds-0002.1"])
@pytest.mark.parametrize(("width", "dark"), [(1280, False), (820, False), (390, False), (1280, True), (390, True)])
def test_pages_fit_and_are_left_to_look_at(
    open_browser: Open, stack: LocalStack, store: Store, screenshots: Path, width: int, dark: bool, place: str
) -> None:
    """Nothing scrolls sideways, also while a label is corrected."""
    browser = _of_width(open_browser, stack, width, dark)
    browser.get(f"{stack.api_url}/{place}")
    if "image=" in place:
        edit(browser)
    over = browser.execute_script("return document.documentElement.scrollWidth - document.documentElement.clientWidth")
    time.sleep(0.5)  # images
    label = place.replace("/", "-").replace("?", "-").replace("=", "-")
    (screenshots / f"{label}-{width}{'-dark' if dark else ''}.png").write_bytes(browser.whole_page())
    assert over <= 0
    assert browser.execute_async_script(AXE + VIOLATIONS) == []


_browsers: dict[tuple[int, bool], webdriver.Chrome] = {}


def _of_width(open_browser: Open, stack: LocalStack, width: int, dark: bool) -> webdriver.Chrome:
    if (width, dark) not in _browsers:
        _browsers[width, dark] = open_browser(width=width, dark=dark)
        sign_in(_browsers[width, dark], stack)
    return _browsers[width, dark]
