"""The input manifest of a labeling job, read line by line. Pure.

Rules (developer guide sms-input-data-input-manifest and input-data-limits): UTF-8 JSON lines of at most 100,000
characters; one `source-ref` (an S3 object) or `source` (text) each; attribute names do not begin with `$`; values have
at most 20,000 characters; everything else passes through to the output manifest.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from gt_engine.outputs.records import compact
from gt_service.errors import InvalidInput
from gt_service.objects import S3Uri
from gt_service.outputs.records import CHECKED, is_taken_out
from gt_service.task_types import MAX_MANIFEST_LINE_CHARACTERS, TaskFacts

MAX_ATTRIBUTE_CHARACTERS = 20_000


@dataclass(frozen=True)
class ManifestLine:
    """One data object. `number` is the line's index from 0, Ground Truth's `datasetObjectId`; `source` is an S3 URI for
    images and the text itself for text; `is_labeled` says that the job's attribute is there already, `is_taken_out`
    that it is and holds no label any more, `is_checked` that people are to be asked about it, to check a label that it
    had before."""

    number: int
    text: bytes
    source: str
    is_labeled: bool
    is_checked: bool = False
    is_taken_out: bool = False


def read_manifest(lines: Iterable[bytes], *, facts: TaskFacts, attribute: str) -> Iterator[ManifestLine]:
    """The data objects of a manifest. Errors: `InvalidInput` that names the line, counted from 1 as editors do.

    Blank lines are no objects: they have no number and no place in the output.
    """
    for number, text in enumerate(line for line in lines if line.strip()):
        yield read_line(number, text, facts=facts, attribute=attribute)


def read_line(number: int, text: bytes, *, facts: TaskFacts, attribute: str) -> ManifestLine:
    """One data object. number: counted from 0. Errors: `InvalidInput` that names the line."""
    place = f"line {number + 1}"
    record = _record(text, place)
    return ManifestLine(
        number,
        text,
        _source(record, facts, place),
        is_labeled=attribute in record,
        is_checked=attribute + CHECKED in record,
        is_taken_out=is_taken_out(record, attribute),
    )


def _record(text: bytes, place: str) -> dict[str, Any]:
    try:
        decoded = text.decode("utf-8-sig" if place == "line 1" else "utf-8")
        record = json.loads(decoded)
        if "\\u" in decoded:
            compact(record)  # half of a surrogate pair is no character: no line of the output could have it
    except (ValueError, RecursionError):
        record = None
    if not isinstance(record, dict):
        raise _wrong(place, "is not a JSON object in UTF-8")
    if len(decoded) > MAX_MANIFEST_LINE_CHARACTERS:
        raise _wrong(place, f"has more than {MAX_MANIFEST_LINE_CHARACTERS} characters")
    for name, value in record.items():
        if name.startswith("$"):
            raise _wrong(place, f"has an attribute {name!r} that begins with '$'")
        if isinstance(value, str) and len(value) > MAX_ATTRIBUTE_CHARACTERS:
            raise _wrong(place, f"has an attribute {name!r} of more than {MAX_ATTRIBUTE_CHARACTERS} characters")
    return record


def _source(record: dict[str, Any], facts: TaskFacts, place: str) -> str:
    wanted = "source-ref" if facts.medium == "image" else "source"
    both = {"source", "source-ref"} & record.keys()
    if both != {wanted} or not isinstance(record[wanted], str) or not record[wanted]:
        raise _wrong(place, f"must have exactly one {wanted!r} and no other source")
    if facts.medium == "image":
        try:
            S3Uri.parse(record[wanted])
        except InvalidInput as problem:
            raise _wrong(place, f"is wrong: {problem.message}") from None
    return str(record[wanted])


def _wrong(place: str, what: str) -> InvalidInput:
    return InvalidInput(f"{place} of the manifest {what}", field="ManifestS3Uri")
