"""The status page in Chromium, on the deployed stack: what people see, press and are refused."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from selenium import webdriver
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.ui import WebDriverWait

from gt_cli.stack import LocalStack
from gt_service.outputs.layout import PEOPLE_NOW
from gt_service.records.names import Places
from gt_service.store import Store
from gt_service.store.models import JobItem
from tests import pages_data as data
from tests import seeding
from tests.browser.conftest import Open
from tests.browser.engines import screens
from tests.browser.pages import AXE, PATIENCE, VIOLATIONS, complaints, sign_in, text, wait_for
from tests.world import picture

pytestmark = pytest.mark.integration
PAGES = (
    "campaigns",
    "campaigns/birds",
    "jobs/birds-0002",
    "campaigns/birds/images",
    "estimates?objects=5000&workforce=private",
)


@pytest.fixture
def browser(signed_in: webdriver.Chrome) -> Iterator[webdriver.Chrome]:
    """A signed-in browser; whatever it complained of afterwards fails the test: a blocked script, style or image."""
    signed_in.get_log("browser")
    yield signed_in
    assert complaints(signed_in) == []


def test_the_address_that_up_prints_signs_in_and_leaves_no_token_behind(open_browser: Open, stack: LocalStack) -> None:
    """A newcomer found the pages by guessing, and had to paste a token that scrolls by at the start."""
    browser = open_browser()
    browser.get(stack.sign_in_url)
    WebDriverWait(browser, PATIENCE).until(lambda page: page.current_url == f"{stack.api_url}/campaigns")
    browser.back()
    assert stack.token not in browser.current_url


def test_the_address_signs_in_where_the_page_is_open_already(open_browser: Open, stack: LocalStack) -> None:
    """Pasted into that tab it changed the part behind the # alone, and nothing happened."""
    browser = open_browser()
    browser.get(stack.sign_in_url.partition("#")[0])
    browser.get(stack.sign_in_url)
    WebDriverWait(browser, PATIENCE).until(lambda page: page.current_url == f"{stack.api_url}/campaigns")


def test_signing_in_leads_back_to_the_page_asked_for(open_browser: Open, stack: LocalStack, store: Store) -> None:
    browser = open_browser()
    browser.get(f"{stack.api_url}/campaigns/birds")
    assert "login?next=campaigns/birds" in browser.current_url
    browser.find_element(By.NAME, "token").send_keys("gts_wrong", Keys.ENTER)
    WebDriverWait(browser, PATIENCE).until(lambda page: page.find_elements(By.CSS_SELECTOR, "[role=alert]"))
    browser.find_element(By.NAME, "token").send_keys(stack.token, Keys.ENTER)
    WebDriverWait(browser, PATIENCE).until(lambda page: page.current_url.endswith("/campaigns/birds"))
    (cookie,) = browser.get_cookies()
    assert (cookie["httpOnly"], cookie["sameSite"]) == (True, "Strict")
    assert browser.execute_script("return document.cookie") == ""


def test_campaign_page_compares_its_jobs(browser: webdriver.Chrome, stack: LocalStack) -> None:
    browser.get(f"{stack.api_url}/campaigns/birds")
    shown = text(browser)
    for words in ("birds-0001", "birds-0002-control", "48 %", "80 %", "60 %", "$170.20", "$0.102", "paused"):
        assert words in shown
    assert len(browser.find_elements(By.CSS_SELECTOR, "svg.chart rect.bar.machine")) == 2


def test_job_page_shows_report_and_images_with_their_boxes(browser: webdriver.Chrome, stack: LocalStack) -> None:
    browser.get(f"{stack.api_url}/jobs/birds-0002")
    for words in ("Audit", "Workers", "Iterations", "Sample images", "by the machine"):
        assert words in text(browser)
    loaded = """
        const done = arguments[0], images = [...document.querySelectorAll("svg.sample image")];
        Promise.all(images.map((one) => {
          const image = new Image();
          image.src = one.href.baseVal;
          return image.decode().then(() => image.naturalWidth);
        })).then(done, (error) => done(String(error)));
    """
    assert browser.execute_async_script(loaded) == [320] * 8


