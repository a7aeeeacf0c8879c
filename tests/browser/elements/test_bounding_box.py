"""Boxes: every way to draw and change them, and the exact JSON that comes of it."""

from __future__ import annotations

import json
from collections.abc import Callable
from io import BytesIO
from typing import Any

import pytest
from PIL import Image
from selenium import webdriver
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.keys import Keys

from tests.browser.elements.drawing import Drawing
from tests.browser.elements.tasks import Site, TaskPage, shadow
from tests.browser.engines import NO_FINGERS, not_in

OpenTask = Callable[..., TaskPage]
Open = Callable[..., webdriver.Chrome]
DrawBoxes = Callable[..., Drawing]

PAGE = """<crowd-form><crowd-bounding-box name="annotatedResult" src="{src}" header="Draw boxes"
labels="{labels}" {more}> <short-instructions>Tight boxes.</short-instructions></crowd-bounding-box></crowd-form>"""


@pytest.fixture
def boxes(open_task: OpenTask, site: Site) -> DrawBoxes:
    def start(
        more: str = "",
        *,
        labels: str = "['Cat', 'Dog', 'Bird']",
        size: tuple[int, int] = (800, 533),
        src: str = "",
        **fields: Any,
    ) -> Drawing:
        page = open_task(PAGE.format(src=src or site.put_picture(*size), labels=labels, more=more), **fields)
        return Drawing(page, "crowd-bounding-box")

    return start


def only(drawing: Drawing) -> dict[str, Any]:
    (box,) = drawing.value["boundingBoxes"]
    return dict(box)


def corners(box: dict[str, Any]) -> tuple[int, int, int, int]:
    return box["left"], box["top"], box["left"] + box["width"], box["top"] + box["height"]


def test_the_answer_is_the_guides_sample_key_for_key(boxes: DrawBoxes) -> None:
    drawing = boxes()
    for key, left, top, width, height in (("2", 241, 125, 158, 395), ("1", 699, 116, 101, 298)):
        drawing.keys(key)
        start, end = drawing.screen(left, top), drawing.screen(left + width, top + height)
        drawing.drag_screen(start, end)
    answer = drawing.page.submit()
    expected = []
    for label, left, top, right, bottom in (("Dog", 241, 125, 399, 520), ("Cat", 699, 116, 800, 414)):
        start, end = drawing.pixel(*drawing.screen(left, top)), drawing.pixel(*drawing.screen(right, bottom))
        box = {
            "height": end[1] - start[1],
            "label": label,
            "left": start[0],
            "top": start[1],
            "width": end[0] - start[0],
        }
        expected.append(box)
    sample = {"boundingBoxes": expected, "inputImageProperties": {"height": 533, "width": 800}}
    assert json.dumps(answer) == json.dumps({"annotatedResult": sample})
    assert drawing.element("return JSON.stringify(element._submittableValue)") == drawing.text
    assert drawing.page.console() == []


@pytest.mark.parametrize("ratio", [1, 1.5, 2])
def test_a_box_is_exact_at_every_zoom_and_on_every_screen(
    boxes: DrawBoxes, browser: webdriver.Chrome, ratio: float
) -> None:
    browser.as_screen((1280, 820), ratio=ratio)
    try:
        drawing = boxes(size=(4000, 3000), labels="['Cat']")
        for turns in (0, -400, -700, -1200):
            if turns:
                at = drawing.screen(2600, 1100)
                under = drawing.pixel(*at)
                drawing.wheel(*at, turns)
                now = drawing.pixel(*at)
                assert max(abs(now[0] - under[0]), abs(now[1] - under[1])) <= 1  # the image stays below the pointer
            x, y = drawing.screen(2600, 1100)
            start, end = (x - 70, y - 33), (x + 41, y + 57)
            expected = (*drawing.pixel(*start), *drawing.pixel(*end))
            drawing.drag_screen(start, end)
            assert corners(drawing.value["boundingBoxes"][-1]) == expected
            drawing.keys(Keys.DELETE)
    finally:
        browser.as_screen((1280, 820))


