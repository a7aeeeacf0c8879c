"""Lists, page by page, as SageMaker's List… operations give them. Pure."""

from __future__ import annotations

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error as NotBase64
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from hashlib import sha256
from typing import Any, TypeVar

from gt_engine.request.errors import ValidationException

DEFAULT_RESULTS = 10

T = TypeVar("T")


def page(
    items: Iterable[T],
    request: Mapping[str, Any],
    *,
    sort_key: Callable[[T], str],
    name: Callable[[T], str],
    descending: bool,
) -> tuple[list[T], str | None]:
    """One page of the items and the token of the next, or None on the last.

    A token marks a place in the order, not a number: items that come or go between two calls neither repeat nor hide
    others. It is good only for the request that it came from. Errors: `ValidationException` for any other token.
    """
    filters = _fingerprint(request)
    placed = sorted(((sort_key(item), name(item)), item) for item in items)  # names differ, so items are not compared
    if descending:
        placed.reverse()
    if "NextToken" in request:
        after = _read_token(request["NextToken"], filters)
        placed = [entry for entry in placed if (entry[0] < after if descending else entry[0] > after)]
    size = request.get("MaxResults", DEFAULT_RESULTS)
    shown = placed[:size]
    token = _token(shown[-1][0], filters) if len(placed) > size else None
    return [item for _, item in shown], token


def listed(
    member: str,
    items: Iterable[T],
    request: Mapping[str, Any],
    shown: Callable[[T], dict[str, Any]],
    sort_keys: Mapping[str, Callable[[T], str]],
    *,
    order: str = "Ascending",
) -> dict[str, Any]:
    """The answer of a List… operation: a page of the items, each as it is `shown`.

    sort_keys: by the values of SortBy, its default first; `Name` tells items apart that are equal by another. order:
    the default of SortOrder.
    """
    found, token = page(
        items,
        request,
        sort_key=sort_keys[request.get("SortBy", next(iter(sort_keys)))],
        name=sort_keys["Name"],
        descending=request.get("SortOrder", order) == "Descending",
    )
    return {member: [shown(item) for item in found]} | ({"NextToken": token} if token else {})


def within(moment: datetime, request: Mapping[str, Any], field: str) -> bool:
    """Whether a time passes the filters `<field>After` and `<field>Before`."""
    after, before = request.get(f"{field}After"), request.get(f"{field}Before")
    return (after is None or moment > after) and (before is None or moment < before)


def name_contains(name: str, request: Mapping[str, Any]) -> bool:
    return str(request.get("NameContains", "")).lower() in name.lower()


def _fingerprint(request: Mapping[str, Any]) -> str:
    filters = {key: str(value) for key, value in request.items() if key not in {"NextToken", "MaxResults"}}
    return sha256(json.dumps(filters, sort_keys=True).encode()).hexdigest()[:16]


def _token(place: tuple[str, str], filters: str) -> str:
    return urlsafe_b64encode(json.dumps([filters, *place]).encode()).decode()


def _read_token(token: str, filters: str) -> tuple[str, str]:
    try:
        given, key, name = json.loads(urlsafe_b64decode(token.encode()))
    except (ValueError, TypeError, NotBase64):
        given = None
    if given != filters or not isinstance(key, str) or not isinstance(name, str):
        raise ValidationException("Invalid NextToken: it does not belong to this request.")
    return key, name
