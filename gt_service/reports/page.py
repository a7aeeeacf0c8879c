"""The report as one self-contained HTML page: no script, no network, figures as SVG inside."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gt_service.reports.amounts import NOTHING, cents, decimal, duration, exact, money, number, percent, time

if TYPE_CHECKING:
    from jinja2 import Environment

Json = Mapping[str, Any]


def job_page(report: Json, figure_svg: bytes) -> bytes:
    """The page of one labeling job."""
    return _render("job.html", report=report, figure=_inline(figure_svg))


def campaign_page(report: Json, figure_svg: bytes) -> bytes:
    """The page that compares a campaign's jobs side by side."""
    return _render("campaign.html", report=report, figure=_inline(figure_svg))


def _render(template: str, **values: Any) -> bytes:
    return _environment().get_template(template).render(values).encode()


@cache
def _environment() -> Environment:
    from gt_service.templates import templates_in

    return templates_in(
        Path(__file__).parent / "templates",
        usd=lambda mills: money(round(mills)),
        cents=cents,
        mills=exact,
        percent=percent,
        percent1=lambda share: percent(share, 1),
        count=number,
        score=decimal,
        hours=lambda hours: NOTHING if hours is None else duration(hours * 3600),
        seconds=lambda seconds: decimal(seconds, digits=1),
        time=time,
        interval=_interval,
    )


def _interval(pair: Sequence[float] | None) -> str:
    return "" if not pair else f"{pair[0]:.3f} – {pair[1]:.3f}"


def _inline(svg: bytes) -> Any:
    """The <svg> element alone, sized by the page. matplotlib wrote it; texts of the report are paths in it."""
    from markupsafe import Markup

    element = svg[svg.index(b"<svg") :].decode()
    opening, rest = element.split(">", 1)
    opening = re.sub(r'\s(width|height)="[^"]*"', "", opening)
    return Markup(f"{opening}>{rest}")  # noqa: S704 - drawn by us, no markup of others in it
