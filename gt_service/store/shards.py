"""The partitions over which a campaign's images are spread, and places in a list that runs through all of them."""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from typing import Any

from gt_service.records import ImageStatus

SHARDS = 16
_LONGEST_KEY = 1024
"""Bytes of a range key in DynamoDB, and of a key in S3."""

Cursor = tuple[int, str, str]
"""Shard, place and key of the last image of a page."""


def is_cursor(shard: Any, place: Any, key: Any, status: ImageStatus) -> bool:
    """Whether a page of images of this status can go on from there: DynamoDB refuses places that no key can be at."""
    if type(shard) is not int or not isinstance(place, str) or not isinstance(key, str):
        return False
    lengths = [len(text.encode("utf-8", "surrogatepass")) for text in (place, key)]
    is_text = not any("\ud800" <= character <= "\udfff" for character in place + key)
    return 0 <= shard < SHARDS and place.startswith(status) and is_text and max(lengths) <= _LONGEST_KEY and key != ""


def shard_number(text: str) -> int:
    return zlib.crc32(text.encode()) % SHARDS


def shard_of(campaign: str, key: str) -> str:
    return f"{campaign}#{shard_number(key):x}"


def shards_of(campaign: str) -> Iterator[str]:
    return (f"{campaign}#{number:x}" for number in range(SHARDS))
