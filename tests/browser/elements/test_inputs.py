"""Inputs: each gives the answer that Ground Truth's element of the same name gives."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from selenium.webdriver.common.keys import Keys

from tests.browser.elements.tasks import TaskPage, shadow

OpenTask = Callable[..., TaskPage]


def form(body: str) -> str:
    return f"<crowd-form>{body}</crowd-form>"


def type_into(page: TaskPage, tag: str, words: str, control: str = "input") -> None:
    with page.inside() as browser:
        shadow(browser, tag, control).send_keys(words)


def click(page: TaskPage, *way: str) -> None:
    with page.inside() as browser:
        shadow(browser, *way).click()


def test_text_is_the_answer_and_an_empty_one_is_left_out(open_task: OpenTask) -> None:
    page = open_task(
        form('<crowd-input name="a" label="A"></crowd-input><crowd-input name="b" value="set"></crowd-input>')
    )
    assert page.submit() == {"b": "set"}
    type_into(page, "crowd-input", "words")
    assert page.submit() == {"a": "words", "b": "set"}
    page.run("document.querySelector('[name=b]').value = null")
    assert page.submit() == {"a": "words"}


def test_required_text_is_asked_for_by_its_label(open_task: OpenTask) -> None:
    page = open_task(form('<crowd-input name="a" label="First name" required></crowd-input>'))
    assert page.refused() == "Please fill in “First name”."
    with page.inside() as browser:
        assert "First name" in shadow(browser, "crowd-input", ".error").text
    type_into(page, "crowd-input", "Ada" + Keys.ENTER)
    assert page.wait("submit")["answer"] == {"a": "Ada"}


@pytest.mark.parametrize(
    ("attributes", "typed", "message"),
    [
        ('min-length="3"', "ab", "This field needs at least 3 characters."),
        ('type="email" error-message="No address"', "ab", "No address"),
        ('type="number" required', "", "Please fill in this field."),
    ],
)
def test_text_that_does_not_fit_is_refused(open_task: OpenTask, attributes: str, typed: str, message: str) -> None:
    page = open_task(form(f'<crowd-input name="a" {attributes}></crowd-input>'))
    if typed:
        type_into(page, "crowd-input", typed)
    assert page.refused() == message


def test_only_allowed_characters_are_taken_and_no_more_than_fit(open_task: OpenTask) -> None:
    page = open_task(form('<crowd-input name="a" allowed-pattern="[0-9]" auto-validate max-length="3"></crowd-input>'))
    type_into(page, "crowd-input", "1a2b34")
    assert page.submit() == {"a": "123"}


def test_several_lines_keep_their_breaks(open_task: OpenTask) -> None:
    page = open_task(
        form('<crowd-text-area name="t" rows="4" max-rows="9" char-counter max-length="20"></crowd-text-area>')
    )
    type_into(page, "crowd-text-area", "one" + Keys.ENTER + "two", "textarea")
    with page.inside() as browser:
        assert shadow(browser, "crowd-text-area", ".counter").text == "7 / 20"
    assert page.messages("submit") == [], "Enter makes a line there"
    assert page.submit() == {"t": "one\ntwo"}


def test_boxes_of_one_name_merge(open_task: OpenTask) -> None:
    page = open_task(
        form("""<crowd-checkbox name="c" value="x" checked="false">X</crowd-checkbox>
      <crowd-checkbox name="c" value="y">Y</crowd-checkbox><crowd-checkbox name="d">D</crowd-checkbox>
      <crowd-checkbox name="off" disabled>Off</crowd-checkbox>
      <crowd-toggle-button name="t">Switch</crowd-toggle-button>""")
    )
    assert page.submit() == {"c": {"x": True, "y": False}, "d": {"on": False}, "t": {"on": False}}
    click(page, "[value=y]", "input")
    click(page, "crowd-toggle-button", "input")
    page.run("document.querySelector('[name=d]').checked = true")
    assert page.submit() == {"c": {"x": True, "y": True}, "d": {"on": True}, "t": {"on": True}}


def test_a_required_box_must_be_ticked(open_task: OpenTask) -> None:
    page = open_task(form('<crowd-checkbox name="c" required><b>I have read it</b></crowd-checkbox>'))
    assert page.refused() == "Please tick “I have read it”."
    with page.inside() as browser:
        browser.find_element("css selector", "b").click()
    assert page.submit() == {"c": {"on": True}}


RADIOS = form("""<crowd-radio-group><crowd-radio-button name="a" value="1" checked>One</crowd-radio-button>
  <crowd-radio-button name="b" value="2">Two</crowd-radio-button></crowd-radio-group>""")


def test_of_a_radio_group_one_is_chosen(open_task: OpenTask) -> None:
    page = open_task(RADIOS)
    click(page, "[name=b]", "input")
    assert page.submit() == {"a": {"1": False}, "b": {"2": True}}
    with page.inside() as browser:
        shadow(browser, "[name=b]", "input").send_keys(Keys.ARROW_DOWN)
    assert page.submit() == {"a": {"1": True}, "b": {"2": False}}


def test_a_scale_gives_a_number_and_one_that_is_required_must_be_touched(open_task: OpenTask) -> None:
    page = open_task(
        form("""<crowd-slider name="s" min="1" max="5" required pin>
      <crowd-slider-label position="1">bad</crowd-slider-label>
      <crowd-slider-label position="5">good</crowd-slider-label>
      </crowd-slider><crowd-slider name="free" value="50" editable></crowd-slider>
      <crowd-slider name="t" min="2"></crowd-slider>""")
    )
    assert page.refused() == "Please choose a value on the scale."
    with page.inside() as browser:
        shadow(browser, "[name=s]", "input").send_keys(Keys.ARROW_RIGHT + Keys.ARROW_RIGHT)
    assert page.submit() == {"s": 3, "free": 50, "t": 2}
    page.run("document.querySelector('[name=s]').value = 4")
    assert page.submit() == {"s": 4, "free": 50, "t": 2}
    with page.inside() as browser:
        track = shadow(browser, "[name=s]", "input[type=range]").rect
        label = browser.find_element("css selector", "crowd-slider-label[position='5']").rect
        assert label["x"] + label["width"] / 2 == pytest.approx(track["x"] + track["width"] - 8, abs=2)


def test_an_element_that_was_never_closed_still_shows_and_collects_what_it_swallowed(open_task: OpenTask) -> None:
    page = open_task(
        form(
            '<crowd-slider name="s" min="1" max="5" value="2" pin/><p>Next</p>'
            '<crowd-fab icon="add"/><input name="i" value="1">'
        )
    )
    with page.inside() as browser:
        assert browser.find_element("name", "i").is_displayed()
    assert page.submit() == {"s": 2, "i": "1"}


def test_buttons_submit_and_reset_and_the_form_adds_none(open_task: OpenTask) -> None:
    page = open_task(
        form("""<crowd-input name="a" value="first"></crowd-input>
      <crowd-button form-action="submit" variant="primary">Send</crowd-button>
      <crowd-button form-action="reset" icon="undo">Reset</crowd-button>
      <crowd-button id="plain" disabled>Off</crowd-button>""")
    )
    type_into(page, "crowd-input", "!")
    click(page, "crowd-button")
    assert page.wait("submit")["answer"] == {"a": "first!"}
    click(page, "[form-action=reset]")
    page.until("return document.querySelector('crowd-input').value === 'first'")
    with page.inside() as browser:
        assert (
            browser.execute_script(
                "return document.querySelector('crowd-form').shadowRoot.querySelector('.end button')"
            )
            is None
        )
        assert not shadow(browser, "#plain", "button").is_enabled()


def test_a_template_that_disables_its_submit_button_holds_the_portals_too(open_task: OpenTask) -> None:
    page = open_task(form('<crowd-button form-action="submit" disabled="true" id="go">Send</crowd-button>'))
    assert page.messages("valid")[-1]["canSubmit"] is False
    page.run("document.querySelector('#go').disabled = false; document.body.click()")
    page.wait("valid", after=len(page.messages("valid")) - 1)
    assert page.submit() == {}


def test_all_inputs_come_back_from_a_draft(open_task: OpenTask) -> None:
    body = (
        form("""<crowd-input name="a"></crowd-input><crowd-checkbox name="c">C</crowd-checkbox>
      <crowd-slider name="s" required></crowd-slider><crowd-text-area name="t"></crowd-text-area>""")
        + RADIOS
    )
    page = open_task(body)
    type_into(page, "crowd-input", "x")
    type_into(page, "crowd-text-area", "y", "textarea")
    click(page, "crowd-checkbox", "input")
    click(page, "[name=b]", "input")
    page.run("document.querySelector('crowd-slider').value = 7; document.querySelector('crowd-slider').changed()")
    draft = page.draft()
    again = open_task(body, draft=draft)
    assert again.submit() == {"a": "x", "c": {"on": True}, "s": 7, "t": "y"}
    assert again.run("return document.querySelector('[name=b]').checked") is True
    assert again.run("return document.querySelector('[name=a][value]').checked") is False
