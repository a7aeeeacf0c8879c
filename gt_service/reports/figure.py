"""The figures of a report, drawn with matplotlib's object interface: no global state, no display.

The job's figure is the notebook's: cost by iteration, counts by iteration, training curves. Colours are Okabe and
Ito's, which people with any kind of colour vision tell apart; boxes are hatched as well, for print in grey.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from io import BytesIO
from typing import TYPE_CHECKING, Any, Literal

from gt_service.money import MILLS_PER_DOLLAR
from gt_service.reports.amounts import cents, duration, percent

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

Json = Mapping[str, Any]

HUMAN, MACHINE = "#0072B2", "#E69F00"
_PARTS = {"workers": "#0072B2", "service": "#999999", "compute": "#009E73"}
"""Of a cost, with their colours."""
_PART_NAMES = {"service": "service fee", "compute": "training"}
ALL_HUMAN = "#D9D9D9"
NAMED_CURVES = 8
"""Of more trainings, so many are named below their panel; the colours of the others lie between."""

_STYLE: dict[Any, Any] = {
    "font.size": 10,
    "axes.titlesize": 11,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.axisbelow": True,
    "grid.color": "#DDDDDD",
    "hatch.linewidth": 0.6,
    "hatch.color": "white",
    "legend.frameon": False,
    "svg.hashsalt": "gt-service",
}


def job_figure(report: Json) -> Figure:
    """Three panels: cost by iteration, images and boxes by iteration, training curves."""
    with _matplotlib() as new_figure:
        figure = new_figure(14.0, 5.2)
        costs, counts, curves = figure.subplots(1, 3)
        _draw_costs(costs, report)
        _draw_counts(counts, report)
        _draw_curves(curves, report["training"])
    return figure


def campaign_figure(reports: Sequence[Json]) -> Figure:
    """The notebook's conclusion as a chart: each job's machine share, and its cost beside all-human."""
    with _matplotlib() as new_figure:
        figure = new_figure(14.0, 1.9 + 0.55 * len(reports))
        shares, costs = figure.subplots(1, 2, sharey=True)
        _draw_shares(shares, reports)
        _draw_totals(costs, reports)
    return figure


def rendered(figure: Figure, form: Literal["png", "svg"]) -> bytes:
    """The figure as a file. The same report gives the same bytes: no date is written."""
    with _matplotlib():
        buffer = BytesIO()
        metadata = {"Date": None} if form == "svg" else {"Software": None}
        figure.savefig(buffer, format=form, dpi=110, facecolor="white", metadata=metadata)
    return buffer.getvalue()


@contextmanager
def _matplotlib() -> Iterator[Callable[[float, float], Figure]]:
    """matplotlib, imported only where something is drawn: it takes a second, which no other function should wait."""
    from matplotlib import rc_context
    from matplotlib.figure import Figure

    def new_figure(width: float, height: float) -> Figure:
        return Figure(figsize=(width, height), dpi=110, layout="constrained", facecolor="white")

    with rc_context(_STYLE):
        yield new_figure


def _draw_costs(axes: Axes, report: Json) -> None:
    """Money, in the parts that there are; people's time where nothing is charged and nobody says what an hour costs."""
    rows = report["iterations"]
    numbers = [row["iteration"] for row in rows]
    seconds = (report.get("people") or {}).get("seconds_per_answer")
    if not any(row["cost_mills"] for row in rows) and seconds:
        axes.bar(
            numbers,
            [row["answers"] * seconds / 60 for row in rows],
            0.7,
            color=_PARTS["workers"],
            label="people's time",
        )
        axes.set_title(f"People's time by iteration: {duration(report['people']['hours'] * 3600)} in all")
        axes.set_ylabel("minutes")
        _finish(axes, numbers, columns=1)
        return
    bottom = [0.0] * len(rows)
    for part, colour in _PARTS.items():
        key = f"{part}_mills"
        if part != "workers" and not report["cost"][key]:
            continue
        heights = [row["cost"][key] / MILLS_PER_DOLLAR for row in rows]
        name = _part_name(part, report)
        axes.bar(numbers, heights, 0.7, bottom, color=colour, label=f"{name} {cents(report['cost'][key])}")
        bottom = [low + height for low, height in zip(bottom, heights, strict=True)]
    axes.set_title(f"Cost by iteration: {cents(report['cost']['total_mills'])} in all")
    axes.set_ylabel("US dollars")
    _finish(axes, numbers, columns=3)


def _draw_counts(axes: Axes, report: Json) -> None:
    rows, counts = report["iterations"], report["counts"]
    numbers = [row["iteration"] for row in rows]
    for kind, shift, hatch in (("images", -0.2, None), ("boxes", 0.2, "////")):
        if not counts[f"human_{kind}"] and not counts[f"machine_{kind}"]:
            continue
        bottom = [0] * len(rows)
        for who, colour in (("human", HUMAN), ("machine", MACHINE)):
            heights = [row[f"{who}_{kind}"] for row in rows]
            places = [number + shift for number in numbers]
            label = f"{kind}, {who} {counts[f'{who}_{kind}']:,}"
            axes.bar(places, heights, 0.38, bottom, color=colour, hatch=hatch, label=label)
            bottom = [low + height for low, height in zip(bottom, heights, strict=True)]
    axes.set_title(f"Labels by iteration: {percent(report['machine_share'])} of images by machine")
    axes.set_ylabel("count")
    _finish(axes, numbers, columns=2)


