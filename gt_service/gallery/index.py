"""Which images have what: a bit for each image and thing to filter by, in one object. Pure.

A line of JSON, and behind it, compressed, what its `parts` name: offset and length of each.
"""

from __future__ import annotations

import json
import zlib
from bisect import bisect
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from hashlib import sha256
from itertools import accumulate
from typing import Any

from gt_service.errors import UnknownState
from gt_service.gallery.rows import (
    CORRECTED,
    DISAGREES,
    MACHINE,
    NOTHING,
    PEOPLE,
    REMOVED,
    Row,
    class_facet,
    facets,
)
from gt_service.objects import S3Uri

VERSION = 2
HASH_BYTES = 8
_BLOCK = 4096


@dataclass(frozen=True)
class Segment:
    """The images of one job. rows: the folder of its chunks; None where the rows are in the index itself."""

    job: str
    count: int
    rows: S3Uri | None


@dataclass(frozen=True)
class Index:
    """bits: by facet, bit n is image n of all segments one after the other. sources: a hash of each image's
    `source-ref`. own_rows: those of the segment that has no folder."""

    labels: tuple[str, ...]
    segments: tuple[Segment, ...]
    counts: Mapping[str, int]
    parts: Mapping[str, tuple[int, int]] = field(default_factory=dict)
    body: bytes = b""

    @cached_property
    def starts(self) -> tuple[int, ...]:
        """The number of each segment's first image, and of all."""
        return tuple(accumulate((segment.count for segment in self.segments), initial=0))

    def bits(self, facet: str) -> int:
        """Of the facet's images; none of a facet that no image has."""
        return int.from_bytes(self._part(f"bits {facet}"), "little")

    def sources(self) -> list[bytes]:
        body = self._part("sources")
        return [body[start : start + HASH_BYTES] for start in range(0, len(body), HASH_BYTES)]

    @cached_property
    def own_rows(self) -> tuple[Row, ...]:
        return tuple(json.loads(self._part("rows") or b"[]"))

    def segment_of(self, image: int) -> tuple[Segment, int]:
        """An image's segment, and its number there."""
        place = bisect(self.starts, image) - 1
        return self.segments[place], image - self.starts[place]

    def range_of(self, job: str) -> range:
        """The images of a job's segment; empty where there is none."""
        for segment, start in zip(self.segments, self.starts, strict=False):
            if segment.job == job:
                return range(start, start + segment.count)
        return range(0)

    def _part(self, name: str) -> bytes:
        offset, length = self.parts.get(name, (0, 0))
        return zlib.decompress(self.body[offset : offset + length]) if length else b""


def packed(
    *,
    labels: Sequence[str],
    segments: Sequence[Segment],
    bits: Mapping[str, int],
    sources: Iterable[bytes] = (),
    own_rows: Sequence[Row] = (),
) -> bytes:
    """An index as it is stored."""
    contents = {f"bits {name}": _bytes(value) for name, value in bits.items() if value}
    contents["sources"] = b"".join(sources)
    if own_rows:
        contents["rows"] = json.dumps(own_rows, separators=(",", ":"), ensure_ascii=False).encode()
    parts, pieces, offset = dict[str, tuple[int, int]](), list[bytes](), 0
    for name, content in contents.items():
        if content:
            piece = zlib.compress(content, 1)
            parts[name] = (offset, len(piece))
            pieces.append(piece)
            offset += len(piece)
    head = {
        "version": VERSION,
        "labels": list(labels),
        "segments": [[each.job, each.count, None if each.rows is None else str(each.rows)] for each in segments],
        "counts": {name: value.bit_count() for name, value in bits.items()},
        "parts": parts,
    }
    return json.dumps(head, ensure_ascii=False).encode() + b"\n" + b"".join(pieces)


def unpacked(content: bytes) -> Index:
    """Errors: `UnknownState` where it is of a version that this one does not know."""
    text, _, body = content.partition(b"\n")
    head = json.loads(text)
    if head.get("version") != VERSION:
        raise UnknownState(
            f"an index of images of version {head.get('version')!r}", remedy="Have its labels written anew."
        )
    return Index(
        labels=tuple(head["labels"]),
        segments=tuple(Segment(job, count, rows and S3Uri.parse(rows)) for job, count, rows in head["segments"]),
        counts=head["counts"],
        parts={name: (offset, length) for name, (offset, length) in head["parts"].items()},
        body=body,
    )


def figures(index: Index) -> dict[str, Any] | None:
    """The labeled images in numbers, by what holds now; None where there are none to be shown.

    classes: images with each. disagrees: the machine, which did not learn from them, with people. corrected: put right,
    of each job beside; taken_out: labels that are no more.
    """
    count = index.counts
    if not index.starts[-1]:
        return None
    of_jobs = Counter(row["job"] for row in index.own_rows if "job" in row)
    names = [name.partition(":")[2] for name in count if name.startswith("class:")]
    return {
        "images": count.get(PEOPLE, 0) + count.get(MACHINE, 0),
        **{name: count.get(name, 0) for name in (PEOPLE, MACHINE, NOTHING, DISAGREES, CORRECTED)},
        "taken_out": count.get(REMOVED, 0),
        "classes": {name: count[class_facet(name)] for name in sorted(names)},
        "corrected_of_jobs": dict(sorted(of_jobs.items())),
    }


def bits_of(rows: Iterable[Row]) -> dict[str, int]:
    """The bits of some rows, in their order."""
    columns = dict[str, bytearray]()
    for number, row in enumerate(rows):
        for facet in facets(row):
            own = columns.setdefault(facet, bytearray())
            own.extend(bytes(number // 8 + 1 - len(own)))
            own[number // 8] |= 1 << number % 8
    return {facet: int.from_bytes(own, "little") for facet, own in columns.items()}


def source_hash(source: str) -> bytes:
    return sha256(source.encode()).digest()[:HASH_BYTES]


def set_bits(bits: int, first: int, count: int) -> list[int]:
    """The numbers of `count` bits that are set, from the `first`-th of them (from 0) on."""
    body, places, passed = _bytes(bits), list[int](), 0
    for start in range(0, len(body), _BLOCK):
        block = int.from_bytes(body[start : start + _BLOCK], "little")
        inside = block.bit_count()
        if passed + inside <= first:
            passed += inside
            continue
        while block:
            lowest = block & -block
            if passed >= first:
                places.append(start * 8 + lowest.bit_length() - 1)
                if len(places) == count:
                    return places
            block ^= lowest
            passed += 1
    return places


def _bytes(bits: int) -> bytes:
    return bits.to_bytes((bits.bit_length() + 7) // 8, "little")
