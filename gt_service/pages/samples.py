"""Labeled images with their boxes over them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import zip_longest
from typing import Any

from markupsafe import Markup

from gt_service.objects import S3Uri
from gt_service.outputs.labels import Box
from gt_service.pages import svg
from gt_service.pages.parts import Sample

STROKE, TEXT = 1 / 160, 1 / 22
"""Of the longer side of an image: a box's line, and the letters of its label."""
UNKNOWN_SIZE = (400, 300)


@dataclass(frozen=True)
class LabeledImage:
    """One image; `boxes` in pixels, `confidences` where a machine drew them, or `answer` for a class label."""

    source: S3Uri
    width: int
    height: int
    boxes: tuple[Box, ...]
    answer: str
    by_machine: bool
    confidences: tuple[float, ...] = ()

    @property
    def name(self) -> str:
        return self.source.key.rsplit("/", 1)[-1]

    @property
    def who(self) -> str:
        return "the machine" if self.by_machine else "people"

    @property
    def what(self) -> str:
        return self.answer or f"{len(self.boxes)} box{'' if len(self.boxes) == 1 else 'es'}"


def drawn(images: Sequence[LabeledImage], *, address: Callable[[S3Uri], str]) -> list[Sample]:
    """The images with their boxes over them; `address` presigns an image's URI."""
    return [
        Sample(picture([image], address(image.source)), f"{image.name} · {image.what} by {image.who}")
        for image in images
    ]


def shown(row: Mapping[str, Any]) -> LabeledImage:
    """An image of a job's gallery (`gt_service.gallery`)."""
    width, height = row.get("size") or (0, 0)
    boxes = row.get("boxes") or ()
    confidences = () if row["human"] else tuple(float(box[5]) for box in boxes if box[5] is not None)
    return LabeledImage(
        source=S3Uri.parse(row["source"]),
        width=int(width),
        height=int(height),
        boxes=tuple(Box(str(label), *map(float, sides)) for label, *sides, _ in boxes),
        answer=", ".join(row.get("classes") or ()),
        by_machine=not row["human"],
        confidences=confidences if len(confidences) == len(boxes) else (),
    )


def picture(layers: Sequence[LabeledImage], href: str) -> Markup:
    """One image with the boxes of each layer: solid where people drew them, dashed where the machine did."""
    width = next((layer.width for layer in layers if layer.width), UNKNOWN_SIZE[0])
    height = next((layer.height for layer in layers if layer.height), UNKNOWN_SIZE[1])
    return svg.picture(
        svg.element("image", href=href, x=0, y=0, width=width, height=height),
        *(shape for layer in layers for shape in _boxes(layer, max(width, height))),
        width=width,
        height=height,
        title=f"{layers[0].name}: " + " and ".join(f"{layer.what} by {layer.who}" for layer in layers),
        class_="sample",
    )


def _boxes(image: LabeledImage, longer_side: int) -> Iterator[Markup]:
    stroke, text = longer_side * STROKE, longer_side * TEXT
    dashes = f"{stroke * 4:g} {stroke * 2:g}" if image.by_machine else None
    kind = "box machine" if image.by_machine else "box human"
    for box, confidence in zip_longest(image.boxes, image.confidences):
        label = box.label if confidence is None else f"{box.label} {confidence:.2f}"
        edges: dict[str, Any] = {"x": box.left, "y": box.top, "width": box.width, "height": box.height}
        yield svg.shape("rect", class_="box halo", stroke_width=stroke * 2, **edges)
        title = f"{label}, by {image.who}"
        yield svg.shape("rect", title, class_=kind, stroke_width=stroke, stroke_dasharray=dashes, **edges)
        y = box.top - stroke * 2 if box.top > text * 1.2 else box.top + text
        yield svg.element("text", label, x=box.left, y=y, font_size=text, stroke_width=text / 5, class_="box-label")
