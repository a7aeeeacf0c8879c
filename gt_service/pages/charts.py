"""The charts of the pages as SVG. Each is readable at 360 px, in dark mode, and without telling colours apart: human
is solid and dark, machine light and hatched or dashed, a control hollow; figures stand beside the shapes.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from markupsafe import Markup

from gt_service.money import MILLS_PER_DOLLAR
from gt_service.pages import plot, svg
from gt_service.pages.parts import Counts
from gt_service.records.names import Role
from gt_service.reports.amounts import money, money_per_image, number, percent

WIDEST_BAR, WIDEST_OF_A_PAIR = 44.0, 38.0
SLOT_SHARE, PAIR_SHARE, STACK_SHARE = 0.8, 0.4, 0.7
"""Of the room from one number to the next: what a bar takes, each of two beside each other, and a stack."""
MOST_LABELED_BARS, MOST_LABELED_POINTS = 12, 8
"""With more of them their figures would overlap."""
MOST_SPOKEN = 20
FULL = 0.93
"""From here on a bar's figure stands inside: above it there is no room."""
HEADROOM = 1.15
"""Of the highest point, for the figure above it."""
DASHES = 4
"""As many kinds of lines as pages.css knows."""
BAR_HEIGHT = 16.0


@dataclass(frozen=True)
class ChainPoint:
    """One finished labeling job on the campaign's chart."""

    batch: int
    role: Role
    objects: int
    machine_share: float
    cost_mills: int | None

    @property
    def is_control(self) -> bool:
        return self.role is Role.CONTROL

    @property
    def cost_per_image(self) -> float:
        """In dollars."""
        return (self.cost_mills or 0) / self.objects / MILLS_PER_DOLLAR

    @property
    def name(self) -> str:
        return f"Batch {self.batch} ({self.role})"


@dataclass(frozen=True)
class Series:
    """One line of a chart: points in order of x."""

    name: str
    points: tuple[tuple[float, float], ...]


def machine_share(points: Sequence[ChainPoint]) -> Markup:
    """Bars: the part of each batch that the machine labeled; a control hollow beside its batch."""
    batches = _batches(points)
    panel = plot.Panel.slots(batches, 1.0)
    controlled = {point.batch for point in points if point.is_control}
    shapes = []
    for point in points:
        if point.batch in controlled:
            width = min(WIDEST_OF_A_PAIR, panel.slot * PAIR_SHARE)
            middle = panel.x(point.batch) + (width / 2 if point.is_control else -width / 2)
        else:
            width, middle = min(WIDEST_BAR, panel.slot * SLOT_SHARE), panel.x(point.batch)
        top, half = panel.y(point.machine_share), max(0.5, width / 2 - 1)
        share = percent(point.machine_share)
        kind = "bar control" if point.is_control else "bar machine"
        shapes.append(
            plot.bar(middle - half, middle + half, top, panel.y(0), kind=kind, title=f"{point.name}: {share}")
        )
        if len(points) <= MOST_LABELED_BARS:
            is_inside = point.machine_share >= FULL
            figure = share.replace(" ", "\N{NARROW NO-BREAK SPACE}")
            kind = "value inside" if is_inside else "value"
            shapes.append(plot.text(figure, middle, top + 13 if is_inside else top - 4, kind=kind))
    return panel.picture(
        *shapes,
        x_ticks=plot.numbered(batches),
        y_ticks=[(share, percent(share)) for share in (0.0, 0.25, 0.5, 0.75, 1.0)],
        x_name="batch",
        title="Machine-labeled share of each batch: " + _spoken(points, lambda point: percent(point.machine_share)),
    )


def cost_per_image(points: Sequence[ChainPoint]) -> Markup:
    """A line: what one image cost in each batch; controls as hollow diamonds."""
    points = [point for point in points if point.cost_mills is not None and point.objects]
    if not points:
        return Markup("")
    scale = plot.marks(max(point.cost_per_image for point in points) * HEADROOM)
    batches = _batches(points)
    panel = plot.Panel.slots(batches, scale[-1])
    chain = [(panel.x(point.batch), panel.y(point.cost_per_image)) for point in points if not point.is_control]
    shapes = [plot.line(chain, kind="cost")] if len(chain) > 1 else []
    highest = dict[int, float]()
    for point in points:
        highest[point.batch] = max(point.cost_per_image, highest.get(point.batch, 0.0))
    for point in points:
        x, y, figure = panel.x(point.batch), panel.y(point.cost_per_image), f"${point.cost_per_image:.3f}"
        title = f"{point.name}: {figure} an image"
        shapes.append(
            plot.diamond(x, y, kind="control", title=title)
            if point.is_control
            else plot.dot(x, y, kind="cost", title=title, radius=4.5)
        )
        if len(points) <= MOST_LABELED_POINTS:
            is_highest = point.cost_per_image == highest[point.batch]
            shapes.append(plot.text(figure, x, y - 10 if is_highest else y + 20, kind="value"))
    digits = plot.decimals(scale, least=2)
    return panel.picture(
        *shapes,
        x_ticks=plot.numbered(batches),
        y_ticks=[(mark, f"${mark:.{digits}f}") for mark in scale],
        x_name="batch",
        title="Cost per image of each batch: "
        + _spoken(points, lambda point: money_per_image(point.cost_mills, point.objects)),
    )


