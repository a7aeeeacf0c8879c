"""Shapes that several pages show."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from markupsafe import Markup

Json = Mapping[str, Any]
Column = tuple[str, Callable[[Json], str]]


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

    @classmethod
    def of(cls, rows: Iterable[Json], *columns: Column, title: str = "", about: str = "") -> Table:
        """columns: each a head, and what a row shows below it."""
        heads = tuple(head for head, _ in columns)
        return cls(heads, tuple(tuple(show(row) for _, show in columns) for row in rows), title, about)


@dataclass(frozen=True)
class Sample:
    """One image of a job with the label that it got."""

    drawing: Markup
    caption: str


@dataclass(frozen=True)
class Counts:
    """How many images of a labeling job people and the machine labeled, and how many failed, of all its `objects`."""

    human: int
    machine: int
    failed: int
    objects: int

    @classmethod
    def of(cls, job: Json) -> Counts:
        counters = job["counters"] or {}
        human, machine = counters.get("HumanLabeled") or 0, counters.get("MachineLabeled") or 0
        return cls(human, machine, counters.get("FailedNonRetryableError") or 0, job["objects"])

    @property
    def labeled(self) -> int:
        return self.human + self.machine

    @property
    def rest(self) -> int:
        """Neither labeled nor failed."""
        return self.objects - self.labeled - self.failed

    @property
    def machine_share(self) -> float | None:
        """None where nothing is labeled."""
        return self.machine / self.labeled if self.labeled else None
