"""A folder labeled, from the command to its files, by people at browsers and the machine, with a power cut midway.

    make people [ARGS="--images 400 --seed 41 --look 1.5 --out benchmarks/results/people.json"]

`gt-service label` as a user types it, on drawn scenes whose boxes this script alone knows. Two people follow the links
that it prints, each in a Chromium of their own; they know an image by its bytes, as a person does by looking, draw its
boxes with the pointer, a little beside the true ones, and submit with Enter. Midway the command, all that it started
and the first one's browser are killed (kill -9) and the command is given again: the first one signs in anew, the
other's page was never closed and goes on by itself.

What is promised is checked at the end, and an error where it is not so. People look for `--look` seconds and draw as
fast as a script: the seconds of an image say what the pages take, not what people do.
"""

from __future__ import annotations

import hashlib
import json
import os
import platform
import random
import re
import shutil
import statistics
import tempfile
import threading
import time
import urllib.request
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click
import numpy as np
from pycocotools.coco import COCO
from selenium import webdriver
from selenium.webdriver import ActionChains, Keys
from selenium.webdriver.chrome.options import Options
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.actions.action_builder import ActionBuilder

from gt_cli.datasets import LabeledImage, read_boxes
from gt_cli.demo.sources import SCENE_LABEL, draw_all
from gt_engine.autolabel.boxes.geometry import f1_loss, matches
from gt_engine.labels import BoxLabel, box_label
from tests.label_command import LabelCommand, descendants, kill, running
from tests.waiting import soon

PATIENCE = 1200
HAND = 0.015
"""By so much of a box's side people draw beside its edges (standard deviation)."""
KILLED_AFTER = 0.2
"""The share of all images that is answered when everything is killed: half of what people label."""

# In the frame of a task: when it was shown and has been drawn, and when Enter was pressed. Milliseconds since 1970.
TIMES = """
const now = () => performance.timeOrigin + performance.now();
const picture = () => document.querySelector("crowd-bounding-box")?.shadowRoot?.querySelector("img");
const drawn = () => requestAnimationFrame(() => requestAnimationFrame(() => {
  if (picture()?.complete && picture().naturalWidth) window.shownAt ??= now();
  else drawn(); // a frame that was not loaded ahead has the keyboard before it has a picture
}));
addEventListener("focus", drawn);
addEventListener("keydown", ({ key }) => { if (key === "Enter") window.pressedAt = now(); }, true);
"""
SHOWN = """
const frame = document.querySelector("iframe[data-place=current]"), submit = document.getElementById("submit");
return document.getElementById("waiting").hidden && frame && !submit.disabled ? frame : null;
"""
# Two tasks lie beside each other as fast as one can look, so that only words tell of a pause.
PAUSES = """
const card = document.getElementById("waiting");
return !card.hidden && card.querySelector("h2").textContent !== "Loading…";
"""
TASK = """
const element = document.querySelector("crowd-bounding-box");
const [image, area] = ["img", "canvas.upper-canvas"].map((part) => element?.shadowRoot?.querySelector(part));
if (!image?.complete || !image.naturalWidth || !area || !document.hasFocus()) return null;
if (!window.shownAt) drawn(); // the first frame has the keyboard before it has a page
if (!window.shownAt) return null;
const { left, top, width, height } = area.getBoundingClientRect();
return { src: image.currentSrc, left, top, scale: width / image.naturalWidth, value: element.value,
  right: innerWidth, bottom: innerHeight, shownAt: window.shownAt };
"""
VALUE = 'return document.querySelector("crowd-bounding-box").value.boundingBoxes'

Box = tuple[float, float, float, float]
"""Left, top, width, height in pixels of the image."""


class NotAsPromised(AssertionError):
    """What the script found is not what the product says."""


def check(is_so: object, what: str) -> None:
    if not is_so:
        raise NotAsPromised(what)


@dataclass(frozen=True)
class Answer:
    """A task of one person: the image's name; when it was shown, and when Enter was pressed (seconds since 1970).

    waited  seconds from the Enter before to this image drawn; None where something lay between
    """

    image: str
    shown: float
    pressed: float
    waited: float | None


