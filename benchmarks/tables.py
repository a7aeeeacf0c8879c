"""Tables of Markdown."""

from __future__ import annotations

from collections.abc import Iterable, Sequence


def table(heads: Sequence[str], lines: Iterable[Sequence[str]]) -> str:
    rows = (heads, ["---"] * len(heads), *lines)
    return "\n".join(f"|{'|'.join(row)}|" if row is rows[1] else f"| {' | '.join(row)} |" for row in rows)
