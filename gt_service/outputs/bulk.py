"""Thousands of small objects from S3, read with little work for each.

boto3 takes 2.5 ms of processor time to get a small object and 70 ms to read one page of a listing (measured, 2 cores
at work): of a job with 100,000 objects that is most of a report's time. Here requests are signed as boto3 would sign
them and sent without it. Whatever is not a plain success is asked again through boto3, with its retries and its errors.
"""

from __future__ import annotations

import re
import ssl
import time
import weakref
from collections import defaultdict, deque
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import datetime
from html import unescape
from http import HTTPStatus
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from itertools import islice
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import unquote_plus, urlsplit

from gt_service.objects import ObjectSummary, S3Objects, S3Uri
from gt_service.outputs.signing import EXPIRES_SECONDS, SignedBucket, signed_bucket
from gt_service.parallel import WORKERS

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

CONNECTIONS = 32
"""So many requests are on their way at a time."""
TIMEOUT_SECONDS = 60.0
LEFT_TO_BOTO3_SECONDS = 60.0
_OF_ANOTHER_REGION = {HTTPStatus.MOVED_PERMANENTLY, HTTPStatus.TEMPORARY_REDIRECT, HTTPStatus.BAD_REQUEST}


class BulkObjects(S3Objects):
    """`S3Objects` for whoever reads many objects: `read`, `read_many` and `list` are quick, all else is the same.

    Not for several threads at a time.

    signer: signs in the place of `client`, which may be set up otherwise. It wants `signature_version="s3v4"`: other
    signatures are left to boto3, slowly, and S3 refuses them for objects encrypted with KMS. Regions other than
    us-east-1 want `addressing_style="virtual"`, or S3 redirects; redirected or refused, an object is read through
    `client`.
    """

    def __init__(self, client: S3Client, signer: S3Client | None = None) -> None:
        super().__init__(client)
        self._s3 = client
        self._signer = signer or client
        self._tls = ssl.create_default_context()
        self._idle: defaultdict[str, list[HTTPConnection]] = defaultdict(list)
        self._signed: dict[str, tuple[float, SignedBucket | None]] = {}
        self._left_to_boto3: dict[str, float] = {}
        weakref.finalize(self, _end, self._idle)

    def close(self) -> None:
        """Ends the idle connections; the reader opens new ones when it is used again."""
        _end(self._idle)

    def read(self, uri: S3Uri, *, first_bytes: int | None = None, etag: str | None = None) -> bytes:
        if first_bytes is None and etag is None:
            return next(self.read_many([uri]))
        return super().read(uri, first_bytes=first_bytes, etag=etag)

    def read_many(self, uris: Iterable[S3Uri]) -> Iterator[bytes]:
        """One thread does it: requests go out ahead, each on a connection of its own, and while an answer is taken the
        next ones are on their way. Where none can be sent, boto3 reads in a few threads."""
        queue = iter(uris)
        sent: deque[tuple[S3Uri, _Request | Future[bytes]]] = deque()
        with ThreadPoolExecutor(WORKERS) as slowly:

            def ask(count: int) -> None:
                for uri in islice(queue, count):
                    sent.append((uri, self._ask(uri) or slowly.submit(S3Objects.read, self, uri)))

            try:
                ask(CONNECTIONS)
                while sent:
                    uri, answer = sent.popleft()
                    body = answer.result() if isinstance(answer, Future) else self._take(answer)
                    ask(1)
                    yield super().read(uri) if body is None else body
            finally:
                for _, answer in sent:
                    answer.cancel() if isinstance(answer, Future) else _drop(answer)

    def list(self, prefix: S3Uri, *, after: str = "") -> Iterator[ObjectSummary]:
        asked = {"Bucket": prefix.bucket, "Prefix": prefix.key, "EncodingType": "url"}
        asked |= {"StartAfter": after} if after else {}
        last = after
        sent = self._ask_page(asked)
        try:
            while True:
                body = self._take(sent)
                page = None if body is None else _page(prefix.bucket, body)
                if page is None:
                    # boto3 goes on where this failed, so that nothing is listed twice.
                    yield from super().list(prefix, after=last)
                    return
                token, found = page
                # The next page is on its way while this one is used.
                sent = self._ask_page({**asked, "ContinuationToken": token}) if token else None
                for item in found:
                    last = item.uri.key
                    yield item
                if token is None:
                    return
        finally:
            _drop(sent)

    def _ask(self, uri: S3Uri) -> _Request | None:
        bucket = self._bucket(uri.bucket)
        return None if bucket is None else self._send(bucket.origin, bucket.target(uri.key))

    def _ask_page(self, asked: Mapping[str, str]) -> _Request | None:
        address = self._signer.generate_presigned_url("list_objects_v2", Params=asked, ExpiresIn=EXPIRES_SECONDS)
        parts = urlsplit(address)
        return self._send(f"{parts.scheme}://{parts.netloc}", f"{parts.path}?{parts.query}")

    def _bucket(self, name: str) -> SignedBucket | None:
        until, signed = self._signed.get(name, (0.0, None))
        if until < time.time():
            # Half of their time: what is signed at the end of it still has to arrive.
            until, signed = time.time() + EXPIRES_SECONDS / 2, signed_bucket(self._signer, name)
            self._signed[name] = until, signed
        return signed

    def _send(self, origin: str, target: str) -> _Request | None:
        """A request on its way; None where it cannot be sent."""
        if time.time() < self._left_to_boto3.get(origin, 0.0):
            return None
        idle = self._idle[origin]
        connection = idle.pop() if idle else self._open(origin)
        try:
            if connection.sock is None:
                connection.connect()
        except OSError:
            # A proxy, or certificates of one's own: boto3 knows of them.
            self._leave_to_boto3(origin)
            return None
        try:
            connection.request("GET", target)
        except (OSError, HTTPException):
            connection.close()
            return None
        return _Request(origin, connection)

    def _leave_to_boto3(self, origin: str) -> None:
        """Does not try for a while what would fail for every object."""
        self._left_to_boto3[origin] = time.time() + LEFT_TO_BOTO3_SECONDS

    def _take(self, request: _Request | None) -> bytes | None:
        """The body of a plain success; None where boto3 had better ask again."""
        if request is None:
            return None
        try:
            answer = request.connection.getresponse()
            body = answer.read()
        except (OSError, HTTPException):
            request.connection.close()
            return None
        self._idle[request.origin].append(request.connection)
        if answer.status in _OF_ANOTHER_REGION:
            self._leave_to_boto3(request.origin)
        return body if answer.status == HTTPStatus.OK else None

    def _open(self, origin: str) -> HTTPConnection:
        scheme, _, host = origin.partition("://")
        if scheme == "http":
            return HTTPConnection(host, timeout=TIMEOUT_SECONDS)
        return HTTPSConnection(host, timeout=TIMEOUT_SECONDS, context=self._tls)


