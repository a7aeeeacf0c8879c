"""Thousands of small objects from S3, read with little work for each.

boto3 takes 2.5 ms of processor time to get a small object and 70 ms to read one page of a listing (measured, 2 cores
at work): of a job with 100,000 objects that is most of a report's time. obstore takes a twentieth of that. Whatever it
cannot do is asked again through boto3, with its retries and its errors, and the log says so: it is the slow way.
"""

from __future__ import annotations

import logging
import re
import time
from collections.abc import Iterable, Iterator
from datetime import timedelta
from typing import TYPE_CHECKING

import boto3
import obstore
from obstore.auth.boto3 import Boto3CredentialProvider
from obstore.exceptions import BaseError
from obstore.store import S3Store

from gt_service.objects import ObjectSummary, S3Objects, S3Uri
from gt_service.parallel import in_parallel

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

AT_A_TIME = 32
"""So many requests are on their way."""
TRIES_AGAIN = 2
PAGE = 1000
"""Keys in an answer of S3, the most that it gives."""
TIMEOUT = timedelta(seconds=60)
LEFT_TO_BOTO3_SECONDS = 60.0

logger = logging.getLogger(__name__)


class BulkObjects(S3Objects):
    """`S3Objects` for whoever reads many objects: `read`, `read_many` and `list` are quick, all else is the same.

    session: whose credentials sign. A bucket that obstore cannot read (of another region, for one, or behind
    certificates of one's own) is left to `client` for a while.
    """

    def __init__(self, client: S3Client, session: boto3.Session | None = None) -> None:
        super().__init__(client)
        self._endpoint, self._region = client.meta.endpoint_url, client.meta.region_name
        self._session = session or boto3.Session()
        self._stores: dict[str, S3Store] = {}
        self._left_to_boto3: dict[str, float] = {}

    def read(self, uri: S3Uri, *, first_bytes: int | None = None, etag: str | None = None) -> bytes:
        store = self._store(uri.bucket, uri.key) if first_bytes is None and etag is None else None
        if store is not None:
            try:
                return obstore.get(store, uri.key).bytes().to_bytes()
            except FileNotFoundError:
                pass  # boto3 says so, of the bucket or of the object
            except BaseError as refusal:
                self._leave_to_boto3(uri.bucket, refusal)
        return super().read(uri, first_bytes=first_bytes, etag=etag)

    def read_many(self, uris: Iterable[S3Uri]) -> Iterator[bytes]:
        return in_parallel(self.read, uris, workers=AT_A_TIME)

    def list(self, prefix: S3Uri, *, after: str = "") -> Iterator[ObjectSummary]:
        """As S3 lists, but for keys that end with a slash, which hold nothing: theirs is left off."""
        folder, slash, rest = prefix.key.rpartition("/")
        # obstore lists folders; what begins with the same letters is in no folder of its own.
        store = self._store(prefix.bucket, folder) if slash and not rest else None
        if store is not None:
            try:
                for page in obstore.list(store, prefix.key, offset=after or None, chunk_size=PAGE):
                    for item in page:
                        after = item["path"]
                        etag = (item["e_tag"] or "").strip('"')
                        yield ObjectSummary(S3Uri(prefix.bucket, after), item["size"], etag, item["last_modified"])
                return
            except BaseError as refusal:
                self._leave_to_boto3(prefix.bucket, refusal)
        # boto3 goes on where this failed, so that nothing is listed twice.
        yield from super().list(prefix, after=after)

    def _store(self, bucket: str, key: str) -> S3Store | None:
        """None where boto3 had better ask: also for keys with empty parts, which obstore takes for others."""
        if {"", ".", ".."} & set(key.split("/")) or time.monotonic() < self._left_to_boto3.get(bucket, 0.0):
            return None
        if bucket not in self._stores:
            try:
                credentials = Boto3CredentialProvider(self._session)
            except ValueError as lack:
                self._leave_to_boto3(bucket, lack)
                return None
            self._stores[bucket] = S3Store(
                bucket,
                endpoint=self._endpoint,
                region=self._region,
                credential_provider=credentials,
                client_options={"allow_http": self._endpoint.startswith("http://"), "timeout": TIMEOUT},
                retry_config={"max_retries": TRIES_AGAIN, "retry_timeout": TIMEOUT},
            )
        return self._stores[bucket]

    def _leave_to_boto3(self, bucket: str, refusal: Exception) -> None:
        """Does not try for a while what would fail for every object."""
        now = time.monotonic()
        if now >= self._left_to_boto3.get(bucket, 0.0):
            details = {"bucket": bucket, "code": _code(refusal), "reason": _reason(refusal)}
            logger.warning("obstore cannot read a bucket; boto3 reads it", extra=details)
        self._left_to_boto3[bucket] = now + LEFT_TO_BOTO3_SECONDS


def _code(refusal: Exception) -> str:
    """What S3 called it, or else what kind of error it is."""
    match = re.search(r"<Code>(\w+)</Code>", str(refusal))
    return match[1] if match else type(refusal).__name__


def _reason(refusal: Exception) -> str:
    """In obstore's words, without S3's, which repeat what was signed."""
    return str(refusal).partition("<")[0].partition("\n")[0][:300].rstrip(" :")