def test_buttons_ask_first_and_do_what_they_say(browser: webdriver.Chrome, stack: LocalStack) -> None:
    """By keyboard alone: open, escape, open again, confirm."""
    browser.get(f"{stack.api_url}/campaigns/birds")
    resume = browser.find_element(By.CSS_SELECTOR, "[data-opens=ask-resume]")
    resume.send_keys(Keys.ENTER)
    dialog = browser.find_element(By.ID, "ask-resume")
    WebDriverWait(browser, PATIENCE).until(lambda _: dialog.is_displayed())
    assert "start a labeling job" in dialog.text
    browser.switch_to.active_element.send_keys(Keys.ESCAPE)
    WebDriverWait(browser, PATIENCE).until(lambda _: not dialog.is_displayed())
    resume.send_keys(Keys.ENTER)
    dialog.find_element(By.CSS_SELECTOR, "[type=submit]").send_keys(Keys.ENTER)
    wait_for(browser, "active")
    browser.find_element(By.CSS_SELECTOR, "[data-opens=ask-pause]").click()
    browser.find_element(By.CSS_SELECTOR, "#ask-pause [type=submit]").click()
    wait_for(browser, "paused")


def test_a_refusal_stays_in_the_dialog_with_its_remedy(
    browser: webdriver.Chrome, stack: LocalStack, store: Store
) -> None:
    seeding.campaign(store, "ended")
    browser.get(f"{stack.api_url}/campaigns/ended")
    answer = httpx.post(f"{stack.api_url}/campaigns/ended/stop", headers=stack.headers, timeout=PATIENCE)
    assert answer.status_code == 202
    browser.find_element(By.CSS_SELECTOR, "[data-opens=ask-resume]").click()
    browser.find_element(By.CSS_SELECTOR, "#ask-resume [type=submit]").click()
    refusal = browser.find_element(By.CSS_SELECTOR, "#ask-resume .refusal")
    WebDriverWait(browser, PATIENCE).until(lambda _: refusal.is_displayed())
    assert "begin a new campaign" in refusal.text
    assert [entry for entry in browser.get_log("browser") if "409" not in entry["message"]] == []


def test_a_running_job_is_followed_until_it_ends(browser: webdriver.Chrome, stack: LocalStack, store: Store) -> None:
    """The page asks again every five seconds, shows what changed, and stops asking when nothing can change."""
    seeding.campaign(store, "bees")
    seeding.batch(store, "bees", 1)
    running = {**data.chain()[3], "batch": 1, "role": "first", "output_s3_uri": "s3://none/bees/output/bees-0001"}
    seeding.job(store, running, "bees")
    browser.get(f"{stack.api_url}/jobs/bees-0001")
    assert "600 of 1,250" in text(browser)
    item = store.tables.jobs(campaign="bees", name="bees-0001")
    item.update(actions=[JobItem.counters.set(data.counters(200, 500))])
    wait_for(browser, "700 of 1,250")
    item.update(
        actions=[
            JobItem.state.set("Completed"),
            JobItem.counters.set(data.counters(250, 1000)),
            JobItem.cost.set(127_000),
            JobItem.report_uri.set(store.jobs.get("birds-0002").report_uri),
        ]
    )
    wait_for(browser, "Audit")
    assert browser.find_element(By.ID, "live").get_attribute("hx-trigger") is None


def test_an_unchanged_page_is_answered_with_304(stack: LocalStack, store: Store) -> None:
    cookies, wanted = {"gt-service-token": stack.token}, {"Accept": "text/html"}
    first = httpx.get(f"{stack.api_url}/campaigns/birds", headers=wanted, cookies=cookies, timeout=PATIENCE)
    again = httpx.get(
        f"{stack.api_url}/campaigns/birds",
        headers={**wanted, "If-None-Match": first.headers["ETag"]},
        cookies=cookies,
        timeout=PATIENCE,
    )
    assert (first.status_code, again.status_code, again.content) == (200, 304, b"")


