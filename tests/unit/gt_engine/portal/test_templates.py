"""Workers' pages: Ground Truth's filters do what its guide says, bombs do not go off, mistakes have a line."""

from __future__ import annotations

import time

import pytest

from gt_engine.portal import templates
from gt_engine.portal.templates import MAX_CHARACTERS, BrokenTemplate, mistakes, render, with_elements


def html(template: str, **task_input: object) -> str:
    return render(template, task_input).html


def test_text_of_an_object_cannot_become_markup() -> None:
    assert html("{{ task.input.taskObject }}", taskObject="<script>") == "&lt;script&gt;"


def test_skip_autoescape_lets_markup_through() -> None:
    assert html("{{ task.input.taskObject | skip_autoescape }}", taskObject="<b>") == "<b>"


def test_escape_does_not_escape_twice() -> None:
    assert html("{{ task.input.labels | to_json | escape }}", labels=["a'b"]) == "[&#34;a&#39;b&#34;]"


def test_grant_read_access_gives_the_address_that_the_caller_grants() -> None:
    page = render("{{ 's3://b/k' | grant_read_access }}", {}, grant=lambda uri: uri.replace("s3://", "https://here/"))
    assert page.html == "https://here/b/k"


def test_names_with_hyphens_are_read() -> None:
    line = {"a-metadata": {"class-map": {"1": "Bird"}}}
    assert html('{% assign k = "1" %}{{ task.input.line.a-metadata.class-map[k] }}', line=line) == "Bird"


@pytest.mark.parametrize(
    ("template", "code", "line"),
    [
        ("a\n{{ task.input.labels | to_json }", "LiquidSyntax", 2),
        ("{% if x %}\n", "LiquidSyntax", None),
        ("{% nonsense %}", "LiquidSyntax", 1),
        ("a\n\n{{ 1 | nope }}", "UnknownFilter", 3),
        ("{% assign r = (1..2) %}\n{{ r | to_json }}", "NotJson", 2),
        ("{% include '/etc/passwd' %}", "LiquidError", 1),
    ],
)
def test_what_is_broken_is_named_with_its_line(template: str, code: str, line: int | None) -> None:
    with pytest.raises(BrokenTemplate) as caught:
        render(template, {})
    assert (caught.value.problem.code, caught.value.problem.line) == (code, line)


def test_what_the_task_has_not_stays_empty_and_is_told() -> None:
    page = render("<p>\n{{ task.input.labls | to_json }}{{ task.input.x.y }}</p>", {})
    assert page.html == "<p>\nnull</p>"
    assert [(p.code, p.line) for p in page.problems] == [("UndefinedVariable", 2)] * 2
    assert [str(p) for p in page.problems] == [
        "line 2: task.input.labls is not defined",
        "line 2: task.input.x.y is not defined",
    ]


def test_asking_whether_something_is_there_is_no_mistake() -> None:
    page = render("{% if task.input.hint %}{{ task.input.hint }}{% endif %}{{ task.input.n | default: 3 }}", {})
    assert (page.html, page.problems) == ("3", ())


DOUBLING = "{% assign a = 'aaaaaaaaaa' %}{% for i in (1..40) %}{% assign a = a | append: a %}{% endfor %}"
BOMBS = {
    "loops": "{% for i in (1..1000000000) %}a{% endfor %}",
    "nested loops": "{% for i in (1..9999) %}{% for j in (1..9999) %}a{% endfor %}{% endfor %}",
    "doubling": DOUBLING,
    "replace multiplies": DOUBLING.replace("40", "12") + "{{ a | replace: 'a', a }}",
    "join multiplies": DOUBLING.replace("40", "12") + "{{ a | split: '' | join: a }}",
    "output": "{% capture a %}{% for i in (1..9000) %}aaaaaaaaaa{% endfor %}{% endcapture %}"
    "{% for i in (1..9000) %}{{ a }}{% endfor %}",
    "captures": "{% capture a %}{% for i in (1..99999) %}aaaaaaaaaa{% endfor %}{% endcapture %}{{ a }}" * 3,
    "slow filters": DOUBLING.replace("40", "11") + "{% for i in (1..99999) %}{{ a | split: '' | uniq }}{% endfor %}",
    "no filters": "{% for i in (1..99999) %}" + "{% if 1 == 2 %}{% endif %}" * 500 + "{% endfor %}",
    "nesting": "{% if true %}" * 5000 + "{% endif %}" * 5000,
    "length": "a" * (MAX_CHARACTERS + 1),
}


