"""Looking through a campaign's images: what a page asks for, and the images that it gets."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import zip_longest
from typing import Any

from gt_service.corrections.files import Correction, corrections_of
from gt_service.corrections.form import LabelNow
from gt_service.errors import InvalidInput, NotFound, quoted
from gt_service.gallery.index import Index, Segment, set_bits, source_hash
from gt_service.gallery.rows import (
    BANDS,
    CORRECTED,
    DISAGREES,
    MACHINE,
    NOTHING,
    PEOPLE,
    REMOVED,
    Row,
    band_facet,
    class_facet,
    class_names,
    shown_label,
)
from gt_service.gallery.writing import CHUNK, CORRECTIONS, corrected_row
from gt_service.listing import one_of
from gt_service.objects import ObjectStore, read_json
from gt_service.outputs.files import answers_to
from gt_service.outputs.labels import Boxes, label_of_answer
from gt_service.outputs.records import answer_content
from gt_service.parallel import in_parallel
from gt_service.records.names import Places

IMAGES_A_PAGE = 24
WHO = (PEOPLE, MACHINE)
STEPS = tuple(map(str, range(len(BANDS) + 1)))
ONLY = (NOTHING, DISAGREES, CORRECTED, REMOVED)


@dataclass(frozen=True)
class Filter:
    """Which images are asked for; all that is given holds at once.

    who    `people` or `machine`: who labeled them
    label  a class that is on them
    sure   how sure their label is: a step of `BANDS`, from 0
    job    of one labeling job
    only   `nothing`: nothing is labeled on them; `disagrees`: the machine said something else than people;
           `corrected`: somebody put them right; `removed`: somebody took their label out
    """

    who: str | None = None
    label: str | None = None
    sure: int | None = None
    job: str | None = None
    only: str | None = None

    @classmethod
    def parse(cls, query: Mapping[str, str]) -> Filter:
        """Errors: `InvalidInput` naming the parameter."""
        sure = one_of("sure", query.get("sure"), STEPS)
        return cls(
            who=one_of("who", query.get("who"), WHO),
            label=query.get("class") or None,
            sure=None if sure is None else int(sure),
            job=query.get("job") or None,
            only=one_of("only", query.get("only"), ONLY),
        )

    def query(self) -> dict[str, str]:
        """As it stands in an address."""
        given = {"who": self.who, "class": self.label, "sure": self.sure, "job": self.job, "only": self.only}
        return {name: str(value) for name, value in given.items() if value is not None}


@dataclass(frozen=True)
class GalleryImage:
    """An image of a page. id: `<job>.<number>`, which stays its own; one of no job: `corrections.<hash>`."""

    id: str
    row: Row


@dataclass(frozen=True)
class GalleryPage:
    """Some of the images that pass a filter, the least sure first. first: the place of the first of them, from 0."""

    index: Index
    filter: Filter
    count: int
    first: int
    images: tuple[GalleryImage, ...]


def gallery_page(
    objects: ObjectStore, index: Index, wanted: Filter, first: int, count: int = IMAGES_A_PAGE
) -> GalleryPage:
    """Errors: `InvalidInput` for a place behind the last image."""
    views = _views(index, wanted)
    total = sum(view.bit_count() for view in views)
    if first and first >= total:
        raise InvalidInput(f"there are {total:,} such images", remedy="Start at an earlier one.", field="first")
    numbers = list(_from(views, first, count))
    return GalleryPage(index, wanted, total, first, tuple(_images(objects, index, numbers)))


def gallery_samples(objects: ObjectStore, index: Index, job: str, each: int) -> list[GalleryImage]:
    """Up to `each` images of a job by people and as many by machine, taking turns, spread over how sure they are."""
    sides = []
    for who in WHO:
        views = _views(index, Filter(who=who, job=job))
        total = sum(view.bit_count() for view in views)
        step = max(1, total // each)
        places = range(0, total, step)[:each]
        sides.append([number for place in places for number in _from(views, place, 1)])
    people, machine = sides
    turns = [number for pair in zip_longest(people, machine) for number in pair if number is not None]
    return list(_images(objects, index, turns))


def gallery_image(objects: ObjectStore, index: Index, image: str) -> GalleryImage:
    """One image by its id, as the index has it. Errors: `NotFound`."""
    corrected = next((row for row in index.own_rows if image_id(row) == image), None)
    if corrected is not None:
        return GalleryImage(image, corrected)
    number = _given_number(index, image)
    if number is None:
        raise NotFound(f"there is no labeled image {quoted(image)}", remedy="Open it from the grid.", field="image")
    (shown,) = _images(objects, index, [number])
    return shown


def original_of(objects: ObjectStore, index: Index, image: GalleryImage) -> Row | None:
    """What an image's job gave it; None for one of no job."""
    if CORRECTED not in image.row:
        return image.row
    number = _given_number(index, image.id)
    return None if number is None else next(_images(objects, index, [number])).row


