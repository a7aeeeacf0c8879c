"""A campaign's labeled images as a grid to filter, or one of them large, with everything that was said of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any
from urllib.parse import urlencode

from gt_service.corrections.files import Correction
from gt_service.gallery.index import Index
from gt_service.gallery.looking import IMAGES_A_PAGE, Filter, GalleryPage, OneImage
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
)
from gt_service.gallery.writing import CORRECTIONS, IMPORTS
from gt_service.objects import S3Uri
from gt_service.pages.samples import drawn, shown
from gt_service.reports.amounts import number, percent
from gt_service.reports.amounts import time as written_time

JOBS_OFFERED = 200
"""The newest; an older one is reached from its own page."""

_WHO = {PEOPLE: "by people", MACHINE: "by machine"}
_ONLY = {
    NOTHING: "nothing on it",
    DISAGREES: "machine disagrees",
    CORRECTED: "corrected",
    REMOVED: "label taken out",
}


@dataclass(frozen=True)
class Choice:
    """An entry of a filter."""

    value: str
    text: str
    is_chosen: bool


def grid_values(
    campaign: str, page: GalleryPage, *, job: str | None, address: Callable[[S3Uri], str]
) -> dict[str, Any]:
    """What the grid's template shows. job: of whose page it is, where it is one's."""
    first, last = page.first, page.first + len(page.images)
    following = first + IMAGES_A_PAGE
    return {
        "name": campaign,
        "job": job,
        "filters": _filters(page.index, page.filter, with_jobs=job is None),
        "is_filtered": bool(_given(page.filter, job)),
        "images": [
            (sample, _query(page.filter, job, image=image.id), sure_of(image.row))
            for sample, image in zip(
                drawn([shown(image.row) for image in page.images], address=address), page.images, strict=True
            )
        ],
        "count": page.count,
        "range": f"{first + 1:,} to {last:,} of {page.count:,}" if page.count else "",
        "order": "The last corrected first." if page.filter.only in {CORRECTED, REMOVED} else "The least sure first.",
        "before": _query(page.filter, job, first=max(0, first - IMAGES_A_PAGE)) if first else None,
        "after": _query(page.filter, job, first=following) if following < page.count else None,
    }


def image_values(
    campaign: str,
    image: OneImage,
    wanted: Filter,
    *,
    job: str | None,
    labels: Sequence[str],
    is_multi_label: bool,
    may_operate: bool,
    address: Callable[[S3Uri], str],
) -> dict[str, Any]:
    """What the template of one image shows. labels, is_multi_label: of the campaign's spec."""
    row, first = image.image.row, (image.place or 0) // IMAGES_A_PAGE * IMAGES_A_PAGE
    (sample,) = drawn([shown(row)], address=address)
    others = _other_labels(image)
    pictures = drawn([shown(each) for _, each in others], address=address)
    is_of_no_job = image.image.id.startswith((f"{CORRECTIONS}.", f"{IMPORTS}."))
    return {
        "name": campaign,
        "job": job,
        "image": image.image.id,
        "key": S3Uri.parse(row["source"]).key,
        "sample": sample,
        "sure": sure_of(row),
        "is_removed": bool(row.get(REMOVED)),
        "from_job": None if is_of_no_job else image.image.id.rpartition(".")[0],
        "place": "" if image.place is None else f"Image {image.place + 1:,}",
        "grid": _query(wanted, job, first=first),
        "before": image.before and _query(wanted, job, image=image.before),
        "after": image.after and _query(wanted, job, image=image.after),
        "history": [
            (written_time(each.at.isoformat()), each.by, _summary(each), each.why) for each in reversed(image.history)
        ],
        "answers": list(zip(pictures, (who for who, _ in others), strict=True)),
        "editor": _editor(image, labels, is_multi_label=is_multi_label) if may_operate else None,
    }


def _other_labels(image: OneImage) -> list[tuple[str, Row]]:
    """All that was said of an image besides the label that holds."""
    original, source = image.original, {"source": image.image.row["source"]}
    labels = []
    if original is not None and image.history:
        who = "people together" if original["human"] else "the machine"
        labels.append((f"before it was corrected: {who}", original))
    if original is not None and "machine" in original:
        predicted = {"size": original.get("size"), **original["machine"], **source, "human": False}
        labels.append(("the machine, which had not learned from it", predicted))
    return labels + [(f"worker {worker}", answer) for worker, answer in image.answers]


