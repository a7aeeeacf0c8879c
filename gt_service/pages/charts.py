"""The drawings of the pages as SVG. Each is readable at 360 px, in dark mode, and without telling colours apart: human
is solid and dark, machine light and hatched or dashed, a control hollow; figures stand beside the shapes.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from markupsafe import Markup

from gt_service.pages import svg
from gt_service.pages.formats import money, money_per_image, number, percent

WIDTH = 360.0
HEIGHT = 210.0
LEFT, RIGHT, TOP, BOTTOM = 44.0, 12.0, 12.0, 34.0


@dataclass(frozen=True)
class ChainPoint:
    """One finished labeling job on the campaign's chart."""

    batch: int
    role: str
    objects: int
    machine_share: float
    cost_mills: int | None

    @property
    def is_control(self) -> bool:
        return self.role == "control"


@dataclass(frozen=True)
class Series:
    """One line of a chart: points in order of x."""

    name: str
    points: tuple[tuple[float, float], ...]


@dataclass(frozen=True)
class Box:
    """One box on a sample image, in pixels of the image; `confidence` only where a machine drew it."""

    left: float
    top: float
    width: float
    height: float
    label: str
    by_machine: bool
    confidence: float | None = None


@dataclass(frozen=True)
class Frame:
    """Where values fall inside a chart's axes."""

    x_low: float
    x_high: float
    y_high: float

    def x(self, value: float) -> float:
        span = self.x_high - self.x_low or 1.0
        return LEFT + (value - self.x_low) / span * (WIDTH - LEFT - RIGHT)

    def y(self, value: float) -> float:
        return HEIGHT - BOTTOM - value / (self.y_high or 1.0) * (HEIGHT - TOP - BOTTOM)


def _axes(
    frame: Frame, y_ticks: Sequence[tuple[float, str]], x_ticks: Sequence[tuple[float, str]], name: str
) -> Markup:
    lines = [
        svg.element("line", x1=LEFT, x2=WIDTH - RIGHT, y1=frame.y(value), y2=frame.y(value), class_="grid")
        + svg.element("text", text, x=LEFT - 6, y=frame.y(value) + 4, text_anchor="end", class_="tick")
        for value, text in y_ticks
    ]
    below = [
        svg.element("text", text, x=frame.x(value), y=HEIGHT - BOTTOM + 16, text_anchor="middle", class_="tick")
        for value, text in x_ticks
    ]
    title = svg.element("text", name, x=(LEFT + WIDTH - RIGHT) / 2, y=HEIGHT - 4, text_anchor="middle", class_="axis")
    return svg.group([*lines, *below, title])


def _batch_ticks(batches: Sequence[int]) -> list[tuple[float, str]]:
    step = svg.every(len(batches), room_for=8)
    return [(float(batch), str(batch)) for batch in batches[::step]]


def _chain_frame(points: Sequence[ChainPoint], y_high: float) -> tuple[Frame, list[int]]:
    batches = sorted({point.batch for point in points})
    return Frame(batches[0] - 0.6, batches[-1] + 0.6, y_high), batches


def machine_share(points: Sequence[ChainPoint]) -> Markup:
    """Bars: the part of each batch that the machine labeled; a control hollow beside its batch."""
    frame, batches = _chain_frame(points, 1.0)
    slot = (WIDTH - LEFT - RIGHT) / (frame.x_high - frame.x_low)
    controlled = {point.batch for point in points if point.is_control}
    bars = []
    for point in points:
        pair = point.batch in controlled
        width = min(38.0, slot * 0.4) if pair else min(44.0, slot * 0.8)
        left = frame.x(point.batch) - width / 2 + (width / 2 if point.is_control else -width / 2) * pair
        top = frame.y(point.machine_share)
        bars.append(
            svg.element(
                "rect",
                svg.element("title", f"Batch {point.batch} ({point.role}): {percent(point.machine_share)}"),
                x=left + 1,
                y=top,
                width=max(1.0, width - 2),
                height=frame.y(0) - top,
                class_="bar control" if point.is_control else "bar machine",
            )
        )
        if len(points) <= 12:
            bars.append(
                svg.element(
                    "text",
                    percent(point.machine_share).replace(" ", "\N{NARROW NO-BREAK SPACE}"),
                    x=left + width / 2,
                    y=top - 4 if point.machine_share < 0.93 else top + 13,
                    text_anchor="middle",
                    class_="value" if point.machine_share < 0.93 else "value inside",
                )
            )
    y_ticks = [(share, percent(share)) for share in (0.0, 0.25, 0.5, 0.75, 1.0)]
    return svg.picture(
        _axes(frame, y_ticks, _batch_ticks(batches), "batch"),
        *bars,
        width=WIDTH,
        height=HEIGHT,
        title="Machine-labeled share of each batch: " + _spoken(points, lambda point: percent(point.machine_share)),
    )


