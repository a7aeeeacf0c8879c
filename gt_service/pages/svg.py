"""SVG elements as escaped text, and the few scales that the charts share. No style attributes: the policy forbids
them, so shapes carry a `class` that pages.css colours (and dark mode recolours).
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

from markupsafe import Markup, escape


def element(tag: str, *children: str | Markup, **attributes: str | float | None) -> Markup:
    """One element. `class_`, `text_anchor` become `class`, `text-anchor`; an attribute that is None is left out."""
    written = "".join(
        f' {name.rstrip("_").replace("_", "-")}="{escape(_text(value))}"'
        for name, value in attributes.items()
        if value is not None
    )
    inside = Markup("").join(escape(child) for child in children)
    return Markup(f"<{tag}{written}>{inside}</{tag}>")  # noqa: S704 (every value is escaped above)


def _text(value: str | float) -> str:
    return value if isinstance(value, str) else f"{round(value, 2):g}"


def group(children: Iterable[Markup]) -> Markup:
    return Markup("").join(children)


def picture(*children: Markup, width: float, height: float, title: str, class_: str = "chart") -> Markup:
    """A whole drawing, read out by screen readers as `title`."""
    return element(
        "svg",
        element("title", title),
        *children,
        viewBox=f"0 0 {_text(width)} {_text(height)}",
        role="img",
        class_=class_,
        preserveAspectRatio="xMidYMid meet",
    )


def ticks(highest: float, *, about: int = 4, whole: bool = False) -> list[float]:
    """Round numbers from 0 to at or above `highest`, about `about` of them. whole: of things that are counted."""
    if highest <= 0:
        return [0.0, 1.0]
    rough = highest / about
    power = 10.0 ** math.floor(math.log10(rough))
    steps = (power * factor for factor in (1, 2, 2.5, 5, 10, 20, 50, 100))
    step = next(step for step in steps if step >= rough * 0.999 and not (whole and step % 1))
    return [round(step * index, 10) for index in range(math.ceil(highest / step - 1e-9) + 1)]


def decimals(marks: Sequence[float], *, least: int = 0) -> int:
    """How many decimals say every mark as it is: a line that is called by another number is at the wrong place."""
    return next((digits for digits in range(least, 10) if all(round(mark, digits) == mark for mark in marks)), 10)


def every(count: int, *, room_for: int) -> int:
    """Label each n-th of `count` things so that at most `room_for` labels stand side by side."""
    return max(1, math.ceil(count / room_for))
