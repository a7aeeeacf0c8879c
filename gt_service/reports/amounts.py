"""Numbers as reports and pages print them; a dash where there is none. Money: whole cents in headlines, all three
decimals in tables, so that columns align.
"""

from __future__ import annotations

MINUS = "\N{MINUS SIGN}"
NOTHING = "–"


def number(value: int | None) -> str:
    """1,250."""
    return NOTHING if value is None else f"{value:,}"


def decimal(value: float | None, *, digits: int = 3) -> str:
    """0.934."""
    return NOTHING if value is None else f"{value:.{digits}f}"


def cents(mills: int) -> str:
    """To the cent, halves away from zero: "$127.64"."""
    rounded = (abs(mills) + 5) // 10
    return f"{_sign(mills if rounded else 0)}${rounded / 100:,.2f}"


def exact(mills: int) -> str:
    """To the mill: "$127.638"."""
    return f"{_sign(mills)}${abs(mills) / 1000:,.3f}"


def percent(share: float | None, digits: int = 0) -> str:
    """A share as "48 %", with `digits=1` "48.2 %"; what rounds to nothing has no sign."""
    if share is None:
        return NOTHING
    rounded = round(100 * share, digits) or 0.0
    return f"{rounded:.{digits}f} %".replace("-", MINUS)


def duration(seconds: float) -> str:
    """Time that people spent: "2 h 05 min", "12 min", "40 s"."""
    if seconds < 90:
        return f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    return f"{minutes // 60} h {minutes % 60:02} min" if minutes >= 60 else f"{minutes} min"


def _sign(mills: int) -> str:
    return MINUS if mills < 0 else ""
