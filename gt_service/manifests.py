"""Manifests: JSON Lines for any legal key, streamed, the same bytes for the same members.

Rules: developer guide, sms-input-data-input-manifest. One object per line, UTF-8, `source-ref` names the image.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Iterator, Mapping
from itertools import chain, islice
from typing import Any

from gt_service.errors import InvalidInput
from gt_service.objects import ObjectStore, S3Uri
from gt_service.regions import MAX_MANIFEST_LINE_CHARACTERS

CONTENT_TYPE = "application/jsonlines"
_LINES_PER_CHUNK = 1000
_LABELED_PER_CHUNK = 500
"""Lines with labels are longer."""


def manifest_lines(
    bucket: str, keys: Iterable[str], passed_on: Mapping[str, Mapping[str, Any]] | None = None
) -> Iterator[bytes]:
    """One line per image, in chunks of many lines, in the order of `keys`.

    passed_on: more attributes of an image, by its key; left out where a line would be too long with them.
    """
    held: list[str] = []
    for key in keys:
        # json escapes quotes, backslashes, line breaks and controls; nothing in a key can end its line early.
        line = _text({"source-ref": str(S3Uri(bucket, key))})
        more = (passed_on or {}).get(key)
        if more is not None:
            longer = f"{line[:-1]},{_text(more)[1:]}"
            line = longer if len(longer) <= MAX_MANIFEST_LINE_CHARACTERS else line
        if len(line) > MAX_MANIFEST_LINE_CHARACTERS:
            raise InvalidInput(f"the key {key[:80]!r}… is too long for a manifest", field="key")
        held.append(line)
        if len(held) == _LINES_PER_CHUNK:
            yield _joined(held)
            held.clear()
    if held:
        yield _joined(held)


def follow_up_lines(lines: Iterable[bytes], labeled: Collection[int]) -> Iterator[bytes]:
    """The lines of an earlier manifest, as they were, without those whose number is in `labeled`."""
    for number, line in enumerate(lines):
        if number not in labeled and line.strip():
            yield line.rstrip(b"\r\n") + b"\n"


def write_manifest(
    objects: ObjectStore,
    uri: S3Uri,
    bucket: str,
    keys: Iterable[str],
    *,
    passed_on: Mapping[str, Mapping[str, Any]] | None = None,
    labeled: Iterable[Mapping[str, Any]] = (),
) -> None:
    """labeled: lines behind those of the keys, for a job to learn from."""
    objects.write_stream(uri, chain(manifest_lines(bucket, keys, passed_on), json_lines(labeled)), CONTENT_TYPE)


def json_lines(lines: Iterable[Mapping[str, Any]]) -> Iterator[bytes]:
    """Any lines as manifests have them, in chunks of many."""
    rest = iter(lines)
    while some := list(islice(rest, _LABELED_PER_CHUNK)):
        yield _joined([_text(line) for line in some])


def _text(line: Mapping[str, Any]) -> str:
    return json.dumps(line, ensure_ascii=False, separators=(",", ":"))


def _joined(lines: list[str]) -> bytes:
    return ("\n".join(lines) + "\n").encode()
