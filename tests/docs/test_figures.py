"""The figures of README and docs against benchmarks/results: one that drifted says what was never measured."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from benchmarks.figures import FIGURES, MARKED, ROOT, pages, results, written

PAGES = [pytest.param(page, id=page.relative_to(ROOT).as_posix()) for page in pages()]


@pytest.mark.parametrize("page", PAGES)
def test_a_page_says_what_was_measured(page: Path) -> None:
    text = page.read_text("utf-8")
    assert text == written(text), "run `make figures`"


@pytest.mark.parametrize("page", PAGES)
def test_a_line_begins_with_no_figure_of_a_sentence(page: Path) -> None:
    """Markdown takes a line that begins with a comment for HTML, and shows what stands on it as it is."""
    assert not re.search(r"^\s*<!-- figure \S+ -->[^\n]", page.read_text("utf-8"), re.MULTILINE)


def test_every_figure_is_somewhere_to_be_read() -> None:
    marked = {match["name"] for page in pages() for match in MARKED.finditer(page.read_text("utf-8"))}
    assert marked == set(FIGURES)


@pytest.mark.parametrize("name", FIGURES)
def test_a_figure_follows_its_results(name: str) -> None:
    """No figure is a constant: every number in the results changed, it says something else."""
    assert FIGURES[name](results) != FIGURES[name](_changed(results))


def test_a_marker_without_its_other_half_is_refused() -> None:
    with pytest.raises(ValueError, match="other half"):
        written("<!-- figure three-jobs --> and no end")


def test_an_unknown_figure_is_refused() -> None:
    with pytest.raises(KeyError, match="no-such"):
        written("<!-- figure no-such -->1<!-- end -->")


def test_markers_stay_where_they_are() -> None:
    text = "Of these <!-- figure lion-first -->?<!-- end --> and <!-- figure lion-warm -->?<!-- end -->."
    assert re.fullmatch(
        r"Of these <!-- figure lion-first -->\d+ %<!-- end --> and <!-- figure lion-warm -->\d+ %<!-- end -->\.",
        written(text),
    )


def _changed(read: Callable[[str], Any]) -> Callable[[str], Any]:
    names = {"target", "delta", "labels"}  # by these a row is found

    def change(value: Any, key: str = "") -> Any:
        match value:
            case dict():
                return {name: change(one, name) for name, one in value.items()}
            case list():
                return [change(one, key) for one in value]
            case int() | float() if key not in names and not isinstance(value, bool):
                return value * 2 + 1
            case _:
                return value

    return lambda name: change(read(name))
