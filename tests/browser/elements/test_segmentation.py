"""Masks: what is painted, as a PNG whose every pixel is one label's colour or none, and the exact JSON around it."""

from __future__ import annotations

import base64
from collections.abc import Callable
from io import BytesIO
from typing import Any

import pytest
from PIL import Image
from selenium.webdriver.common.keys import Keys

from tests.browser.elements.drawing import Drawing
from tests.browser.elements.tasks import Site, TaskPage
from tests.browser.engines import NO_FINGERS

OpenTask = Callable[..., TaskPage]
Paint = Callable[..., Drawing]

PAGE = """<crowd-form><{tag} name="annotatedResult" src="{src}" header="Paint" labels="['Cat', 'Dog', 'Bird']" {more}>
<short-instructions>Carefully.</short-instructions></{tag}></crowd-form>"""
SEMANTIC, INSTANCE = "crowd-semantic-segmentation", "crowd-instance-segmentation"
GREEN, BLUE, NONE = (44, 160, 44, 255), (31, 119, 180, 255), (0, 0, 0, 0)


@pytest.fixture
def paint(open_task: OpenTask, site: Site) -> Paint:
    def start(tag: str = SEMANTIC, more: str = "", **fields: Any) -> Drawing:
        page = open_task(PAGE.format(tag=tag, src=site.put_picture(400, 300), more=more), **fields)
        return Drawing(page, tag)

    return start


def mask(value: dict[str, Any]) -> Image.Image:
    image = Image.open(BytesIO(base64.b64decode(value["labeledImage"]["pngImageData"])))
    assert (image.format, image.mode) == ("PNG", "RGBA")
    return image


def colors(image: Image.Image) -> dict[Any, int]:
    return {color: count for count, color in image.getcolors(1000) or []}


def test_a_stroke_is_whole_pixels_of_the_labels_color(paint: Paint) -> None:
    drawing = paint()
    drawing.drag((60, 60), (180, 130), (240, 90))
    drawing.keys("2")
    drawing.drag((60, 200), (180, 220))
    answer = drawing.page.submit()["annotatedResult"]
    assert list(answer) == ["inputImageProperties", "labelMappings", "labeledImage"]
    assert answer["inputImageProperties"] == {"height": 300, "width": 400}
    assert answer["labelMappings"] == {"Cat": {"color": "#2ca02c"}, "Dog": {"color": "#1f77b4"}}
    image = mask(answer)
    assert image.size == (400, 300)
    assert set(colors(image)) == {GREEN, BLUE, NONE}  # no blends at the edges
    assert [image.getpixel(p) for p in ((120, 95), (120, 210), (300, 20))] == [GREEN, BLUE, NONE]
    assert drawing.page.console() == []


def test_polygon_fill_and_eraser(paint: Paint) -> None:
    drawing = paint()
    drawing.keys("p")
    drawing.click((100, 50), (300, 50), (300, 250), (100, 250))
    drawing.keys(Keys.ENTER)
    counted = colors(mask(drawing.value))
    (left, top), (right, bottom) = (drawing.pixel(*drawing.screen(*place)) for place in ((100, 50), (300, 250)))
    assert counted[GREEN] == (right - left) * (bottom - top)
    drawing.keys("2", "a")
    drawing.click((200, 150))
    assert colors(mask(drawing.value))[BLUE] == counted[GREEN]  # the whole area changed hands
    drawing.keys("1")
    drawing.click((10, 10))
    assert set(colors(mask(drawing.value))) == {GREEN, BLUE}
    drawing.keys("e")
    drawing.drag((150, 150), (250, 150))
    assert mask(drawing.value).getpixel((200, 150)) == NONE
    for _ in range(4):
        drawing.keys("z", holding=[Keys.CONTROL])
    assert set(colors(mask(drawing.value))) == {NONE}
    for _ in range(2):
        drawing.keys("y", holding=[Keys.CONTROL])
    assert colors(mask(drawing.value))[BLUE] == counted[GREEN]


def test_without_a_mouse(paint: Paint) -> None:
    drawing = paint()
    drawing.keys(Keys.ARROW_LEFT, "]", "]", Keys.SPACE)
    dot = colors(mask(drawing.value))[GREEN]
    drawing.keys("p", Keys.SPACE, *[Keys.ARROW_RIGHT] * 9, Keys.SPACE, *[Keys.ARROW_DOWN] * 9, Keys.SPACE, Keys.ENTER)
    assert colors(mask(drawing.value))[GREEN] > dot > 10
    drawing.keys("z", "z", holding=[Keys.CONTROL])
    assert "Nothing to label" in drawing.page.refused()
    drawing.keys("x")
    assert drawing.page.submit()["annotatedResult"]["labelMappings"] == {}


