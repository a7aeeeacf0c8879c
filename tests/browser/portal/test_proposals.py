"""The machine's boxes on a task page: seen as the machine's, accepted, changed, deleted and added to, by keys alone."""

from __future__ import annotations

from typing import Any

import pytest
from selenium.webdriver import Keys

from gt_service.campaign import CampaignSpec
from gt_service.chain.instructions import instruction_template
from tests.browser.portal.conftest import Desk
from tests.portal_world import TEAM, PortalWorld
from tests.waiting import soon

SPEC = CampaignSpec.model_validate(
    {"name": "birds", "task": "object-detection", "labels": ["Bird", "Nest"], "workforce": TEAM, "proposals": True}
)
PAGE = instruction_template(SPEC)


def box(left: int, top: int, width: int, height: int, label: str = "Bird") -> dict[str, Any]:
    return {"height": height, "label": label, "left": left, "top": top, "width": width}


FIRST, SECOND, THIRD = box(100, 80, 200, 160), box(500, 100, 240, 200), box(300, 400, 120, 90)


@pytest.fixture
def correcting(desk: Desk, world: PortalWorld) -> Desk:
    """A job of three images: three boxes, no proposal, a proposal without a box."""
    world.add_job(
        count=3,
        template=PAGE,
        proposals={0: {"boundingBoxes": [FIRST, SECOND, THIRD]}, 2: {"boundingBoxes": []}},
    )
    desk.open_job()
    return desk


def in_element(desk: Desk, script: str) -> Any:
    """A script in the frame, `root` being the shadow root of the element."""
    return desk.frame().execute_script(
        "const element = document.querySelector('crowd-bounding-box'), root = element.shadowRoot;" + script
    )


def marks(desk: Desk) -> list[bool]:
    """Which of the boxes are shown as the machine's."""
    found: list[bool] = in_element(
        desk, "return [...root.querySelectorAll('g.shape')].map((shape) => shape.classList.contains('proposed'))"
    )
    return found


def test_boxes_of_the_machine_are_corrected_and_the_answer_holds_them(correcting: Desk) -> None:
    """Accept the first, move the second, delete the third, draw a fourth: all that correcting is, without a mouse."""
    soon(lambda: marks(correcting) == [True, True, True], 20)
    assert "3 boxes of the machine" in in_element(correcting, "return root.querySelector('.note').textContent")
    names = in_element(correcting, "return [...root.querySelectorAll('.tag text')].map((each) => each.textContent)")
    assert names == ["Bird · machine"] * 3
    correcting.frame().execute_script("window.focus(); document.querySelector('crowd-bounding-box').focus()")
    correcting.key("y")
    soon(lambda: marks(correcting) == [False, True, True], 20)
    correcting.key(Keys.ARROW_RIGHT, Keys.ARROW_RIGHT, Keys.ARROW_DOWN)
    soon(lambda: marks(correcting) == [False, False, True], 20)
    correcting.key("y", Keys.DELETE)
    soon(lambda: marks(correcting) == [False, False], 20)
    assert "All checked" in in_element(correcting, "return root.querySelector('.note').textContent")
    drawn = correcting.draw(left=-300, top=140, width=90, height=70)["boundingBoxes"][-1]
    correcting.submit()
    soon(lambda: len(correcting.answers()) == 1, 20)
    content = correcting.answers()[0]["answerContent"]["boundingBox"]
    moved = {**SECOND, "left": 502, "top": 101}
    assert content["boundingBoxes"] == [FIRST, moved, drawn]
    assert content["initialValueModified"] is True
    assert correcting.script_errors() == []


def test_nothing_is_submitted_before_each_box_was_looked_at(correcting: Desk) -> None:
    """One key for all of them would be the fastest way to accept what is wrong."""
    soon(lambda: marks(correcting) == [True, True, True], 20)
    before = correcting.shown()
    correcting.press("submit")
    error = "return root.querySelector('.submit .error').textContent"
    soon(lambda: "3 boxes of the machine not checked" in in_element(correcting, error), 20)
    assert correcting.shown() == before
    assert correcting.answers() == []
    correcting.key("y", "y", "y")
    soon(lambda: marks(correcting) == [False] * 3, 20)
    correcting.submit()
    soon(lambda: len(correcting.answers()) == 1, 20)
    content = correcting.answers()[0]["answerContent"]["boundingBox"]
    assert (content["boundingBoxes"], content["initialValueModified"]) == ([FIRST, SECOND, THIRD], False)


def test_undo_makes_it_the_machine_s_again_and_a_draft_remembers(correcting: Desk) -> None:
    soon(lambda: marks(correcting) == [True, True, True], 20)
    correcting.frame().execute_script("document.querySelector('crowd-bounding-box').focus()")
    correcting.key("y", "y")
    soon(lambda: marks(correcting) == [False, False, True], 20)
    correcting.until_saved()
    before = correcting.drafts()
    in_element(correcting, "element.undo()")
    soon(lambda: marks(correcting) == [False, True, True], 20)
    soon(lambda: correcting.drafts() != before, 20)  # the word "Saved" may still be of the draft before
    correcting.open_job()
    soon(lambda: marks(correcting) == [False, True, True], 20)


def test_a_blind_image_and_one_where_the_machine_found_nothing(correcting: Desk) -> None:
    """Blind: nothing tells that others have proposals. Nothing found: it still has to be said that there is nothing."""
    soon(lambda: len(marks(correcting)) == 3, 20)
    correcting.key("y", "y", "y")
    soon(lambda: marks(correcting) == [False] * 3, 20)
    correcting.submit()
    assert correcting.boxes() == 0
    assert in_element(correcting, "return root.querySelector('.note, [data-tool=accept]') === null")
    assert "machine" not in correcting.frame().page_source
    correcting.draw()
    correcting.submit()
    soon(lambda: len(correcting.answers()) == 2, 20)
    assert "initialValueModified" not in correcting.answers()[-1]["answerContent"]["boundingBox"]
    assert correcting.value()["initialValueModified"] is False
    correcting.key("x")
    correcting.submit()
    soon(lambda: len(correcting.answers()) == 3, 20)
