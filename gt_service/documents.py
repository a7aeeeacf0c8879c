"""Frozen values as plain documents and back, by the types of their fields."""

from __future__ import annotations

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
