"""Lists, as SageMaker's own lists behave."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from gt_service.errors import InvalidInput
from gt_service.listing import Listing, Row

START = datetime(2026, 5, 1, tzinfo=UTC)
STATUSES = ("closed", "open")
ROWS = [Row(f"row-{n}", START + timedelta(days=(n * 7) % 10), STATUSES[n % 2]) for n in range(10)]


def pages(**query: str) -> Iterator[list[str]]:
    while True:
        found, token = Listing.parse(query, statuses=STATUSES).page(ROWS, lambda row: row)
        yield [row.name for row in found]
        if token is None:
            return
        query["NextToken"] = token


def names(**query: str) -> list[str]:
    return [name for page in pages(**query) for name in page]


def test_every_row_comes_once_whatever_the_size_of_a_page() -> None:
    for size in range(1, 12):
        assert names(MaxResults=str(size)) == [row.name for row in ROWS]
    assert [len(page) for page in pages(MaxResults="4")] == [4, 4, 2]


@pytest.mark.parametrize("direction", ["Ascending", "Descending"])
def test_rows_are_sorted_across_pages(direction: str) -> None:
    found = names(SortBy="CreationTime", SortOrder=direction, MaxResults="3")
    by_time = [row.name for row in sorted(ROWS, key=lambda row: row.created_at)]
    assert found == (by_time if direction == "Ascending" else by_time[::-1])


def test_filters_hold_on_every_page() -> None:
    assert names(StatusEquals="open", MaxResults="2") == [f"row-{n}" for n in (1, 3, 5, 7, 9)]
    assert names(NameContains="W-3") == ["row-3"]
    inside = names(CreationTimeAfter="2026-05-01T00:00:00Z", CreationTimeBefore="2026-05-04")
    assert inside == [row.name for row in ROWS if START < row.created_at < START + timedelta(days=3)]


def test_a_row_that_no_longer_passes_is_still_a_place_to_go_on_from() -> None:
    """A job that ends between two pages must not end the list."""
    _, token = Listing.parse({"StatusEquals": "open", "MaxResults": "2"}, statuses=STATUSES).page(ROWS, lambda row: row)
    changed = [Row(row.name, row.created_at, "closed" if row.name == "row-3" else row.status) for row in ROWS]
    asked = {"StatusEquals": "open", "NextToken": token or ""}
    rest, _ = Listing.parse(asked, statuses=STATUSES).page(changed, lambda row: row)
    assert [row.name for row in rest] == ["row-5", "row-7", "row-9"]


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("MaxResults", "0"),
        ("MaxResults", "101"),
        ("MaxResults", "²"),
        ("StatusEquals", "Completed"),
        ("SortBy", "Size"),
        ("SortOrder", "Sideways"),
        ("CreationTimeAfter", "yesterday"),
        ("NameContains", "x" * 64),
        ("NextToken", "row-1"),
        ("NextToken", "cm93LTk5"),
    ],
)
def test_a_wrong_parameter_is_named(field: str, value: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        names(**{field: value})
    assert refused.value.field == field
