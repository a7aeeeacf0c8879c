"""What became of the items of a DynamoDB request: pure, but for looking at an item after an update."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from typing import Any

Item = Mapping[str, Any]
Look = Callable[[str, Item], Awaitable[Item | None]]

READS = frozenset(
    ("GetItem", "Query", "Scan", "BatchGetItem", "TransactGetItems", "SearchVectors", "ListTagsOfResource")
)


async def entries_of(action: str, request: Mapping[str, Any], look: Look) -> AsyncIterator[tuple[str, Item]]:
    """(action, request) pairs that bring the tables to where a request has brought them, whatever was there before.

    Items are told as they are now, so conditions and expressions need not hold again. Requests about tables
    themselves are told as they were made.
    """
    if action in READS or action.startswith(("Describe", "List")):
        return
    if action in ("PutItem", "DeleteItem", "UpdateItem"):
        yield await _entry(action.removesuffix("Item"), request, look)
    elif action == "BatchWriteItem":
        for table, writes in request["RequestItems"].items():
            for write in writes:
                (kind, inner), *_ = write.items()
                yield await _entry(kind.removesuffix("Request"), {"TableName": table, **inner}, look)
    elif action == "TransactWriteItems":
        for write in request["TransactItems"]:
            (kind, inner), *_ = write.items()
            if kind != "ConditionCheck":
                yield await _entry(kind, inner, look)
    else:
        yield action, request


async def _entry(kind: str, request: Mapping[str, Any], look: Look) -> tuple[str, Item]:
    table = request["TableName"]
    item = request["Item"] if kind == "Put" else None
    if kind == "Update":
        item = await look(table, request["Key"])
    if item is None:
        return "DeleteItem", {"TableName": table, "Key": request["Key"]}
    return "PutItem", {"TableName": table, "Item": item}