@dataclass
class Person:
    """Somebody at a browser, who knows the right boxes of every image by its bytes."""

    name: str
    known: Mapping[str, LabeledImage]
    folder: Path
    hand: random.Random
    looks: float
    answers: list[Answer] = field(default_factory=list)
    drafts_back: int = 0
    holds: str | None = None
    browser: webdriver.Chrome = field(init=False)

    def sit_down(self) -> None:
        """A browser with nothing in it."""
        options = Options()
        options.binary_location = str(shutil.which("chromium") or shutil.which("google-chrome"))
        for argument in ("headless=new", "no-sandbox", "disable-gpu", "disable-dev-shm-usage", "no-proxy-server"):
            options.add_argument(f"--{argument}")
        options.add_argument(f"--user-data-dir={tempfile.mkdtemp(dir=self.folder)}")
        # Else frames without an origin are in processes of their own, where TIMES is not heard of.
        options.add_argument("--disable-features=IsolateSandboxedIframes")
        self.browser = webdriver.Chrome(options=options, service=Service(str(shutil.which("chromedriver"))))
        self.browser.set_window_size(1280, 820)
        self.browser.execute_cdp_cmd("Page.addScriptToEvaluateOnNewDocument", {"source": TIMES})

    def lose_browser(self) -> None:
        process = self.browser.service.process.pid
        kill([process, *descendants(process)])

    def sign_in(self, link: str) -> None:
        self.browser.get(link)
        self.browser.find_element("css selector", "button[type=submit]").click()
        soon(lambda: "/jobs" in self.browser.current_url, PATIENCE)

    def start_working(self, is_over: Callable[[], bool]) -> None:
        """Who is let in before there is work waits at the list, which looks by itself every 15 seconds."""

        def begun() -> bool:
            if "/jobs/" in self.browser.current_url:
                return True
            for button in self.browser.find_elements("css selector", "article.job a[role=button]:not(.secondary)"):
                button.click()
                return True
            return is_over()

        soon(begun, PATIENCE)

    def work(self, is_over: Callable[[], bool]) -> None:
        """Labels what is shown until it is over."""
        last = None
        while not is_over():
            last = self.label_one(last)

    def label_one(self, last: float | None) -> float | None:
        """Answers the task that is shown, if there is one; answers when, or None where there is none now."""
        if not self._is_shown():
            time.sleep(0.1)
            return None if self.browser.execute_script(PAUSES) else last
        picture, task = self._drawn()
        ActionChains(self.browser, duration=0).send_keys(Keys.ENTER).perform()
        pressed = soon(lambda: self.browser.execute_script("return window.pressedAt"), 20) / 1000
        shown = task["shownAt"] / 1000
        self.answers.append(Answer(picture.name, shown, pressed, None if last is None else shown - last))
        frame = task["frame"]
        self.browser.switch_to.default_content()
        soon(lambda: self.browser.execute_script("return arguments[0].dataset.place !== 'current'", frame), 20)
        return float(pressed)

    def draw_and_hold(self, is_over: Callable[[], bool]) -> None:
        """Draws on the next image, until that is saved, and submits nothing."""
        soon(lambda: self._is_shown() or is_over(), PATIENCE)
        picture, _ = self._drawn()
        self.browser.switch_to.default_content()
        soon(lambda: self.browser.find_element("id", "saved").text == "Saved", 30)
        self.holds = picture.name

    def _is_shown(self) -> bool:
        self.browser.switch_to.default_content()
        return self.browser.execute_script(SHOWN) is not None

    def _drawn(self) -> tuple[LabeledImage, dict[str, Any]]:
        """Draws the boxes of the task that is shown; leaves the browser in its frame."""
        frame = self.browser.execute_script(SHOWN)
        corner = frame.rect
        self.browser.switch_to.frame(frame)
        task = soon(lambda: self.browser.execute_script(TASK), 60)
        picture = self._recognized(task["src"])
        there = len(task["value"]["boundingBoxes"])
        if there:
            check(self.holds == picture.name, f"{self.name}: boxes on {picture.name} that nobody drew")
            self.drafts_back += 1
        wanted = [self._by_hand(box) for box in _boxes(picture)[there:]]
        time.sleep(self.looks)
        if wanted:
            self.browser.switch_to.default_content()  # of a frame the driver does not always know the place
            self._drag(task, corner, wanted, with_shift=len(wanted) + there > 1)
            self.browser.switch_to.frame(frame)
        drawn = self.browser.execute_script(VALUE)
        if not _agree(picture, drawn):
            self.browser.switch_to.default_content()
            self.browser.save_screenshot(str(self.folder / f"{picture.name}.png"))
            raise NotAsPromised(f"{self.name} drew on {picture.name}: {wanted} and it shows {drawn}")
        return picture, task | {"frame": frame}

    def _recognized(self, src: str) -> LabeledImage:
        def fetched() -> bytes | None:
            try:
                with urllib.request.urlopen(src, timeout=30) as answer:
                    return bytes(answer.read())
            except OSError:  # nobody is there for the time of the power cut
                return None

        return self.known[hashlib.sha256(soon(fetched, PATIENCE)).hexdigest()]

    def _by_hand(self, box: Box) -> Box:
        left, top, width, height = box
        edges = (left, top, left + width, top + height)
        sides = (width, height, width, height)
        x0, y0, x1, y1 = (edge + self.hand.gauss(0, HAND) * side for edge, side in zip(edges, sides, strict=True))
        return x0, y0, x1 - x0, y1 - y0

    def _drag(
        self, task: Mapping[str, Any], corner: Mapping[str, float], boxes: Sequence[Box], *, with_shift: bool
    ) -> None:
        """Shift draws where a box is already, instead of moving that."""

        def on_screen(x: float, y: float) -> tuple[int, int]:
            across = min(max(task["left"] + x * task["scale"], 0), task["right"] - 1)
            down = min(max(task["top"] + y * task["scale"], 0), task["bottom"] - 1)
            return round(corner["x"] + across), round(corner["y"] + down)

        if with_shift:
            ActionChains(self.browser, duration=0).key_down(Keys.SHIFT).perform()
        actions = ActionBuilder(self.browser, duration=10)
        for left, top, width, height in boxes:
            actions.pointer_action.move_to_location(*on_screen(left, top))
            actions.pointer_action.pointer_down()
            actions.pointer_action.move_to_location(*on_screen(left + width / 2, top + height / 2))
            actions.pointer_action.move_to_location(*on_screen(left + width, top + height))
            actions.pointer_action.pointer_up()
        actions.perform()
        if with_shift:
            ActionChains(self.browser, duration=0).key_up(Keys.SHIFT).perform()


