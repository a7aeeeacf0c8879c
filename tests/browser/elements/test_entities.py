"""Named entities: marking words by mouse and keys, and what the offsets of the answer count."""

from __future__ import annotations

import html
import json
from collections.abc import Callable
from typing import Any

from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.keys import Keys

from tests.browser.elements.tasks import TaskPage
from tests.browser.engines import MUTED

OpenTask = Callable[..., TaskPage]
TAG = "crowd-entity-annotation"
LABELS = "[{'label': 'person', 'shortDisplayName': 'per', 'fullDisplayName': 'A person'}, 'place']"


def page_of(text: str, *, initial: Any = None, more: str = "") -> str:
    given = f"initial-value='{json.dumps(initial)}'" if initial is not None else ""
    return f"""<{TAG} name="ner" header="Mark names" labels="{LABELS}" text="{html.escape(text)}" {given}>
      <short-instructions>Mark.</short-instructions>
      <full-instructions header="H">All.</full-instructions>{more}</{TAG}>"""


def press(page: TaskPage, *keys: str) -> None:
    with page.inside() as browser:
        ActionChains(browser).send_keys(*keys).perform()


def mark(page: TaskPage, start: int, end: int) -> None:
    """Marks JavaScript's range [start, end) with the mouse, from the first letter's left to the last one's right."""
    with page.inside() as browser:
        places = browser.execute_script(
            """const text = document.querySelector(arguments[0]).shadowRoot.querySelector('.text');
            const nodes = document.createTreeWalker(text, NodeFilter.SHOW_TEXT); const boxes = []; let at = 0;
            for (let node = nodes.nextNode(); node; node = nodes.nextNode()) {
              for (let i = 0; i < node.length; i += 1, at += 1) {
                if (at !== arguments[1] && at !== arguments[2] - 1) continue;
                const range = document.createRange(); range.setStart(node, i);
                range.setEnd(node, i + 1); boxes.push(range.getBoundingClientRect().toJSON()); } }
            const rtl = getComputedStyle(text).direction === 'rtl';
            const [first, last] = [boxes[0], boxes.at(-1)];
            const middle = (box) => box.top + box.height / 2;
            return [rtl ? first.right - 1 : first.left + 1, middle(first),
              rtl ? last.left + 1 : last.right - 1, middle(last)]""",
            TAG,
            start,
            end,
        )
        x, y, to_x, to_y = (round(place) for place in places)
        chain = ActionChains(browser, duration=50)
        chain.w3c_actions.pointer_action.move_to_location(x, y)
        chain.w3c_actions.pointer_action.pointer_down()
        chain.w3c_actions.pointer_action.move_to_location(to_x, to_y)
        chain.w3c_actions.pointer_action.pointer_up()
        chain.perform()


def marked_parts(page: TaskPage) -> list[str]:
    script = """const text = document.querySelector(arguments[0]).shadowRoot.querySelector('.text');
      return [...text.querySelectorAll('mark')].map((mark) => mark.textContent)"""
    return list(page.run(script, TAG))


def entities(page: TaskPage) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = page.submit()["ner"]["entities"]
    return found


def test_words_marked_by_mouse_get_the_label_and_the_answer_is_ground_truths(open_task: OpenTask) -> None:
    page = open_task(page_of("Ada Lovelace lived in London."))
    mark(page, 0, 13)
    press(page, "1")
    press(page, Keys.ESCAPE, "2")
    mark(page, 22, 28)
    assert page.submit() == {
        "ner": {
            "entities": [
                {"endOffset": 12, "label": "person", "startOffset": 0},
                {"endOffset": 28, "label": "place", "startOffset": 22},
            ]
        }
    }
    assert page.console() == []