def test_the_same_address_answers_programs_in_json(stack: LocalStack, store: Store) -> None:
    answer = httpx.get(f"{stack.api_url}/campaigns/birds", headers=stack.headers, timeout=PATIENCE)
    assert answer.json()["name"] == "birds"


def test_people_at_work_fit_every_screen_and_a_screen_reader(
    browser: webdriver.Chrome, stack: LocalStack, store: Store, screenshots: Path
) -> None:
    """With all that may be told of them: long names of jobs, reasons of declines, the team's page."""
    seeding.campaign(store, "wrens")
    seeding.batch(store, "wrens", 1)
    running = {**data.chain()[3], "batch": 1, "role": "first", "counters": data.counters(200, 500)}
    seeding.job(store, running, "wrens")
    figures = {"at": "2026-05-01T09:00:00+00:00", "at_work": 2, "offered": 1250, "in_work": 40, "done": 260}
    figures |= {"answers": 600, "last_hour": 140, "active_seconds": 9000.0, "workers_per_object": 2, "given_up": 3}
    figures |= {"declines": {"The instructions do not say what to do here": 3, "The image cannot be shown": 2}}
    place = Places(stack.outputs["ResultsBucket"], "wrens").job_output("wrens-0001") / PEOPLE_NOW
    body = json.dumps({**figures, "portal": "https://labels.example.org"}).encode()
    stack.session.client("s3").put_object(Bucket=place.bucket, Key=place.key, Body=body)
    try:
        for width, dark in screens((1280, False), (1280, True), (820, False), (820, True), (390, False), (390, True)):
            browser.as_screen((width, 820), dark=dark)
            browser.get(f"{stack.api_url}/campaigns/wrens")
            assert "The image cannot be shown" in text(browser)
            name = f"campaigns-wrens-{width}{'-dark' if dark else ''}.png"
            (screenshots / name).write_bytes(browser.whole_page())
            wide = "return document.documentElement.scrollWidth - document.documentElement.clientWidth"
            assert browser.execute_script(wide) <= 0
            assert _faults(browser) == []
        browser.get(f"{stack.api_url}/jobs/birds-0002")
        assert _faults(browser) == []
    finally:
        browser.as_screen((1280, 900))


def test_a_campaign_is_created_and_changed(browser: webdriver.Chrome, stack: LocalStack, screenshots: Path) -> None:
    """Errors are beside their fields and what was typed stays; who saves over another's change is told."""

    def type_in(**typed: str) -> None:
        for name, value in typed.items():
            field = browser.find_element(By.NAME, name)
            field.clear()
            field.send_keys(value)
        browser.find_element(By.ID, "preview").click()

    def until_shown(place: str) -> str:
        element = browser.find_element(By.ID, place)
        WebDriverWait(browser, PATIENCE).until(lambda _: element.is_displayed())
        return element.text

    browser.get(f"{stack.api_url}/campaigns")
    browser.find_element(By.LINK_TEXT, "New campaign").click()
    WebDriverWait(browser, PATIENCE).until(lambda page: page.find_elements(By.ID, "preview"))
    type_in(name="storks", workforce=seeding.TEAM, budget="-5")
    assert "greater than 0" in until_shown("error-field-budget")
    assert "required" in until_shown("error-field-labels")
    type_in(labels="Stork\nDuck, brown", budget="20")
    assert "start labeling job storks-0001" in until_shown("shown")
    browser.find_element(By.CSS_SELECTOR, "form.spec summary").click()
    try:
        for width, dark in screens((1280, True), (820, False), (390, False)):
            browser.as_screen((width, 820), dark=dark)
            name = f"new-campaign-{width}{'-dark' if dark else ''}.png"
            (screenshots / name).write_bytes(browser.whole_page())
            wide = "return document.documentElement.scrollWidth - document.documentElement.clientWidth"
            assert browser.execute_script(wide) <= 0
        assert _faults(browser) == []
    finally:
        browser.as_screen((1280, 900))
    browser.find_element(By.ID, "save").click()
    wait_for(browser, "of $20.00")
    address = f"{stack.api_url}/campaigns/storks"
    file = httpx.get(f"{address}/spec", headers=stack.headers, timeout=PATIENCE)
    assert 'labels: [Stork, "Duck, brown"]' in file.json()["text"]
    browser.find_element(By.LINK_TEXT, "Change").click()
    WebDriverWait(browser, PATIENCE).until(lambda page: page.find_elements(By.ID, "preview"))
    type_in(budget="30")
    assert "20 → 30" in until_shown("shown")
    sent = {**stack.headers, "Content-Type": "application/yaml"}
    body = file.json()["text"] + "# agreed with Ada\n"
    assert httpx.put(address, content=body, headers=sent, timeout=PATIENCE).status_code == 200
    browser.find_element(By.ID, "save").click()
    assert "omebody else" in until_shown("refused")
    assert browser.find_element(By.NAME, "budget").get_property("value") == "30"
    browser.get("about:blank")  # the driver answers the question whether to leave what was typed
    refusals = [entry for entry in browser.get_log("browser") if entry["level"] in ("SEVERE", "WARNING")]
    assert all(" 412 " in entry["message"] or " 422 " in entry["message"] for entry in refusals)