def test_two_clicks_and_four_extreme_clicks_give_the_box_that_a_drag_gives(boxes: DrawBoxes) -> None:
    drawing = boxes()
    drawing.drag((200, 100), (500, 400))
    dragged = only(drawing)
    drawing.keys(Keys.DELETE)
    drawing.click((500, 100), (200, 400))
    assert only(drawing) == dragged
    drawing.keys(Keys.DELETE, "e")
    drawing.click((350, 100), (200, 260), (400, 400), (500, 150))
    assert only(drawing) == dragged


def test_extreme_clicks_may_fall_on_other_boxes(boxes: DrawBoxes) -> None:
    drawing = boxes()
    drawing.drag((200, 100), (500, 400))
    drawing.keys(Keys.ESCAPE, "e")
    drawing.click((350, 100), (200, 200), (350, 400), (600, 250))  # three of them on its border
    assert len(drawing.value["boundingBoxes"]) == 2
    assert corners(drawing.value["boundingBoxes"][1]) == pytest.approx((200, 100, 600, 400), abs=1)


def test_boxes_end_at_the_image_and_specks_are_none(boxes: DrawBoxes) -> None:
    drawing = boxes()
    drawing.drag((600, 400), (5000, 5000))
    assert corners(only(drawing))[2:] == (800, 533)
    drawing.keys(Keys.DELETE)
    drawing.click((100, 100), (100, 300))  # no width
    assert drawing.value["boundingBoxes"] == []


def test_a_label_key_sticks_and_changes_only_a_box_that_was_picked(boxes: DrawBoxes) -> None:
    drawing = boxes()
    drawing.keys("2")
    drawing.drag((100, 100), (200, 200))
    drawing.drag((300, 100), (400, 200))
    drawing.keys("3")
    drawing.drag((500, 100), (600, 200))
    assert [box["label"] for box in drawing.value["boundingBoxes"]] == ["Dog", "Dog", "Bird"]
    drawing.click((100, 150))  # its border
    drawing.keys("1")
    assert [box["label"] for box in drawing.value["boundingBoxes"]] == ["Cat", "Dog", "Bird"]


def test_a_box_is_moved_and_resized_by_mouse_and_stays_in_the_image(boxes: DrawBoxes) -> None:
    drawing = boxes()
    drawing.drag((200, 100), (400, 300))
    left, top, right, bottom = corners(only(drawing))
    drawing.drag((right, bottom), (500, 350))
    assert corners(only(drawing))[:2] == (left, top)
    assert corners(only(drawing))[2:] == pytest.approx((500, 350), abs=1)
    width, height = only(drawing)["width"], only(drawing)["height"]
    drawing.drag((left, 180), (left + 90, 180))  # by its border: straight to the right
    moved = only(drawing)
    assert (moved["width"], moved["height"], moved["top"]) == (width, height, top)
    assert moved["left"] == pytest.approx(left + 90, abs=1)
    drawing.drag((moved["left"], 180), (5000, 180))
    assert corners(only(drawing))[2] == 800


def test_a_click_inside_a_box_selects_it_and_a_drag_there_draws(boxes: DrawBoxes) -> None:
    drawing = boxes()
    drawing.drag((100, 100), (500, 400))
    drawing.drag((200, 200), (300, 300))  # inside the first
    drawing.click((400, 350))
    assert [drawing.shape(0)["selected"], drawing.shape(1)["selected"]] == [True, False]
    drawing.click((250, 250))  # in both: the smaller one
    assert [drawing.shape(0)["selected"], drawing.shape(1)["selected"]] == [False, True]
    drawing.drag((300, 250), (360, 260), holding=Keys.SHIFT)  # on its border, and still a new box
    assert len(drawing.value["boundingBoxes"]) == 3
    drawing.click((420, 350))
    drawing.click((420, 350), (460, 380))  # in the selected one: two corners
    assert corners(drawing.value["boundingBoxes"][-1]) == pytest.approx((420, 350, 460, 380), abs=1)