def test_offsets_count_code_points_so_that_python_reads_the_same_words(open_task: OpenTask) -> None:
    text = "👋🏽 Hi 𝒜da in 東京, 👩‍👩‍👧 and Zoë!"
    page = open_task(page_of(text))
    units = text.encode("utf-16-le")

    def at(words: str) -> int:
        return len(units[: units.index(words.encode("utf-16-le"))]) // 2

    for words, key in (("𝒜da", "1"), ("東京", "2"), ("Zoë", "1")):
        start = at(words)
        mark(page, start, start + len(words.encode("utf-16-le")) // 2)
        press(page, key, Keys.ESCAPE)
    found = entities(page)
    assert [text[entity["startOffset"] : entity["endOffset"]] for entity in found] == ["𝒜da", "東京", "Zoë"]
    again = open_task(page_of(text, initial=found))
    assert marked_parts(again) == ["𝒜da", "東京", "Zoë"]
    assert entities(again) == found


def test_text_from_right_to_left_keeps_its_order(open_task: OpenTask) -> None:
    text = "גרה עדה לאבלייס בלונדון ועבדה שם"
    page = open_task(page_of(text))
    start = text.index("עדה")
    mark(page, start, start + len("עדה לאבלייס"))
    press(page, "1")
    (entity,) = entities(page)
    assert text[entity["startOffset"] : entity["endOffset"]] == "עדה לאבלייס"


def test_line_breaks_count_one(open_task: OpenTask) -> None:
    text = "one\ntwo\n\nthree"
    page = open_task(page_of(text))
    mark(page, text.index("three"), len(text))
    press(page, "1")
    (entity,) = entities(page)
    assert text[entity["startOffset"] : entity["endOffset"]] == "three"


def test_all_by_keys_alone(open_task: OpenTask) -> None:
    page = open_task(page_of("Ada Lovelace met Ada Smith."))
    press(page, Keys.TAB, Keys.ARROW_RIGHT)
    with page.inside() as browser:
        ActionChains(browser).key_down(Keys.SHIFT).send_keys(Keys.ARROW_RIGHT).key_up(Keys.SHIFT).perform()
    press(page, "1")
    assert marked_parts(page) == ["Ada Lovelace"]
    press(page, Keys.ARROW_RIGHT, Keys.ARROW_RIGHT, "2")
    assert marked_parts(page) == ["Ada Lovelace", "Ada"]
    press(page, "1")  # another label for it
    with page.inside() as browser:
        ActionChains(browser).key_down(Keys.CONTROL).send_keys("z").key_up(Keys.CONTROL).perform()
    press(page, Keys.ENTER)
    assert page.wait("submit")["answer"]["ner"]["entities"][1] == {"endOffset": 20, "label": "place", "startOffset": 17}


def test_all_places_with_the_same_words_at_once_and_removal(open_task: OpenTask) -> None:
    page = open_task(page_of("Ada and Ada and Adam and Ada."))
    mark(page, 0, 3)
    press(page, "1", "a")
    assert [entity["startOffset"] for entity in entities(page)] == [0, 8, 25], "Adam is another word"
    press(page, Keys.DELETE)
    assert [entity["startOffset"] for entity in entities(page)] == [8, 25]


def test_a_part_of_an_entity_is_refused_and_a_whole_one_is_replaced(open_task: OpenTask) -> None:
    page = open_task(page_of("New York City is large", initial=[{"label": "place", "startOffset": 0, "endOffset": 8}]))
    press(page, "1")
    mark(page, 4, 13)
    assert [entity["label"] for entity in entities(page)] == ["place"]
    mark(page, 0, 13)
    assert entities(page) == [{"endOffset": 13, "label": "person", "startOffset": 0}]


def test_other_questions_can_be_put_into_its_form(open_task: OpenTask) -> None:
    page = open_task(
        page_of("Ada", more='<div id="extra"><crowd-checkbox name="sure" value="yes">Sure</crowd-checkbox></div>')
        + f"""<script>document.addEventListener("all-crowd-elements-ready", () => document
        .querySelector("{TAG}").shadowRoot.querySelector("crowd-form").form.appendChild(extra))</script>"""
    )
    page.run("document.querySelector(arguments[0]).shadowRoot.querySelector('crowd-checkbox').choose(true)", TAG)
    draft = page.draft()
    assert page.submit() == {"ner": {"entities": []}, "sure": {"yes": True}}
    assert draft["fields"]["crowd-checkbox:sure:0"] is True


def test_entities_come_back_from_a_draft(open_task: OpenTask) -> None:
    page = open_task(page_of("Ada Lovelace"))
    mark(page, 0, 3)
    press(page, "1")
    draft = page.draft()
    assert entities(open_task(page_of("Ada Lovelace"), draft=draft)) == [
        {"endOffset": 3, "label": "person", "startOffset": 0}
    ]


@MUTED
def test_initial_values_outside_the_text_are_told(open_task: OpenTask) -> None:
    page = open_task(
        page_of("Ada", initial=[{"label": "person", "startOffset": 0, "endOffset": 9}]), expects_errors=True
    )
    assert "not in its text" in page.wait("error")["message"]
