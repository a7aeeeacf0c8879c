"""Money as integers of a tenth of a cent, Ground Truth's own smallest unit.

A tenth of a cent is a mill: $0.001. All amounts in gt-service are `Mills`; floats never hold money.
"""

from __future__ import annotations

from decimal import Context, Decimal, Inexact
from typing import NewType

from gt_service.errors import InvalidInput, quoted

Mills = NewType("Mills", int)
MILLS_PER_DOLLAR = 1000
MAX_DOLLARS = 10_000_000
"""No amount that somebody writes is larger; it fits every table and every float."""
_LONGEST_AMOUNT = 40
_EXACTLY = Context(prec=2 * _LONGEST_AMOUNT, traps=[Inexact])


def from_usd(text: str | int | float | Decimal) -> Mills:
    """Dollars as a person writes them ("0.036", 500, "$12.50") as mills.

    Errors: `InvalidInput` for what is no amount, is finer than a mill, or is more than `MAX_DOLLARS` either way.
    """
    dollars = _decimal(text)
    if not dollars.is_finite():
        raise InvalidInput(f"{quoted(text)} is not an amount in US dollars", field="amount")
    if not -MAX_DOLLARS <= dollars <= MAX_DOLLARS:
        raise InvalidInput(f"{quoted(text)} is more than the {MAX_DOLLARS:,} US dollars of any amount", field="amount")
    try:
        mills = _EXACTLY.to_integral_exact(_EXACTLY.multiply(dollars, MILLS_PER_DOLLAR))
    except Inexact:
        raise InvalidInput(f"{quoted(text)} is finer than a tenth of a cent", field="amount") from None
    return Mills(int(mills))


def _decimal(text: str | int | float | Decimal) -> Decimal:
    """Not a number where it is none, or is written at a length that no amount has."""
    try:
        written = str(text).strip().removeprefix("$")
        return Decimal(written) if len(written) <= _LONGEST_AMOUNT else Decimal("nan")
    except (ArithmeticError, ValueError):  # ValueError: a whole number of more digits than Python writes
        return Decimal("nan")


def usd(mills: Mills) -> str:
    """For people, in dollars to the cent or, where needed, to the tenth of a cent: "$170.20", "$0.188"."""
    sign = "-" if mills < 0 else ""
    dollars, rest = divmod(abs(mills), MILLS_PER_DOLLAR)
    cents, tenth = divmod(rest, 10)
    return f"{sign}${dollars:,}.{cents:02}{tenth or ''}"


def as_usd_number(mills: Mills) -> float:
    """For JSON fields that are named `…_usd`: exact to the mill when printed."""
    return float(Decimal(mills) / MILLS_PER_DOLLAR)
