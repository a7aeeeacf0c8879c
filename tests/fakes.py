"""Stand-ins that behave, shared by the tests."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime

from gt_service.errors import NotFound
from gt_service.objects import ObjectSummary, S3Uri


class MemoryObjects:
    """`gt_service.objects.ObjectStore` in a dictionary; `contents` maps URI text to bytes."""

    def __init__(self, contents: dict[str, bytes] | None = None) -> None:
        self.contents: dict[str, bytes] = dict(contents or {})
        self.content_types: dict[str, str] = {}

    def list(self, prefix: S3Uri) -> Iterator[ObjectSummary]:
        for text in sorted(self.contents):
            uri = S3Uri.parse(text)
            if uri.bucket == prefix.bucket and uri.key.startswith(prefix.key):
                body = self.contents[text]
                etag = hashlib.md5(body, usedforsecurity=False).hexdigest()
                yield ObjectSummary(uri, len(body), etag, datetime(2026, 1, 1, tzinfo=UTC))

    def read(self, uri: S3Uri, *, first_bytes: int | None = None) -> bytes:
        try:
            return self.contents[str(uri)][:first_bytes]
        except KeyError:
            raise NotFound(f"there is no object {uri}") from None

    def lines(self, uri: S3Uri) -> Iterator[bytes]:
        yield from self.read(uri).splitlines()

    def write(self, uri: S3Uri, body: bytes, content_type: str) -> None:
        self.contents[str(uri)] = body
        self.content_types[str(uri)] = content_type

    def write_stream(self, uri: S3Uri, chunks: Iterable[bytes], content_type: str) -> None:
        self.write(uri, b"".join(chunks), content_type)
