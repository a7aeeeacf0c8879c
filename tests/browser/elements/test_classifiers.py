"""The four classifiers: choosing, by mouse and by key, gives the answers of Ground Truth's own elements."""

from __future__ import annotations

from collections.abc import Callable
from io import BytesIO

import pytest
from PIL import Image
from selenium.webdriver.common.action_chains import ActionChains

from tests.browser.elements.tasks import Site, TaskPage, shadow
from tests.browser.engines import MUTED

OpenTask = Callable[..., TaskPage]

TEXT = """<crowd-form>
<crowd-classifier name="category" categories="['Good', 'Bad', &quot;Don't know&quot;,]" header="How is it?">
  <classification-target><p>The soup was cold.</p></classification-target>
  <full-instructions header="All rules"><p>Read.</p></full-instructions><short-instructions>Choose.</short-instructions>
</crowd-classifier></crowd-form>"""
MANY = """<crowd-form><crowd-classifier-multi-select name="category" categories="['A', 'B', 'C']" header="Which?"
  exclusion-category="{ text: 'None of them' }"><classification-target>x</classification-target>
</crowd-classifier-multi-select></crowd-form>"""


def press(page: TaskPage, *keys: str) -> None:
    with page.inside() as browser:
        ActionChains(browser).send_keys(*keys).perform()


def choose(page: TaskPage, tag: str, category: str) -> None:
    with page.inside() as browser:
        shadow(browser, tag, f'input[value="{category}"]').click()


def test_a_number_key_chooses_and_enter_submits(open_task: OpenTask) -> None:
    page = open_task(TEXT)
    assert page.messages("valid")[-1] == {"type": "valid", "canSubmit": False, "message": "Choose a category."}
    press(page, "3")
    assert page.messages("valid")[-1]["canSubmit"] is True
    press(page, "2", "\ue007")
    assert page.wait("submit")["answer"] == {"category": {"label": "Bad"}}
    assert page.console() == []


def test_a_scale_of_numbers_has_its_numbers_as_keys(open_task: OpenTask) -> None:
    page = open_task("""<crowd-form><crowd-classifier name="c" categories="['5 - very', '4', '3', '2', '1 - not']">
      <classification-target>x</classification-target></crowd-classifier></crowd-form>""")
    press(page, "5")
    assert page.submit() == {"c": {"label": "5 - very"}}


def test_text_typed_elsewhere_on_the_page_chooses_nothing(open_task: OpenTask) -> None:
    page = open_task(TEXT.replace("</crowd-form>", "<input name='remark'></crowd-form>"))
    with page.inside() as browser:
        browser.find_element("name", "remark").send_keys("12")
    choose(page, "crowd-classifier", "Good")
    assert page.submit() == {"category": {"label": "Good"}, "remark": "12"}


def test_change_tells_scripts_the_category(open_task: OpenTask) -> None:
    script = """<script>document.querySelector('crowd-classifier')
      .addEventListener('change', (e) => { window.got = e.target.value })</script>"""
    page = open_task(TEXT + script)
    choose(page, "crowd-classifier", "Don't know")
    assert page.run("return window.got") == "Don't know"
    assert page.run("return document.querySelector('crowd-classifier')._submittableValue") == {"label": "Don't know"}


def test_categories_set_by_a_script_take_their_place_and_keep_the_choice(open_task: OpenTask) -> None:
    early = "<script>document.querySelector('crowd-classifier').categories = ['Early', 'Good']</script>"
    page = open_task(TEXT + early)
    choose(page, "crowd-classifier", "Good")
    page.run("document.querySelector('crowd-classifier').categories = ['Good', 'Later']")
    page.until("return document.querySelector('crowd-classifier').shadowRoot.querySelector('[value=Later]') !== null")
    assert page.submit() == {"category": {"label": "Good"}}


def test_several_categories_and_the_one_that_stands_alone(open_task: OpenTask) -> None:
    page = open_task(MANY)
    assert page.refused() == "Choose at least one category."
    press(page, "2", "1")
    assert page.submit() == {"category": {"labels": ["A", "B"]}}
    press(page, "4")
    assert page.submit() == {"category": {"labels": ["None of them"]}}
    press(page, "3")
    assert page.submit() == {"category": {"labels": ["C"]}}
    press(page, "3")
    assert page.refused() == "Choose at least one category."


def test_what_a_machine_proposes_is_chosen_already_says_so_and_may_be_changed(open_task: OpenTask) -> None:
    """Chosen without a word it would pass for the worker's own choice; and a reset goes back to it."""
    proposed = MANY.replace(" categories=", """ proposed initial-value='["B", "C"]' categories=""", 1)
    assert proposed != MANY
    page = open_task(proposed)
    note = "document.querySelector('crowd-classifier-multi-select').shadowRoot.querySelector('.proposed')"
    assert "machine: B, C." in page.run(f"return {note}.textContent")
    assert page.run(f"return {note}.hidden") is False
    assert page.submit() == {"category": {"labels": ["B", "C"]}}
    press(page, "2")
    assert page.submit() == {"category": {"labels": ["C"]}}