def test_a_folder_is_uploaded_and_known_when_it_comes_again(
    browser: webdriver.Chrome, stack: LocalStack, store: Store, tmp_path: Path
) -> None:
    """While the page goes on asking how the campaign stands; what is no image is told without being sent."""
    seeding.campaign(store, "herons")
    for name, body in (("1.png", picture(1)), ("2.png", picture(2)), ("notes.txt", b"x"), (".DS_Store", b"x")):
        (tmp_path / name).write_bytes(body)
    browser.get(f"{stack.api_url}/campaigns/herons")
    browser.find_element(By.ID, "folder").send_keys(str(tmp_path))
    wait_for(browser, "2 of 3 uploaded, 1 refused.")
    assert "notes.txt Neither JPEG nor PNG" in browser.find_element(By.ID, "upload-refused").text
    assert _faults(browser) == []
    browser.find_element(By.ID, "folder").send_keys(str(tmp_path))
    wait_for(browser, "0 of 3 uploaded, 2 there already, 1 refused.")
    wait_for(browser, "Open batch\n2")


def _faults(browser: webdriver.Chrome) -> list[str]:
    browser.execute_script(AXE)
    found: list[str] = browser.execute_async_script(VIOLATIONS)
    return found


@pytest.mark.parametrize("name", PAGES)
@pytest.mark.parametrize(("width", "dark"), [(1280, False), (390, False), (1280, True)])
def test_pages_fit_and_are_left_to_look_at(
    open_browser: Open, stack: LocalStack, store: Store, screenshots: Path, width: int, dark: bool, name: str
) -> None:
    """Nothing scrolls sideways but the tables themselves."""
    browser = _of_width(open_browser, stack, width, dark)
    browser.get(f"{stack.api_url}/{name}")
    over = browser.execute_script("return document.documentElement.scrollWidth - document.documentElement.clientWidth")
    ground = browser.execute_script("return getComputedStyle(document.documentElement).backgroundColor")
    time.sleep(0.3)  # images
    label = f"{name.split('?')[0].replace('/', '-')}-{width}{'-dark' if dark else ''}"
    (screenshots / f"{label}.png").write_bytes(browser.whole_page())
    assert over <= 0
    if name == "campaigns/birds/images" or width >= 1280:  # "What to do" and "Started" were cut off
        hidden = "return [...document.querySelectorAll('.table')].map((one) => one.scrollWidth - one.clientWidth)"
        assert max(browser.execute_script(hidden), default=0) <= 0
    assert (sum(int(part) for part in ground.strip("rgb()").split(",")[:3]) < 200) is dark


_browsers: dict[tuple[int, bool], webdriver.Chrome] = {}


def _of_width(open_browser: Open, stack: LocalStack, width: int, dark: bool) -> webdriver.Chrome:
    if (width, dark) not in _browsers:
        _browsers[width, dark] = open_browser(width=width, dark=dark)
        sign_in(_browsers[width, dark], stack)
    return _browsers[width, dark]
