"""Amounts as a report prints them."""

from __future__ import annotations

import pytest

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