def test_a_picture_is_shown_and_classified_and_the_comment_comes_along(open_task: OpenTask, site: Site) -> None:
    page = open_task(f"""<crowd-form><crowd-image-classifier name="check" src="{site.put_picture()}" header="Right?"
      categories="['right', 'wrong']" overlay="{{'boundingBox': {{labels: ['cat'], value: [
        {{left: 80, top: 60, width: 200, height: 100, label: 'cat'}}, ]}} }}">
      <worker-comment header="What is wrong?" link-text="Say what" placeholder="why"></worker-comment>
      </crowd-image-classifier></crowd-form>""")
    with page.inside() as browser:
        assert shadow(browser, "crowd-image-classifier", "img").get_property("naturalWidth") == 800
        image, box, caption = (
            browser.execute_script(
                "return arguments[0].getBoundingClientRect().toJSON()", shadow(browser, "crowd-image-classifier", tag)
            )
            for tag in ("img", "rect", ".caption")
        )
        scale = image["width"] / 800
        assert box["left"] == pytest.approx(image["left"] + 80 * scale, abs=2.5)
        assert box["width"] == pytest.approx(200 * scale, abs=5)
        assert caption["bottom"] == pytest.approx(box["top"], abs=2), "at any zoom the name stands on its box"
        next(
            button
            for button in browser.execute_script(
                "return [...document.querySelector('crowd-image-classifier').shadowRoot.querySelectorAll('button')]"
            )
            if button.text == "Say what"
        ).click()
        shadow(browser, "crowd-image-classifier", "textarea").send_keys("too wide 1")
    press_target = "document.querySelector('crowd-image-classifier').shadowRoot.activeElement.blur()"
    page.run(press_target)
    press(page, "2")
    assert page.submit() == {"check": {"label": "wrong", "workerComment": "too wide 1"}}
    draft = page.messages("draft")
    assert draft or page.wait("draft")
    assert page.console() == []


def test_a_mask_is_laid_over_the_picture_and_its_background_stays_clear(open_task: OpenTask, site: Site) -> None:
    page = open_task(f"""<crowd-form><crowd-image-classifier name="check" src="{site.put_picture(400, 300)}"
      categories="['right', 'wrong']" overlay="{{semanticSegmentation: {{src: '{site.put(mask(), kind="image/png")}',
      labels: ['bird'], labelMappings: {{bird: {{color: '#2ca02c'}}}}}}}}"></crowd-image-classifier></crowd-form>""")
    alphas = page.until("""const canvas = document.querySelector('crowd-image-classifier').shadowRoot
      .querySelector('canvas'); return canvas && [[60, 70], [10, 10]].map(([x, y]) =>
      [...canvas.getContext('2d').getImageData(x, y, 1, 1).data])""")
    assert alphas[0][:3] == pytest.approx([0x2C, 0xA0, 0x2C], abs=2)  # a canvas keeps colours with their alpha
    assert 0 < alphas[0][3] < 255
    assert alphas[1][3] == 0
    press(page, "v")
    assert (
        page.run("""return getComputedStyle(document.querySelector('crowd-image-classifier').shadowRoot
      .querySelector('.layer')).display""")
        == "none"
    )


def mask() -> bytes:
    """A bird in a picture of 400 x 300 pixels, on white."""
    picture = Image.new("RGB", (400, 300), "#ffffff")
    picture.paste("#2ca02c", (50, 60, 150, 160))
    file = BytesIO()
    picture.save(file, "PNG")
    return file.getvalue()


def test_the_wheel_zooms_at_the_pointer_and_f_fits_again(open_task: OpenTask, site: Site) -> None:
    page = open_task(f"""<crowd-form><crowd-image-classifier name="c" src="{site.put_picture()}" categories="['a']">
      </crowd-image-classifier></crowd-form>""")

    def image() -> dict[str, float]:
        box: dict[str, float] = page.run(
            "return document.querySelector('crowd-image-classifier').shadowRoot.querySelector('img')"
            ".getBoundingClientRect().toJSON()"
        )
        return box

    before = image()
    x, y = round(before["left"] + before["width"] / 4), round(before["top"] + before["height"] / 4)
    with page.inside() as browser:
        chain = ActionChains(browser)
        chain.w3c_actions.wheel_action.scroll(x=x, y=y, delta_x=0, delta_y=-200)
        chain.perform()
    after = image()
    assert after["width"] > before["width"] * 1.2
    for side, place, size in (("left", x, "width"), ("top", y, "height")):
        share = (place - before[side]) / before[size]
        assert (place - after[side]) / after[size] == pytest.approx(share, abs=0.01)
    press(page, "f")
    assert image() == pytest.approx(before, abs=0.5)


