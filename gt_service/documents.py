"""Frozen values as plain documents and back, by the types of their fields; JSON and times as others may send them."""

from __future__ import annotations

import json
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
    """What JSON from outside says. Errors: `ValueError`, also for NaN and infinity, which Python would take, and where
    it is nested too deep."""
    try:
        return json.loads(text, parse_constant=_no_constant)
    except RecursionError:
        raise ValueError("it is nested too deep") from None


def _no_constant(name: str) -> None:
    raise ValueError(f"{name} is not JSON")


def parse_time(text: object) -> datetime | None:
    """A time in ISO 8601, UTC whether it says so or not; None where there is none."""
    if not isinstance(text, str):
        return None
    try:
        time = datetime.fromisoformat(text)
    except ValueError:
        return None
    return time.replace(tzinfo=UTC) if time.tzinfo is None else time.astimezone(UTC)
