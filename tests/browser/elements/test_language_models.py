"""The pages for answers of language models: ranking them, and writing questions with answers."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from selenium.webdriver import Keys

from tests.browser.elements.tasks import TaskPage, shadow

OpenTask = Callable[..., TaskPage]
RANKING = """<crowd-form><crowd-text-ranking name="textRanking" text="Which?" responses='["one", "two", "three"]'
  ordinal-ranking-dimensions='[{"name": "Clarity", "allowTie": true}, {"name": "Tone", "allowTie": false}]'>
  <short-instructions>Rank.</short-instructions></crowd-text-ranking></crowd-form>"""
QUESTIONS = """<crowd-form><crowd-question-answer-generation name="qa" text="🙂 Ada lived in London." min-questions="1"
  max-questions=2 question-min-words=2 answer-max-words="3" question-tags='["Who", "Where"]'
  allow-custom-question-tags=true></crowd-question-answer-generation></crowd-form>"""


def rank(page: TaskPage, dimension: int, response: int, place: int) -> None:
    with page.inside() as browser:
        shadow(browser, "crowd-text-ranking", f"[name=rank-{dimension}-{response}][value='{place}']").click()


def test_a_ranking_stands_at_the_top_of_the_answer(open_task: OpenTask) -> None:
    page = open_task(RANKING)
    assert page.refused() == "Please rank all responses by Clarity."
    for response, place in enumerate((1, 1, 2)):
        rank(page, 0, response, place)
    assert page.refused() == "Please rank all responses by Tone."
    for response, place in enumerate((1, 2, 3)):
        rank(page, 1, response, place)
    rank(page, 1, 2, 1)  # no ties there: the first gets what the third had
    expected = {
        "ordinalRankingDimensions": [
            {"name": "Clarity", "responseRankings": [1, 1, 2]},
            {"name": "Tone", "responseRankings": [3, 2, 1]},
        ]
    }
    assert page.submit() == expected
    assert open_task(RANKING, draft=page.draft()).submit() == expected


def test_questions_have_answers_tags_and_places(open_task: OpenTask) -> None:
    page = open_task(QUESTIONS)
    assert page.refused() == "Please write at least 1 question with an answer."
    with page.inside() as browser:
        shadow(browser, "crowd-question-answer-generation", "#question-0").send_keys("Where?")
        shadow(browser, "crowd-question-answer-generation", "#answer-0").send_keys("In London 1")
    assert page.refused() == "Question 1 needs at least 2 words; it has 1."
    with page.inside() as browser:
        shadow(browser, "crowd-question-answer-generation", "#question-0").send_keys(" When?")
        shadow(browser, "crowd-question-answer-generation", ".tags button:nth-of-type(2)").click()
        shadow(browser, "crowd-question-answer-generation", ".custom").send_keys("time", Keys.ENTER)
        browser.execute_script("""const root = document.querySelector('crowd-question-answer-generation').shadowRoot;
          const text = root.querySelector('.passage').firstChild;
          document.getSelection().setBaseAndExtent(text, text.data.indexOf('London'), text, text.data.length - 1)""")
        shadow(browser, "crowd-question-answer-generation", ".foot button").click()
    expected = {
        "qa": {
            "questionAnswerPairs": [
                {
                    "question": "Where? When?",
                    "answer": "In London 1",
                    "tags": ["Where", "time"],
                    "textReferences": [{"endOffset": 21, "startOffset": 15, "text": "London"}],
                }
            ]
        }
    }
    assert page.submit() == expected
    assert "🙂 Ada lived in London."[15:21] == "London"
    assert open_task(QUESTIONS, draft=page.draft()).submit() == expected


@pytest.mark.parametrize("pressed", [".foot button", ".tags button", ".side > .button", None])
def test_a_tag_counts_without_enter_whatever_is_pressed_next(open_task: OpenTask, pressed: str | None) -> None:
    """It was dropped with "Add the marked text", and a click on another tag beside it did nothing."""
    page = open_task(QUESTIONS)
    with page.inside() as browser:
        shadow(browser, "crowd-question-answer-generation", "#question-0").send_keys("Where is it?")
        shadow(browser, "crowd-question-answer-generation", "#answer-0").send_keys("London")
        browser.execute_script("""const root = document.querySelector('crowd-question-answer-generation').shadowRoot;
          const text = root.querySelector('.passage').firstChild;
          document.getSelection().setBaseAndExtent(text, text.data.indexOf('London'), text, text.data.length - 1)""")
        shadow(browser, "crowd-question-answer-generation", ".custom").send_keys("place")
        if pressed is not None:
            shadow(browser, "crowd-question-answer-generation", pressed).click()
    (pair,) = page.submit()["qa"]["questionAnswerPairs"]
    assert pair["tags"] == (["Who", "place"] if pressed == ".tags button" else ["place"])
