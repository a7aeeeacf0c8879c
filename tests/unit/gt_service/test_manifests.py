"""Manifests: valid JSON Lines for any legal key."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gt_service.errors import InvalidInput
from gt_service.manifests import follow_up_lines, manifest_lines, write_manifest
from gt_service.objects import S3Uri
from tests.fakes import MemoryObjects

keys = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=200)


@given(st.lists(keys, max_size=30))
def test_any_key_comes_back(found: list[str]) -> None:
    """The notebook writes its manifest by joining strings, and breaks on a quote."""
    body = b"".join(manifest_lines("inbox", found))
    lines = body.split(b"\n")
    assert lines[-1] == b""
    assert [json.loads(line) for line in lines[:-1]] == [{"source-ref": str(S3Uri("inbox", key))} for key in found]


@pytest.mark.parametrize("count", [0, 1, 999, 1000, 1001, 2500])
def test_no_line_is_lost_between_chunks(count: int) -> None:
    found = [f"images/{number}.png" for number in range(count)]
    assert b"".join(manifest_lines("b", found)).count(b"\n") == count


def test_it_streams() -> None:
    """A batch of 100,000 images must not be held as one string."""

    def endless():  # type: ignore[no-untyped-def]
        while True:
            yield "images/a.png"

    lines = manifest_lines("b", endless())
    assert next(lines).count(b"\n") == next(lines).count(b"\n") == 500


def test_a_line_over_the_limit_is_an_error() -> None:
    """The job would be refused with a message about a line number."""
    with pytest.raises(InvalidInput):
        list(manifest_lines("b", ["x" * 100_001]))


def test_a_label_too_long_for_a_manifest_is_left_out_of_what_a_job_learns() -> None:
    """gt-engine refuses a manifest for one such line: of a crowded image, a whole job would fail."""
    objects, uri = MemoryObjects(), S3Uri("results", "m")
    labeled = [{"source-ref": "s3://inbox/a", "x": "x" * 100_000}, {"source-ref": "s3://inbox/b", "x": "y"}]
    write_manifest(objects, uri, "inbox", ["c"], labeled=labeled)
    sources = [json.loads(line)["source-ref"] for line in objects.lines(uri)]
    assert sources == ["s3://inbox/c", "s3://inbox/b"]


def test_a_follow_up_keeps_lines_as_they_were() -> None:
    """Attributes that other jobs added must stay."""
    lines = [b'{"source-ref":"s3://b/0","x":1}', b'{"source-ref":"s3://b/1"}\r\n', b"", b'{"source-ref":"s3://b/3"}']
    assert list(follow_up_lines(lines, {0})) == [b'{"source-ref":"s3://b/1"}\n', b'{"source-ref":"s3://b/3"}\n']
