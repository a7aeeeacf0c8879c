"""Polygons, polylines, lines and key points: how they are drawn, what they refuse, and the exact JSON."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from typing import Any

import pytest
from selenium.webdriver.common.keys import Keys

from tests.browser.elements.drawing import Drawing, Place
from tests.browser.elements.tasks import Site, TaskPage

OpenTask = Callable[..., TaskPage]
Draw = Callable[..., Drawing]

PAGE = """<crowd-form><{tag} name="answer" src="{src}" header="Draw" labels="{labels}" {more}>
<short-instructions>Carefully.</short-instructions></{tag}></crowd-form>"""
SQUARE = ((200, 100), (400, 100), (400, 300), (200, 300))


@pytest.fixture
def draw(open_task: OpenTask, site: Site) -> Draw:
    def start(tag: str, more: str = "", labels: str = "['cat', 'dog']", **fields: Any) -> Drawing:
        page = open_task(PAGE.format(tag=tag, src=site.put_picture(800, 533), labels=labels, more=more), **fields)
        return Drawing(page, tag)

    return start


def pixels(drawing: Drawing, places: Sequence[Place]) -> list[dict[str, int]]:
    return [{"x": x, "y": y} for x, y in (drawing.pixel(*drawing.screen(*place)) for place in places)]


def answer(field: str, shapes: list[dict[str, Any]]) -> str:
    """The guide's samples: the image first, then the shapes; keys in the alphabet's order."""
    return json.dumps(
        dict(sorted({field: shapes, "inputImageProperties": {"height": 533, "width": 800}}.items())),
        separators=(",", ":"),
    )


def test_a_polygon_needs_a_label_first_and_closes_on_its_first_point_or_with_enter(draw: Draw) -> None:
    drawing = draw("crowd-polygon")
    drawing.click(*SQUARE)
    assert drawing.value["polygons"] == []
    assert "label" in drawing.element("return element.shadowRoot.querySelector('.hint').textContent")
    drawing.keys("2")
    drawing.click(*SQUARE, SQUARE[0])
    drawing.keys(Keys.ESCAPE, "1")
    triangle = ((250, 150), (350, 150), (300, 250))  # begun inside another polygon
    drawing.click(*triangle)
    drawing.keys(Keys.ENTER)
    assert drawing.text == answer(
        "polygons",
        [
            {"label": "dog", "vertices": pixels(drawing, SQUARE)},
            {"label": "cat", "vertices": pixels(drawing, triangle)},
        ],
    )
    assert json.dumps(drawing.page.submit()["answer"], separators=(",", ":")) == drawing.text


def test_lines_of_one_polygon_may_not_cross(draw: Draw) -> None:
    drawing = draw("crowd-polygon", labels="['cat']")
    drawing.click((200, 100), (400, 100), (400, 300), (300, 50))  # the last would cross the first side
    drawing.click((200, 300))
    drawing.keys(Keys.ENTER)
    assert [len(polygon["vertices"]) for polygon in drawing.value["polygons"]] == [4]
    before = drawing.text
    drawing.drag((400, 300), (300, 60))  # nor may a drag of a corner make them
    assert drawing.text == before


def test_undo_and_redo_go_point_by_point_while_drawing(draw: Draw) -> None:
    drawing = draw("crowd-polyline", labels="['cat']")
    drawing.click((100, 100), (200, 200), (300, 100))
    drawing.keys("z", "z", holding=[Keys.CONTROL])
    drawing.keys("y", holding=[Keys.CONTROL])
    drawing.click((400, 400))
    drawing.keys(Keys.ENTER)
    assert [line["vertices"] for line in drawing.value["polylines"]] == [
        pixels(drawing, ((100, 100), (200, 200), (400, 400)))
    ]


def test_a_begun_polygon_is_neither_sent_by_mistake_nor_lost(draw: Draw) -> None:
    drawing = draw("crowd-polygon")
    drawing.keys("2")
    drawing.click(*SQUARE[:3])
    assert "polygon is begun" in drawing.page.refused()
    again = draw("crowd-polygon", draft=drawing.page.draft())
    again.click(SQUARE[3])
    again.keys(Keys.ENTER)
    assert again.value["polygons"] == [{"label": "dog", "vertices": pixels(again, SQUARE)}]
    assert again.page.submit()["answer"] == again.value


def test_polylines_end_with_enter_and_may_cross_themselves(draw: Draw) -> None:
    drawing = draw("crowd-polyline", "label-colors=\"['#112233', '#445566']\"")
    drawing.keys("2")
    way = ((100, 100), (300, 300), (300, 100), (100, 300))
    drawing.click(*way)
    drawing.keys(Keys.ENTER)
    assert drawing.text == answer("polylines", [{"label": "dog", "vertices": pixels(drawing, way)}])
    color = "return getComputedStyle(element.shadowRoot.querySelector('.shape')).color"
    assert drawing.element(color) == "rgb(68, 85, 102)"


def test_an_adjusted_polyline_says_so(draw: Draw) -> None:
    initial = "{polylines: [{label: 'dog', vertices: [{x: 84, y: 110}, {x: 60, y: 100}]}]}"
    drawing = draw("crowd-polyline", f'initial-value="{initial}"')
    assert drawing.value["initialValueModified"] is False
    assert drawing.value["polylines"] == [{"label": "dog", "vertices": [{"x": 84, "y": 110}, {"x": 60, "y": 100}]}]
    drawing.keys(Keys.TAB, Keys.ARROW_RIGHT)
    assert drawing.value["initialValueModified"] is True


def test_a_line_takes_two_clicks_or_one_drag(draw: Draw) -> None:
    drawing = draw("crowd-line", labels="['cat']")
    drawing.click((100, 100), (300, 200))
    drawing.drag((500, 100), (600, 200), (700, 400))
    assert drawing.text == answer(
        "lines",
        [
            {"label": "cat", "vertices": pixels(drawing, ((100, 100), (300, 200)))},
            {"label": "cat", "vertices": pixels(drawing, ((500, 100), (700, 400)))},
        ],
    )


def test_points_are_set_moved_and_kept_to_known_labels(draw: Draw) -> None:
    drawing = draw("crowd-keypoint", "initial-value=\"[{label: 'dog', x: 30, y: 40}, {label: 'yak', x: 1, y: 1}]\"")
    drawing.click((200, 100))
    drawing.drag((200, 100), (300, 250))
    value = drawing.value
    assert value["keypoints"][0] == {"label": "dog", "x": 30, "y": 40}
    assert list(value["keypoints"][1]) == ["label", "x", "y"]
    assert (value["keypoints"][1]["x"], value["keypoints"][1]["y"]) == pytest.approx((300, 250), abs=1)
    assert drawing.text == answer("keypoints", value["keypoints"])


def test_points_of_a_polygon_are_added_dragged_and_removed(draw: Draw) -> None:
    drawing = draw("crowd-polygon", labels="['cat']")
    drawing.click(*SQUARE)
    drawing.keys(Keys.ENTER)
    drawing.drag((300, 100), (300, 60), holding=Keys.ALT)
    (polygon,) = drawing.value["polygons"]
    expected = pixels(drawing, (SQUARE[0], (300, 60), *SQUARE[1:]))
    # A pixel of the screen is more than one of the image here, and the pointer meets the edge beside its middle.
    assert [[*place.values()] for place in polygon["vertices"]] == [
        pytest.approx([*place.values()], abs=2) for place in expected
    ]
    drawing.drag((300, 60), holding=Keys.ALT)
    (polygon,) = drawing.value["polygons"]
    assert polygon["vertices"] == pixels(drawing, SQUARE)


def test_a_polygon_without_a_mouse(draw: Draw) -> None:
    drawing = draw("crowd-polygon", labels="['cat']")
    drawing.keys(Keys.ARROW_LEFT, Keys.SPACE, *[Keys.ARROW_RIGHT] * 4, Keys.SPACE, *[Keys.ARROW_DOWN] * 4, Keys.SPACE)
    drawing.keys(Keys.ENTER)
    (polygon,) = drawing.value["polygons"]
    (a, b, c) = polygon["vertices"]
    assert (a["y"], b["x"]) == (b["y"], c["x"])
    assert a["x"] < b["x"]
    assert b["y"] < c["y"]
    drawing.keys(Keys.ARROW_LEFT)
    assert [v["x"] for v in drawing.value["polygons"][0]["vertices"]] == [a["x"] - 1, b["x"] - 1, c["x"] - 1]
