"""What all charts of the pages are made of: a scale, the axes of a panel, and a few shapes."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from markupsafe import Markup

from gt_service.pages import svg

WIDTH = 360.0
"""Of every chart, in the units of its drawing: the pixels of a narrow phone."""
HEIGHT = 210.0
LEFT, RIGHT, TOP, BOTTOM = 44.0, 12.0, 12.0, 34.0
"""The margins of a panel, for the names of its ticks and its axis."""
TICK_LEFT, TICK_BELOW = 6.0, 16.0
TEXT_RISE = 4.0
"""Lifts a line of text by what puts its middle at a height."""

Tick = tuple[float, str]


@dataclass(frozen=True)
class Scale:
    """Where values fall: `low` at `start`, `high` at `end`."""

    low: float
    high: float
    start: float = 0.0
    end: float = WIDTH

    def __call__(self, value: float) -> float:
        return self.start + (value - self.low) / (self.high - self.low or 1.0) * (self.end - self.start)


@dataclass(frozen=True)
class Panel:
    """Two scales with their axes; `y` begins at 0."""

    x: Scale
    y: Scale

    @classmethod
    def of(cls, x_low: float, x_high: float, y_high: float) -> Panel:
        return cls(Scale(x_low, x_high, LEFT, WIDTH - RIGHT), Scale(0, y_high, HEIGHT - BOTTOM, TOP))

    @classmethod
    def slots(cls, numbers: Sequence[int], y_high: float) -> Panel:
        """With room for a bar at each whole number from the first to the last."""
        return cls.of(numbers[0] - 0.6, numbers[-1] + 0.6, y_high)

    @property
    def slot(self) -> float:
        """From one whole number to the next."""
        return self.x(1) - self.x(0)

    def picture(
        self, *shapes: Markup, x_ticks: Iterable[Tick], y_ticks: Iterable[Tick], x_name: str, title: str
    ) -> Markup:
        return svg.picture(
            *(
                svg.element("line", x1=LEFT, x2=WIDTH - RIGHT, y1=self.y(value), y2=self.y(value), class_="grid")
                + text(name, LEFT - TICK_LEFT, self.y(value) + TEXT_RISE, kind="tick", anchor="end")
                for value, name in y_ticks
            ),
            *(text(name, self.x(value), HEIGHT - BOTTOM + TICK_BELOW, kind="tick") for value, name in x_ticks),
            text(x_name, (LEFT + WIDTH - RIGHT) / 2, HEIGHT - TEXT_RISE, kind="axis"),
            *shapes,
            width=WIDTH,
            height=HEIGHT,
            title=title,
        )


def bar(left: float, right: float, top: float, bottom: float, *, kind: str, title: str = "") -> Markup:
    return svg.shape("rect", title, x=left, y=top, width=right - left, height=bottom - top, class_=kind)


def upright(x: float, top: float, bottom: float, *, kind: str, title: str = "") -> Markup:
    """A line that marks a value on a bar."""
    return svg.shape("line", title, x1=x, x2=x, y1=top, y2=bottom, class_=kind)


def line(points: Iterable[tuple[float, float]], *, kind: str, title: str = "") -> Markup:
    return svg.shape("polyline", title, points=" ".join(f"{x:.1f},{y:.1f}" for x, y in points), class_=f"line {kind}")


def dot(x: float, y: float, *, kind: str, title: str = "", radius: float = 4.0) -> Markup:
    return svg.shape("circle", title, cx=x, cy=y, r=radius, class_=f"point {kind}")


def diamond(x: float, y: float, *, kind: str, title: str) -> Markup:
    return svg.shape("path", title, d=f"M{x:.1f} {y - 6:.1f}l6 6l-6 6l-6 -6z", class_=f"point {kind}")


def text(words: str, x: float, y: float, *, kind: str, anchor: str = "middle") -> Markup:
    return svg.element("text", words, x=x, y=y, text_anchor=anchor, class_=kind)


def marks(highest: float, *, whole: bool = False) -> list[float]:
    """Round numbers from 0 to at or above `highest`, about four of them. whole: of things that are counted."""
    if highest <= 0:
        return [0.0, 1.0]
    rough = highest / 4
    power = 10.0 ** math.floor(math.log10(rough))
    steps = (power * factor for factor in (1, 2, 2.5, 5, 10, 20, 50, 100))
    step = next(step for step in steps if step >= rough * 0.999 and not (whole and step % 1))
    return [round(step * index, 10) for index in range(math.ceil(highest / step - 1e-9) + 1)]


def decimals(values: Sequence[float], *, least: int = 0) -> int:
    """How many decimals say every mark as it is: a line that is called by another number is at the wrong place."""
    return next((digits for digits in range(least, 10) if all(round(value, digits) == value for value in values)), 10)


def numbered(numbers: Sequence[int], *, room_for: int = 8) -> list[Tick]:
    """Ticks at each n-th of the numbers, so that at most `room_for` stand side by side."""
    return [(float(number), str(number)) for number in numbers[:: max(1, math.ceil(len(numbers) / room_for))]]
