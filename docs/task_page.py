"""Makes docs/images/task-page.png: the page that people label on, in Chromium, with a drawn scene on it.

python docs/task_page.py      from the checkout's root
"""

from __future__ import annotations

import shutil
import sys
from collections.abc import Sequence
from io import BytesIO
from pathlib import Path

from PIL import Image, ImageFilter
from selenium import webdriver
from selenium.webdriver import ActionChains
from selenium.webdriver.chrome.options import Options
from selenium.webdriver.chrome.service import Service

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from gt_cli.datasets import scenes  # noqa: E402
from tests.portal_world import JOB, PortalWorld  # noqa: E402
from tests.waiting import soon  # noqa: E402

TARGET = ROOT / "docs" / "images" / "task-page.png"
WINDOW = (1160, 720)
SEED, INDEX, SIDE = 3, 2, 640
PAGE = """<script src="https://assets.crowd.aws/crowd-html-elements.js"></script>
<crowd-form><crowd-bounding-box name="boundingBox" src="{{ task.input.taskObject | grant_read_access }}"
  header="Draw a box around each bird" labels="{{ task.input.labels | to_json | escape }}">
<full-instructions header="Instructions">Draw a box around each bird.</full-instructions>
<short-instructions>Boxes touch the bird on all four sides.</short-instructions>
</crowd-bounding-box></crowd-form>"""
ELEMENT = "const box = arguments[0].getBoundingClientRect(); return [box.left, box.top, box.width, box.height]"
PICTURE = ELEMENT.replace("arguments[0]", 'arguments[0].shadowRoot.querySelector("svg image, canvas, img")')


def main() -> None:
    scene = scenes.scene(SEED, INDEX, side=SIDE)
    world = PortalWorld()
    world.add_job(count=3, template=PAGE, labels=("Bird", "Nest"), image=lambda _: photo(scene))
    browser = open_browser()
    try:
        with world.served() as url:
            browser.get(f"{url}/sign-in/{world.invitation()}")
            browser.find_element("css selector", "button[type=submit]").click()
            soon(lambda: "/jobs" in browser.current_url)
            browser.get(f"{url}/jobs/{JOB}")
            soon(lambda: browser.find_elements("css selector", "iframe[data-place=current]"))
            soon(lambda: browser.find_element("id", "submit").is_enabled())
            browser.switch_to.frame(browser.find_element("css selector", "iframe[data-place=current]"))
            # From right to left: these overlap, and a drag that begins in a box moves it.
            for box in sorted(scene.boxes, key=lambda box: -box[0]):
                draw(browser, box)
            browser.switch_to.default_content()
            soon(lambda: browser.find_element("id", "saved").text.strip() == "Saved")
            screenshot = Image.open(BytesIO(browser.get_screenshot_as_png()))
            screenshot.convert("RGB").save(TARGET, optimize=True)
    finally:
        browser.quit()


def photo(scene: scenes.Scene) -> bytes:
    """The scene without its grain, which no PNG can make small."""
    body = BytesIO()
    Image.fromarray(scene.pixels).filter(ImageFilter.MedianFilter(7)).save(body, "JPEG", quality=95)
    return body.getvalue()


def open_browser() -> webdriver.Chrome:
    options = Options()
    options.binary_location = str(shutil.which("chromium") or shutil.which("google-chrome"))
    for argument in ("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"):
        options.add_argument(argument)
    browser = webdriver.Chrome(options=options, service=Service(executable_path=shutil.which("chromedriver")))
    browser.execute_cdp_cmd(
        "Emulation.setDeviceMetricsOverride",
        {"width": WINDOW[0], "height": WINDOW[1], "deviceScaleFactor": 1, "mobile": False},
    )
    return browser


def draw(browser: webdriver.Chrome, box: Sequence[float]) -> None:
    """Drags a box of the scene (left, top, right, bottom in its pixels) with the mouse."""
    tool = browser.find_element("css selector", "crowd-bounding-box")
    picture, element = (browser.execute_script(script, tool) for script in (PICTURE, ELEMENT))
    scale = picture[2] / SIDE
    # Offsets are from the middle of the element.
    left = picture[0] + box[0] * scale - element[0] - element[2] / 2
    top = picture[1] + box[1] * scale - element[1] - element[3] / 2
    wide, high = round((box[2] - box[0]) * scale), round((box[3] - box[1]) * scale)
    chain = ActionChains(browser, duration=30).move_to_element_with_offset(tool, round(left), round(top))
    chain.click_and_hold().move_by_offset(wide // 2, high // 2)
    chain.move_by_offset(wide - wide // 2, high - high // 2).release().perform()


if __name__ == "__main__":
    main()
