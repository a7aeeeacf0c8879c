"""Text for CSV files that people open in spreadsheets."""

from __future__ import annotations

_FORMULA_BEGINS = ("=", "+", "-", "@", "\t", "\r")


def safe_cell(text: str) -> str:
    """The text, marked as such where a spreadsheet would take it for a formula and run it (OWASP, CSV injection), and
    where it looks as if it were marked already."""
    return f"'{text}" if text.lstrip("'").startswith(_FORMULA_BEGINS) else text


def as_written(cell: str) -> str:
    """The text that `safe_cell` was given."""
    return cell[1:] if cell.startswith("'") and cell.lstrip("'").startswith(_FORMULA_BEGINS) else cell
