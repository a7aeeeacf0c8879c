"""Gold labels as they lie in a manifest: one way of reading them, for whoever answers from them and whoever scores."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from gt_service.outputs.records import metadata_key

_MARK = b"\xef\xbb\xbf"


def gold_lines(lines: Iterable[bytes]) -> Iterator[tuple[int, bytes]]:
    """The lines that say something, with their numbers from 1; without the byte order mark that some editors write."""
    for number, line in enumerate(lines, start=1):
        text = line.removeprefix(_MARK) if number == 1 else line
        if text.strip():
            yield number, text


def label_attributes(record: Mapping[str, Any]) -> list[str]:
    """The label attributes of a line that have metadata, the latest label first.

    A chain of jobs leaves one attribute each, as labels that were adjusted stand beside those they were made from. The
    creation dates decide; of equal ones, and where there are none, the attribute that comes last.
    """
    places = {name: place for place, name in enumerate(record) if isinstance(record.get(metadata_key(name)), dict)}
    return sorted(places, key=lambda name: (_created(record, name), places[name]), reverse=True)


def _created(record: Mapping[str, Any], attribute: str) -> str:
    """Dates of one form, so that their order is that of their texts; one that is missing is earlier than any."""
    return str(record[metadata_key(attribute)].get("creation-date") or "")