def test_many_categories_can_be_searched(open_task: OpenTask) -> None:
    categories = [f"kind {number}" for number in range(30)]
    page = open_task(f"""<crowd-form><crowd-classifier name="c" categories="{categories}"><classification-target>x
      </classification-target></crowd-classifier></crowd-form>""")
    with page.inside() as browser:
        shadow(browser, "crowd-classifier", ".filter").send_keys("kind 27")
        labels = browser.execute_script(
            "return [...document.querySelector('crowd-classifier').shadowRoot.querySelectorAll('.list label')]"
            ".filter((label) => label.offsetParent).map((label) => label.innerText.trim())"
        )
    assert labels == ["kind 27"]
    assert page.refused() == "Choose a category.", "digits typed into the search choose nothing"
    choose(page, "crowd-classifier", "kind 27")
    assert page.submit() == {"c": {"label": "kind 27"}}


def test_a_picture_that_cannot_be_shown_is_reported_and_the_page_still_starts(open_task: OpenTask, site: Site) -> None:
    gone = f"{site.origin}/pages/gone.jpg"
    page = open_task(
        f"""<crowd-form><crowd-image-classifier name="c" src="{gone}" categories="['a']">
    </crowd-image-classifier></crowd-form>"""
    )
    assert page.messages("image-failed") == [{"type": "image-failed", "src": gone}]
    with page.inside() as browser:
        assert "cannot be shown" in shadow(browser, "crowd-image-classifier", ".note").text


def test_several_categories_for_a_picture(open_task: OpenTask, site: Site) -> None:
    page = open_task(f"""<crowd-form><crowd-image-classifier-multi-select name="c" src="{site.put_picture()}"
      categories="['a', 'b']" header="?"></crowd-image-classifier-multi-select></crowd-form>""")
    press(page, "z", "1", "f", "2")
    assert page.submit() == {"c": {"labels": ["a", "b"]}}


def test_a_choice_survives_the_page(open_task: OpenTask) -> None:
    page = open_task(MANY)
    press(page, "1", "3")
    assert open_task(MANY, draft=page.draft()).submit() == {"category": {"labels": ["A", "C"]}}


def test_instructions_can_be_opened_from_the_portal(open_task: OpenTask) -> None:
    page = open_task(TEXT)
    page.send(type="instructions")
    page.until("return document.querySelector('crowd-classifier').shadowRoot.querySelector('dialog.full').open")
    page.send(type="shortcuts", more=[{"keys": ["Shift+D"], "does": "Decline"}])
    text = page.until(
        "return document.querySelector('crowd-classifier').shadowRoot.querySelector('dialog.keys[open]')?.innerText"
    )
    assert "Bad" in text
    assert "Submit" in text
    assert "Shift+D" in text


def test_instructions_that_were_closed_once_stay_closed_in_the_next_task(open_task: OpenTask) -> None:
    page = open_task(TEXT)
    with page.inside() as browser:
        assert browser.find_element("css selector", "short-instructions").is_displayed()
        shadow(browser, "crowd-classifier", "[aria-label='Close instructions']").click()
        assert not browser.find_element("css selector", "short-instructions").is_displayed()
    settings = page.wait("settings")["value"]
    after = open_task(TEXT, settings=settings)
    with after.inside() as browser:
        assert not browser.find_element("css selector", "short-instructions").is_displayed()
        shadow(browser, "crowd-classifier", ".show").click()
        assert browser.find_element("css selector", "short-instructions").is_displayed()
    assert after.wait("settings")["value"] == {"isInstructionsOpen": True}


def test_enter_in_a_field_beside_a_tool_does_not_submit(open_task: OpenTask) -> None:
    """It ends a word there, such as a new label; the task would be gone half done."""
    page = open_task(
        TEXT.replace("Choose.</short", "<crowd-input name='_new'></crowd-input><input name='_old'></short"),
    )
    choose(page, "crowd-classifier", "Good")
    with page.inside() as browser:
        shadow(browser, "crowd-input", "input").send_keys("label\ue007")
        assert shadow(browser, "crowd-input", "input").get_property("value") == "label"
        browser.find_element("name", "_old").send_keys("word\ue007")
    assert page.messages("submit") == []
    assert page.submit() == {"category": {"label": "Good"}, "_new": "label", "_old": "word"}


@MUTED
def test_labels_that_are_no_json_are_reported_with_their_place(open_task: OpenTask) -> None:
    page = open_task(
        "<crowd-form><crowd-classifier name='c' categories='[a b'></crowd-classifier></crowd-form>", expects_errors=True
    )
    assert "<crowd-classifier> cannot read its categories" in page.wait("error")["message"]


def test_parts_that_public_templates_reach_for_are_there(open_task: OpenTask) -> None:
    page = open_task(TEXT)
    for part in (".annotation-area .category-picker-wrapper", ".awsui-app-layout__navigation", ".awsui-modal-dialog"):
        assert page.run(
            "return document.querySelector('crowd-classifier').shadowRoot.querySelector(arguments[0]) !== null", part
        )