def cost_per_image(points: Sequence[ChainPoint]) -> Markup:
    """A line: what one image cost in each batch; controls as hollow diamonds."""
    known = [point for point in points if point.cost_mills is not None and point.objects]
    if not known:
        return Markup("")
    costs = {id(point): (point.cost_mills or 0) / point.objects / 1000 for point in known}
    marks = svg.ticks(max(costs.values()) * 1.15)
    frame, batches = _chain_frame(points, marks[-1])
    chain = [point for point in known if not point.is_control]
    line = " ".join(f"{frame.x(point.batch):.1f},{frame.y(costs[id(point)]):.1f}" for point in chain)
    shapes = [svg.element("polyline", points=line, class_="line cost")] if len(chain) > 1 else []
    tops = {point.batch: max(costs[id(one)] for one in known if one.batch == point.batch) for point in known}
    shapes += [
        _cost_mark(
            frame, point, costs[id(point)], labelled=len(known) <= 8, above=costs[id(point)] == tops[point.batch]
        )
        for point in known
    ]
    digits = svg.decimals(marks, least=2)
    y_ticks = [(mark, f"${mark:.{digits}f}") for mark in marks]
    return svg.picture(
        _axes(frame, y_ticks, _batch_ticks(batches), "batch"),
        *shapes,
        width=WIDTH,
        height=HEIGHT,
        title="Cost per image of each batch: "
        + _spoken(known, lambda point: money_per_image(point.cost_mills, point.objects)),
    )


def _cost_mark(frame: Frame, point: ChainPoint, cost: float, *, labelled: bool, above: bool) -> Markup:
    x, y = frame.x(point.batch), frame.y(cost)
    name = svg.element("title", f"Batch {point.batch} ({point.role}): ${cost:.3f} an image")
    if point.is_control:
        mark = svg.element("path", name, d=f"M{x:.1f} {y - 6:.1f}l6 6l-6 6l-6 -6z", class_="point control")
    else:
        mark = svg.element("circle", name, cx=x, cy=y, r=4.5, class_="point cost")
    if not labelled:
        return mark
    return mark + svg.element(
        "text", f"${cost:.3f}", x=x, y=y - 10 if above else y + 20, text_anchor="middle", class_="value"
    )


def _spoken(points: Sequence[ChainPoint], value: Callable[[ChainPoint], str]) -> str:
    return "; ".join(
        f"batch {point.batch}{' control' if point.is_control else ''} {value(point)}" for point in points[:20]
    )


def progress(*, human: int, machine: int, failed: int, total: int) -> Markup:
    """One bar of a labeling job: labeled by people, by the machine, failed, and what is left."""
    width, height = 360.0, 16.0
    whole = max(total, human + machine + failed, 1)
    left = 0.0
    parts = []
    for count, name in ((human, "human"), (machine, "machine"), (failed, "failed")):
        span = count / whole * width
        if count:
            title = svg.element("title", f"{name}: {number(count)}")
            parts.append(svg.element("rect", title, x=left, y=0, width=span, height=height, class_=f"bar {name}"))
        left += span
    return svg.element(
        "svg",
        svg.element(
            "title",
            f"{number(human)} by people, {number(machine)} by machine, {number(failed)} failed, of {number(total)}",
        ),
        svg.element("rect", x=0, y=0, width=width, height=height, class_="track"),
        *parts,
        viewBox=f"0 0 {width:g} {height:g}",
        role="img",
        class_="progress",
        preserveAspectRatio="none",
    )


def spend(*, spent: int, committed: int, cap: int) -> Markup:
    """Spend against the cap: what is paid, what is reserved for running jobs, marks at 50, 80 and 100 %."""
    width, height = 360.0, 34.0
    whole = max(cap, committed + spent, 1)
    paid, reserved = spent / whole * width, committed / whole * width
    marks = [
        svg.element("line", x1=at, x2=at, y1=0, y2=18, class_="mark")
        + svg.element(
            "text",
            f"{share} %",
            x=at - (4 if share == 100 else 0),
            y=31,
            text_anchor="end" if share == 100 else "middle",
            class_="tick",
        )
        for share in (50, 80, 100)
        if (at := share / 100 * cap / whole * width)
    ]
    return svg.picture(
        svg.element("rect", x=0, y=2, width=width, height=14, class_="track"),
        svg.element(
            "rect", svg.element("title", f"spent {money(spent)}"), x=0, y=2, width=paid, height=14, class_="bar human"
        ),
        svg.element(
            "rect",
            svg.element("title", f"reserved {money(committed)}"),
            x=paid,
            y=2,
            width=reserved,
            height=14,
            class_="bar reserved",
        ),
        *marks,
        width=width,
        height=height,
        title=f"Spent {money(spent)} and reserved {money(committed)} of a budget of {money(cap)}",
        class_="chart spend",
    )


