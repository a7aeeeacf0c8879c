"""Numbers, money and times as a person reads them. The same value always gives the same text, so pages can be
compared by their hash: no "3 minutes ago".
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal

from gt_service.money import MILLS_PER_DOLLAR, Mills, usd
from gt_service.reports.amounts import MINUS, NOTHING, decimal, exact, number, percent

__all__ = [
    "NOTHING",
    "decimal",
    "duration",
    "moment",
    "money",
    "money_in_column",
    "money_per_image",
    "number",
    "percent",
    "time",
]

ROUND_UP_SECONDS = 60


def money(mills: int | None) -> str:
    """Mills as dollars, "$170.20"; a dash where nothing is known."""
    return NOTHING if mills is None else usd(Mills(mills)).replace("-", MINUS)


def money_in_column(mills: int | None) -> str:
    """To the tenth of a cent always, "$170.200", so that the points of a column stand below each other."""
    return NOTHING if mills is None else exact(mills)


def money_per_image(mills: int | None, images: int | None) -> str:
    """Mills over images as dollars to a tenth of a cent, "$0.136"."""
    if mills is None or not images:
        return NOTHING
    dollars = Decimal(mills) / images / MILLS_PER_DOLLAR
    return f"${dollars.quantize(Decimal('0.001'), ROUND_HALF_UP)}"


def moment(text: str | None) -> datetime | None:
    """The API's ISO 8601 time as an aware datetime in UTC."""
    if not text:
        return None
    parsed = datetime.fromisoformat(text)
    return parsed.replace(tzinfo=UTC) if parsed.tzinfo is None else parsed.astimezone(UTC)


def time(text: str | None) -> str:
    """2026-05-01 12:03 UTC."""
    at = moment(text)
    return NOTHING if at is None else at.strftime("%Y-%m-%d %H:%M UTC")


def duration(span: timedelta) -> str:
    """ "45 s", "12 min", "3 h 20 min", "2 days": as exact as a person needs."""
    seconds = max(0, round(span.total_seconds()))
    if seconds < ROUND_UP_SECONDS:
        return f"{seconds} s"
    minutes = round(seconds / 60)
    if minutes < 60:
        return f"{minutes} min"
    hours, minutes = divmod(minutes, 60)
    if hours < 48:
        return f"{hours} h {minutes} min" if minutes else f"{hours} h"
    return f"{round(hours / 24)} days"