def place_of(index: Index, wanted: Filter, image: GalleryImage) -> int | None:
    """Where an image is among those that pass a filter, from 0; None where it does not pass."""
    number = _number(index, image)
    passed = 0
    for view in _views(index, wanted):
        if number is not None and view >> number & 1:
            return passed + (view & ((1 << number) - 1)).bit_count()
        passed += view.bit_count()
    return None


def image_id(row: Row) -> str:
    """Of a row of the corrections' segment."""
    return f"{row['job']}.{row['number']}" if "job" in row else f"{CORRECTIONS}.{source_hash(row['source']).hex()}"


def _number(index: Index, image: GalleryImage) -> int | None:
    own = index.range_of(CORRECTIONS)
    for number, row in zip(own, index.own_rows, strict=True):
        if image_id(row) == image.id:
            return number
    return _given_number(index, image.id)


def _given_number(index: Index, image: str) -> int | None:
    """Where the index has what a job gave the image of this id; None where no job did."""
    job, _, text = image.rpartition(".")
    numbers = index.range_of(job)
    is_given = job != CORRECTIONS and text.isascii() and text.isdecimal() and len(text) < 10
    return numbers[int(text)] if is_given and int(text) < len(numbers) else None


def _views(index: Index, wanted: Filter) -> list[int]:
    """The images that pass, as bits; of several views, those of the first come first."""
    needed = [wanted.who, wanted.only, None if wanted.label is None else class_facet(wanted.label)]
    masks = [index.bits(facet) for facet in needed if facet is not None]
    if wanted.job is not None:
        masks.append(_of_job(index, wanted.job))
    bands = range(len(BANDS) + 1) if wanted.sure is None else (wanted.sure,)
    if wanted.only in {CORRECTED, REMOVED} and wanted.sure is None:
        views = [masks.pop(0 if wanted.who is None else 1)]  # the newest first, however sure
    else:
        views = [index.bits(band_facet(band)) for band in bands]
    for mask in masks:
        views = [view & mask for view in views]
    return views


def _of_job(index: Index, job: str) -> int:
    numbers, own = index.range_of(job), index.range_of(CORRECTIONS)
    bits = ((1 << len(numbers)) - 1) << numbers.start if job != CORRECTIONS else 0
    for number, row in zip(own, index.own_rows, strict=True):
        bits |= (row.get("job") == job) << number
    return bits


def _from(views: Sequence[int], first: int, count: int) -> Iterator[int]:
    for view in views:
        inside = view.bit_count()
        if first < inside and count > 0:
            numbers = set_bits(view, first, count)
            yield from numbers
            first, count = 0, count - len(numbers)
        else:
            first = max(0, first - inside)


