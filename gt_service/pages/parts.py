"""Shapes that several pages show."""

from __future__ import annotations

from dataclasses import dataclass

from markupsafe import Markup


@dataclass(frozen=True)
class Fact:
    """One figure with its name and, small, what it is measured against."""

    name: str
    value: str
    note: str = ""


@dataclass(frozen=True)
class Problem:
    """What went wrong or needs a person, with the remedy."""

    text: str
    remedy: str = ""
    severe: bool = False


@dataclass(frozen=True)
class Table:
    """Heads and rows of text; the first column names the row."""

    heads: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    title: str = ""
    about: str = ""


@dataclass(frozen=True)
class Sample:
    """One image of a job with the label that it got."""

    drawing: Markup
    caption: str
