"""Objects in S3, on a server that answers as S3 does."""

from __future__ import annotations

import boto3
import pytest
from botocore.exceptions import ClientError
from botocore.stub import Stubber

from gt_service.errors import AccessDenied, NotFound
from gt_service.objects import S3Objects, S3Uri

EMPTY, FULL, GONE = (S3Uri("inbox", name) for name in ("empty", "full", "gone"))


@pytest.fixture
def objects(aws: None) -> S3Objects:
    client = boto3.client("s3", region_name="us-east-1")
    client.create_bucket(Bucket="inbox")
    client.put_object(Bucket="inbox", Key="empty", Body=b"")
    client.put_object(Bucket="inbox", Key="full", Body=b"one\ntwo\n")
    return S3Objects(client)


def test_an_object_of_zero_bytes_reads_as_nothing(objects: S3Objects) -> None:
    """An empty examples file made the job's creation fail without a word, again and again."""
    assert objects.read(EMPTY) == b""
    assert objects.read(EMPTY, first_bytes=10) == b""
    assert list(objects.lines(EMPTY)) == []


def test_an_object_that_was_replaced_is_not_read_in_its_stead(objects: S3Objects) -> None:
    """A picture's looks would be noted for the content that it replaced."""
    (etag,) = (found.etag for found in objects.list(FULL))
    assert objects.read(FULL, first_bytes=3, etag=etag) == b"one"
    objects.write(FULL, b"two\n", "text/plain")
    with pytest.raises(NotFound):
        objects.read(FULL, etag=etag)


def test_an_object_is_read_as_far_as_asked(objects: S3Objects) -> None:
    assert objects.read(FULL, first_bytes=5) == b"one\nt"
    assert objects.read(FULL, first_bytes=500) == b"one\ntwo\n"
    assert list(objects.lines(FULL)) == [b"one", b"two"]


def test_what_is_not_there_is_named(objects: S3Objects) -> None:
    """Its owner cannot correct a file that the message does not name."""
    for read in (objects.read, lambda uri: list(objects.lines(uri))):
        with pytest.raises(NotFound, match="s3://inbox/gone"):
            read(GONE)
    with pytest.raises(NotFound):
        objects.read(S3Uri("no-such-bucket", "x"), first_bytes=3)


@pytest.mark.parametrize(("code", "error"), [("AccessDenied", AccessDenied), ("SlowDown", ClientError)])
def test_what_may_not_be_read_is_told_from_what_may_pass(objects: S3Objects, code: str, error: type[Exception]) -> None:
    """What is refused waits for its owner; what may pass is tried again."""
    with Stubber(objects._client) as stub:
        stub.add_client_error("get_object", code)
        with pytest.raises(error):
            objects.read(FULL)