def test_an_adjustment_starts_from_the_mask_and_says_whether_it_changed(paint: Paint, site: Site) -> None:
    before = Image.new("RGB", (400, 300), "#ffffff")  # as consolidated: white is the background
    before.paste("#1f77b4", (50, 50, 150, 150))
    before.paste("#2ca02c", (200, 50, 300, 150))
    file = BytesIO()
    before.save(file, "PNG")
    src = site.put(file.getvalue(), kind="image/png", name=".png")
    mappings = "{'Bird': {'color': '#1f77b4'}, 'Cat': {'color': '#2ca02c'}}"
    drawing = paint(SEMANTIC, f"initial-value=\"{{src: '{src}', labelMappings: {mappings}}}\"")
    value = drawing.value
    assert value["initialValueModified"] is False
    assert value["labelMappings"] == {"Bird": {"color": "#1f77b4"}, "Cat": {"color": "#2ca02c"}}
    assert colors(mask(value)) == {BLUE: 10000, GREEN: 10000, NONE: 100000}
    drawing.keys("3")  # Bird: with the colour that it has in the mask
    drawing.drag((60, 200), (180, 220))
    assert drawing.value["initialValueModified"] is True
    assert set(colors(mask(drawing.value))) == {BLUE, GREEN, NONE}
    squares = (
        "return [...element.shadowRoot.querySelectorAll('.labels .square')].map((square) => square.style.background)"
    )
    assert drawing.element(squares)[::2] == ["rgb(44, 160, 44)", "rgb(31, 119, 180)"]
    drawing.keys("2")  # Dog: its usual colour is Bird's here
    drawing.drag((60, 250), (180, 260))
    assert len(set(colors(mask(drawing.value)))) == 4
    drawing.keys("z", holding=[Keys.CONTROL])
    drawing.keys("z", holding=[Keys.CONTROL])
    assert drawing.value == value


def test_every_thing_has_a_color_of_its_own(paint: Paint) -> None:
    drawing = paint(INSTANCE)
    for number in range(3):
        drawing.keys("1")
        drawing.drag((50, 50 + 80 * number), (150, 50 + 80 * number))
    drawing.keys("2")
    drawing.drag((250, 50), (350, 50))
    value = drawing.value
    assert list(value) == ["inputImageProperties", "instances", "labeledImage"]
    assert [list(instance) for instance in value["instances"]] == [["color", "label"]] * 4
    assert [instance["label"] for instance in value["instances"]] == ["Cat", "Cat", "Cat", "Dog"]
    assert len({instance["color"] for instance in value["instances"]}) == 4
    assert len(colors(mask(value))) == 5
    drawing.element("element.shadowRoot.querySelector('.shape-list .choose').click()")
    drawing.drag((50, 50), (50, 100))  # more of the first
    drawing.element("element.shadowRoot.querySelectorAll('.shape-list .eye')[1].click()")
    assert [instance["label"] for instance in drawing.value["instances"]] == ["Cat", "Cat", "Dog"]


def test_labels_set_by_a_script_are_painted_with_their_own_colors(paint: Paint) -> None:
    drawing = paint()
    drawing.drag((60, 60), (180, 130))
    painted = drawing.value
    drawing.element("element.labels = []")
    drawing.drag((60, 200), (180, 220))  # there is no label to paint with
    assert drawing.value == painted
    assert '"Cat" is no label' in drawing.page.refused()
    drawing.element("element.labels = ['Yak', 'Cat']")
    drawing.settle()
    drawing.drag((60, 200), (180, 220))
    mappings = drawing.page.submit()["annotatedResult"]["labelMappings"]
    assert mappings["Cat"] == {"color": "#2ca02c"}
    assert mappings["Yak"]["color"] != "#2ca02c"
    assert len(colors(mask(drawing.value))) == 3


def test_a_draft_brings_every_pixel_back(paint: Paint) -> None:
    drawing = paint(INSTANCE)
    drawing.drag((60, 60), (180, 130))
    drawing.keys("2")
    drawing.drag((60, 200), (180, 220))
    value = drawing.value
    again = paint(INSTANCE, draft=drawing.page.draft())
    assert again.value == value
    again.keys("2")
    again.drag((300, 50), (350, 100))
    assert len({instance["color"] for instance in again.value["instances"]}) == 3


@NO_FINGERS
def test_a_second_finger_takes_the_stroke_back(paint: Paint) -> None:
    drawing = paint()
    x, y = drawing.screen(200, 150)
    before = drawing.area()["width"]
    drawing.touch([(x - 40, y), (x - 100, y)], [(x + 40, y), (x + 100, y)])
    assert drawing.area()["width"] == pytest.approx(before * 2.5, rel=0.02)
    assert set(colors(mask(drawing.value))) == {NONE}