def _agree(picture: LabeledImage, drawn: Sequence[Mapping[str, float]]) -> bool:
    """Whether the boxes that the page shows are those that were meant."""
    shown = [(box["left"], box["top"], box["width"], box["height"]) for box in drawn]
    ious = [iou for *_, iou in matches(_label(picture, shown), _label(picture, _boxes(picture)))]
    return len(shown) == len(picture.boxes) == len(ious) and min(ious) > 0.6


def _boxes(picture: LabeledImage) -> list[Box]:
    return [(box.left, box.top, box.width, box.height) for box in picture.boxes]


# ---------------------------------------------------------------- the campaign


def labeled(folder: Path, people: Sequence[Person], images: int, options: Sequence[str]) -> LabelCommand:
    """The whole of it; the command that came to its end."""
    first, other = people
    over, cut, failed = threading.Event(), threading.Event(), list[BaseException]()

    def starting(person: Person, link: str, then: Callable[[], None]) -> threading.Thread:
        def run() -> None:
            try:
                person.sign_in(link)
                person.start_working(over.is_set)
                then()
            except BaseException as error:
                failed.append(error)
                raise

        thread = threading.Thread(target=run, name=person.name, daemon=True)
        thread.start()
        return thread

    def enough() -> bool:
        return sum(len(person.answers) for person in people) >= KILLED_AFTER * images or over.is_set()

    def until_cut() -> None:
        first.work(enough)
        first.draw_and_hold(over.is_set)
        cut.set()

    try:
        for person in people:
            person.sit_down()
        with running(folder, 1, SCENE_LABEL, *options) as command:
            links = command.links()
            starting(first, links[0], until_cut)
            threads = [starting(other, links[1], lambda: other.work(over.is_set))]
            soon(lambda: cut.is_set() or failed or command.process.poll() is not None, 3600)
            check(cut.is_set() and not failed, f"before the power cut: {failed} {command.output()}")
            command.kill_everything()
            first.lose_browser()
        first.sit_down()
        with running(folder, 2, SCENE_LABEL, *options) as command:
            threads.append(starting(first, command.links()[0], lambda: first.work(over.is_set)))
            soon(lambda: command.process.poll() is not None or failed, 3600)
            check(not failed, f"after the power cut: {failed} {command.output()}")
            check(command.process.returncode == 0, command.output())
            over.set()
            for thread in threads:
                thread.join(60)
        return command
    finally:
        over.set()
        for person in people:
            person.browser.quit()


