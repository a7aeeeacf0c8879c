"""Labeled images with their boxes over them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from gt_service.objects import S3Uri
from gt_service.pages.charts import Box, sample
from gt_service.pages.parts import Sample


@dataclass(frozen=True)
class LabeledImage:
    """One image; `boxes` in pixels, or `answer` for a class label."""

    source: S3Uri
    width: int
    height: int
    boxes: tuple[Box, ...]
    answer: str
    by_machine: bool


def drawn(images: Sequence[LabeledImage], *, address: Callable[[S3Uri], str]) -> list[Sample]:
    """The images with their boxes over them; `address` presigns an image's URI."""
    return [_draw(image, address(image.source)) for image in images]


def _draw(image: LabeledImage, href: str) -> Sample:
    name = image.source.key.rsplit("/", 1)[-1]
    who = "the machine" if image.by_machine else "people"
    what = image.answer or f"{len(image.boxes)} box{'' if len(image.boxes) == 1 else 'es'}"
    return Sample(
        drawing=sample(
            href=href,
            width=image.width or 400,
            height=image.height or 300,
            boxes=image.boxes,
            title=f"{name}: {what} by {who}",
        ),
        caption=f"{name} · {what} by {who}",
    )


def shown(row: Mapping[str, Any]) -> LabeledImage:
    """An image of a job's gallery (`gt_service.gallery`)."""
    width, height = row.get("size") or (0, 0)
    boxes = tuple(
        Box(
            left=float(left),
            top=float(top),
            width=float(across),
            height=float(down),
            label=str(label),
            by_machine=not row["human"],
            confidence=float(confidence) if confidence is not None and not row["human"] else None,
        )
        for label, left, top, across, down, confidence in row.get("boxes") or ()
    )
    answer = ", ".join(row.get("classes") or ())
    return LabeledImage(S3Uri.parse(row["source"]), int(width), int(height), boxes, answer, not row["human"])
