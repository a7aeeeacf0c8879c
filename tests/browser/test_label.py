"""`gt-service label` as its user meets it: a folder of photos, the link that it prints, a browser, labels in a folder.

And the worst that can happen to it: everything is killed in the middle, and not a stroke is missing afterwards.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from PIL import Image, ImageDraw

from tests.browser.conftest import Open
from tests.browser.portal.conftest import Desk
from tests.label_command import PATIENCE, running
from tests.waiting import soon

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(900)]  # a busy machine is slow, not wrong

PHOTOS = 6
LABELS = "Raccoon,Dog"
AT_ONCE = {"GT_ENGINE_CORRECTION_SECONDS": "0"}  # nobody takes an answer back


@dataclass
class Link:
    """What a desk needs to know of the place that it is at."""

    url: str


def desk_at(browser: Any, link: str) -> Desk:
    """Somebody who follows the link and starts working."""
    place = urlsplit(link)
    desk = Desk(browser, Link(f"{place.scheme}://{place.netloc}"))  # type: ignore[arg-type]
    browser.get(link)
    browser.find_element("css selector", "button[type=submit]").click()
    soon(lambda: "/jobs" in browser.current_url, 30)
    start(desk)
    return desk


def start(desk: Desk) -> None:
    """The page looks for work every 15 seconds; the first job takes a while to come."""

    def is_there() -> bool:
        desk.browser.get(f"{desk.world.url}/jobs")
        buttons = desk.browser.find_elements("css selector", "article.job a[role=button]:not(.secondary)")
        if buttons:
            buttons[0].click()
        return bool(buttons)

    soon(is_there, PATIENCE)
    until_shown(desk)


def until_shown(desk: Desk) -> None:
    """On a busy machine the next photo may come after a word that there is none."""
    soon(lambda: desk.shown() is not None, 30)
    desk.until_task()


def label_photos(desk: Desk, count: int) -> None:
    """The first is shown already."""
    for number in range(count):
        if number:
            until_shown(desk)
        desk.draw(left=-80 - 10 * number)
        desk.submit()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    photos = tmp_path / "photos"
    photos.mkdir()
    for number in range(PHOTOS):
        image = Image.new("RGB", (320, 240), (225, 232, 240))
        left = 40 + 20 * number
        ImageDraw.Draw(image).ellipse((left, 60, left + 100, 170), fill=(120, 90 + number, 60))
        image.save(photos / f"photo {number}.jpg")
    return tmp_path


def test_a_folder_is_labeled_to_its_files_though_everything_is_killed(folder: Path, open_browser: Open) -> None:
    browser = open_browser()
    with running(folder, 1, LABELS, settings=AT_ONCE) as command:
        desk = desk_at(browser, command.link())
        label_photos(desk, 2)
        until_shown(desk)
        drawn = desk.draw(width=100)
        desk.until_saved()
        command.kill_everything()
    with running(folder, 2, LABELS, settings=AT_ONCE) as command:
        desk = desk_at(browser, command.link())  # at the same address
        soon(lambda: desk.value() == drawn, 30)
        desk.submit()
        until_shown(desk)
        label_photos(desk, 1)
        command.interrupt()
    assert len(command.labels()["annotations"]) == 4, "what is labeled so far, of a job that still runs"
    assert "2 are left" in command.output()
    with running(folder, 3, LABELS, settings=AT_ONCE) as command:
        desk = desk_at(browser, command.link())
        label_photos(desk, 2)
        command.wait()
    labels = command.labels()
    assert sorted(image["file_name"] for image in labels["images"]) == [f"photo {n}.jpg" for n in range(PHOTOS)]
    assert len(labels["annotations"]) == PHOTOS
    assert {category["name"] for category in labels["categories"]} == {"Raccoon", "Dog"}
    widths = sorted(box["bbox"][2] for box in labels["annotations"])
    assert 20 < widths[0] < widths[1] * 0.8, "the box that was drawn before the kill is the narrow one"
    out = folder / "photos-labels"
    assert len(list((out / "yolo").rglob("*.txt"))) >= PHOTOS
    assert len(list((out / "voc").rglob("*.xml"))) == PHOTOS
    assert (out / "coco" / "images" / "photo 0.jpg").resolve() == folder / "photos" / "photo 0.jpg"
    assert re.search(rf"by people +{PHOTOS}\n", command.output())