# ---------------------------------------------------------------- what was promised


def figures(command: LabelCommand, people: Sequence[Person], pictures: Sequence[LabeledImage]) -> dict[str, Any]:
    """Holds what lies in the folder against what was drawn and what is true. Errors: `NotAsPromised`."""
    out = command.folder / "photos-labels"
    gold = {picture.name: _label(picture, _boxes(picture)) for picture in pictures}
    lines = [json.loads(line) for line in (out / "labels.manifest").read_text("utf-8").splitlines()]
    by_machine = {_name(line): line for line in lines if line["category-metadata"]["human-annotated"] == "no"}
    by_people = {_name(line): line for line in lines if line["category-metadata"]["human-annotated"] == "yes"}
    check(by_machine.keys() | by_people.keys() == gold.keys(), "an image has no label")
    check(len(lines) == len(gold), "an image has two labels")
    check(by_machine, "the machine labeled nothing")
    drawn = _drawn_once(people)
    check(set(by_people) <= drawn, f"labels of people that nobody drew: {sorted(set(by_people) - drawn)}")
    check(drawn <= set(by_people), f"drawn for nothing: {sorted(drawn - set(by_people))}")
    check(people[0].drafts_back == 1, "the draft of the time of the power cut did not come back")
    _check_exports(out, command.folder / "photos", lines)

    seconds = sum(answer.pressed - answer.shown for person in people for answer in person.answers)
    (report_file,) = (out / "report").rglob("report.json")
    report = json.loads(report_file.read_text("utf-8"))
    reported = report["people"]["hours"] * 3600
    check(abs(reported - seconds) < 0.1 * seconds, f"people took {seconds:.0f} s, the report says {reported:.0f} s")
    _check_terminal(command, len(by_people), len(by_machine), seconds)

    machine_labels = {name: _read(line) for name, line in by_machine.items()}
    errors = [f1_loss(label, gold[name]) for name, label in machine_labels.items()]
    waits = sorted(1000 * answer.waited for person in people for answer in person.answers if answer.waited is not None)
    return {
        "images": len(gold),
        "people": len(people),
        "by_people": len(by_people),
        "by_machine": len(by_machine),
        "machine_share": round(len(by_machine) / len(gold), 3),
        "true_error": {
            "machine": round(float(np.mean(errors)), 4),
            "people": round(float(np.mean([f1_loss(_read(line), gold[name]) for name, line in by_people.items()])), 4),
        },
        "machine_mean_iou": round(
            float(np.mean([iou for name, label in machine_labels.items() for *_, iou in matches(label, gold[name])])), 3
        ),
        "people_seconds": {
            "at_browsers": round(seconds, 1),
            "in_report": round(reported, 1),
            "an_image": round(seconds / len(by_people), 2),
        },
        "submit_to_next_image_ms": {
            "median": round(statistics.median(waits)),
            "p95": round(waits[int(0.95 * len(waits))]),
            "images": len(waits),
        },
    }


def _drawn_once(people: Sequence[Person]) -> set[str]:
    asked = Counter(answer.image for person in people for answer in person.answers)
    again = sorted(name for name, times in asked.items() if times > 1)
    check(not again, f"asked twice: {again}")
    return set(asked)


