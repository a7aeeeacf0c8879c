"""Manifests: JSON Lines for any legal key, streamed, the same bytes for the same members.

Rules: developer guide, sms-input-data-input-manifest. One object per line, UTF-8, `source-ref` names the image.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Iterator, Mapping
from itertools import chain
from typing import Any

from gt_service.errors import InvalidInput
from gt_service.objects import ObjectStore, S3Uri
from gt_service.parallel import in_groups
from gt_service.task_types import MAX_MANIFEST_LINE_CHARACTERS

CONTENT_TYPE = "application/jsonlines"
MOST_LEARNT = 5_000
"""Labeled lines behind a job's own objects, for it to learn from."""
_LINES_PER_CHUNK = 500


def manifest_lines(
    bucket: str, keys: Iterable[str], passed_on: Mapping[str, Mapping[str, Any]] | None = None
) -> Iterator[bytes]:
    """One line per image, in chunks of many lines, in the order of `keys`.

    passed_on: more attributes of an image, by its key; left out where a line would be too long with them.
    """
    return _in_chunks(_image_line(bucket, key, (passed_on or {}).get(key)) for key in keys)


def _image_line(bucket: str, key: str, more: Mapping[str, Any] | None) -> str:
    # json escapes quotes, backslashes, line breaks and controls; nothing in a key can end its line early.
    line = _text({"source-ref": str(S3Uri(bucket, key))})
    longer = line if more is None else f"{line[:-1]},{_text(more)[1:]}"
    if len(line) > MAX_MANIFEST_LINE_CHARACTERS:
        raise InvalidInput(f"the key {key[:80]!r}… is too long for a manifest", field="key")
    return longer if len(longer) <= MAX_MANIFEST_LINE_CHARACTERS else line


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
    """labeled: lines behind those of the keys, for a job to learn from; those that are too long are left out."""
    learnt = filter(fits, labeled)
    objects.write_stream(uri, chain(manifest_lines(bucket, keys, passed_on), json_lines(learnt)), CONTENT_TYPE)


def fits(line: Mapping[str, Any]) -> bool:
    """Whether a line is short enough for a labeling job's manifest, which is refused as a whole for one that is not: a
    label of some 1,500 boxes may not be."""
    return len(_text(line)) <= MAX_MANIFEST_LINE_CHARACTERS


def json_lines(lines: Iterable[Mapping[str, Any]]) -> Iterator[bytes]:
    """Any lines as manifests have them, in chunks of many."""
    return _in_chunks(map(_text, lines))


def _in_chunks(lines: Iterable[str]) -> Iterator[bytes]:
    for some in in_groups(lines, _LINES_PER_CHUNK):
        yield ("\n".join(some) + "\n").encode()


def _text(line: Mapping[str, Any]) -> str:
    return json.dumps(line, ensure_ascii=False, separators=(",", ":"))
