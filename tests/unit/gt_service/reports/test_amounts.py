"""Numbers, money and times as people read them, in reports and on pages."""

from __future__ import annotations

import pytest

from gt_service.reports import amounts
from gt_service.reports.amounts import cents, exact, percent


@pytest.mark.parametrize(
    ("mills", "shown"), [(127_638, "$127.64"), (-6_150, "−$6.15"), (-4, "$0.00"), (-5, "−$0.01"), (0, "$0.00")]
)
def test_money_is_shown_to_the_cent(mills: int, shown: str) -> None:
    # A job that people labeled whole costs a few mills of training more than people alone: no one saves minus nothing.
    assert cents(mills) == shown


def test_a_table_shows_every_mill() -> None:
    assert exact(-4) == "−$0.004"


@pytest.mark.parametrize(
    ("share", "digits", "shown"),
    [(0.48, 0, "48 %"), (-0.0001, 0, "0 %"), (-0.0001, 2, "−0.01 %"), (-0.146, 0, "−15 %")],
)
def test_a_share_that_rounds_to_nothing_has_no_sign(share: float, digits: int, shown: str) -> None:
    assert percent(share, digits) == shown


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "0 s"),
        (45, "45 s"),
        (-1, "0 s"),
        (754, "13 min"),
        (3600, "1 h 00 min"),
        (12_000, "3 h 20 min"),
        (200_000, "2 days"),
    ],
)
def test_durations(seconds: float, text: str) -> None:
    assert amounts.span(seconds) == text


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
    assert amounts.money_per_image(mills, images) == text


@pytest.mark.parametrize("text", ["2026-05-01T12:03:00Z", "2026-05-01T12:03:00", "2026-05-01T14:03:00+02:00"])
def test_times_are_shown_in_utc(text: str) -> None:
    assert amounts.time(text) == "2026-05-01 12:03 UTC"


def test_what_is_not_known_is_a_dash() -> None:
    assert [amounts.number(None), amounts.money(None), amounts.percent(None), amounts.time(None)] == ["–"] * 4


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
    assert (amounts.money(mills), amounts.exact(mills)) == (headline, column)
