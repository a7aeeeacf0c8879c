"""What stands around the work: it opens, closes and says what the template put in it."""

from __future__ import annotations

from collections.abc import Callable

from selenium.webdriver.common.keys import Keys

from tests.browser.elements.tasks import TaskPage, shadow

OpenTask = Callable[..., TaskPage]


def test_instructions_are_three_tabs_behind_a_link(open_task: OpenTask) -> None:
    page = open_task("""<crowd-form><crowd-instructions link-text="Read me" link-type="button">
      <short-summary>Short.</short-summary><detailed-instructions>Long.</detailed-instructions>
      <positive-example>Yes.</positive-example><negative-example>No.</negative-example></crowd-instructions></crowd-form>""")
    with page.inside() as browser:
        assert not browser.find_element("css selector", "short-summary").is_displayed()
        button = shadow(browser, "crowd-instructions", "button")
        assert button.text == "Read me"
        button.click()
        assert browser.find_element("css selector", "short-summary").is_displayed()
        shadow(browser, "crowd-instructions", "[role=tab]").send_keys(Keys.ARROW_LEFT)
        assert browser.find_element("css selector", "negative-example").is_displayed()
        assert not browser.find_element("css selector", "short-summary").is_displayed()


def test_an_alert_written_by_a_script_is_shown_and_can_be_dismissed(open_task: OpenTask) -> None:
    page = open_task('<div id="box"></div><crowd-form></crowd-form>')
    page.run("box.innerHTML = '<crowd-alert type=\"error\" dismissible>Wrong.</crowd-alert>'")
    with page.inside() as browser:
        assert shadow(browser, "crowd-alert", "[role=alert]").is_displayed()
        shadow(browser, "crowd-alert", "button").click()
        assert browser.find_elements("css selector", "crowd-alert") == []


def test_a_toast_goes_away(open_task: OpenTask) -> None:
    page = open_task('<crowd-toast text="Done" duration="300"></crowd-toast><crowd-form></crowd-form>')
    page.run("document.querySelector('crowd-toast').open()")
    page.until("return document.querySelector('crowd-toast').shadowRoot.querySelector('.toast:not([hidden])') !== null")
    page.until("return document.querySelector('crowd-toast').shadowRoot.querySelector('.toast[hidden]') !== null")


def test_a_modal_opens_and_closes_and_its_fields_count(open_task: OpenTask) -> None:
    page = open_task('<crowd-form><crowd-modal link-text="More"><input name="m" value="1"></crowd-modal></crowd-form>')
    with page.inside() as browser:
        shadow(browser, "crowd-modal", "button").click()
        assert browser.find_element("name", "m").is_displayed()
        shadow(browser, "crowd-modal", "dialog button").click()
        assert not browser.find_element("name", "m").is_displayed()
    assert page.submit() == {"m": "1"}


def test_tabs_show_one_part_and_all_parts_count(open_task: OpenTask) -> None:
    page = open_task("""<crowd-form><crowd-tabs><crowd-tab header="One"><input name="a" value="1"></crowd-tab>
      <crowd-tab header="Two"><input name="b" value="2"></crowd-tab></crowd-tabs></crowd-form>""")
    with page.inside() as browser:
        assert not browser.find_element("name", "b").is_displayed()
        shadow(browser, "crowd-tabs", "#tab-1").click()
        assert browser.find_element("name", "b").is_displayed()
    assert page.submit() == {"a": "1", "b": "2"}


def test_cards_badges_and_icons_say_what_they_are(open_task: OpenTask) -> None:
    page = open_task("""<crowd-form><crowd-card heading="A card"><p id="p">Words</p></crowd-card>
      <crowd-badge for="p" label="3"></crowd-badge>
      <crowd-icon-button icon="delete" title="Remove it"></crowd-icon-button>
      <crowd-fab label="X" title="Extra"></crowd-fab></crowd-form>""")
    with page.inside() as browser:
        assert shadow(browser, "crowd-card", "h3").text == "A card"
        assert shadow(browser, "crowd-badge", ".badge").text == "3"
        assert shadow(browser, "crowd-icon-button", "button").get_dom_attribute("aria-label") == "Remove it"
        assert shadow(browser, "crowd-fab", "button").get_dom_attribute("aria-label") == "Extra"
    assert page.console() == []
