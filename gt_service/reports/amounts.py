"""Money as a report prints it: whole cents in headlines, all three decimals in tables, so that columns align."""

from __future__ import annotations

MINUS = "\N{MINUS SIGN}"


def cents(mills: int) -> str:
    """To the cent, halves away from zero: "$127.64"."""
    rounded = (abs(mills) + 5) // 10
    return f"{_sign(mills if rounded else 0)}${rounded / 100:,.2f}"


def exact(mills: int) -> str:
    """To the mill: "$127.638"."""
    return f"{_sign(mills)}${abs(mills) / 1000:,.3f}"


def percent(share: float, digits: int = 0) -> str:
    """A share as "48 %"; what rounds to nothing has no sign."""
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
