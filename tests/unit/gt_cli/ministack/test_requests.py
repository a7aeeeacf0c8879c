"""What the journal keeps of a DynamoDB request: the items as they are after it."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

import pytest

from gt_cli.ministack.requests import entries_of

KEY = {"id": {"S": "a"}}
ITEM = KEY | {"n": {"N": "1"}}
AFTER = KEY | {"n": {"N": "2"}}


def kept(action: str, request: Mapping[str, Any], after: Mapping[str, Any] | None = AFTER) -> list[Any]:
    async def look(_: str, key: Mapping[str, Any]) -> Mapping[str, Any] | None:
        assert key == KEY
        return after

    async def collect() -> list[Any]:
        return [entry async for entry in entries_of(action, request, look)]

    return asyncio.run(collect())


PUT = ("PutItem", {"TableName": "t", "Item": ITEM})
DELETE = ("DeleteItem", {"TableName": "t", "Key": KEY})
UPDATED = ("PutItem", {"TableName": "t", "Item": AFTER})


@pytest.mark.parametrize(
    ("action", "request_", "entries"),
    [
        ("PutItem", {"TableName": "t", "Item": ITEM, "ConditionExpression": "attribute_not_exists(id)"}, [PUT]),
        ("DeleteItem", {"TableName": "t", "Key": KEY, "ConditionExpression": "n = :n"}, [DELETE]),
        ("UpdateItem", {"TableName": "t", "Key": KEY, "UpdateExpression": "SET n = n + :one"}, [UPDATED]),
        (
            "BatchWriteItem",
            {"RequestItems": {"t": [{"PutRequest": {"Item": ITEM}}, {"DeleteRequest": {"Key": KEY}}]}},
            [PUT, DELETE],
        ),
        (
            "TransactWriteItems",
            {
                "TransactItems": [
                    {"Put": {"TableName": "t", "Item": ITEM}},
                    {"Update": {"TableName": "t", "Key": KEY, "UpdateExpression": "…"}},
                    {"Delete": {"TableName": "t", "Key": KEY}},
                    {"ConditionCheck": {"TableName": "t", "Key": KEY, "ConditionExpression": "…"}},
                ]
            },
            [PUT, UPDATED, DELETE],
        ),
        ("Query", {"TableName": "t"}, []),
        ("DescribeTable", {"TableName": "t"}, []),
        ("UpdateTimeToLive", {"TableName": "t"}, [("UpdateTimeToLive", {"TableName": "t"})]),
    ],
)
def test_items_are_kept_as_they_are_after_the_request(
    action: str, request_: dict[str, Any], entries: list[Any]
) -> None:
    """A condition that held then does not hold again at a replay, after an item has expired for example."""
    assert kept(action, request_) == entries


def test_an_item_that_has_gone_since_is_a_deleted_one() -> None:
    assert kept("UpdateItem", {"TableName": "t", "Key": KEY}, after=None) == [DELETE]
