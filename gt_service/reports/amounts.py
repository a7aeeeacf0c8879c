"""Numbers, money and times as reports and pages print them; a dash where there is none.

The same value always gives the same text, so pages can be compared by their hash: no "3 minutes ago". Money: whole
cents in headlines, all three decimals in tables, so that columns align.
"""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal

from gt_service.documents import parse_time
from gt_service.money import MILLS_PER_DOLLAR, Mills, usd

MINUS = "\N{MINUS SIGN}"
NOTHING = "–"
_DAYS_FROM_HOURS = 48


def number(value: int | None) -> str:
    """1,250."""
    return NOTHING if value is None else f"{value:,}"


def decimal(value: float | None, *, digits: int = 3) -> str:
    """0.934."""
    return NOTHING if value is None else f"{value:.{digits}f}"


def percent(share: float | None, digits: int = 0) -> str:
    """A share as "48 %", with `digits=1` "48.2 %"; what rounds to nothing has no sign."""
    if share is None:
        return NOTHING
    rounded = round(100 * share, digits) or 0.0
    return f"{rounded:.{digits}f} %".replace("-", MINUS)


def money(mills: int | None) -> str:
    """To the cent or, where needed, to the mill: "$170.20", "$0.396"."""
    return NOTHING if mills is None else usd(Mills(mills)).replace("-", MINUS)


def cents(mills: int) -> str:
    """To the cent, halves away from zero: "$127.64"."""
    rounded = (abs(mills) + 5) // 10
    return f"{_sign(mills if rounded else 0)}${rounded / 100:,.2f}"


def exact(mills: int | None) -> str:
    """To the mill: "$127.638"."""
    return NOTHING if mills is None else f"{_sign(mills)}${abs(mills) / 1000:,.3f}"


def money_per_image(mills: int | None, images: int | None) -> str:
    """Mills over images as dollars to a tenth of a cent, "$0.136"."""
    if mills is None or not images:
        return NOTHING
    dollars = Decimal(mills) / images / MILLS_PER_DOLLAR
    return f"${dollars.quantize(Decimal('0.001'), ROUND_HALF_UP)}"


def time(text: str | None) -> str:
    """2026-05-01 12:03 UTC."""
    at = parse_time(text)
    return NOTHING if at is None else at.strftime("%Y-%m-%d %H:%M UTC")


def duration(seconds: float) -> str:
    """Time that people spent: "2 h 05 min", "12 min", "40 s"."""
    if seconds < 90:
        return f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    return f"{minutes // 60} h {minutes % 60:02} min" if minutes >= 60 else f"{minutes} min"


def span(seconds: float) -> str:
    """Time that goes by: as `duration`, and "3 days" where nobody counts hours any more."""
    hours = round(seconds / 3600)
    return duration(max(0, seconds)) if hours < _DAYS_FROM_HOURS else f"{round(hours / 24)} days"


def _sign(mills: int) -> str:
    return MINUS if mills < 0 else ""