def _check_exports(out: Path, photos: Path, lines: Sequence[Mapping[str, Any]]) -> None:
    """All forms say what the manifest says; COCO is read by COCO's own reader."""
    wanted = Counter({_name(line): len(line["category"]["annotations"]) for line in lines})
    coco = COCO(str(out / "coco" / "annotations.json"))
    found = Counter({image["file_name"]: len(coco.getAnnIds(imgIds=[image["id"]])) for image in coco.dataset["images"]})
    check(found == wanted, "coco/ is not what the manifest says")
    for form in ("yolo", "voc"):
        read = read_boxes(out / form, photos)
        check({image.name: len(image.boxes) for image in read.images} == dict(wanted), f"{form}/ is not the manifest")


def _check_terminal(command: LabelCommand, by_people: int, by_machine: int, seconds: float) -> None:
    output = command.output()
    for what, number in (("by people", by_people), (r"by machine \(certified\)", by_machine)):
        check(re.search(rf"{what} +{number}\n", output), f"the terminal does not say: {what} {number}")
    minutes = float(re.findall(r"minutes of people's time +([\d.]+)", output)[-1])
    check(abs(minutes - seconds / 60) < 0.1 * seconds / 60 + 0.1, f"the terminal says {minutes} minutes")


def _name(line: Mapping[str, Any]) -> str:
    return str(line["source-ref"]).rpartition("/")[2]


def _label(picture: LabeledImage, boxes: Sequence[Box]) -> BoxLabel:
    corners = np.array([(x, y, x + w, y + h) for x, y, w, h in boxes], np.float32).reshape(-1, 4)
    return box_label(corners, np.zeros(len(corners)), (picture.width, picture.height, 3))


def _read(line: Mapping[str, Any]) -> BoxLabel:
    (size,) = line["category"]["image_size"]
    boxes = [(box["left"], box["top"], box["width"], box["height"]) for box in line["category"]["annotations"]]
    corners = np.array([(x, y, x + w, y + h) for x, y, w, h in boxes], np.float32).reshape(-1, 4)
    return box_label(corners, np.zeros(len(corners)), (size["width"], size["height"], size["depth"]))


@click.command()
@click.option("--images", default=400, show_default=True)
@click.option("--seed", default=41, show_default=True)
@click.option("--look", default=1.5, show_default=True, help="Seconds that people look before they draw.")
@click.option("--keep", type=click.Path(path_type=Path), help="Leave photos, work, labels and logs in this folder.")
@click.option("--out", type=click.Path(path_type=Path), help="Add the figures to those in this file.")
@click.argument("options", nargs=-1)
def main(images: int, seed: int, look: float, keep: Path | None, out: Path | None, options: tuple[str, ...]) -> None:
    """OPTIONS go to `gt-service label`, behind `--`."""
    pictures = draw_all(images, seed).images
    known = {hashlib.sha256(picture.read()).hexdigest(): picture for picture in pictures}
    with tempfile.TemporaryDirectory(prefix="people-") as temporary:
        folder = keep or Path(temporary)
        (folder / "photos").mkdir(parents=True)
        for picture in pictures:
            (folder / "photos" / picture.name).write_bytes(picture.read())
        hands = {name: random.Random(f"{seed}-{name}") for name in ("owner", "Ada")}
        people = [Person(name, known, folder, hand, look) for name, hand in hands.items()]
        began = time.monotonic()
        try:
            command = labeled(folder, people, images, ("--invite", "Ada", "--wage", "18", *options))
        finally:
            for person in people:
                print(f"{person.name}: {len(person.answers)} images")
        found = figures(command, people, pictures)
        print(command.output().rpartition("\n\n  ")[2])
    result = {
        "date": datetime.now(UTC).date().isoformat(),
        "machine": f"{os.cpu_count()} cores, {platform.platform()}, Python {platform.python_version()}",
        "load": round(os.getloadavg()[0], 1),
        "seed": seed,
        "looked_seconds": look,
        "options": " ".join(options),
        **found,
        "minutes_in_all": round((time.monotonic() - began) / 60, 1),
    }
    print(json.dumps(result, indent=1))
    if out:
        runs = json.loads(out.read_text("utf-8")) if out.exists() else []
        out.write_text(json.dumps([*runs, result], indent=1) + "\n", "utf-8")


if __name__ == "__main__":
    main()