def test_everything_without_a_mouse(boxes: DrawBoxes) -> None:
    drawing = boxes()
    drawing.keys("2", Keys.ARROW_LEFT, Keys.ARROW_UP, Keys.SPACE)
    drawing.keys(*[Keys.ARROW_RIGHT] * 3, *[Keys.ARROW_DOWN] * 2, Keys.SPACE)
    first = only(drawing)
    assert first["label"] == "Dog"
    drawing.keys(Keys.ARROW_RIGHT, Keys.ARROW_DOWN)
    drawing.keys(Keys.ARROW_RIGHT, holding=[Keys.SHIFT])
    drawing.keys(Keys.ARROW_RIGHT, Keys.ARROW_UP, holding=[Keys.ALT])
    drawing.keys(Keys.ARROW_RIGHT, holding=[Keys.ALT, Keys.SHIFT])
    assert only(drawing) == {
        **first,
        "left": first["left"] + 11,
        "top": first["top"] + 1,
        "width": first["width"] + 11,
        "height": first["height"] - 1,
    }
    drawing.keys(Keys.ESCAPE, *[Keys.ARROW_LEFT] * 9, Keys.SPACE, Keys.ARROW_RIGHT, Keys.ARROW_DOWN, Keys.ENTER)
    assert [drawing.shape(0)["selected"], drawing.shape(1)["selected"]] == [False, True]
    drawing.keys(Keys.TAB, holding=[Keys.SHIFT])
    assert drawing.shape(0)["selected"]
    assert drawing.shape(0)["name"].startswith("Dog, box, left ")
    drawing.keys(Keys.DELETE)
    assert len(drawing.value["boundingBoxes"]) == 1


def test_keys_are_places_on_keyboards_that_write_other_letters(boxes: DrawBoxes) -> None:
    drawing = boxes()
    for key, code in (("é", "Digit2"), ("у", "KeyE")):  # French; Russian
        drawing.page.run(
            "document.dispatchEvent(new KeyboardEvent('keydown', {key: arguments[0], code: arguments[1]}))", key, code
        )
    drawing.click((350, 100), (200, 260), (400, 400), (500, 150))
    assert only(drawing)["label"] == "Dog"


def test_numbers_in_the_list_set_a_box_and_enter_there_does_not_submit(boxes: DrawBoxes) -> None:
    drawing = boxes()
    drawing.drag((200, 100), (400, 300))
    for name, value in (("left", "50"), ("top", "60"), ("width", "7000"), ("height", "80")):
        drawing.element(
            f"const field = element.shadowRoot.querySelector('.fields [aria-label={name}]'); field.select()"
        )
        drawing.keys(value, Keys.ENTER)
    assert only(drawing) == {"height": 80, "label": "Cat", "left": 50, "top": 60, "width": 750}
    assert drawing.page.messages("submit") == []


def test_a_label_is_searched_for_and_taken_by_enter(boxes: DrawBoxes) -> None:
    drawing = boxes(labels="['ant', 'bee', 'cat', 'dog', 'elk', 'fox', 'gnu', 'hen', 'ibis', 'jay']")
    with drawing.page.inside() as browser:
        ActionChains(browser).click(shadow(browser, drawing.tag, "[type=search]")).perform()
    drawing.keys("gn", Keys.ENTER)
    drawing.drag((200, 100), (400, 300))
    drawing.keys("j")  # the twelfth key: no such label
    drawing.drag((500, 100), (600, 300))
    assert [box["label"] for box in drawing.value["boundingBoxes"]] == ["gnu", "gnu"]
    assert drawing.page.messages("submit") == []


def test_brightness_is_a_slider_that_keys_open_set_and_close(boxes: DrawBoxes) -> None:
    drawing = boxes()
    drawing.drag((200, 100), (400, 300))
    drawing.keys("d", Keys.ARROW_RIGHT, Keys.ARROW_RIGHT)
    look = (
        "const find = (name) => element.shadowRoot.querySelector(name);"
        "return [find('.picture').style.filter, find('.slider').hidden]"
    )
    assert drawing.element(look) == ["brightness(102%) contrast(100%)", False]
    drawing.keys(Keys.ESCAPE)
    assert drawing.element(look)[1] is True
    left = only(drawing)["left"]
    drawing.keys(Keys.ARROW_RIGHT)  # the box is still selected
    assert only(drawing)["left"] == left + 1


