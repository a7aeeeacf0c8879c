"""The engine's doors to AWS: objects, logs and events. With AWS_ENDPOINT_URL set they lead to a local stack."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from hashlib import sha256
from typing import TYPE_CHECKING, Any, TypeVar, cast

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from gt_engine.outputs.seal import KMS
from gt_service import parallel
from gt_service.errors import AccessDenied, NotFound
from gt_service.notifications.messages import SnsMessage
from gt_service.objects import ObjectSummary, S3Objects, S3Uri

if TYPE_CHECKING:
    from mypy_boto3_events import EventBridgeClient
    from mypy_boto3_events.type_defs import PutEventsRequestEntryTypeDef
    from mypy_boto3_logs import CloudWatchLogsClient
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_sns import SNSClient

PARALLEL = 16
"""Requests to S3 at the same time; a job of 1,250 images writes some thousands of small files."""

LISTED_AT_ONCE = 1000
MOST_EXTRA_LISTINGS = 4
"""Listings that a few hundred objects are worth; where their bucket holds much more, asking for each is cheaper."""

log = logging.getLogger(__name__)

T = TypeVar("T")
R = TypeVar("R")


def client(service: str, region: str) -> Any:
    config = Config(max_pool_connections=2 * PARALLEL, retries={"mode": "standard", "max_attempts": 5})
    if service == "s3":
        # Addresses that are signed the old way, boto3's habit in some regions, are refused for encrypted objects.
        config = config.merge(Config(signature_version="s3v4"))
    return boto3.session.Session().client(service, region_name=region, config=config)  # type: ignore[call-overload]


def s3_client(region: str, buckets: Collection[str] | None = None) -> S3Client:
    """Amazon S3. buckets: the only ones that may be used, whoever asks; None for all.

    The engine has rights of its own, and callers name the places: without this one may copy what the engine can read
    into a place that he can read. Every call passes here, addresses for others included. Errors: `AccessDenied`.
    """
    s3: S3Client = client("s3", region)
    if buckets is not None:

        def check(params: Mapping[str, Any], **_: Any) -> None:
            if "Bucket" in params and params["Bucket"] not in buckets:
                raise AccessDenied(
                    f"the engine may not use the bucket {params['Bucket']!r}",
                    remedy="Have it started with --bucket for this one as well.",
                )

        s3.meta.events.register("before-parameter-build.s3", check)
    return s3


def error_code(error: ClientError) -> str:
    return str(error.response.get("Error", {}).get("Code", ""))


def in_parallel(work: Callable[[T], R], items: Iterable[T]) -> Iterator[R]:
    """The results in order, PARALLEL at a time."""
    return parallel.in_parallel(work, items, workers=PARALLEL)


class EngineObjects(S3Objects):
    """S3 with what the engine needs; `kms_key` encrypts what it writes (OutputConfig.KmsKeyId)."""

    def __init__(self, s3: S3Client, kms_key: str | None = None) -> None:
        super().__init__(s3 if kms_key is None else cast("S3Client", _Encrypting(s3, kms_key)))
        self._s3 = s3

    def head(self, uri: S3Uri) -> ObjectSummary | None:
        """What is there, or None. Errors: those of S3 where the engine may not look."""
        answer: Any
        try:
            answer = self._s3.head_object(Bucket=uri.bucket, Key=uri.key)
        except ClientError as error:
            if error_code(error) in {"404", "NoSuchKey", "NotFound", "NoSuchBucket"}:
                return None
            # An answer to HEAD has no body, so it says a number and no reason: wrong rights look like a wrong clock.
            # What is asked with GET is told why.
            answer = self._s3.get_object(Bucket=uri.bucket, Key=uri.key)
            answer["Body"].close()
        return ObjectSummary(uri, answer["ContentLength"], answer["ETag"].strip('"'), answer["LastModified"])

    def heads(self, uris: Sequence[S3Uri]) -> dict[S3Uri, ObjectSummary]:
        """What is there of many objects that may lie close together, in a few listings; the rest is left out.

        An object that is left out may be there all the same, beyond what was listed: `head` tells.
        """
        summaries: dict[S3Uri, ObjectSummary] = {}
        for bucket in sorted({uri.bucket for uri in uris}):
            keys = sorted(uri.key for uri in uris if uri.bucket == bucket)
            wanted, pages = set(keys), len(keys) // LISTED_AT_ONCE + MOST_EXTRA_LISTINGS
            listed = self._s3.get_paginator("list_objects_v2").paginate(
                Bucket=bucket,
                Prefix=os.path.commonprefix([keys[0], keys[-1]]),  # noqa: RUF071 - keys have no folders
                PaginationConfig={"MaxItems": pages * LISTED_AT_ONCE},
            )
            for item in listed.search("Contents[]"):
                if item and item["Key"] in wanted:
                    uri = S3Uri(bucket, item["Key"])
                    summaries[uri] = ObjectSummary(uri, item["Size"], item["ETag"].strip('"'), item["LastModified"])
                if item and item["Key"] >= keys[-1]:
                    break
        return summaries

    def read_range(self, uri: S3Uri, first: int, end: int) -> bytes:
        """The bytes from `first` on, up to `end`. Errors: `NotFound`."""
        try:
            answer = self._s3.get_object(Bucket=uri.bucket, Key=uri.key, Range=f"bytes={first}-{end - 1}")
        except ClientError as error:
            if error_code(error) in {"NoSuchKey", "NoSuchBucket"}:
                raise NotFound(f"there is no object {uri}") from None
            raise
        return answer["Body"].read()

    def write_over(self, uri: S3Uri, body: bytes, content_type: str, etag: str | None) -> bool:
        """Writes over the version that has this ETag, or (None) where nothing is; False where it is no longer so."""
        condition: Any = {"IfNoneMatch": "*"} if etag is None else {"IfMatch": etag}
        try:
            self._client.put_object(Bucket=uri.bucket, Key=uri.key, Body=body, ContentType=content_type, **condition)
        except ClientError as error:
            if error_code(error) in {"PreconditionFailed", "ConditionalRequestConflict", "NoSuchKey"}:
                return False
            raise
        return True

    def bucket_is_there(self, bucket: str) -> bool:
        try:
            self._s3.head_bucket(Bucket=bucket)
        except ClientError as error:
            if error_code(error) in {"404", "NoSuchBucket", "NotFound"}:
                return False
            raise
        return True

    def address(self, uri: S3Uri, seconds: int) -> str:
        """Where a browser gets the object, for so many seconds, with the engine's own rights."""
        parameters = {"Bucket": uri.bucket, "Key": uri.key}
        return self._s3.generate_presigned_url("get_object", Params=parameters, ExpiresIn=seconds)

    def delete(self, uri: S3Uri) -> None:
        self._s3.delete_object(Bucket=uri.bucket, Key=uri.key)

    def delete_all(self, prefix: S3Uri) -> None:
        for summary in self.list(prefix):
            self._s3.delete_object(Bucket=summary.uri.bucket, Key=summary.uri.key)