@pytest.mark.parametrize("bomb", BOMBS.values(), ids=BOMBS.keys())
def test_bombs_do_not_go_off(bomb: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(templates, "MAX_SECONDS", 0.2)
    started = time.thread_time()
    with pytest.raises(BrokenTemplate) as caught:
        render(bomb, {})
    assert caught.value.problem.code in {"ResourceLimit", "LiquidSyntax"}
    assert time.thread_time() - started < 4


@pytest.mark.parametrize(
    "number",
    [
        "{{ 'inf' | floor }}",
        "{{ 'nan' | round }}",
        "{{ 1.5 | modulo: 0 }}",
        "{{ 99999999999999 | date: '%Y' }}",
        "{% assign x = 9 %}{% for i in (1..14) %}{% assign x = x | times: x %}{% endfor %}{{ x }}",
    ],
)
def test_a_number_that_python_cannot_take_is_the_template_s_mistake(number: str) -> None:
    """Else RenderUiTemplate and the worker's page answer that the engine failed."""
    with pytest.raises(BrokenTemplate) as caught:
        render(number, {})
    assert caught.value.problem.code == "LiquidError"


def test_a_variable_that_is_not_there_is_told_once_however_often_it_is_shown() -> None:
    page = render("{% for i in (1..9999) %}{{ nothing }}{% endfor %}" + "a\n" * 50_000, {})
    assert [str(problem) for problem in page.problems] == ["line 1: nothing is not defined"]


@pytest.mark.parametrize("page", ["<!-- mine -->\n" * 60, "<script src=/" * 20_000, "<link " + "href=/" * 20_000])
def test_no_page_keeps_the_engine_from_its_work(page: str) -> None:
    """Python's patterns hold up every other request; each comment before the page doubled the time."""
    started = time.thread_time()
    assert with_elements(page, "https://engine").endswith(page)
    assert time.thread_time() - started < 4


def test_pictures_in_a_template_do_not_count_as_length() -> None:
    picture = "data:image/png;base64," + "A" * MAX_CHARACTERS
    assert html(f'<img src="{picture}">') == f'<img src="{picture}">'


def test_mistakes_can_be_told_without_a_task() -> None:
    told = list(mistakes("{{ task.input.labels | nope }}{{ other }}", known=("task.input.labels",)))
    assert told == ["there is no filter 'nope'", "other is not known to the page; it gets task.input.labels"]


@pytest.mark.parametrize(
    "script",
    [
        '<script src="https://assets.crowd.aws/crowd-html-elements.js"></script>',
        "<SCRIPT async src=crowd-html-elements-v2.js></SCRIPT>",
        "<script src='https://crowd-html-elements-us-gov-west-1.s3.us-gov-west-1.amazonaws.com/crowd-html-elements.js?v=1'>"
        "</script>",
        "<script src=https://assets.crowd.aws/crowd-html-elements.js/></script>",
    ],
)
def test_crowd_elements_come_from_the_engine_whichever_host_the_page_names(script: str) -> None:
    page = with_elements(f"<!doctype html><p>{script}", "https://engine")
    assert page.startswith("<!doctype html><p>")
    assert '<script type="module" crossorigin="anonymous" src="https://engine/elements/' in page
    assert "assets" not in page
    assert "amazonaws" not in page


def test_other_files_of_a_page_are_left_alone() -> None:
    page = (
        '<!-- Mine --> <!DOCTYPE html><script src="https://cdn.example/d3.js"></script>'
        '<script src="my-crowd-html-elements.js"></script>'
    )
    assert with_elements(page, "https://engine") == page


def test_the_style_sheets_of_aws_go() -> None:
    sheet = '<link rel="stylesheet" href="https://assets.crowd.aws/css/gen-ai-components.css" /><p>'
    assert with_elements("<!doctype html>" + sheet, "https://engine") == "<!doctype html><p>"


def test_a_fragment_becomes_a_document_that_fits_phones() -> None:
    page = with_elements("<crowd-form></crowd-form>", "https://engine")
    assert page.startswith("<!doctype html>")
    assert page.endswith("<crowd-form></crowd-form>")
    assert 'name="viewport"' in page
