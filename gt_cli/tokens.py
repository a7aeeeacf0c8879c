"""Operators' and viewers' bearer tokens: issued once, kept only as digests."""

from __future__ import annotations

import secrets
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Literal

from gt_service.records import Token
from gt_service.store.tokens import digest

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

Role = Literal["viewer", "operator"]


def issue(dynamodb: DynamoDBClient, table: str, role: Role, *, principal: str, expires: datetime) -> str:
    """Makes a token for somebody and records its digest, as `gt_service.store` reads it.

    The token itself is kept nowhere: who loses it asks for another.
    """
    token = f"gts_{secrets.token_urlsafe(32)}"
    dynamodb.put_item(
        TableName=table,
        Item={
            "digest": {"S": digest(token)},
            "principal": {"S": principal},
            "role": {"S": role},
            "expires": {"N": str(int(expires.timestamp()))},
        },
        # Closes the race of two tokens that are the same, which does not happen: rather an error than a shared token.
        ConditionExpression="attribute_not_exists(digest)",
    )
    return token


def is_valid(dynamodb: DynamoDBClient, table: str, token: str, at: datetime) -> bool:
    """Whether a token is known, and will still be good then."""
    answer = dynamodb.get_item(TableName=table, Key={"digest": {"S": digest(token)}}, ConsistentRead=True)
    return int(answer.get("Item", {}).get("expires", {}).get("N", "0")) > at.timestamp()


def issued(dynamodb: DynamoDBClient, table: str, principal: str | None = None) -> list[Token]:
    """Every token that was not revoked, or those of one person; by person and end. Those that have expired stay for a
    while, until DynamoDB removes them."""
    pages = dynamodb.get_paginator("scan").paginate(TableName=table, ConsistentRead=True)
    tokens = [
        Token(
            item["digest"]["S"],
            item["principal"]["S"],
            item["role"]["S"],
            datetime.fromtimestamp(int(item["expires"]["N"]), UTC),
        )
        for page in pages
        for item in page["Items"]
    ]
    wanted = (token for token in tokens if principal is None or token.principal == principal)
    return sorted(wanted, key=lambda token: (token.principal, token.expires_at, token.digest))


def revoke_all(dynamodb: DynamoDBClient, table: str, principal: str) -> int:
    """Forgets every token of one person; how many there were."""
    theirs = issued(dynamodb, table, principal)
    for token in theirs:
        dynamodb.delete_item(TableName=table, Key={"digest": {"S": token.digest}})
    return len(theirs)


def revoke(dynamodb: DynamoDBClient, table: str, token: str) -> bool:
    """Forgets a token; false where there was none."""
    answer = dynamodb.delete_item(TableName=table, Key={"digest": {"S": digest(token)}}, ReturnValues="ALL_OLD")
    return "Attributes" in answer