class _Encrypting:
    """An S3 client that writes with a key, and does everything else as it was."""

    def __init__(self, s3: S3Client, kms_key: str) -> None:
        self._s3 = s3
        self._encryption: dict[str, Any] = {"ServerSideEncryption": "aws:kms", "SSEKMSKeyId": kms_key}

    def put_object(self, **arguments: Any) -> Any:
        return self._s3.put_object(**arguments, **self._encryption)

    def create_multipart_upload(self, **arguments: Any) -> Any:
        return self._s3.create_multipart_upload(**arguments, **self._encryption)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._s3, name)


class CloudWatchLogs:
    """Log streams. Event times are the real ones: CloudWatch refuses those of a virtual clock that runs ahead.

    A line that cannot be written never stops a paid job: it goes into the engine's own log, with the reason.
    """

    def __init__(self, logs: CloudWatchLogsClient) -> None:
        self._logs = logs

    def replace(self, group: str, stream: str, messages: Sequence[str]) -> None:
        """A stream with these messages and no others, so that a step done twice leaves one log."""
        with _said_elsewhere(group, stream, messages):
            with suppress(self._logs.exceptions.ResourceNotFoundException):
                self._logs.delete_log_stream(logGroupName=group, logStreamName=stream)
            self._append(group, stream, messages)

    def append(self, group: str, stream: str, messages: Sequence[str]) -> None:
        with _said_elsewhere(group, stream, messages):
            self._append(group, stream, messages)

    def _append(self, group: str, stream: str, messages: Sequence[str]) -> None:
        exists = self._logs.exceptions.ResourceAlreadyExistsException
        with suppress(exists):
            self._logs.create_log_group(logGroupName=group)
        with suppress(exists):
            self._logs.create_log_stream(logGroupName=group, logStreamName=stream)
        now = int(datetime.now(UTC).timestamp() * 1000)
        for batch in _batches(messages):
            self._logs.put_log_events(
                logGroupName=group,
                logStreamName=stream,
                logEvents=[{"timestamp": now + place, "message": text} for place, text in batch],
            )


@contextmanager
def _said_elsewhere(group: str, stream: str, messages: Sequence[str]) -> Iterator[None]:
    try:
        yield
    except (BotoCoreError, ClientError) as trouble:
        details = {"group": group, "stream": stream, "reason": str(trouble), "lines": list(messages)}
        log.warning("a job's log could not be written", extra=details)


def _batches(messages: Sequence[str]) -> Iterator[list[tuple[int, str]]]:
    """The messages with their places, as many at a time as one call takes.

    Source: PutLogEvents: at most 1,048,576 bytes, each event counted as its UTF-8 and 26 bytes, and 10,000 events.
    """
    batch: list[tuple[int, str]] = []
    size = 0
    for place, text in enumerate(messages):
        needs = len(text.encode()) + 26
        if batch and (size + needs > 1_048_576 or len(batch) == 10_000):
            yield batch
            batch, size = [], 0
        batch.append((place, text))
        size += needs
    if batch:
        yield batch


class KmsKey:
    """A key in AWS KMS as a `Signer` of certificates (gt_engine/outputs/seal.py): ECDSA on P-256 with SHA-256.

    The key never leaves KMS. What it says of a key that may not be used passes: the job waits, and is not lost.
    """

    algorithm = KMS

    def __init__(self, kms: Any, arn: str) -> None:
        self._kms, self._arn = kms, arn

    def public_key(self) -> bytes:
        return bytes(self._kms.get_public_key(KeyId=self._arn)["PublicKey"])

    def sign(self, message: bytes) -> bytes:
        digest = sha256(message).digest()  # KMS takes messages of 4 KB at most
        answer = self._kms.sign(KeyId=self._arn, Message=digest, MessageType="RAW", SigningAlgorithm=self.algorithm)
        return bytes(answer["Signature"])


class EventBridge:
    def __init__(self, events: EventBridgeClient) -> None:
        self._events = events

    def send(self, entry: PutEventsRequestEntryTypeDef) -> bool:
        """Whether EventBridge took the event; one that it did not take must be sent again."""
        return self._events.put_events(Entries=[entry])["FailedEntryCount"] == 0


class SnsTopics:
    def __init__(self, sns: SNSClient) -> None:
        self._sns = sns

    def publish(self, topic_arn: str, message: SnsMessage) -> None:
        """Errors: those of SNS, where there is no such topic or the engine may not publish to it."""
        self._sns.publish(**message.request(topic_arn))