def _editor(image: OneImage, labels: Sequence[str], *, is_multi_label: bool) -> dict[str, Any]:
    """What the page's script needs to change the label."""
    row = image.image.row
    has_boxes = "boxes" in row or "boxes" in (image.original or {})
    return {
        "image": image.image.id,
        "source": row["source"],
        "replaces": image.history[-1].name if image.history else "",
        "size": row.get("size"),
        "boxes": row.get("boxes", []) if has_boxes else None,
        "classes": None if has_boxes else row["classes"],
        "several": is_multi_label,
        "labels": list(dict.fromkeys([*labels, *class_names(row)])),
    }


def sure_of(row: Row) -> str:
    """How sure a label is, in words; of people's, what there is to doubt: one alone always agrees."""
    if row.get(REMOVED):
        return f"label taken out by {row[CORRECTED]['by']}"
    if CORRECTED in row:
        return f"corrected by {row[CORRECTED]['by']}"
    if not row["human"]:
        return f"confidence {percent(row['confidence'])}"
    doubts = [f"agreement {percent(row['confidence'])}"] if row["confidence"] < 1 else []
    return " · ".join([*doubts, *(["machine disagrees"] if row.get("agreement", 1) < 1 else [])])


def _filters(index: Index, wanted: Filter, *, with_jobs: bool) -> list[tuple[str, str, list[Choice]]]:
    """Name, title and entries of each filter; of those that would leave some out, or are in use."""
    classes = [name.removeprefix("class:") for name in index.counts if name.startswith("class:")]
    ordered = sorted(classes, key=lambda name: index.labels.index(name) if name in index.labels else len(index.labels))
    jobs = [segment.job for segment in index.segments if segment.job != CORRECTIONS][-JOBS_OFFERED:][::-1]
    who = {name: (name, text) for name, text in _WHO.items()}
    has = {name: (class_facet(name), name) for name in ordered}
    sure = {str(step): (band_facet(step), text) for step, text in enumerate(_bands())}
    only = {name: (name, text) for name, text in _ONLY.items()}
    offered = [
        ("who", "Labeled by", _choices(index, who, wanted.who)),
        ("class", "Class", _choices(index, has, wanted.label)),
        ("sure", "Confidence", _choices(index, sure, None if wanted.sure is None else str(wanted.sure))),
        ("only", "Only", _choices(index, only, wanted.only)),
    ]
    if with_jobs and (len(jobs) > 1 or wanted.job is not None):
        named = jobs if wanted.job is None or wanted.job in jobs else [wanted.job, *jobs]
        offered.append(("job", "Job", [Choice(name, name, name == wanted.job) for name in named]))
    return [(name, title, choices) for name, title, choices in offered if choices]


def _choices(index: Index, named: Mapping[str, tuple[str, str]], chosen: str | None) -> list[Choice]:
    """Those that find something; none where all that there is to choose finds all images."""
    count = {value: index.counts.get(facet, 0) for value, (facet, _) in named.items()}
    if chosen is None and not any(0 < each < index.starts[-1] for each in count.values()):
        return []
    return [
        Choice(value, f"{text} ({number(count[value])})", value == chosen)
        for value, (_, text) in named.items()
        if count[value] or value == chosen
    ]


def _bands() -> list[str]:
    steps = [f"{step:.0%}".replace("%", " %") for step in BANDS]
    between = [f"{low} to {high}" for low, high in pairwise(steps)]
    return [f"under {steps[0]}", *between, f"{steps[-1]} and more"]


def _summary(correction: Correction) -> str:
    if correction.label is None:
        return "took the label out"
    value = next((value for name, value in correction.label.items() if not name.endswith("-metadata")), None)
    if isinstance(value, Mapping):
        count = len(value.get("annotations") or ())
        return f"{count} box{'' if count == 1 else 'es'}"
    metadata = next(value for name, value in correction.label.items() if name.endswith("-metadata"))
    named = metadata.get("class-name") or ", ".join((metadata.get("class-map") or {}).values())
    return str(named or "no class")


def _given(wanted: Filter, job: str | None) -> dict[str, str]:
    """What the address says of the filter; a job's own page says the job in its path."""
    return {name: value for name, value in wanted.query().items() if not (name == "job" and job is not None)}


def _query(wanted: Filter, job: str | None, **more: str | int) -> str:
    return f"?{urlencode({**_given(wanted, job), **more})}"