def iterations(rows: Sequence[tuple[int, int, int]]) -> Markup:
    """Stacked bars: (iteration, human images, machine images)."""
    marks = svg.ticks(max((human + machine for _, human, machine in rows), default=1), whole=True)
    frame = Frame(rows[0][0] - 0.6, rows[-1][0] + 0.6, marks[-1])
    slot = min(44.0, (WIDTH - LEFT - RIGHT) / (frame.x_high - frame.x_low) * 0.7)
    shapes = []
    for iteration, human, machine in rows:
        below = frame.y(human)
        above = frame.y(human + machine)
        for count, who, top, bottom in ((human, "people", below, frame.y(0)), (machine, "machine", above, below)):
            if count:
                title = svg.element("title", f"Iteration {iteration}: {number(count)} by {who}")
                shapes.append(
                    svg.element(
                        "rect",
                        title,
                        x=frame.x(iteration) - slot / 2,
                        y=top,
                        width=slot,
                        height=bottom - top,
                        class_="bar human" if who == "people" else "bar machine",
                    )
                )
    y_ticks = [(mark, number(round(mark))) for mark in marks]
    step = svg.every(len(rows), room_for=10)
    x_ticks = [(float(iteration), str(iteration)) for iteration, _, _ in rows[::step]]
    return svg.picture(
        _axes(frame, y_ticks, x_ticks, "iteration"),
        *shapes,
        width=WIDTH,
        height=HEIGHT,
        title="Images labeled per iteration: "
        + "; ".join(f"iteration {row[0]} {row[1]} by people, {row[2]} by machine" for row in rows[:12]),
    )


def lines(series: Sequence[Series], *, x_name: str, title: str, y_high: float | None = None) -> Markup:
    """Lines over a shared x axis, each with its own dash and its name at its end; values from 0 up."""
    drawn = [one for one in series if one.points]
    if not drawn:
        return Markup("")
    xs = [x for one in drawn for x, _ in one.points]
    marks = svg.ticks(y_high or max(y for one in drawn for _, y in one.points))
    frame = Frame(min(xs), max(xs) if max(xs) > min(xs) else min(xs) + 1, marks[-1])
    shapes = []
    for index, one in enumerate(drawn):
        path = " ".join(f"{frame.x(x):.1f},{frame.y(y):.1f}" for x, y in one.points)
        shapes.append(
            svg.element("polyline", svg.element("title", one.name), points=path, class_=f"line series-{index % 4}")
        )
        if len(one.points) == 1:
            x, y = one.points[0]
            shapes.append(svg.element("circle", cx=frame.x(x), cy=frame.y(y), r=4, class_=f"point series-{index % 4}"))
    whole = sorted({round(x) for x in xs})
    step = svg.every(len(whole), room_for=8)
    return svg.picture(
        _axes(frame, [(mark, f"{mark:g}") for mark in marks], [(float(x), str(x)) for x in whole[::step]], x_name),
        *shapes,
        width=WIDTH,
        height=HEIGHT,
        title=title,
    )


def sample(*, href: str, width: int, height: int, boxes: Sequence[Box], title: str) -> Markup:
    """An image with its boxes over it: solid where a person drew them, dashed where the machine did."""
    stroke = max(width, height) / 160
    text = max(width, height) / 22
    shapes = []
    for box in boxes:
        who = "machine" if box.by_machine else "human"
        confidence = f" {box.confidence:.2f}" if box.confidence is not None else ""
        name = svg.element("title", f"{box.label}{confidence}, by {'the machine' if box.by_machine else 'people'}")
        for layer in ("halo", who):
            shapes.append(
                svg.element(
                    "rect",
                    name if layer == who else Markup(""),
                    x=box.left,
                    y=box.top,
                    width=box.width,
                    height=box.height,
                    class_=f"box {layer}",
                    stroke_width=stroke * (2 if layer == "halo" else 1),
                    stroke_dasharray=f"{stroke * 4:g} {stroke * 2:g}" if box.by_machine and layer == who else None,
                )
            )
        above = box.top > text * 1.2
        shapes.append(
            svg.element(
                "text",
                f"{box.label}{confidence}",
                x=box.left,
                y=box.top - stroke * 2 if above else box.top + text,
                font_size=text,
                stroke_width=text / 5,
                class_="box-label",
            )
        )
    return svg.picture(
        svg.element("image", href=href, x=0, y=0, width=width, height=height),
        *shapes,
        width=width,
        height=height,
        title=title,
        class_="sample",
    )


def estimate(*, low: int, likely: int, high: int, ceiling: int, all_human: int) -> Markup:
    """What a campaign will cost: the band with its likely value, the ceiling, and what people alone would cost."""
    width, height = 360.0, 44.0
    whole = max(ceiling, all_human, high, 1) * 1.02

    def x(mills: int) -> float:
        return mills / whole * width

    marks = [
        svg.element(
            "line", svg.element("title", f"{name} {money(value)}"), x1=x(value), x2=x(value), y1=top, y2=34, class_=kind
        )
        for name, value, kind, top in (
            ("ceiling", ceiling, "ceiling", 4),
            ("all by people", all_human, "all-human", 4),
            ("likely", likely, "likely", 10),
        )
    ]
    return svg.picture(
        svg.element("rect", x=0, y=14, width=width, height=16, class_="track"),
        svg.element("rect", x=x(low), y=14, width=max(2.0, x(high) - x(low)), height=16, class_="band"),
        *marks,
        width=width,
        height=height,
        title=f"Likely {money(likely)}, between {money(low)} and {money(high)}; never above {money(ceiling)};"
        f" {money(all_human)} all by people",
    )