def _draw_curves(axes: Axes, runs: Sequence[Json]) -> None:
    from matplotlib import colormaps
    from matplotlib.ticker import MaxNLocator

    runs = [run for run in runs if run["scores"]]
    axes.set_title("Training curves")
    if not runs:
        axes.set_axis_off()
        axes.text(0.5, 0.5, "no training left a curve in its log", ha="center", va="center", transform=axes.transAxes)
        return
    colours = colormaps["viridis"]
    named = {round(place * (len(runs) - 1) / (NAMED_CURVES - 1)) for place in range(NAMED_CURVES)}
    for index, run in enumerate(runs):
        samples = f", {run['samples']:,} images" if run["samples"] else ""
        scores = run["scores"]
        axes.plot(
            range(1, len(scores) + 1),
            scores,
            color=colours(0.05 + 0.8 * index / max(1, len(runs) - 1)),
            linestyle=("-", "--", "-.", ":")[index % 4],
            marker="o" if len(scores) == 1 else None,
            linewidth=1.8,
            label=f"iteration {run['iteration']}{samples}" if index in named else None,
        )
    axes.set_xlabel("epoch")
    axes.set_ylabel(f"validation {runs[0]['metric'] or 'score'}")
    axes.grid(visible=True)
    axes.xaxis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1))
    _legend(axes, -0.14, columns=2)


def _finish(axes: Axes, numbers: Sequence[int], *, columns: int) -> None:
    from matplotlib.ticker import FuncFormatter, MaxNLocator

    axes.set_xlabel("iteration")
    axes.xaxis.set_major_locator(MaxNLocator(nbins=12, integer=True, min_n_ticks=1))
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.10g}"))
    if numbers:
        axes.set_xlim(min(numbers) - 0.7, max(numbers) + 0.7)
    axes.grid(visible=True, axis="y")
    _legend(axes, -0.14, columns)


def _legend(axes: Axes, height: float, columns: int) -> None:
    """Below the panel, where it covers nothing; `height` in heights of the panel. None where nothing was drawn."""
    if axes.get_legend_handles_labels()[0]:
        axes.legend(loc="upper center", bbox_to_anchor=(0.5, height), ncols=columns, fontsize=9, columnspacing=1.2)


def _draw_shares(axes: Axes, reports: Sequence[Json]) -> None:
    places = range(len(reports))
    shares = [100 * report["machine_share"] for report in reports]
    axes.barh(places, shares, 0.6, color=MACHINE, label="by machine")
    axes.barh(places, [100 - share for share in shares], 0.6, shares, color=HUMAN, label="by people")
    for place, share in zip(places, shares, strict=True):
        inside = share >= 12
        axes.text(
            share - 1.5 if inside else share + 1.5,
            place,
            percent(share / 100),
            ha="right" if inside else "left",
            va="center",
            color="black" if inside else "white",
            fontweight="bold",
        )
    axes.set_yticks(places, [f"{report['job']['name']}\n{report['job']['role']}" for report in reports])
    axes.invert_yaxis()
    axes.set_xlim(0, 100)
    axes.set_xlabel("share of labeled images, per cent")
    axes.set_title("Who labeled")
    _legend(axes, -0.9 / (1 + 0.55 * len(reports)), columns=2)


def _part_name(part: str, report: Json) -> str:
    # Ground Truth, whose trainings are billed, asks a fee.
    if part == "compute" and not report["cost"]["service_mills"]:
        return "functions"
    return _PART_NAMES.get(part, part)


def _draw_totals(axes: Axes, reports: Sequence[Json]) -> None:
    from matplotlib.ticker import FuncFormatter

    most = max((report["all_human"]["total_mills"] for report in reports), default=0) / MILLS_PER_DOLLAR
    for place, report in enumerate(reports):
        everyone = report["all_human"]["total_mills"] / MILLS_PER_DOLLAR
        first = place == 0
        axes.barh(place, everyone, 0.6, color=ALL_HUMAN, label="all labeled by people" if first else None)
        left = 0.0
        for part, colour in _PARTS.items():
            width = report["cost"][f"{part}_mills"] / MILLS_PER_DOLLAR
            name = _part_name(part, report)
            axes.barh(place, width, 0.36, left, color=colour, label=name if first else None)
            left += width
        saved = report["saving"]["all_human"]["share"]
        change = percent(-saved) if saved > 0 else f"+{percent(-saved)}"
        text = f"{cents(report['cost']['total_mills'])}  ({change})"
        axes.text(max(left, everyone) + most * 0.015, place, text, va="center")
    axes.set_xlim(0, most * 1.32 or 1)
    axes.set_xlabel("US dollars")
    axes.set_title("Cost, and all-human behind it")
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.10g}"))
    axes.tick_params(axis="y", left=False)
    _legend(axes, -0.9 / (1 + 0.55 * len(reports)), columns=4)
