"""JSON from outside: what no JSON is, and what nothing can be calculated with, is refused at the door."""

from __future__ import annotations

import pytest

from gt_service.documents import strict_json


@pytest.mark.parametrize("text", ["NaN", "[Infinity]", "1e999", '{"a": -1e400}', "9" * 400, "[" * 100_000])
def test_what_is_no_json_number_is_refused(text: str) -> None:
    """Python writes it back as Infinity, which no other reader takes: an answer that spoils a job's files."""
    with pytest.raises(ValueError):  # noqa: PT011 - its words differ
        strict_json(text)


def test_numbers_are_taken_as_they_are() -> None:
    assert strict_json("[1, -2.5, 1e300, 12345678901234567890]") == [1, -2.5, 1e300, 12345678901234567890]
