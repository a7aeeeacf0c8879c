"""A job's labeled images as a grid, or one of them large."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any
from urllib.parse import urlencode

from gt_service.objects import S3Uri
from gt_service.pages.formats import number, percent
from gt_service.pages.samples import LabeledImage, drawn
from gt_service.reports.gallery import IMAGES_A_PAGE, GalleryPage


def gallery_values(
    job: str,
    campaign: str,
    page: GalleryPage,
    images: Sequence[LabeledImage],
    *,
    address: Callable[[S3Uri], str],
    large: bool,
) -> Mapping[str, Any]:
    """What the template shows. `images` are those of the page's rows, in their order."""
    view, first, step = page.view, page.first, 1 if large else len(page.rows)
    samples = drawn(images, address=address)
    places = range(first, first + len(samples))
    earlier = max(0, first - (1 if large else IMAGES_A_PAGE)) if first else None
    later = first + step if first + step < view.count else None
    word = "at" if large else "first"
    return {
        "name": job,
        "campaign": campaign,
        "tabs": [(each.title, number(each.count), _query(each.name), each.name == view.name) for each in page.views],
        "images": [
            (sample, _query(view.name, at=place), _sure(row))
            for sample, place, row in zip(samples, places, page.rows, strict=False)
        ],
        "large": large,
        "range": f"{first + 1:,} of {view.count:,}"
        if large
        else f"{first + 1:,} to {first + step:,} of {view.count:,}",
        "order": "The least sure first." if view.name in {"people", "machine"} else "",
        "grid": _query(view.name, first=first // IMAGES_A_PAGE * IMAGES_A_PAGE),
        "before": None if earlier is None else _query(view.name, **{word: earlier}),
        "after": None if later is None else _query(view.name, **{word: later}),
    }


def _query(view: str, **more: int) -> str:
    return f"?{urlencode({'view': view, **more})}"


def _sure(row: Mapping[str, Any]) -> str:
    who = "agreement" if row["human"] else "confidence"
    return f"{who} {percent(row['confidence'])}"