def _images(objects: ObjectStore, index: Index, numbers: Sequence[int]) -> Iterator[GalleryImage]:
    places = [index.segment_of(number) for number in numbers]
    chunks = dict.fromkeys((segment, number // CHUNK) for segment, number in places if segment.rows is not None)

    def read(chunk: tuple[Segment, int]) -> list[Row]:
        segment, number = chunk
        assert segment.rows is not None
        rows: list[Row] = json.loads(objects.read(segment.rows / f"{number}.json"))
        return rows

    read_rows: dict[Any, list[Row]] = dict(zip(chunks, in_parallel(read, chunks), strict=True))
    own = index.own_rows
    for segment, number in places:
        if segment.rows is None:
            yield GalleryImage(image_id(own[number]), own[number])
        else:
            row = read_rows[segment, number // CHUNK][number % CHUNK]
            yield GalleryImage(f"{segment.job}.{number}", row)


# ---------------------------------------------------------------- one image


@dataclass(frozen=True)
class OneImage:
    """image: with the label that holds now. original: what its job gave it, where a job did. place: among those that
    pass the filter, from 0. before, after: the ids of its neighbours there. answers: each worker's, as a row."""

    image: GalleryImage
    original: Row | None
    history: tuple[Correction, ...]
    answers: tuple[tuple[str, Row], ...]
    labels: tuple[str, ...]
    place: int | None
    before: str | None
    after: str | None

    @property
    def label_now(self) -> LabelNow:
        row = self.image.row
        width, height = row.get("size") or (0, 0)
        job = row.get("job") or self.image.id.rpartition(".")[0]
        return LabelNow(row["source"], job, (width, height), tuple(class_names(row)), self.history)


def one_image(objects: ObjectStore, index: Index, wanted: Filter, image: str, places: Places) -> OneImage:
    """An image with all that was said of it: the label that holds now, its history, people's answers, the machine's.

    The corrections are read for the image itself, so its page is never behind what somebody has just saved.
    Errors: `NotFound` where no image has this id.
    """
    labeled = gallery_image(objects, index, image)
    original = original_of(objects, index, labeled)
    history = corrections_of(objects, places.root, labeled.row["source"])
    place = place_of(index, wanted, labeled)
    now = labeled
    if history:
        row = corrected_row(history[-1], index.labels, **_origin(labeled.row, original or {}))
        now = labeled if row is None else replace(labeled, row=row)
    job = image.rpartition(".")[0]
    answers = () if original is None or job == CORRECTIONS else _answers(objects, places, job, original)
    before, after = _neighbours(objects, index, wanted, place)
    return OneImage(now, original, history, tuple(answers), index.labels, place, before, after)


def _origin(row: Row, original: Row) -> dict[str, Any]:
    """What a label that was taken out has no more: where it came from, and its image's size."""
    whole = {**original, **row}
    return {name: whole[name] for name in ("job", "number", "object", "size") if name in whole}


def _neighbours(objects: ObjectStore, index: Index, wanted: Filter, place: int | None) -> tuple[str | None, str | None]:
    if place is None:
        return None, None
    first = max(0, place - 1)
    images = gallery_page(objects, index, wanted, first, 3).images
    before = images[0].id if place else None
    after = images[place - first + 1].id if len(images) > place - first + 1 else None
    return before, after


def _answers(objects: ObjectStore, places: Places, job: str, row: Row) -> Sequence[tuple[str, Row]]:
    """What each worker drew or chose; of a job whose report tells its iterations."""
    number = row.get("object")
    if not row["human"] or not isinstance(number, str):
        return ()
    report = read_json(objects, places.report(job) / "report.json")
    if report is None:
        return ()
    iterations = [each["iteration"] for each in report["iterations"]]
    drawn = []
    for answer in answers_to(objects, places.job_output(job), number, iterations):
        label = label_of_answer(answer_content(answer))
        if label is None:
            continue
        shown = {**shown_label(label, {}), "source": row["source"], "human": True}
        drawn.append((answer.worker_id, {**shown, "size": row.get("size")} if isinstance(label, Boxes) else shown))
    return drawn
