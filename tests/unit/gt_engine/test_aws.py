"""The doors to AWS do what no stand-in can show: encryption, and many requests at a time."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import pytest
from botocore.exceptions import ClientError

from gt_engine.aws import PARALLEL, CloudWatchLogs, EngineObjects, error_code, in_parallel, s3_client
from gt_service.errors import AccessDenied
from gt_service.objects import S3Uri


class RecordingS3:
    """Takes what boto3 would send."""

    def __init__(self) -> None:
        self.sent: list[dict[str, Any]] = []

    def put_object(self, **arguments: Any) -> None:
        self.sent.append(arguments)

    def create_multipart_upload(self, **arguments: Any) -> dict[str, str]:
        self.sent.append(arguments)
        return {"UploadId": "1"}

    def upload_part(self, **_: Any) -> dict[str, str]:
        return {"ETag": "e"}

    def complete_multipart_upload(self, **_: Any) -> None:
        pass


def test_what_a_job_writes_is_encrypted_with_its_key() -> None:
    """OutputConfig.KmsKeyId is a promise for every file, small or large."""
    s3 = RecordingS3()
    objects = EngineObjects(s3, "alias/mine")  # type: ignore[arg-type]
    objects.write(S3Uri("b", "small"), b"x", "text/plain")
    objects.write_stream(S3Uri("b", "streamed"), [b"x"], "text/plain")
    objects.write_stream(S3Uri("b", "large"), [b"x" * 9_000_000] * 2, "text/plain")
    assert [(one["Key"], one["ServerSideEncryption"], one["SSEKMSKeyId"]) for one in s3.sent] == [
        ("small", "aws:kms", "alias/mine"),
        ("streamed", "aws:kms", "alias/mine"),
        ("large", "aws:kms", "alias/mine"),
    ]


def test_results_come_in_order_and_many_run_at_once() -> None:
    together = threading.Barrier(PARALLEL)

    def work(number: int) -> int:
        if number < PARALLEL:
            together.wait(10)  # breaks where fewer run at the same time
        return number * 2

    assert list(in_parallel(work, range(100))) == [number * 2 for number in range(100)]


def test_the_first_failure_is_raised_and_the_rest_is_left() -> None:
    done = []

    def work(number: int) -> None:
        if number == 3:
            raise OSError("S3 is gone")
        done.append(number)

    with pytest.raises(OSError, match="S3 is gone"):
        list(in_parallel(work, range(10_000)))
    assert len(done) < 1000


class ListingS3:
    """A bucket with 9,000 objects; counts its answers."""

    def __init__(self) -> None:
        self.pages = 0
        names = (f"images/{number:05}.jpg" for number in range(9000))
        now = datetime(2026, 1, 1, tzinfo=UTC)
        self.items = [{"Key": key, "Size": 7, "ETag": f'"{key}"', "LastModified": now} for key in names]

    def get_paginator(self, _: str) -> ListingS3:
        return self

    def paginate(self, **arguments: Any) -> ListingS3:
        assert arguments["Bucket"] == "b"
        self.prefix, self.most = arguments["Prefix"], arguments["PaginationConfig"]["MaxItems"]
        return self

    def search(self, _: str) -> Iterator[dict[str, Any]]:
        fits = [item for item in self.items if item["Key"].startswith(self.prefix)]
        for place, item in enumerate(fits[: self.most]):
            self.pages += place % 1000 == 0
            yield item


def test_objects_that_lie_together_are_found_by_few_listings() -> None:
    """A thousand questions for a thousand images would take longer than labeling them."""
    s3 = ListingS3()
    wanted = [S3Uri("b", f"images/{number:05}.jpg") for number in range(0, 3000, 10)]
    found = EngineObjects(s3).heads(wanted)  # type: ignore[arg-type]
    assert found.keys() == set(wanted)
    assert found[wanted[1]].etag == "images/00010.jpg"
    assert s3.pages == 3


def test_objects_far_apart_are_not_searched_for_without_end() -> None:
    s3 = ListingS3()
    found = EngineObjects(s3).heads([S3Uri("b", "images/00000.jpg"), S3Uri("b", "images/08999.jpg")])  # type: ignore[arg-type]
    assert [uri.key for uri in found] == ["images/00000.jpg"]
    assert s3.pages <= 5


def refusal(code: str, status: int, operation: str) -> ClientError:
    answer: Any = {"Error": {"Code": code, "Message": ""}, "ResponseMetadata": {"HTTPStatusCode": status}}
    return ClientError(answer, operation)


@pytest.mark.parametrize("code", ["AccessDenied", "RequestTimeTooSkewed", "ExpiredToken", "InvalidAccessKeyId"])
def test_a_refused_look_at_an_object_says_why(code: str) -> None:
    """HEAD says 403 for a missing right and for a wrong clock alike: the first is the user's to correct, the second no
    reason to fail a job."""

    class Refusing:
        def head_object(self, **_: Any) -> None:
            raise refusal("403", 403, "HeadObject")

        def get_object(self, **_: Any) -> None:
            raise refusal(code, 403, "GetObject")

    with pytest.raises(ClientError) as caught:
        EngineObjects(Refusing()).head(S3Uri("b", "k"))  # type: ignore[arg-type]
    assert error_code(caught.value) == code


class LogsClient:
    """Takes at most what PutLogEvents takes in one call."""

    def __init__(self, refusing: str | None = None) -> None:
        self.exceptions = SimpleNamespace(ResourceNotFoundException=KeyError, ResourceAlreadyExistsException=KeyError)
        self.refusing = refusing
        self.batches: list[list[dict[str, Any]]] = []

    def __getattr__(self, operation: str) -> Any:
        def call(**arguments: Any) -> None:
            if operation == self.refusing:
                raise refusal("AccessDeniedException", 400, operation)
            if operation == "put_log_events":
                events = arguments["logEvents"]
                assert len(events) <= 10_000
                assert sum(len(event["message"].encode()) + 26 for event in events) <= 1_048_576
                self.batches.append(events)

        return call


@pytest.mark.parametrize("operation", ["create_log_group", "create_log_stream", "delete_log_stream", "put_log_events"])
def test_a_log_that_cannot_be_written_is_told_in_the_engines_own(
    operation: str, caplog: pytest.LogCaptureFixture
) -> None:
    """A line that CloudWatch would not take once ended a job that people were paid for."""
    logs = CloudWatchLogs(LogsClient(operation))  # type: ignore[arg-type]
    logs.replace("group", "stream", ["a line"])
    [record] = caplog.records
    assert (record.__dict__["lines"], record.__dict__["stream"]) == (["a line"], "stream")


def test_long_logs_go_out_in_as_many_calls_as_they_need() -> None:
    """250 images that cannot be read, each with its reason, are more than one call takes."""
    client = LogsClient()
    messages = [f"{number} " + "é" * 3000 for number in range(1000)]
    CloudWatchLogs(client).append("group", "stream", messages)  # type: ignore[arg-type]
    assert len(client.batches) > 1
    assert [event["message"] for batch in client.batches for event in batch] == messages


@pytest.mark.parametrize(
    "call",
    [
        lambda s3: s3.get_object(Bucket="theirs", Key="k"),
        lambda s3: s3.put_object(Bucket="theirs", Key="k", Body=b""),
        lambda s3: s3.head_object(Bucket="theirs", Key="k"),
        lambda s3: s3.head_bucket(Bucket="theirs"),
        lambda s3: s3.delete_object(Bucket="theirs", Key="k"),
        lambda s3: s3.create_multipart_upload(Bucket="theirs", Key="k"),
        lambda s3: list(s3.get_paginator("list_objects_v2").paginate(Bucket="theirs")),
        lambda s3: s3.generate_presigned_url("get_object", Params={"Bucket": "theirs", "Key": "k"}),
    ],
)
def test_no_call_leaves_the_buckets_that_the_engine_was_given(credentials: None, call: Any) -> None:
    """Callers name the places and the engine has the rights: one of them could copy what only the engine may read."""
    with pytest.raises(AccessDenied, match="'theirs'"):
        call(s3_client("us-east-1", {"mine"}))


def test_the_buckets_that_it_was_given_are_used(aws: None) -> None:
    s3_client("us-east-1").create_bucket(Bucket="mine")
    objects = EngineObjects(s3_client("us-east-1", {"mine"}))
    objects.write(S3Uri("mine", "k"), b"x", "text/plain")
    assert objects.read(S3Uri("mine", "k")) == b"x"
