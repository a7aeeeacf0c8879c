"""Quick reads: the same answers as boto3's, whatever S3 does."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Generator, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, cast
from urllib.parse import parse_qs, quote, unquote, urlsplit
from xml.sax.saxutils import escape

import boto3
import botocore.session
import pytest
from botocore.config import Config
from botocore.credentials import CredentialResolver

from gt_service.errors import NotFound
from gt_service.objects import ObjectSummary, S3Objects, S3Uri
from gt_service.outputs.bulk import AT_A_TIME, TRIES_AGAIN, BulkObjects

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

KEYS = {
    "job/a b+c/Ünï.json": b"one",
    "job/iteration-1/2026-05-01_08:00:09.json": b"two",
    "job/z%20&<'\">.json": b"three",
    "other/x": b"four",
}


class Handler(BaseHTTPRequestHandler):
    """As much of S3 as a reader asks for, two keys to a page; obstore's requests fail while `broken` says so."""

    protocol_version = "HTTP/1.1"
    wbufsize = -1  # an answer in one piece; two wait for each other
    broken: list[str] = []  # noqa: RUF012 - set by tests
    asked: list[str] = []  # noqa: RUF012

    def do_GET(self) -> None:
        parts = urlsplit(self.path)
        query = {name: values[0] for name, values in parse_qs(parts.query).items()}
        reader = "boto3" if "Boto3" in self.headers["User-Agent"] else "obstore"
        self.asked.append(reader)
        state = self.broken.pop(0) if reader == "obstore" and self.broken else "ok"
        if state == "fail":
            return self._answer(503, b"<Error><Code>SlowDown</Code></Error>")
        if state == "refused":
            return self._answer(
                403, b"<Error><Code>SignatureDoesNotMatch</Code><StringToSign>GET</StringToSign></Error>"
            )
        if state == "another region":
            return self._answer(301, b"<Error><Code>PermanentRedirect</Code></Error>")
        if state == "hang up":
            self.close_connection = True
            return None
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
        written, form = (quote, "url") if query.get("encoding-type") == "url" else (escape, "")
        contents = "".join(
            f"<Contents><Key>{written(key)}</Key><LastModified>2026-05-01T08:00:00.000Z</LastModified>"
            f"<ETag>&quot;{len(KEYS[key])}&quot;</ETag><Size>{len(KEYS[key])}</Size></Contents>"
            for key in shown
        )
        token = f"<NextContinuationToken>{escape(shown[-1])}</NextContinuationToken>" if more else ""
        return (
            '<?xml version="1.0"?><ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/">'
            f"<EncodingType>{form}</EncodingType><IsTruncated>{str(more).lower()}</IsTruncated>"
            f"{token}{contents}</ListBucketResult>"
        ).encode()

    def _answer(self, status: int, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


class Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 2 * AT_A_TIME


@pytest.fixture(scope="module")
def session() -> boto3.Session:
    return boto3.Session(aws_access_key_id="test", aws_secret_access_key="test", region_name="us-east-1")


@pytest.fixture(scope="module")
def client(session: boto3.Session) -> Iterator[S3Client]:
    server = Server(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    config = Config(s3={"addressing_style": "path"})
    client = session.client("s3", endpoint_url=f"http://127.0.0.1:{server.server_address[1]}", config=config)
    yield client
    client.close()
    server.shutdown()
    server.server_close()


@pytest.fixture
def objects(client: S3Client, session: boto3.Session) -> BulkObjects:
    Handler.broken, Handler.asked = [], []
    return BulkObjects(client, session)


def slowly(objects: BulkObjects, prefix: S3Uri) -> list[ObjectSummary]:
    return list(S3Objects.list(objects, prefix))


def test_a_listing_is_boto3s_own(objects: BulkObjects) -> None:
    """Keys with blanks, plus signs or marks of XML would be other keys, or be missing."""
    prefix = S3Uri("results", "job/")
    found = list(objects.list(prefix))
    assert set(Handler.asked) == {"obstore"}
    assert found == slowly(objects, prefix)
    assert {item.uri.key for item in found} == {key for key in KEYS if key.startswith("job/")}


@pytest.mark.parametrize("broken", [["fail"], ["ok", "fail"]])
def test_a_listing_that_fails_on_its_way_goes_on_through_boto3(objects: BulkObjects, broken: list[str]) -> None:
    """A page would be missing, or be listed twice."""
    Handler.broken = [*broken, *["fail"] * TRIES_AGAIN]
    prefix = S3Uri("results", "job/")
    found = list(objects.list(prefix))
    assert "boto3" in Handler.asked
    assert found == slowly(objects, prefix)


@pytest.mark.parametrize("key", list(KEYS))
def test_objects_are_read_whatever_their_key(objects: BulkObjects, key: str) -> None:
    """A key would be signed in one form and asked for in another."""
    assert objects.read(S3Uri("results", key)) == KEYS[key]
    assert Handler.asked == ["obstore"]


def test_a_read_that_fails_is_asked_again_through_boto3(objects: BulkObjects) -> None:
    """One slow moment of S3 would cost the report."""
    Handler.broken = ["fail"] * (1 + TRIES_AGAIN)
    assert objects.read(S3Uri("results", "other/x")) == b"four"
    assert Handler.asked == [*["obstore"] * (1 + TRIES_AGAIN), "boto3"]


@pytest.mark.parametrize(
    ("state", "code"),
    [("refused", "SignatureDoesNotMatch"), ("another region", "GenericError"), ("hang up", "GenericError")],
)
def test_reading_the_slow_way_is_told_with_its_reason(
    objects: BulkObjects, state: str, code: str, caplog: pytest.LogCaptureFixture
) -> None:
    """Reports would take ten times as long for a role or a region that is wrong, and nobody would know why."""
    Handler.broken = [state] * (1 + TRIES_AGAIN)
    keys = list(KEYS) * 2
    assert [objects.read(S3Uri("results", key)) for key in keys] == [KEYS[key] for key in keys]
    (told,) = caplog.records
    assert "StringToSign" not in vars(told)["reason"]
    assert (told.levelname, vars(told)["bucket"], vars(told)["code"]) == ("WARNING", "results", code)
    Handler.broken = [state] * (1 + TRIES_AGAIN)
    objects._left_to_boto3.clear()
    list(objects.list(S3Uri("results", "job/")))
    assert [vars(record)["code"] for record in caplog.records] == [code] * 2


def test_an_object_that_is_not_there(objects: BulkObjects) -> None:
    """Readers tell a missing manifest by this error."""
    with pytest.raises(NotFound, match="nothing"):
        objects.read(S3Uri("results", "nothing"))


def test_many_objects_are_read_in_their_order(objects: BulkObjects) -> None:
    """Answers would be counted for another object, or one that S3 refused would be missing."""
    keys = list(KEYS) * 20
    Handler.broken = ["ok", "fail", "ok", "fail"]
    assert list(objects.read_many(S3Uri("results", key) for key in keys)) == [KEYS[key] for key in keys]
    assert Counter(Handler.asked) == {"obstore": len(keys) + 2}


def test_a_lost_connection_costs_no_object(objects: BulkObjects) -> None:
    """S3 ends connections as it pleases; what was asked on one would be missing."""
    keys = list(KEYS) * 20
    Handler.broken = ["ok", "hang up", "ok", "hang up"]
    assert list(objects.read_many(S3Uri("results", key) for key in keys)) == [KEYS[key] for key in keys]


def test_answers_that_nobody_took_are_not_taken_for_others(objects: BulkObjects) -> None:
    """A reader that stops half-way would leave answers behind, and the next one would take them for its own."""
    reading = objects.read_many(S3Uri("results", "other/x") for _ in range(100))
    assert next(reading) == b"four"
    cast(Generator[bytes, None, None], reading).close()
    listing = objects.list(S3Uri("results", "job/"))
    next(listing)
    cast(Generator[ObjectSummary, None, None], listing).close()
    key = "job/iteration-1/2026-05-01_08:00:09.json"
    assert list(objects.read_many([S3Uri("results", key)] * 100)) == [KEYS[key]] * 100


def test_without_credentials_boto3_reads(objects: BulkObjects, caplog: pytest.LogCaptureFixture) -> None:
    """Whoever signs nothing, or in a way of their own, would read nothing."""
    nobodys = boto3.Session(botocore_session=botocore.session.Session())
    nobodys._session.register_component("credential_provider", CredentialResolver([]))
    reader = BulkObjects(objects._client, nobodys)
    assert list(reader.read_many([S3Uri("results", "other/x")] * 2)) == [b"four"] * 2
    assert set(Handler.asked) == {"boto3"}
    assert {vars(record)["code"] for record in caplog.records} == {"ValueError"}


@pytest.mark.parametrize("key", ["job//x", "/x", "job/", "a/../b"])
def test_a_key_that_is_no_path_is_not_taken_for_another(objects: BulkObjects, key: str) -> None:
    """S3 knows `a//b` and `a/b` apart."""
    with pytest.raises(NotFound):
        objects.read(S3Uri("results", key))
    assert Handler.asked == ["boto3"]
    assert list(objects.list(S3Uri("results", "job/iter"))) == slowly(objects, S3Uri("results", "job/iter"))


def test_what_fails_for_every_object_is_not_tried_for_every_object(objects: BulkObjects) -> None:
    """A bucket of another region would be asked twice for each of a hundred thousand objects."""
    keys = list(KEYS) * 100
    Handler.broken = ["another region"] * len(keys)
    assert list(objects.read_many(S3Uri("results", key) for key in keys)) == [KEYS[key] for key in keys]
    counts = Counter(Handler.asked)
    assert counts["boto3"] == len(keys)
    assert counts["obstore"] <= AT_A_TIME


def test_who_is_not_reached_directly_is_reached_through_boto3(objects: BulkObjects) -> None:
    """Behind a proxy, or certificates of one's own, every object would be lost."""
    objects._endpoint = "http://127.0.0.1:9"  # nobody listens there
    keys = list(KEYS) * 20
    assert list(objects.read_many(S3Uri("results", key) for key in keys)) == [KEYS[key] for key in keys]
    assert [item.uri.key for item in objects.list(S3Uri("results", "job/"))] == sorted(set(KEYS) - {"other/x"})
    assert set(Handler.asked) == {"boto3"}
