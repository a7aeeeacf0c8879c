"""Quick reads: the same answers as boto3's, whatever S3 does."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, quote, unquote, urlsplit
from xml.sax.saxutils import escape

import boto3
import pytest
from botocore.config import Config

from gt_service.errors import NotFound
from gt_service.objects import ObjectSummary, S3Objects, S3Uri
from gt_service.outputs.bulk import BulkObjects

KEYS = {
    "job/a b+c/Ünï.json": b"one",
    "job/iteration-1/2026-05-01_08:00:09.json": b"two",
    "job/z%20&<'\">.json": b"three",
    "other/x": b"four",
}


class Handler(BaseHTTPRequestHandler):
    """As much of S3 as a reader asks for, two keys to a page; signed addresses fail while `broken` says so."""

    broken: list[str] = []  # noqa: RUF012 - set by tests
    asked: list[str] = []  # noqa: RUF012

    def do_GET(self) -> None:
        parts = urlsplit(self.path)
        query = {name: values[0] for name, values in parse_qs(parts.query).items()}
        signed = "Signature" in parts.query or "X-Amz-Signature" in parts.query
        self.asked.append("signed" if signed else "boto3")
        if signed and self.broken and self.broken.pop(0) == "fail":
            return self._answer(503, b"<Error><Code>SlowDown</Code></Error>")
        key = unquote(parts.path).removeprefix("/results").lstrip("/")
        if not key:
            return self._answer(200, self._listing(query))
        if key not in KEYS:
            return self._answer(404, b"<Error><Code>NoSuchKey</Code></Error>")
        return self._answer(200, KEYS[key])

    def _listing(self, query: dict[str, str]) -> bytes:
        after = query.get("continuation-token", query.get("start-after", ""))
        keys = sorted(key for key in KEYS if key.startswith(query.get("prefix", "")) and key > after)
        shown, more = keys[:2], len(keys) > 2
        contents = "".join(
            f"<Contents><Key>{quote(key)}</Key><LastModified>2026-05-01T08:00:00.000Z</LastModified>"
            f"<ETag>&quot;{len(KEYS[key])}&quot;</ETag><Size>{len(KEYS[key])}</Size></Contents>"
            for key in shown
        )
        token = f"<NextContinuationToken>{escape(shown[-1])}</NextContinuationToken>" if more else ""
        return (
            '<?xml version="1.0"?><ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/">'
            f"<EncodingType>url</EncodingType><IsTruncated>{str(more).lower()}</IsTruncated>"
            f"{token}{contents}</ListBucketResult>"
        ).encode()

    def _answer(self, status: int, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def objects() -> Iterator[BulkObjects]:
    Handler.broken, Handler.asked = [], []
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    client = boto3.client(
        "s3",
        endpoint_url=f"http://127.0.0.1:{server.server_address[1]}",
        aws_access_key_id="test",
        aws_secret_access_key="test",
        region_name="us-east-1",
        config=Config(signature_version="s3v4", s3={"addressing_style": "path"}),
    )
    reader = BulkObjects(client)
    yield reader
    reader.close()
    client.close()
    server.shutdown()
    server.server_close()


def slowly(objects: BulkObjects, prefix: S3Uri) -> list[ObjectSummary]:
    return list(S3Objects.list(objects, prefix))


def test_a_listing_is_boto3s_own(objects: BulkObjects) -> None:
    """Keys with blanks, plus signs or marks of XML would be other keys, or be missing."""
    prefix = S3Uri("results", "job/")
    found = list(objects.list(prefix))
    assert set(Handler.asked) == {"signed"}
    assert found == slowly(objects, prefix)
    assert {item.uri.key for item in found} == {key for key in KEYS if key.startswith("job/")}


@pytest.mark.parametrize("broken", [["fail"], ["ok", "fail"]])
def test_a_listing_that_fails_on_its_way_goes_on_through_boto3(objects: BulkObjects, broken: list[str]) -> None:
    """A page would be missing, or be listed twice."""
    Handler.broken = list(broken)
    prefix = S3Uri("results", "job/")
    found = list(objects.list(prefix))
    assert "boto3" in Handler.asked
    assert found == slowly(objects, prefix)


@pytest.mark.parametrize("key", list(KEYS))
def test_objects_are_read_whatever_their_key(objects: BulkObjects, key: str) -> None:
    """A key would be signed in one form and asked for in another."""
    assert objects.read(S3Uri("results", key)) == KEYS[key]
    assert Handler.asked == ["signed"]


def test_a_read_that_fails_is_asked_again_through_boto3(objects: BulkObjects) -> None:
    """One slow moment of S3 would cost the report."""
    Handler.broken = ["fail"]
    assert objects.read(S3Uri("results", "other/x")) == b"four"
    assert Handler.asked == ["signed", "boto3"]


def test_an_object_that_is_not_there(objects: BulkObjects) -> None:
    """Readers tell a missing manifest by this error."""
    with pytest.raises(NotFound, match="nothing"):
        objects.read(S3Uri("results", "nothing"))
