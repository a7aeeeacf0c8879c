"""Writes the images of a job, and with a campaign's labels the index of all of them."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from gt_service.corrections.files import Correction, Corrections, label_attribute
from gt_service.errors import NotFound, UnknownState
from gt_service.gallery.index import Index, Segment, bits_of, packed, source_hash, unpacked
from gt_service.gallery.rows import CORRECTED, REMOVED, Row, row_of
from gt_service.objects import ObjectStore, S3Uri
from gt_service.outputs.records import LabelRecord, label_record
from gt_service.outputs.tally import LabeledObject
from gt_service.parallel import in_parallel

CHUNK = 60
"""Images in one object: a page of a filter that few images pass reads one for each."""
INDEX = "index.bits"
CORRECTIONS = "corrections"
"""The segment of the images that somebody corrected."""
IMPORTS = "imported"
"""The segment of the images whose labels were there before."""
JSON = "application/json"


class Gallery:
    """Takes a job's labeled objects one by one, in the manifest's order. Holds some 300 bytes of each.

    predictions: by `source-ref`, what the machine said of images that people labeled.
    """

    def __init__(self, job: str, labels: Sequence[str], predictions: Mapping[str, LabelRecord] | None = None) -> None:
        self._job, self._labels, self._predictions = job, tuple(labels), predictions or {}
        self._rows: list[tuple[float, bytes, bytes]] = []

    def add(self, labeled: LabeledObject) -> None:
        """Objects without a label, text and masks are passed over."""
        if labeled.record is None or labeled.source is None:
            return
        row = row_of(
            labeled.source,
            labeled.record,
            human=labeled.human,
            classes=self._labels,
            predicted=self._predictions.get(labeled.source) if labeled.human else None,
            more={"object": labeled.object_id},
        )
        if row is not None:
            body = json.dumps(row, separators=(",", ":"), ensure_ascii=False).encode()
            self._rows.append((row["confidence"], source_hash(row["source"]), body))

    def write(self, objects: ObjectStore, folder: S3Uri) -> Index:
        """Writes chunks and index; the index last, so that what it names is there.

        The same job gives the same rows, however often it is written.
        """
        self._rows.sort(key=lambda each: each[0])

        def put(number: int) -> None:
            some = self._rows[number * CHUNK : (number + 1) * CHUNK]
            objects.write(folder / f"{number}.json", b"[" + b",\n".join(body for *_, body in some) + b"]\n", JSON)

        for _ in in_parallel(put, range(-(-len(self._rows) // CHUNK))):
            pass
        content = packed(
            labels=self._labels,
            segments=[Segment(self._job, len(self._rows), folder)],
            bits=bits_of(json.loads(body) for *_, body in self._rows),
            sources=(source for _, source, _ in self._rows),
        )
        objects.write(folder / INDEX, content, "application/octet-stream")
        return unpacked(content)


def campaign_index(indices: Sequence[Index], corrections: Corrections, labels: Sequence[str]) -> bytes:
    """The jobs' indices put together, in their order, as they are stored. Pure.

    A corrected image is taken out of its job's segment and stands in the last one, the newest first.
    """
    segments = [segment for index in indices for segment in index.segments]
    bits, gone, places, start = defaultdict[str, int](int), 0, dict[bytes, tuple[str, int]](), 0
    wanted = {source_hash(source) for source in corrections}
    for index in indices:
        for facet in index.counts:
            bits[facet] |= index.bits(facet) << start
        for number, source in enumerate(index.sources() if wanted else ()):
            if source in wanted:
                places[source] = (index.segments[0].job, number)
                gone |= 1 << (start + number)
        start += index.starts[-1]
    if gone:
        bits = defaultdict(int, {facet: own & ~gone for facet, own in bits.items()})
    rows = [row for row in _corrected_rows(corrections, places, labels) if row is not None]
    for facet, own in bits_of(rows).items():
        bits[facet] |= own << start
    segments.append(Segment(CORRECTIONS, len(rows), None))
    return packed(labels=labels, segments=segments, bits=bits, own_rows=rows)


def corrected_row(correction: Correction, labels: Sequence[str], **more: Any) -> Row | None:
    """What a page shows of a corrected image; None for text and masks."""
    mark = {"by": correction.by, "at": correction.at.isoformat(), "name": correction.name}
    label = correction.label or {}
    record = label_record(label, label_attribute(label)) if label else None
    if record is None:
        gone = {"human": True, "classes": [], "confidence": 1.0, REMOVED: True, CORRECTED: mark}
        return {"source": correction.source, **gone, **more}
    human = record.human is not False
    return row_of(correction.source, record, human=human, classes=labels, more={CORRECTED: mark, **more})


def _corrected_rows(
    corrections: Corrections, places: Mapping[bytes, tuple[str, int]], labels: Sequence[str]
) -> Iterator[Row | None]:
    newest = sorted((own[-1] for own in corrections.values()), key=lambda each: each.name, reverse=True)
    for correction in newest:
        job, number = places.get(source_hash(correction.source), ("", 0))
        was = {"job": job, "number": number} if job else {}
        yield corrected_row(correction, labels, **was)


def read_index(objects: ObjectStore, place: S3Uri) -> Index | None:
    """None where there is none, or one of another version, which its next writing replaces."""
    try:
        return unpacked(objects.read(place))
    except (NotFound, UnknownState):
        return None


def read_indices(objects: ObjectStore, places: Sequence[S3Uri]) -> list[Index | None]:
    """Many at once, where all are there."""
    try:
        return [unpacked(content) for content in objects.read_many(places)]
    except (NotFound, UnknownState):
        return [read_index(objects, place) for place in places]
