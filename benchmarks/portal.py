"""How long a labeler waits between two images, in a real browser: from Submit to the next image drawn.

    python benchmarks/portal.py [--images 20] [--megapixels 12] [--delay 30] [--out portal.json]

A portal in memory, Chromium without a graphics card, 1280 × 820. Each answer of the server is held back by `--delay`
milliseconds, as a network would. Measured from the press on Submit until the next task's own page, shown, has drawn two
frames; its picture was decoded before. One box is drawn on each image first. What the browser asks of the server for
each image is counted as well: on functions, each request is an invocation.
"""

from __future__ import annotations

import json
import shutil
import statistics
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click
from selenium import webdriver
from selenium.webdriver import ActionChains
from selenium.webdriver.chrome.options import Options
from selenium.webdriver.chrome.service import Service

sys.path.insert(0, str(Path(__file__).parents[1]))

from tests.pictures import painting, saved
from tests.portal_world import BOXES, PortalWorld

DRAWN = """
<script>
addEventListener("focus", () => requestAnimationFrame(() => requestAnimationFrame(() => {
  window.drawnAt ??= performance.timeOrigin + performance.now();
})));
</script>
"""
PRESS = "const at = performance.timeOrigin + performance.now(); document.getElementById('submit').click(); return at"


def soon(look: Callable[[], Any], seconds: float = 30) -> Any:
    ends = time.monotonic() + seconds
    while not (found := look()):
        if time.monotonic() > ends:
            raise TimeoutError
        time.sleep(0.05)
    return found


def counted(world: PortalWorld) -> Counter[str]:
    """Counts what is asked of the world's portal, by method and the last word of the path."""
    requests: Counter[str] = Counter()
    app = world.app

    def counting() -> Any:
        inner = app()

        async def call(scope: Any, receive: Any, send: Any) -> None:
            if scope["type"] == "http":
                requests[f"{scope['method']} {scope['path'].rpartition('/')[2]}"] += 1
            await inner(scope, receive, send)

        return call

    world.app = counting  # type: ignore[method-assign]
    return requests


def browser(profile: str) -> webdriver.Chrome:
    options = Options()
    options.binary_location = str(shutil.which("chromium") or shutil.which("google-chrome"))
    for argument in ("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-proxy-server"):
        options.add_argument(argument)
    options.add_argument(f"--user-data-dir={profile}")
    return webdriver.Chrome(options=options, service=Service(executable_path=str(shutil.which("chromedriver"))))


def draw(page: webdriver.Chrome) -> None:
    page.switch_to.frame(page.find_element("css selector", "iframe[data-place=current]"))
    tool = page.find_element("css selector", "crowd-bounding-box")
    chain = ActionChains(page, duration=20).move_to_element_with_offset(tool, -80, -60).click_and_hold()
    chain.move_by_offset(70, 50).move_by_offset(70, 50).release().perform()
    page.switch_to.default_content()


@click.command()
@click.option("--images", default=20, show_default=True)
@click.option("--megapixels", default=12.0, show_default=True)
@click.option("--delay", default=30, show_default=True, help="Milliseconds that the network takes for each answer.")
@click.option("--out", default=None, type=click.Path(path_type=Path))
def main(images: int, megapixels: float, delay: int, out: Path | None) -> None:
    width = round((megapixels * 1_000_000 * 4 / 3) ** 0.5)
    size = (width, width * 3 // 4)
    world = PortalWorld()
    world.add_job(
        template=BOXES + DRAWN,
        count=images + 1,
        image=lambda n: saved(painting(n % 3, size), "JPEG", quality=85),
        size=size,
    )
    requests = counted(world)
    waits = []
    with tempfile.TemporaryDirectory() as profile, world.served() as url:
        page = browser(profile)
        try:
            page.set_window_size(1280, 820)
            page.set_script_timeout(60)
            page.get(f"{url}/sign-in/{world.invitation()}")
            page.find_element("css selector", "button[type=submit]").click()
            soon(lambda: "/jobs" in page.current_url)
            page.execute_cdp_cmd("Network.enable", {})
            page.execute_cdp_cmd(
                "Network.emulateNetworkConditions",
                {"offline": False, "latency": delay, "downloadThroughput": -1, "uploadThroughput": -1},
            )
            page.get(f"{url}/jobs/birds-0001")
            soon(lambda: page.find_elements("css selector", "#submit:enabled"))
            requests.clear()
            for _ in range(images):
                soon(lambda: page.find_element("id", "submit").is_enabled())
                draw(page)
                time.sleep(1.5)  # a fast labeler; the next image comes meanwhile
                before = page.find_element("css selector", "iframe[data-place=current]")
                pressed = page.execute_script(PRESS)
                soon(lambda before=before: page.find_element("css selector", "iframe[data-place=current]") != before)
                page.switch_to.frame(page.find_element("css selector", "iframe[data-place=current]"))
                waits.append(soon(lambda: page.execute_script("return window.drawnAt")) - pressed)
                page.switch_to.default_content()
            per_image = {what: round(count / images, 2) for what, count in sorted(requests.items())}
        finally:
            page.quit()
    ordered = sorted(waits)
    result = {
        "images": images,
        "megapixels": megapixels,
        "network_delay_ms": delay,
        "submit_to_next_image_ms": {
            "median": round(statistics.median(ordered)),
            "p90": round(ordered[int(len(ordered) * 0.9)]),
            "most": round(ordered[-1]),
        },
        "requests_per_image": {**per_image, "all": round(sum(per_image.values()), 2)},
    }
    text = json.dumps(result, indent=1) + "\n"
    print(text, end="")
    if out:
        out.write_text(text)


if __name__ == "__main__":
    main()
