"""The form: what a page holds becomes one answer, and nothing that a worker did is lost."""

from __future__ import annotations

from collections.abc import Callable

from selenium import webdriver

from tests.browser.elements.tasks import SANDBOX, SHELL, UNLINKED, Site, TaskPage, shadow
from tests.browser.engines import MUTED

OpenTask = Callable[..., TaskPage]

NATIVE = """<crowd-form>
  <input name="text" value="some"> <input name="empty"> <input type="hidden" name="hidden" value="kept">
  <input type="checkbox" name="seen" value="yes" checked> <input type="checkbox" name="seen" value="no">
  <input type="radio" name="side" value="left"> <input type="radio" name="side" value="right" checked>
  <select name="pick"><option>one</option><option selected>two</option></select>
  <textarea name="lines">a\nb</textarea> <input name="off" value="x" disabled> <input type="submit" value="Go" hidden>
</crowd-form>"""


def test_native_controls_become_one_answer(open_task: OpenTask) -> None:
    page = open_task(NATIVE)
    assert page.submit() == {
        "text": "some",
        "hidden": "kept",
        "seen": {"yes": True, "no": False},
        "side": {"left": False, "right": True},
        "pick": "two",
        "lines": "a\nb",
    }
    assert page.console() == []


def test_a_listener_of_submit_may_stop_it_and_may_add_to_it(open_task: OpenTask) -> None:
    page = open_task("""<crowd-form><input name="a" value="1"></crowd-form><script>
      let times = 0;
      document.querySelector("crowd-form").onsubmit = (event) => {
        times += 1;
        if (times === 1) { event.preventDefault(); document.title = "stopped"; return; }
        const late = Object.assign(document.createElement("input"), {type: "hidden", name: "late", value: "2"});
        document.querySelector("crowd-form").appendChild(late);
      };</script>""")
    page.send(type="submit")
    page.until("return document.title === 'stopped'")
    assert page.messages("submit") == []
    assert page.messages("valid")[-1]["message"] == "Not submitted: the task itself asks for something first."
    assert page.submit() == {"a": "1", "late": "2"}


def test_what_is_required_is_asked_for_and_named(open_task: OpenTask) -> None:
    page = open_task("<crowd-form><input name='a' required></crowd-form>")
    assert page.messages("valid")[-1]["canSubmit"] is False
    assert "fill" in page.refused().lower()
    assert page.messages("submit") == []
    with page.inside() as browser:
        browser.find_element("css selector", "input").send_keys("x")
    page.wait("valid", after=2)
    assert page.submit() == {"a": "x"}


def test_an_element_of_somebody_elses_is_collected_by_its_convention(open_task: OpenTask) -> None:
    page = open_task("""<crowd-form><object-value-input id="own"></object-value-input></crowd-form><script>
      customElements.define("object-value-input", class extends HTMLElement {
        name = "table"; value = {rows: [1, 2]};
        validate() { return this.isDone ? true : "fill in the table"; } });</script>""")
    assert page.refused() == "fill in the table"
    page.run("own.isDone = true")
    assert page.submit() == {"table": {"rows": [1, 2]}}


def test_a_page_without_a_tool_keeps_its_full_instructions_in_a_dialog_and_lists_its_keys(open_task: OpenTask) -> None:
    page = open_task(
        "<crowd-form><full-instructions header='Rules'><p>All.</p></full-instructions><input name='a'></crowd-form>"
    )
    with page.inside() as browser:
        assert not browser.find_element("css selector", "full-instructions").is_displayed()
    page.send(type="instructions")
    page.until("return document.querySelector('crowd-form').shadowRoot.querySelector('dialog.full').open")
    page.send(type="shortcuts", more=[{"keys": ["Shift+D"], "does": "Decline"}])
    text = page.until(
        "return document.querySelector('crowd-form').shadowRoot.querySelector('dialog.keys[open]')?.innerText"
    )
    assert "Ctrl+Enter" in text
    assert "Shift+D" in text


def test_a_draft_survives_the_page(open_task: OpenTask) -> None:
    page = open_task(NATIVE)
    with page.inside() as browser:
        browser.find_element("name", "empty").send_keys("written")
        browser.find_element("css selector", "[value=left]").click()
        browser.find_element("css selector", "[value=no]").click()
    draft = page.draft()
    again = open_task(NATIVE, draft=draft)
    answer = again.submit()
    assert answer["empty"] == "written"
    assert answer["side"] == {"left": True, "right": False}
    assert answer["seen"] == {"yes": True, "no": True}