def test_undo_and_redo_have_no_end(boxes: DrawBoxes) -> None:
    drawing = boxes()
    states = [drawing.value["boundingBoxes"]]
    for number in range(6):
        drawing.drag((50 + 100 * number, 50), (120 + 100 * number, 120))
        states.append(drawing.value["boundingBoxes"])
    drawing.keys(Keys.DELETE)
    states.append(drawing.value["boundingBoxes"])
    for state in reversed(states[:-1]):
        drawing.keys("z", holding=[Keys.CONTROL])
        assert drawing.value["boundingBoxes"] == state
    for state in states[1:]:
        drawing.keys("y", holding=[Keys.CONTROL])
        assert drawing.value["boundingBoxes"] == state


def test_undo_takes_back_one_extreme_click_at_a_time_and_escape_all(boxes: DrawBoxes) -> None:
    drawing = boxes()
    drawing.keys("e")
    drawing.click((350, 100), (700, 260))
    drawing.keys("z", holding=[Keys.CONTROL])
    drawing.click((200, 260), (400, 400), (500, 150))
    assert corners(only(drawing)) == pytest.approx((200, 100, 500, 400), abs=1)
    drawing.click((100, 100))
    drawing.keys(Keys.ESCAPE, "e")
    drawing.drag((600, 100), (700, 200))
    assert len(drawing.value["boundingBoxes"]) == 2


def test_nothing_drawn_is_submitted_only_with_the_mark(boxes: DrawBoxes) -> None:
    drawing = boxes()
    assert "Nothing to label" in drawing.page.refused()
    drawing.keys("x")
    assert drawing.page.submit()["annotatedResult"]["boundingBoxes"] == []
    drawing.keys("x")
    drawing.keys("z", holding=[Keys.CONTROL])  # undo of the unmarking
    assert drawing.element("return element.validate()") is None
    drawing.drag((100, 100), (200, 200))
    drawing.keys(Keys.DELETE)
    assert drawing.element("return element.validate()")  # a box takes the mark away


def test_an_adjustment_says_whether_it_was_changed(boxes: DrawBoxes) -> None:
    dog, yak = (
        "label: 'Dog', left: 30.4, top: 20, width: 900, height: 50",
        "label: 'Yak', left: 1, top: 2, width: 3, height: 4",
    )
    drawing = boxes(f'initial-value="[{{{dog}}}, {{{yak}}},]"')
    value = drawing.value
    assert list(value) == ["boundingBoxes", "initialValueModified", "inputImageProperties"]
    assert value["boundingBoxes"] == [
        {"height": 50, "label": "Dog", "left": 30, "top": 20, "width": 770},  # within the image, whole pixels
        {"height": 4, "label": "Yak", "left": 1, "top": 2, "width": 3},  # no label of the page, but not lost
    ]
    assert value["initialValueModified"] is False
    assert '"Yak" is no label' in drawing.page.refused()
    drawing.keys(Keys.TAB, Keys.ARROW_DOWN)
    assert drawing.value["initialValueModified"] is True
    drawing.keys("z", holding=[Keys.CONTROL])
    assert drawing.value["initialValueModified"] is False


def test_labels_set_by_a_script_keep_what_is_drawn(boxes: DrawBoxes) -> None:
    drawing = boxes()
    drawing.drag((100, 100), (200, 200))
    drawn = drawing.text
    drawing.element("element.labels = ['Dog', 'Cat', 'Wolf', 'Fox']")
    drawing.settle()
    assert drawing.text == drawn
    names = "return [...element.shadowRoot.querySelectorAll('.labels .name')].map((name) => name.textContent)"
    assert drawing.element(names) == ["Dog", "Cat", "Wolf", "Fox"]
    drawing.keys("3")
    drawing.drag((300, 100), (400, 200))
    assert drawing.value["boundingBoxes"][1]["label"] == "Wolf"


def test_a_draft_comes_back_and_the_last_image_can_be_copied(boxes: DrawBoxes) -> None:
    drawing = boxes()
    drawing.drag((100, 100), (200, 200))
    drawing.drag((300, 300), (400, 400))
    value = drawing.value
    draft = drawing.page.draft()
    answer = drawing.page.submit()
    again = boxes(draft=draft, last=answer)
    assert again.value == value
    again.keys("l")
    assert again.value["boundingBoxes"] == 2 * answer["annotatedResult"]["boundingBoxes"]


