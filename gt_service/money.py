"""Money as integers of a tenth of a cent, Ground Truth's own smallest unit.

A tenth of a cent is a mill: $0.001. All amounts in gt-service are `Mills`; floats never hold money.
"""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from typing import NewType

from gt_service.errors import InvalidInput

Mills = NewType("Mills", int)
MILLS_PER_DOLLAR = 1000


def from_usd(text: str | int | float | Decimal, *, field: str = "amount") -> Mills:
    """Dollars as a person writes them ("0.036", 500, "$12.50") as mills; finer than a mill is an error."""
    try:
        mills = Decimal(str(text).strip().removeprefix("$")) * MILLS_PER_DOLLAR
    except InvalidOperation:
        raise InvalidInput(f"{text!r} is not an amount in US dollars", field=field) from None
    if not mills.is_finite() or mills != mills.to_integral_value():
        raise InvalidInput(f"{text!r} is finer than a tenth of a cent", field=field)
    return Mills(int(mills))


def usd(mills: Mills) -> str:
    """For people, in dollars to the cent or, where needed, to the tenth of a cent: "$170.20", "$0.188"."""
    sign = "-" if mills < 0 else ""
    dollars, rest = divmod(abs(mills), MILLS_PER_DOLLAR)
    cents, tenth = divmod(rest, 10)
    return f"{sign}${dollars:,}.{cents:02}{tenth or ''}"


def as_usd_number(mills: Mills) -> float:
    """For JSON fields that are named `…_usd`: exact to the mill when printed."""
    return float(Decimal(mills) / MILLS_PER_DOLLAR)