def test_a_draft_is_the_last_state_and_comes_once_for_a_burst(open_task: OpenTask) -> None:
    page = open_task("<crowd-form><input name='a'></crowd-form>")
    with page.inside() as browser:
        browser.find_element("name", "a").send_keys("quickly written")
    assert page.draft() == {"fields": {"input:a:0": "quickly written"}}
    assert len(page.messages("draft")) == 1
    assert page.messages("activity")


def test_keys_that_nothing_uses_go_to_the_portal_and_ctrl_enter_submits(open_task: OpenTask) -> None:
    page = open_task("<crowd-form><input name='a'></crowd-form>")
    page.run("document.dispatchEvent(new KeyboardEvent('keydown', {key: 'F2', ctrlKey: true, bubbles: true}))")
    assert page.wait("key") == {"type": "key", "key": "F2", "ctrl": True, "alt": False, "shift": False, "meta": False}
    with page.inside() as browser:
        browser.find_element("name", "a").send_keys("abc")
    typed = [message for message in page.messages("key") if len(message["key"]) == 1]
    assert typed == [], "what a worker types is not told to the page around"
    page.run("document.dispatchEvent(new KeyboardEvent('keydown', {key: 'Enter', ctrlKey: true, bubbles: true}))")
    assert page.wait("submit")["answer"] == {"a": "abc"}


@MUTED
def test_an_error_of_the_template_reaches_the_owner(open_task: OpenTask) -> None:
    page = open_task(
        """<crowd-form></crowd-form><script>
        document.addEventListener("all-crowd-elements-ready", () => { throw new Error("template broke"); })</script>""",
        expects_errors=True,
    )
    assert "template broke" in page.wait("error")["message"]


@MUTED
def test_an_error_from_before_the_elements_were_there_reaches_the_owner_too(open_task: OpenTask) -> None:
    page = open_task("<script>nothing.of.this()</script><crowd-form></crowd-form>", expects_errors=True)
    assert "nothing is not defined" in page.wait("error")["message"]


def test_what_the_content_policy_keeps_out_is_told_to_the_owner(open_task: OpenTask) -> None:
    page = open_task(
        '<script src="https://cdn.example/library.js"></script><crowd-form></crowd-form>', expects_errors=True
    )
    assert page.wait("error")["message"] == "not loaded: https://cdn.example/library.js"
    page.run("document.body.append(Object.assign(new Image(), {src: 'https://cdn.example/picture.png'}))")
    assert page.wait("error", after=1)["message"] == "not loaded: https://cdn.example/picture.png"


def test_another_window_cannot_take_the_place_of_the_portal(open_task: OpenTask) -> None:
    page = open_task("<crowd-form><input name='a' value='1'></crowd-form>")
    page.run(
        "const own = new MessageChannel(); own.port1.onmessage = (event) => { window.stolen = event.data; };"
        "window.postMessage({type: 'connect'}, '*', [own.port2]); own.port1.postMessage({type: 'submit'});"
    )
    assert page.submit() == {"a": "1"}
    assert page.run("return window.stolen ?? null") is None


def test_a_page_opened_by_itself_shows_its_answer(browser: webdriver.Chrome, site: Site) -> None:
    browser.get(site.put_task("<crowd-form><input name='a' value='1'></crowd-form>"))
    shadow(browser, "crowd-form", "button").click()
    assert '"a": "1"' in browser.find_element("css selector", "pre").text


def test_elements_are_ready_once_and_for_scripts_written_before(browser: webdriver.Chrome, site: Site) -> None:
    address = site.put_task(
        "<script>window.times = []; document.addEventListener('all-crowd-elements-ready',"
        " () => times.push(document.querySelector('crowd-form').form.localName))</script><crowd-form></crowd-form>"
    )
    browser.get(site.put(SHELL % (SANDBOX, address)))
    page = TaskPage(browser)
    page.wait("ready")
    assert page.run("return window.times") == ["form"]


def test_the_modules_run_one_by_one_as_well(browser: webdriver.Chrome, site: Site) -> None:
    browser.get(
        site.put(f'<script type="module" src="{UNLINKED}crowd-html-elements.js"></script><crowd-form></crowd-form>')
    )
    assert shadow(browser, "crowd-form", ".end button").text == "Submit"
