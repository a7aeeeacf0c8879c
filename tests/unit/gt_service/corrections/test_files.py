"""Labels that a person put right: kept whole, read back in order, and laid over what a job wrote."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

import pytest

from gt_service.corrections.files import (
    Correction,
    Labeled,
    corrections_of,
    laid_over,
    read_corrections,
    write_correction,
)
from gt_service.errors import InvalidInput, UnknownState
from gt_service.objects import S3Uri
from tests.fakes import MemoryObjects

CAMPAIGN = S3Uri("results", "birds")
SOURCE = "s3://inbox/birds/images/ä b.jpg"
TOKENS = count()
START = datetime(2026, 11, 26, 11, 30, tzinfo=UTC)


def label(name: str, attribute: str = "category") -> dict[str, Any]:
    return {attribute: 0, f"{attribute}-metadata": {"class-name": name, "human-annotated": "yes"}}


def put(
    objects: MemoryObjects, given: dict[str, Any] | None, *, after: int = 0, source: str = SOURCE, **more: Any
) -> Correction:
    at, token = START + timedelta(seconds=after), f"{next(TOKENS):08x}"
    return write_correction(objects, CAMPAIGN, source=source, label=given, by="owner", at=at, token=token, **more)


def test_a_correction_is_read_back_as_it_was_written() -> None:
    objects = MemoryObjects()
    written = put(objects, label("Owl"), why="it is an owl", replaces={"job": "birds-0001", "label": label("Hawk")})
    assert corrections_of(objects, CAMPAIGN, SOURCE) == (written,)
    assert read_corrections(objects, CAMPAIGN) == {SOURCE: (written,)}
    assert [S3Uri.parse(uri).key.split("/")[:2] for uri in objects.contents] == [["birds", "corrections"]]


def test_the_last_one_holds_and_the_others_are_its_history() -> None:
    """Also of two in the same moment: neither writes over the other."""
    objects = MemoryObjects()
    put(objects, label("Owl"), after=2)
    first, other = put(objects, label("Hawk")), put(objects, label("Wren"), source="s3://inbox/birds/images/2.jpg")
    same = [put(objects, label("Jay"), after=1) for _ in range(2)]
    found = read_corrections(objects, CAMPAIGN)
    assert found[other.source] == (other,)
    assert found[SOURCE][0] == first
    assert list(found[SOURCE][1:3]) == sorted(same, key=lambda each: each.name)
    assert laid_over({"source-ref": SOURCE, **label("Crow")}, "category", found) == Labeled(
        {"source-ref": SOURCE, **label("Owl")}, "category"
    )


def test_a_line_keeps_what_is_no_label_and_loses_the_old_one() -> None:
    """An earlier spec may have named its attribute otherwise: the old label must not stay beside the new one."""
    objects = MemoryObjects()
    put(objects, label("Owl", "kind"))
    line = {"source-ref": SOURCE, "weather": "rain", **label("Crow")}
    laid = laid_over(line, "category", read_corrections(objects, CAMPAIGN))
    assert laid == Labeled({"source-ref": SOURCE, "weather": "rain", **label("Owl", "kind")}, "kind")


def test_a_label_can_be_taken_out() -> None:
    objects = MemoryObjects()
    put(objects, None, why="blurred")
    assert laid_over({"source-ref": SOURCE, **label("Crow")}, "category", read_corrections(objects, CAMPAIGN)) is None


@pytest.mark.parametrize(
    "given", [{}, {"category": 0}, {"category": 0, "category-metadata": 1}, {**label("Owl"), "more": 1}]
)
def test_what_is_no_label_is_refused_before_it_is_written(given: dict[str, Any]) -> None:
    objects = MemoryObjects()
    with pytest.raises(InvalidInput):
        put(objects, given)
    assert objects.contents == {}


@pytest.mark.parametrize(
    "body", [b"{", b"[]", b"{}", json.dumps({"source-ref": SOURCE, "at": "x", "label": 1}).encode()]
)
def test_a_file_that_cannot_be_read_is_named_and_nobodys_work_is_passed_over(body: bytes) -> None:
    objects = MemoryObjects()
    put(objects, label("Owl"))
    (uri,) = objects.contents
    objects.contents[uri] = body
    with pytest.raises(UnknownState, match="corrections/"):
        read_corrections(objects, CAMPAIGN)
