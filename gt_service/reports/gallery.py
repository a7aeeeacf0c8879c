"""The labeled images of a job for people to look through: by who labeled them, by class, the least sure first.

Written once with the report, in chunks that a page reads one of, so that a page of a job of 100,000 images is as quick
as one of a hundred:

    <report>/images/index.json            views and their counts
    <report>/images/<view>/<number>.json  CHUNK images of a view, in its order

Views: `all` in the order of the manifest; `people` and `machine`, the least sure first (people's confidence says how
far they agreed); `nothing`, images on which nothing is labeled; `class-<n>`, those with the n-th label of the campaign.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from gt_service.errors import InvalidInput, NotFound
from gt_service.objects import ObjectStore, S3Uri
from gt_service.outputs.concurrently import concurrently
from gt_service.outputs.labels import Boxes, Label, label_of
from gt_service.outputs.records import LabelRecord
from gt_service.outputs.tally import LabeledObject

IMAGES_A_PAGE = 24
CHUNK = 10 * IMAGES_A_PAGE
FOLDER = "images"
JSON = "application/json"

Row = Mapping[str, Any]


@dataclass(frozen=True)
class View:
    """A way to look through a job's images."""

    name: str
    title: str
    count: int


@dataclass(frozen=True)
class GalleryPage:
    """Some images of a view. `first` is the place of the first of them in the view, from 0."""

    views: tuple[View, ...]
    view: View
    first: int
    rows: tuple[Row, ...]


class Gallery:
    """Takes a job's labeled objects one by one, in the manifest's order. Holds some 300 bytes of each."""

    def __init__(self, labels: Sequence[str]) -> None:
        self._labels = tuple(labels)
        self._numbers = {label: number for number, label in enumerate(labels)}
        self._rows: list[bytes] = []
        self._sure: list[float] = []
        self._views: defaultdict[str, list[int]] = defaultdict(list)

    def add(self, labeled: LabeledObject) -> None:
        """Objects without a label, text and masks are passed over."""
        if labeled.record is None or labeled.source is None:
            return
        label = label_of(labeled.record, self._labels)
        if label is None:
            return
        place = len(self._rows)
        row, sure = _row(labeled.source, labeled.record, label, human=labeled.human)
        self._rows.append(json.dumps(row, separators=(",", ":")).encode())
        self._sure.append(sure)
        self._views["people" if labeled.human else "machine"].append(place)
        names = [box.label for box in label.boxes] if isinstance(label, Boxes) else list(label.names)
        if not names:
            self._views["nothing"].append(place)
        for name in set(names) & self._numbers.keys():
            self._views[f"class-{self._numbers[name]}"].append(place)

    def write(self, objects: ObjectStore, destination: S3Uri) -> None:
        """Writes chunks and index below the report's folder; the index last, so that what it names is there."""
        if not self._rows:
            return
        views = {"all": list(range(len(self._rows)))}
        for name in ("people", "machine"):
            views[name] = sorted(self._views[name], key=self._sure.__getitem__)
        classes = [f"class-{number}" for number in range(len(self._labels))]
        views |= {name: self._views[name] for name in ("nothing", *classes) if self._views[name]}
        chunks = ((name, number, places) for name, all_places in views.items() for number, places in _cut(all_places))

        def put(chunk: tuple[str, int, Sequence[int]]) -> None:
            name, number, places = chunk
            body = b"[" + b",\n".join(self._rows[place] for place in places) + b"]\n"
            objects.write(destination / f"{FOLDER}/{name}/{number}.json", body, JSON)

        for _ in concurrently(put, chunks):
            pass
        index = {"labels": self._labels, "views": {name: len(places) for name, places in views.items() if places}}
        objects.write(destination / f"{FOLDER}/index.json", json.dumps(index).encode(), JSON)


def gallery_page(objects: ObjectStore, report: S3Uri, view: str, first: int, count: int = IMAGES_A_PAGE) -> GalleryPage:
    """Some images of a view, from the place `first` on. Two small reads, or three across the end of a chunk.

    Errors: `NotFound` where the report has no images; `InvalidInput` for a view that is none, or a place beyond it.
    """
    try:
        index = json.loads(objects.read(report / f"{FOLDER}/index.json"))
    except NotFound:
        raise NotFound(
            "this job's images are not listed",
            remedy="They are, for jobs that end from now on with a label.",
            field="name",
        ) from None
    views = tuple(View(name, _title(name, index["labels"]), size) for name, size in index["views"].items())
    chosen = next((each for each in views if each.name == view), None)
    if chosen is None:
        raise InvalidInput(
            f"there is no view {view!r}", remedy=f"Use one of {', '.join(index['views'])}.", field="view"
        )
    if not 0 <= first < chosen.count:
        raise InvalidInput(
            f"the view {view} has {chosen.count:,} images", remedy="Start at an earlier one.", field="first"
        )
    last = min(first + count, chosen.count)
    rows: list[Row] = []
    for number in range(first // CHUNK, (last - 1) // CHUNK + 1):
        chunk = json.loads(objects.read(report / f"{FOLDER}/{view}/{number}.json"))
        rows += chunk[max(0, first - number * CHUNK) : last - number * CHUNK]
    return GalleryPage(views, chosen, first, tuple(rows))


def _row(source: str, record: LabelRecord, label: Label, *, human: bool) -> tuple[Row, float]:
    """What a page shows of an image, and how sure its label is, 0 to 1."""
    row: dict[str, Any] = {"source": source, "human": human}
    if not isinstance(label, Boxes):
        confidence = record.metadata.get("confidence")
        sure = float(confidence) if isinstance(confidence, int | float) else 1.0
        return {**row, "classes": list(label.names), "confidence": sure}, sure
    width, height, _ = label.image_size or (0, 0, 0)
    confidences = [*label.confidences, *[None] * (len(label.boxes) - len(label.confidences))]
    boxes = [
        [box.label, box.left, box.top, box.width, box.height, confidence]
        for box, confidence in zip(label.boxes, confidences, strict=False)
    ]
    sure = min(label.confidences, default=1.0)
    return {**row, "size": [width, height], "boxes": boxes, "confidence": sure}, sure


def _cut(places: Sequence[int]) -> Iterator[tuple[int, Sequence[int]]]:
    for number, start in enumerate(range(0, len(places), CHUNK)):
        yield number, places[start : start + CHUNK]


def _title(view: str, labels: Sequence[str]) -> str:
    if view.startswith("class-"):
        return labels[int(view.removeprefix("class-"))]
    return {"all": "all", "people": "by people", "machine": "by machine", "nothing": "nothing on it"}[view]
