"""Manifests: JSON Lines for any legal key, streamed, the same bytes for the same members.

Rules: developer guide, sms-input-data-input-manifest. One object per line, UTF-8, `source-ref` names the image.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Iterator

from gt_service.errors import InvalidInput
from gt_service.objects import ObjectStore, S3Uri
from gt_service.regions import MAX_MANIFEST_LINE_CHARACTERS

CONTENT_TYPE = "application/jsonlines"
_LINES_PER_CHUNK = 1000


def manifest_lines(bucket: str, keys: Iterable[str]) -> Iterator[bytes]:
    """One line per image, in chunks of many lines, in the order of `keys`."""
    held: list[str] = []
    for key in keys:
        # json escapes quotes, backslashes, line breaks and controls; nothing in a key can end its line early.
        line = json.dumps({"source-ref": str(S3Uri(bucket, key))}, ensure_ascii=False, separators=(",", ":"))
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


def write_manifest(objects: ObjectStore, uri: S3Uri, bucket: str, keys: Iterable[str]) -> None:
    objects.write_stream(uri, manifest_lines(bucket, keys), CONTENT_TYPE)


def _joined(lines: list[str]) -> bytes:
    return ("\n".join(lines) + "\n").encode()