class _Request(NamedTuple):
    """A request that was sent and not answered yet."""

    origin: str
    connection: HTTPConnection


def _end(idle: dict[str, list[HTTPConnection]]) -> None:
    for connections in idle.values():
        for connection in connections:
            connection.close()
    idle.clear()


def _drop(request: _Request | None) -> None:
    """Ends the connection of a request whose answer nobody takes."""
    if request is not None:
        request.connection.close()


_TOKEN = re.compile(r"<NextContinuationToken>([^<]+)</NextContinuationToken>")
_ITEM_FIELDS = [re.compile(f"<{name}>([^<]*)</{name}>") for name in ("Key", "Size", "ETag", "LastModified")]


def _page(bucket: str, body: bytes) -> tuple[str | None, Iterable[ObjectSummary]] | None:
    """The token of the next page and the objects of this one; None where that is no answer of ListObjectsV2.

    Only its items have these four fields, and keys are quoted as asked, so that no parser of XML is needed.
    """
    text = body.decode()
    keys, sizes, etags, times = (field.findall(text) for field in _ITEM_FIELDS)
    if "<EncodingType>url</EncodingType>" not in text or not len(keys) == len(sizes) == len(etags) == len(times):
        return None
    token = _TOKEN.search(text)
    return unescape(token[1]) if token else None, (
        ObjectSummary(
            S3Uri(bucket, unquote_plus(key)),
            int(size),
            etag.replace("&quot;", "").strip('"'),
            datetime.fromisoformat(at),
        )
        for key, size, etag, at in zip(keys, sizes, etags, times, strict=True)
    )
