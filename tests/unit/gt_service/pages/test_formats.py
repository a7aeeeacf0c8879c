"""Numbers, money and times as people read them."""

from __future__ import annotations

from datetime import timedelta

import pytest

from gt_service.pages import formats


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "0 s"),
        (45, "45 s"),
        (59.6, "1 min"),
        (754, "13 min"),
        (3600, "1 h"),
        (12_000, "3 h 20 min"),
        (200_000, "2 days"),
    ],
)
def test_durations(seconds: float, text: str) -> None:
    assert formats.duration(timedelta(seconds=seconds)) == text


@pytest.mark.parametrize(
    ("mills", "images", "text"),
    [
        (170_200, 1250, "$0.136"),
        (127_000, 1250, "$0.102"),
        (0, 10, "$0.000"),
        (None, 10, "–"),
        (10, 0, "–"),
        (10, None, "–"),
    ],
)
def test_cost_per_image(mills: int | None, images: int | None, text: str) -> None:
    """The notebook's own figures: $170.20 and $127.00 for 1,250 images."""
    assert formats.money_per_image(mills, images) == text


@pytest.mark.parametrize("text", ["2026-05-01T12:03:00Z", "2026-05-01T12:03:00", "2026-05-01T14:03:00+02:00"])
def test_times_are_shown_in_utc(text: str) -> None:
    assert formats.time(text) == "2026-05-01 12:03 UTC"


def test_what_is_not_known_is_a_dash() -> None:
    assert [formats.number(None), formats.money(None), formats.percent(None), formats.time(None)] == ["–"] * 4


@pytest.mark.parametrize(
    ("mills", "headline", "column"),
    [
        (170_200, "$170.20", "$170.200"),
        (396, "$0.396", "$0.396"),
        (180, "$0.18", "$0.180"),
        (-2, "−$0.002", "−$0.002"),
        (1_234_567_890, "$1,234,567.89", "$1,234,567.890"),
        (None, "–", "–"),
    ],
)
def test_the_points_of_a_column_stand_below_each_other(mills: int | None, headline: str, column: str) -> None:
    assert (formats.money(mills), formats.money_in_column(mills)) == (headline, column)
