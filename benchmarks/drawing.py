"""How long crowd-bounding-box takes from a person's action to the picture of it, with many boxes on a large image.

    python benchmarks/drawing.py [--boxes 1000] [--megapixels 40] [--rounds 5] [--out drawing.json]

Chromium without a graphics card, 1280 × 820. Times are those that the browser itself keeps for an input event, until
the next frame was shown (Event Timing); it keeps none for movements and the wheel, where it is the time from the event
until the main thread has drawn its frame. Events under 16 ms are not kept at all and count as 16. `processor` is the
processor time of all of Chromium for one whole action (a drawn box is a dozen events), which other load on the machine
does not change much. On a busy machine, `chrt -r 1 python benchmarks/drawing.py` gives the browser the processors
first.
"""

from __future__ import annotations

import argparse
import http.server
import json
import os
import random
import statistics
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path
from typing import Any

from PIL import Image
from selenium import webdriver
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.actions.wheel_input import ScrollOrigin
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.remote.webelement import WebElement

sys.path.insert(0, str(Path(__file__).parent.parent))

from tests.browser.elements.drawing import SETTLED
from tests.browser.elements.tasks import ELEMENTS
from tests.browser.engines.chromium import Chromium

PAGE = """<!doctype html><meta charset="utf-8"><script type="module" src="/crowd-html-elements.js"></script><crowd-form>
<crowd-bounding-box name="a" src="/image.jpg" labels="['Cat', 'Dog', 'Bird']" initial-value='%s'></crowd-bounding-box>
</crowd-form>"""
FIND = "return document.querySelector('crowd-bounding-box').shadowRoot.querySelector(arguments[0])"
LOADED = """const done = arguments[0]; customElements.whenDefined('crowd-bounding-box')
.then(() => document.querySelector('crowd-bounding-box').loaded).then(() => requestAnimationFrame(done))"""
WATCH = """
window.begin = () => { window.times = []; window.begun = performance.now(); };
const kept = new Set(['pointerdown', 'pointerup', 'keydown']);
new PerformanceObserver((list) => {
  for (const {name, duration, startTime} of list.getEntries()) {
    if (kept.has(name) && startTime >= begun) times.push(duration);
  }
}).observe({type: 'event', durationThreshold: 16});
for (const type of ['pointermove', 'wheel']) addEventListener(type, ({timeStamp}) => requestAnimationFrame(() => {
  const channel = new MessageChannel();
  channel.port1.onmessage = () => times.push(performance.now() - timeStamp);
  channel.port2.postMessage(null);
}), {capture: true, passive: true});
"""


