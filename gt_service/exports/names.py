"""What images are called in an export: a path that Linux and macOS take, and no two alike. Pure."""

from __future__ import annotations

import re
from hashlib import sha256
from pathlib import PurePosixPath
from unicodedata import normalize

LONGEST_PART = 200
"""Bytes of one part of a path; file systems take 255, and suffixes come on top."""

_NOT_IN_NAMES = re.compile(r"[\x00-\x1f\x7f\\\ufffe\uffff\ud800-\udfff]")

_FILE_SUFFIX = re.compile(r"\.[A-Za-z]\w*$")


class ExportNames:
    """Names for keys, in the order of the manifest: the same manifest gives the same names each time.

    prefix: what all keys begin with and no name needs (`birds/images/`). Two keys whose names would differ in their
    suffix, in capitals or in the form of their accents alone are told apart, since label files have no image's suffix
    and many file systems see no difference.
    """

    def __init__(self, prefix: str = "") -> None:
        self._prefix = prefix
        self._taken: set[str] = set()

    def name(self, key: str) -> str:
        *folders, last = map(safe_part, key.removeprefix(self._prefix).split("/"))
        path = PurePosixPath(*map(_folder, folders), last)
        suffix = path.suffix or ".jpg"  # trainers pass over files without one; what is in them, readers see themselves
        stem = path.with_suffix("")
        unique, number = stem, 1
        while _folded(unique) in self._taken:
            number += 1
            unique = stem.with_name(f"{stem.name}-{number}")
        self._taken.add(_folded(unique))
        return f"{unique}{suffix}"


def safe_part(text: str) -> str:
    """One part of a path that Linux and macOS take. YOLO's readers take the last folder called `images` for the one
    beside `labels`; many readers pass over what begins with a dot."""
    part = _NOT_IN_NAMES.sub("_", text)
    if part in {"", ".", "..", "images", "labels"} or part.startswith("."):
        part = f"_{part}"
    if len(part.encode()) <= LONGEST_PART:
        return part
    suffix = PurePosixPath(part).suffix[:16]
    kept = part.encode()[: LONGEST_PART - 32].decode(errors="ignore")
    return f"{kept}-{sha256(part.encode()).hexdigest()[:12]}{suffix}"


def _folder(part: str) -> str:
    """A folder that is not called as a file may be, an image's or its label's, whose place it would take."""
    return f"{part}_" if _FILE_SUFFIX.search(part) else part


def _folded(path: PurePosixPath) -> str:
    return normalize("NFC", str(path)).casefold()
