"""Cells that a spreadsheet opens: nothing runs, and nothing is changed."""

from __future__ import annotations

import pytest

from gt_service.spreadsheets import as_written, safe_cell


@pytest.mark.parametrize("text", ["=1+1", "+a", "-a", "@a", "\ta", "'=x", "''=x", "'a", "a", ""])
def test_what_is_written_is_read_back_and_runs_nowhere(text: str) -> None:
    """A class called `'=x` came back from a CSV export as another one."""
    cell = safe_cell(text)
    assert as_written(cell) == text
    assert not cell.startswith(("=", "+", "-", "@", "\t", "\r"))