def picture(megapixels: float) -> bytes:
    """A photo's worth of detail: coarse noise over a gradient."""
    width = round((megapixels * 1e6 * 3 / 2) ** 0.5)
    size = (width, round(width * 2 / 3))
    noise = Image.effect_noise((size[0] // 4, size[1] // 4), 60).resize(size)
    shade = Image.linear_gradient("L").resize(size)
    file = BytesIO()
    Image.merge("RGB", (noise, shade, Image.blend(noise, shade, 0.5))).save(file, "JPEG", quality=85)
    return file.getvalue()


def boxes(count: int, width: int, height: int) -> list[dict[str, Any]]:
    dice = random.Random(1)
    across, down = width // 50, height // 50
    return [
        {
            "label": dice.choice(["Cat", "Dog", "Bird"]),
            "left": dice.randrange(width - across),
            "top": dice.randrange(height - down),
            "width": dice.randrange(across // 3, across),
            "height": dice.randrange(down // 3, down),
        }
        for _ in range(count)
    ]


@contextmanager
def served(page: str, image: bytes) -> Iterator[str]:
    """The page, its image and the elements; the address."""
    files = {"/": ("text/html", page.encode()), "/image.jpg": ("image/jpeg", image), "/favicon.ico": ("image/png", b"")}

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            kind, body = files.get(self.path) or ("text/javascript", (ELEMENTS / self.path[1:]).read_bytes())
            self.send_response(200)
            self.send_header("Content-Type", kind)
            self.send_header("Access-Control-Allow-Origin", "*")
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            """Quiet."""

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/"
    server.shutdown()


@contextmanager
def chromium() -> Iterator[webdriver.Chrome]:
    with tempfile.TemporaryDirectory() as profile, Chromium(Path(profile), (1280, 820)) as browser:
        yield browser


def actions(browser: webdriver.Chrome) -> dict[str, Callable[[], None]]:
    stage: WebElement = browser.execute_script(FIND, ".stage")

    def at(x: int, y: int) -> ActionChains:
        return ActionChains(browser, duration=100).move_to_element_with_offset(stage, x, y)

    def keys(*pressed: str, held: str = "") -> None:
        chain = ActionChains(browser, duration=0)
        if held:
            chain.key_down(held)
        chain.send_keys(*pressed)
        if held:
            chain.key_up(held)
        chain.perform()

    def drag(x: int, y: int, *ways: tuple[int, int]) -> None:
        chain = at(x, y).click_and_hold()
        for way in ways:
            chain.move_by_offset(*way)
        chain.release().perform()

    def pan() -> None:
        keys("m")
        drag(0, 0, (50, 30), (50, 30))
        keys("b")

    def wheel() -> None:
        ActionChains(browser).scroll_from_origin(ScrollOrigin.from_element(stage, 30, 20), 0, -200).perform()

    return {
        "move the pointer": lambda: at(-200, -100).move_by_offset(150, 90).perform(),
        "draw a box": lambda: drag(-220, -150, (40, 30), (40, 30), (30, 20)),
        "nudge it": lambda: keys(*[Keys.ARROW_RIGHT] * 5),
        "change its size": lambda: keys(*[Keys.ARROW_RIGHT] * 5, held=Keys.ALT),
        "delete it": lambda: keys(Keys.DELETE),
        "undo": lambda: keys("z", held=Keys.CONTROL),
        "redo": lambda: keys("y", held=Keys.CONTROL),
        "choose a label": lambda: keys("2", "1"),
        "go to the next box": lambda: keys(Keys.TAB, Keys.TAB, Keys.TAB),
        "hide or show a label": lambda: browser.execute_script(FIND, ".labels .eye").click(),
        "zoom by the wheel": wheel,
        "zoom by a key": lambda: keys("z", "z"),
        "pan": pan,
        "fit": lambda: keys("f"),
    }


def processor_time(pid: int) -> float:
    """Milliseconds that a process and all that it started have run so far (Linux)."""
    parents, times = {}, {}
    for entry in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = entry.read_text().rpartition(")")[2].split()
        except OSError:  # it has ended
            continue
        parents[int(entry.parent.name)] = int(fields[1])
        times[int(entry.parent.name)] = int(fields[11]) + int(fields[12])
    family = {pid}
    while more := {child for child, parent in parents.items() if parent in family} - family:
        family |= more
    return 1000 * sum(times.get(member, 0) for member in family) / os.sysconf("SC_CLK_TCK")


def measured(browser: webdriver.Chrome, rounds: int) -> dict[str, dict[str, int]]:
    browser.execute_script(WATCH)
    times: dict[str, list[float]] = {}
    work: dict[str, list[float]] = {}
    for _ in range(rounds):
        for name, act in actions(browser).items():
            browser.execute_script("begin()")
            before = processor_time(browser.service.process.pid)
            act()
            browser.execute_async_script(SETTLED)
            time.sleep(0.1)  # the browser reports input events after their frame
            work.setdefault(name, []).append(processor_time(browser.service.process.pid) - before)
            times.setdefault(name, []).extend(browser.execute_script("return window.times") or [16.0])
    return {
        name: {
            "median": round(statistics.median(found)),
            "most": round(max(found)),
            "events": len(found),
            "processor": round(statistics.median(work[name])),
        }
        for name, found in times.items()
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--boxes", type=int, default=1000)
    parser.add_argument("--megapixels", type=float, default=40)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--out", type=Path)
    arguments = parser.parse_args()
    image = picture(arguments.megapixels)
    width, height = Image.open(BytesIO(image)).size
    page = PAGE % json.dumps(boxes(arguments.boxes, width, height))
    with served(page, image) as address, chromium() as browser:
        begun = time.monotonic()
        browser.get(address)
        browser.execute_async_script(LOADED)
        result = {
            "boxes": arguments.boxes,
            "megapixels": round(width * height / 1e6, 1),
            "load of the machine": round(os.getloadavg()[0], 1),
            "processors": os.cpu_count(),
            "before all else on them": os.sched_getscheduler(0) in {os.SCHED_FIFO, os.SCHED_RR},
            "seconds to the first picture": round(time.monotonic() - begun, 2),
            "milliseconds": measured(browser, arguments.rounds),
        }
    text = json.dumps(result, indent=2)
    print(text)
    if arguments.out:
        arguments.out.write_text(text + "\n")


if __name__ == "__main__":
    main()
