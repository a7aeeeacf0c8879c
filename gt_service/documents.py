"""Frozen values as plain documents and back, by the types of their fields; JSON as others may send it."""

from __future__ import annotations

import json
from collections.abc import Callable
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