def test_hidden_labels_are_neither_seen_nor_caught_but_sent(boxes: DrawBoxes) -> None:
    drawing = boxes()
    drawing.drag((100, 100), (300, 300))
    drawing.element("element.shadowRoot.querySelector('.labels .eye').click()")
    drawing.settle()
    assert drawing.element("return element.shadowRoot.querySelectorAll('.shape').length") == 0
    drawing.keys("2")
    drawing.drag((100, 150), (180, 220))  # from the hidden border
    assert [box["label"] for box in drawing.value["boundingBoxes"]] == ["Cat", "Dog"]


@not_in("webkit", "its driver never lets go of the middle button")
def test_space_and_middle_button_move_the_image_and_f_fits_it(boxes: DrawBoxes) -> None:
    drawing = boxes()
    fitted = drawing.area()
    drawing.wheel(*drawing.screen(400, 260), -600)
    before = drawing.area()
    x, y = drawing.screen(400, 260)
    drawing.drag_screen((x, y), (x + 60, y + 30), button=1)
    assert (drawing.area()["left"] - before["left"], drawing.area()["top"] - before["top"]) == pytest.approx((60, 30))
    drawing.keys("f")
    assert drawing.area() == pytest.approx(fitted)
    assert drawing.value["boundingBoxes"] == []


@NO_FINGERS
def test_fingers_draw_pan_and_pinch(boxes: DrawBoxes) -> None:
    drawing = boxes()
    start, end = drawing.screen(200, 100), drawing.screen(500, 400)
    expected = (*drawing.pixel(*start), *drawing.pixel(*end))
    drawing.touch([start, end])
    assert corners(only(drawing)) == expected
    before = drawing.area()
    x, y = drawing.screen(400, 260)
    drawing.touch([(x - 40, y), (x - 120, y)], [(x + 40, y), (x + 120, y)])
    after = drawing.area()
    assert after["width"] / before["width"] == pytest.approx(3, rel=0.02)
    assert drawing.screen(400, 260) == pytest.approx((x, y), abs=3)  # what was between the fingers is still there
    assert len(drawing.value["boundingBoxes"]) == 1
    drawing.touch([(x, y), (x + 50, y + 20)], [(x + 80, y), (x + 130, y + 20)])
    assert drawing.area()["left"] - after["left"] == pytest.approx(50, abs=2)


def test_a_turned_photo_is_upright_and_so_are_its_boxes(boxes: DrawBoxes, site: Site) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # stored on its side: turn by 90° to see it upright
    file = BytesIO()
    Image.linear_gradient("L").resize((600, 400)).convert("RGB").save(file, "JPEG", exif=exif)
    drawing = boxes(src=site.put(file.getvalue(), kind="image/jpeg", name=".jpg"))
    area = drawing.area()
    assert area["height"] / area["width"] == pytest.approx(1.5)
    drawing.drag((100, 200), (5000, 5000))
    assert drawing.value["inputImageProperties"] == {"height": 600, "width": 400}
    assert corners(only(drawing))[2:] == (400, 600)


def test_a_picture_that_cannot_be_shown_says_so_and_is_tried_again(
    open_task: OpenTask, site: Site, browser: webdriver.Chrome
) -> None:
    src = site.put(b"no picture", kind="image/jpeg", name=".jpg")
    page = open_task(PAGE.format(src=src, labels="['Cat']", more=""))
    assert page.wait("image-failed")["src"] == src
    assert "picture" in page.refused().lower()
    page.console()
    path = src.removeprefix(site.origin)
    site.pages[path] = site.pages[site.put_picture(300, 200).removeprefix(site.origin)]
    drawing = Drawing(page, "crowd-bounding-box")
    drawing.element("element.shadowRoot.querySelector('.trouble button').click()")
    page.until("return document.querySelector('crowd-bounding-box').value?.inputImageProperties.width === 300")
    drawing.settle()
    drawing.drag((100, 50), (200, 150))
    assert page.submit()["annotatedResult"]["boundingBoxes"][0]["label"] == "Cat"
