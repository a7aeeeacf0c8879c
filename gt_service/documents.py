"""Frozen values as plain documents and back, by the types of their fields; JSON and times as others may send them."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from datetime import UTC, datetime
from functools import cache
from typing import Any, TypeVar

from pydantic import TypeAdapter

T = TypeVar("T")

_adapter: Callable[[Any], TypeAdapter[Any]] = cache(TypeAdapter)


def document_of(value: object, kind: Any = None) -> Any:
    """As `json` takes it, without what is at its default. kind: of a value whose class does not tell its type."""
    return _adapter(kind or type(value)).dump_python(value, mode="json", exclude_defaults=True)


def value_of(kind: type[T], document: Any) -> T:
    """Of what `document_of` made; times are in UTC. Errors: `ValueError` for what it never made."""
    value: T = _adapter(kind).validate_python(document)
    return value


def strict_json(text: bytes | str) -> Any:
    """What JSON from outside says. Errors: `ValueError`, also for NaN, infinity and numbers beyond a float, which
    Python would take, and where it is nested too deep."""
    try:
        return json.loads(text, parse_constant=_no_constant, parse_float=_finite_float, parse_int=_finite_int)
    except RecursionError:
        raise ValueError("it is nested too deep") from None


def _no_constant(name: str) -> None:
    raise ValueError(f"{name} is not JSON")


def _finite_float(digits: str) -> float:
    number = float(digits)
    if not math.isfinite(number):
        raise ValueError(f"the number {digits[:20]}… is too large")
    return number


def _finite_int(digits: str) -> int:
    _finite_float(digits)
    return int(digits)


def parse_time(text: object) -> datetime | None:
    """A time in ISO 8601, UTC whether it says so or not; None where there is none."""
    if not isinstance(text, str):
        return None
    try:
        time = datetime.fromisoformat(text)
    except ValueError:
        return None
    return time.replace(tzinfo=UTC) if time.tzinfo is None else time.astimezone(UTC)
