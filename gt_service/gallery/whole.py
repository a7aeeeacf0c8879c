"""One image with all that was said of it: the label that holds now, its history, people's answers, the machine's.

The corrections are read for the image itself, so its page is never behind what somebody has just saved.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from gt_service.gallery.index import Index
from gt_service.gallery.looking import Filter, GalleryImage, gallery_image, gallery_page, original_of, place_of
from gt_service.gallery.rows import Row, shown_label
from gt_service.gallery.writing import CORRECTIONS, corrected_row
from gt_service.objects import ObjectStore, read_json
from gt_service.outputs.corrections import Correction, corrections_of
from gt_service.outputs.files import answers_to
from gt_service.outputs.labels import Boxes, label_of_answer
from gt_service.outputs.records import answer_content
from gt_service.records.names import Places


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


def one_image(objects: ObjectStore, index: Index, wanted: Filter, image: str, places: Places) -> OneImage:
    """Errors: `NotFound` where no image has this id."""
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
