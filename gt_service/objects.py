"""Objects in S3 behind a small door, so that the domain never sees a client.

`ObjectStore` is what readers and writers ask for; `S3Objects` is the one that runs. Tests use a fake of the same
shape (`tests/fakes.py`).
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from itertools import chain
from typing import TYPE_CHECKING, Any, Protocol

from botocore.exceptions import ClientError

from gt_service.errors import AccessDenied, InvalidInput, NotFound, quoted

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_s3.type_defs import CompletedPartTypeDef

PART_BYTES = 8 * 1024 * 1024  # S3 takes parts of 5 MiB or more, 10,000 at most


@dataclass(frozen=True)
class S3Uri:
    """s3://bucket/key; a prefix is a URI whose key ends where the caller says."""

    bucket: str
    key: str

    @classmethod
    def parse(cls, text: str, *, field: str = "uri") -> S3Uri:
        bucket, _, key = text.removeprefix("s3://").partition("/")
        if not text.startswith("s3://") or not bucket:
            raise InvalidInput(f"{quoted(text)} is not an S3 URI (s3://bucket/key)", field=field)
        return cls(bucket, key)

    def __str__(self) -> str:
        return f"s3://{self.bucket}/{self.key}"

    def __truediv__(self, name: str) -> S3Uri:
        return S3Uri(self.bucket, f"{self.key.rstrip('/')}/{name}".lstrip("/"))


@dataclass(frozen=True)
class ObjectSummary:
    uri: S3Uri
    size: int
    etag: str
    last_modified: datetime


class ObjectStore(Protocol):
    """Reads, writes and lists objects. Errors: `NotFound` where the object is not there, or, read with an ETag, where
    it was replaced; `AccessDenied` where it may not be read."""

    def list(self, prefix: S3Uri, *, after: str = "") -> Iterator[ObjectSummary]:
        """In order of their keys. after: the keys behind this one alone."""
        ...

    def read(self, uri: S3Uri, *, first_bytes: int | None = None, etag: str | None = None) -> bytes: ...

    def read_many(self, uris: Iterable[S3Uri]) -> Iterator[bytes]:
        """What `read` gives for each of the URIs, in their order; URIs may be taken ahead."""
        ...

    def lines(self, uri: S3Uri) -> Iterator[bytes]: ...

    def write(self, uri: S3Uri, body: bytes, content_type: str) -> None: ...

    def write_stream(self, uri: S3Uri, chunks: Iterable[bytes], content_type: str) -> None: ...


def is_there(objects: ObjectStore, uri: S3Uri) -> bool:
    """Whether there is such an object, and something in it."""
    try:
        return bool(objects.read(uri, first_bytes=1))
    except NotFound:
        return False


def read_json(objects: ObjectStore, uri: S3Uri) -> Any:
    """A document of ours; None where it is not there."""
    try:
        return json.loads(objects.read(uri))
    except NotFound:
        return None


def write_json(objects: ObjectStore, uri: S3Uri, document: Any) -> None:
    objects.write(uri, json.dumps(document).encode(), "application/json")


class S3Objects:
    """`ObjectStore` on boto3."""

    def __init__(self, client: S3Client) -> None:
        self._client = client

    def list(self, prefix: S3Uri, *, after: str = "") -> Iterator[ObjectSummary]:
        start = {"StartAfter": after} if after else {}
        pages = self._client.get_paginator("list_objects_v2").paginate(
            Bucket=prefix.bucket,
            Prefix=prefix.key,
            **start,  # type: ignore[arg-type]
        )
        for page in pages:
            for item in page.get("Contents", ()):
                yield ObjectSummary(
                    S3Uri(prefix.bucket, item["Key"]),
                    item["Size"],
                    item["ETag"].strip('"'),
                    item["LastModified"],
                )

    def read(self, uri: S3Uri, *, first_bytes: int | None = None, etag: str | None = None) -> bytes:
        span = {} if first_bytes is None else {"Range": f"bytes=0-{first_bytes - 1}"}
        match = {} if etag is None else {"IfMatch": etag}
        try:
            with _told_plainly(uri):
                return self._client.get_object(Bucket=uri.bucket, Key=uri.key, **span, **match)["Body"].read()  # type: ignore[arg-type]
        except ClientError as error:
            # The first bytes of an object that has none: S3 finds no such range, and there is nothing wrong.
            if first_bytes and error.response["Error"]["Code"] == "InvalidRange":
                return b""
            raise

    def read_many(self, uris: Iterable[S3Uri]) -> Iterator[bytes]:
        return map(self.read, uris)

    def lines(self, uri: S3Uri) -> Iterator[bytes]:
        with _told_plainly(uri):
            body = self._client.get_object(Bucket=uri.bucket, Key=uri.key)["Body"]
        yield from body.iter_lines(chunk_size=1024 * 1024)

    def write(self, uri: S3Uri, body: bytes, content_type: str) -> None:
        self._client.put_object(Bucket=uri.bucket, Key=uri.key, Body=body, ContentType=content_type)

    def write_stream(self, uri: S3Uri, chunks: Iterable[bytes], content_type: str) -> None:
        """Writes what comes, in parts, holding no more than one part. Nothing appears where a chunk fails."""
        parts = _parts(chunks)
        first = next(parts, b"")
        second = next(parts, None)
        if second is None:
            return self.write(uri, first, content_type)
        bucket, key = uri.bucket, uri.key
        upload = self._client.create_multipart_upload(Bucket=bucket, Key=key, ContentType=content_type)["UploadId"]
        try:
            done: list[CompletedPartTypeDef] = []
            for number, part in enumerate(chain((first, second), parts), start=1):
                answer = self._client.upload_part(Bucket=bucket, Key=key, UploadId=upload, PartNumber=number, Body=part)
                done.append({"PartNumber": number, "ETag": answer["ETag"]})
            self._client.complete_multipart_upload(
                Bucket=bucket, Key=key, UploadId=upload, MultipartUpload={"Parts": done}
            )
        except BaseException:
            self._client.abort_multipart_upload(Bucket=bucket, Key=key, UploadId=upload)
            raise
        return None


@contextmanager
def _told_plainly(uri: S3Uri) -> Iterator[None]:
    """Names the object in what is wrong for good; whatever may pass stays what it is."""
    try:
        yield
    except ClientError as error:
        code = error.response["Error"]["Code"]
        if code in {"NoSuchKey", "NoSuchBucket", "PreconditionFailed"}:
            raise NotFound(f"there is no object {uri}") from None
        if code == "AccessDenied":
            remedy = "Copy it into the campaign's folder, or let the service's role read it."
            raise AccessDenied(f"the service may not read {uri}", remedy=remedy) from error
        raise


def _parts(chunks: Iterable[bytes]) -> Iterator[bytes]:
    held = bytearray()
    for chunk in chunks:
        held += chunk
        if len(held) >= PART_BYTES:
            yield bytes(held)
            held.clear()
    if held:
        yield bytes(held)