def iterations(rows: Sequence[tuple[int, int, int]]) -> Markup:
    """Stacked bars: (iteration, human images, machine images)."""
    scale = plot.marks(max((human + machine for _, human, machine in rows), default=1), whole=True)
    numbers = [iteration for iteration, _, _ in rows]
    panel = plot.Panel.slots(range(numbers[0], numbers[-1] + 1), scale[-1])
    half = min(WIDEST_BAR, panel.slot * STACK_SHARE) / 2
    shapes = []
    for iteration, human, machine in rows:
        middle = panel.x(iteration)
        for kind, who, low, high in (("human", "people", 0, human), ("machine", "machine", human, human + machine)):
            if high > low:
                title = f"Iteration {iteration}: {number(high - low)} by {who}"
                top, bottom = panel.y(high), panel.y(low)
                shapes.append(plot.bar(middle - half, middle + half, top, bottom, kind=f"bar {kind}", title=title))
    return panel.picture(
        *shapes,
        x_ticks=plot.numbered(numbers, room_for=10),
        y_ticks=[(mark, number(round(mark))) for mark in scale],
        x_name="iteration",
        title="Images labeled per iteration: "
        + "; ".join(f"iteration {row[0]} {row[1]} by people, {row[2]} by machine" for row in rows[:12]),
    )


def lines(series: Sequence[Series], *, x_name: str, title: str, y_high: float | None = None) -> Markup:
    """Lines over a shared x axis, each with its own dash and its name at its end; values from 0 up."""
    series = [each for each in series if each.points]
    if not series:
        return Markup("")
    xs = [x for each in series for x, _ in each.points]
    scale = plot.marks(y_high or max(y for each in series for _, y in each.points))
    panel = plot.Panel.of(min(xs), max(xs) if max(xs) > min(xs) else min(xs) + 1, scale[-1])
    shapes = []
    for index, each in enumerate(series):
        points, kind = [(panel.x(x), panel.y(y)) for x, y in each.points], f"series-{index % DASHES}"
        shapes.append(plot.line(points, kind=kind, title=each.name))
        if len(points) == 1:
            shapes.append(plot.dot(*points[0], kind=kind))
    return panel.picture(
        *shapes,
        x_ticks=plot.numbered(sorted({round(x) for x in xs})),
        y_ticks=[(mark, f"{mark:g}") for mark in scale],
        x_name=x_name,
        title=title,
    )


def progress(counts: Counts) -> Markup:
    """One bar of a labeling job: labeled by people, by the machine, failed, and what is left."""
    total = counts.objects
    x = plot.Scale(0, max(total, counts.labeled + counts.failed, 1))
    parts = [plot.bar(0, plot.WIDTH, 0, BAR_HEIGHT, kind="track")]
    begin = 0
    for count, kind in ((counts.human, "human"), (counts.machine, "machine"), (counts.failed, "failed")):
        end, title = begin + count, f"{kind}: {number(count)}"
        if count:
            parts.append(plot.bar(x(begin), x(end), 0, BAR_HEIGHT, kind=f"bar {kind}", title=title))
        begin = end
    return svg.picture(
        *parts,
        width=plot.WIDTH,
        height=BAR_HEIGHT,
        title=f"{number(counts.human)} by people, {number(counts.machine)} by machine, {number(counts.failed)} failed, "
        f"of {number(total)}",
        class_="progress",
        fit="none",
    )


def spend(*, spent: int, committed: int, cap: int) -> Markup:
    """Spend against the cap: what is paid, what is reserved for running jobs, marks at 50, 80 and 100 %."""
    x = plot.Scale(0, max(cap, committed + spent, 1))
    top, bottom = 2.0, 2.0 + BAR_HEIGHT
    shapes = [
        plot.bar(0, plot.WIDTH, top, bottom, kind="track"),
        plot.bar(0, x(spent), top, bottom, kind="bar human", title=f"spent {money(spent)}"),
        plot.bar(
            x(spent), x(spent + committed), top, bottom, kind="bar reserved", title=f"reserved {money(committed)}"
        ),
    ]
    for share, anchor in ((50, "middle"), (80, "middle"), (100, "end")):
        at = x(share / 100 * cap)
        shapes.append(plot.upright(at, 0, bottom + top, kind="mark"))
        shapes.append(plot.text(f"{share} %", at, bottom + 14, kind="tick", anchor=anchor))
    return svg.picture(
        *shapes,
        width=plot.WIDTH,
        height=36.0,
        title=f"Spent {money(spent)} and reserved {money(committed)} of a budget of {money(cap)}",
        class_="chart spend",
    )


def estimate(*, low: int, likely: int, high: int, ceiling: int, all_human: int) -> Markup:
    """What a campaign will cost: the band with its likely value, the ceiling, and what people alone would cost."""
    x = plot.Scale(0, max(ceiling, all_human, high, 1) * 1.02)
    top, bottom = 14.0, 14.0 + BAR_HEIGHT
    return svg.picture(
        plot.bar(0, plot.WIDTH, top, bottom, kind="track"),
        plot.bar(x(low), max(x(high), x(low) + 2), top, bottom, kind="band"),
        plot.upright(x(ceiling), 4, bottom + 4, kind="ceiling", title=f"ceiling {money(ceiling)}"),
        plot.upright(x(all_human), 4, bottom + 4, kind="all-human", title=f"all by people {money(all_human)}"),
        plot.upright(x(likely), 10, bottom + 4, kind="likely", title=f"likely {money(likely)}"),
        width=plot.WIDTH,
        height=44.0,
        title=f"Likely {money(likely)}, between {money(low)} and {money(high)}; never above {money(ceiling)};"
        f" {money(all_human)} all by people",
    )


def _batches(points: Sequence[ChainPoint]) -> list[int]:
    return sorted({point.batch for point in points})


def _spoken(points: Sequence[ChainPoint], value: Callable[[ChainPoint], str]) -> str:
    return "; ".join(
        f"batch {point.batch}{' control' if point.is_control else ''} {value(point)}" for point in points[:MOST_SPOKEN]
    )
