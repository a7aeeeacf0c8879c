"""What S3 tells of uploads."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import quote_plus

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gt_service.errors import UnknownState
from gt_service.ingest.events import Upload, uploads


def a_record(key: str = "birds/images/a.jpg", **changes: Any) -> dict[str, Any]:
    item = {"key": key, "size": 1024, "eTag": "d41d8cd98f00b204e9800998ecf8427e", "sequencer": "0055AED6DCD90281E5"}
    return {
        "eventVersion": "2.1",
        "eventSource": "aws:s3",
        "awsRegion": "us-west-2",
        "eventTime": "2026-05-01T08:00:00.000Z",
        "eventName": "ObjectCreated:Put",
        "s3": {"s3SchemaVersion": "1.0", "bucket": {"name": "inbox"}, "object": item},
        **changes,
    }


def told(*records: dict[str, Any]) -> list[Upload]:
    return list(uploads(json.dumps({"Records": records})))


def test_every_record_is_read() -> None:
    """Chalice's S3Event reads the first alone: of a message with two images one would be lost."""
    assert [upload.key for upload in told(a_record("a/1"), a_record("a/2"))] == ["a/1", "a/2"]


def test_the_test_message_is_no_upload() -> None:
    """S3 sends it when the notification is set up; failing on it would fill the dead-letter queue on day one."""
    body = {"Service": "Amazon S3", "Event": "s3:TestEvent", "Time": "2026-05-01T08:00:00.000Z", "Bucket": "inbox"}
    assert list(uploads(json.dumps(body))) == []


@pytest.mark.parametrize(
    ("encoded", "key"),
    [
        ("red+flower.jpg", "red flower.jpg"),
        ("a%2Bb.jpg", "a+b.jpg"),
        ("100%25.jpg", "100%.jpg"),
        ("%C3%A9.png", "é.png"),
    ],
)
def test_keys_are_decoded(encoded: str, key: str) -> None:
    """Read as they come, these images would not be found."""
    assert told(a_record(encoded))[0].key == key


@given(st.text(min_size=1, max_size=50))
def test_any_key_survives(key: str) -> None:
    """A million uploads hold every character there is."""
    if not any("\ud800" <= character <= "\udfff" for character in key):
        assert told(a_record(quote_plus(key)))[0].key == key


def test_sequencers_of_different_length_compare_as_s3_says() -> None:
    """Padded on the right with zeros; as text, the shorter would always look older."""
    item = a_record()["s3"]["object"]
    bucket = {"name": "inbox"}
    short, long = (
        told(a_record(s3={"bucket": bucket, "object": {**item, "sequencer": text}}))[0].sequencer
        for text in ("0055AED6DD", "0055AED6DCD90281E5")
    )
    assert short > long


@pytest.mark.parametrize("version", ["2.0", "2.6", "2.11"])
def test_later_minor_versions_are_read(version: str) -> None:
    """S3 adds fields within version 2."""
    assert told(a_record(eventVersion=version))


def test_other_versions_are_an_error() -> None:
    """Guessed at, a key might be read wrongly; in the dead-letter queue it can still be read."""
    with pytest.raises(UnknownState, match=r"3\.0"):
        told(a_record(eventVersion="3.0"))


@pytest.mark.parametrize("body", ["", "no JSON", "[]", "{}", '{"Records": 1}'])
def test_what_is_no_notification_is_an_error(body: str) -> None:
    """Swallowed, it would be an upload lost without a trace."""
    with pytest.raises(UnknownState):
        list(uploads(body))


def test_only_creations_are_uploads() -> None:
    """A deleted image is no new image."""
    assert told(a_record(eventName="ObjectRemoved:Delete")) == []
    assert told(a_record(eventName="ObjectCreated:CompleteMultipartUpload"))
