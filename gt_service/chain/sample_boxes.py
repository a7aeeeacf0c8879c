"""The picture of rightly labeled examples that workers see beside each object.

matplotlib is imported when a picture is drawn and not before: it takes a second that no other handler should pay.
"""

from __future__ import annotations

import io
import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, Any

from gt_service.campaign import CampaignSpec
from gt_service.chain.instructions import task_text
from gt_service.errors import InvalidInput
from gt_service.objects import ObjectStore, S3Uri
from gt_service.outputs.labels import Box, Boxes, label_of
from gt_service.outputs.records import UNREADABLE, label_attributes, label_record, manifest_object

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from PIL.Image import Image

MAX_EXAMPLES = 4
_MAX_MANIFEST_BYTES = 1024 * 1024
_WIDE_PIXELS, _TALL_PIXELS = 300, 400
_TAG_PIXELS = 16
_DPI = 100
_GAP_INCHES = 0.06
# Told apart by everyone, the colour-blind included (Okabe and Ito's palette without its yellow).
COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9")


@dataclass(frozen=True)
class Example:
    """An image file's bytes with its right boxes, in pixels of the upright image, or with its class as a caption."""

    image: bytes
    boxes: tuple[Box, ...] = ()
    caption: str = ""


def examples_picture(spec: CampaignSpec, objects: ObjectStore) -> bytes | None:
    """PNG of the examples that the spec names; None where it names none.

    Errors: `NotFound` where the manifest or an image is not there, `InvalidInput` where one cannot be read; the
    field is `instructions.examples`.
    """
    if spec.instructions.examples is None:
        return None
    return draw(read_examples(spec.instructions.examples, objects), heading=task_text(spec).title)


def read_examples(manifest: S3Uri, objects: ObjectStore) -> list[Example]:
    """The first images of a manifest in Ground Truth's augmented form, each with its boxes."""
    text = objects.read(manifest, first_bytes=_MAX_MANIFEST_BYTES)
    lines = [line for line in text.splitlines() if line.strip()]
    if not lines:
        raise _unreadable(manifest, "the file is empty")
    return [
        _example(manifest, number, line, objects) for number, line in enumerate(islice(lines, MAX_EXAMPLES), start=1)
    ]


def draw(examples: Sequence[Example], *, heading: str) -> bytes:
    """PNG of the examples one beneath the other, their boxes drawn on them, under a heading."""
    from matplotlib.figure import Figure

    images = [_upright(example.image) for example in examples]
    colours = _colours(examples)
    heading_lines = textwrap.wrap(heading, 32)
    heading_inches = 0.15 + 0.17 * len(heading_lines)
    wide = _WIDE_PIXELS / _DPI
    tall = heading_inches + sum(image.inches[1] + _GAP_INCHES for image in images)
    figure = Figure(figsize=(wide, tall), dpi=_DPI, facecolor="white")
    figure.text(0.5, 1 - 0.08 / tall, "\n".join(heading_lines), fontsize=10, ha="center", va="top", parse_math=False)
    top = tall - heading_inches
    for example, image in zip(examples, images, strict=True):
        width, height = image.inches
        axes = figure.add_axes(((wide - width) / 2 / wide, (top - height) / tall, width / wide, height / tall))
        axes.imshow(image.picture, aspect="auto")
        axes.set_axis_off()
        _draw_labels(axes, example, image.scale, colours)
        top -= height + _GAP_INCHES
    png = io.BytesIO()
    figure.savefig(png, format="png")
    return _small(png)


def _small(png: io.BytesIO) -> bytes:
    """The picture in 256 colours: a third of the bytes, and it is inside every worker's page."""
    from PIL import Image

    small = io.BytesIO()
    with Image.open(png) as picture:
        picture.convert("RGB").quantize(256).save(small, format="png", optimize=True)
    return small.getvalue()


def _draw_labels(axes: Axes, example: Example, scale: float, colours: Mapping[str, str]) -> None:
    from matplotlib.patches import Rectangle

    for box in example.boxes:
        left, top, colour = box.left * scale, box.top * scale, colours[box.label]
        sides = (box.width * scale, box.height * scale)
        axes.add_patch(Rectangle((left, top), *sides, fill=False, linewidth=2.5, edgecolor=colour))
        if len(colours) > 1:
            axes.text(left, top, box.label, va="bottom" if top > _TAG_PIXELS else "top", **_tag(colour))
    if example.caption:
        axes.text(0, 0, example.caption, va="top", **_tag(colours[example.caption]))


def _tag(colour: str) -> dict[str, Any]:
    return {
        "color": "white",
        "fontsize": 8,
        "clip_on": True,
        "parse_math": False,  # two dollar signs are dollars, and no formula
        "bbox": {"facecolor": colour, "edgecolor": "none", "pad": 1.5},
    }


def _colours(examples: Sequence[Example]) -> dict[str, str]:
    """A colour for each label, in the order in which the labels appear."""
    named = (name for example in examples for name in (*(box.label for box in example.boxes), example.caption))
    return {name: COLOURS[number % len(COLOURS)] for number, name in enumerate(dict.fromkeys(filter(None, named)))}


@dataclass(frozen=True)
class _Upright:
    """An image turned as its EXIF orientation says and shrunk, by `scale`, to fit; `inches` is the room it takes."""

    picture: Image
    scale: float
    inches: tuple[float, float]


def _upright(image: bytes) -> _Upright:
    from PIL import Image, ImageOps, UnidentifiedImageError

    try:
        with Image.open(io.BytesIO(image)) as opened:
            whole = _in_8_bits(ImageOps.exif_transpose(opened)).convert("RGB")
    except (UnidentifiedImageError, OSError, Image.DecompressionBombError, SyntaxError) as error:
        raise InvalidInput(
            f"an example image cannot be read: {error}",
            remedy="Give JPEG or PNG images as examples.",
            field="instructions.examples",
        ) from None
    fit = min(_WIDE_PIXELS / whole.width, _TALL_PIXELS / whole.height)
    inches = (max(1.0, whole.width * fit) / _DPI, max(1.0, whole.height * fit) / _DPI)
    scale = min(1.0, fit)
    size = (max(1, round(whole.width * scale)), max(1, round(whole.height * scale)))
    return _Upright(whole.resize(size), scale, inches)


def _in_8_bits(image: Image) -> Image:
    """Pillow cuts 16 bits off at 255: nearly all would be white."""
    return image.point(lambda value: value * (1 / 256)).convert("L") if image.mode.startswith("I") else image


def _example(manifest: S3Uri, number: int, line: bytes, objects: ObjectStore) -> Example:
    try:
        record = manifest_object(line)
        labeled = label_record(record, label_attributes(record)[0])
        label = None if labeled is None else label_of(labeled)
        image = S3Uri.parse(record["source-ref"], field="instructions.examples")
    except UNREADABLE as error:
        problem = f"line {number} is no image with boxes or a class ({type(error).__name__}: {error})"
        raise _unreadable(manifest, problem) from None
    if label is None:
        raise _unreadable(manifest, f"line {number} has neither boxes nor a class")
    if isinstance(label, Boxes):
        return Example(objects.read(image), label.boxes)
    return Example(objects.read(image), caption=", ".join(label.names))


def _unreadable(manifest: S3Uri, problem: str) -> InvalidInput:
    return InvalidInput(
        f"{manifest}: {problem}",
        remedy="Write it like an output manifest: source-ref, the label attribute and its metadata in each line.",
        field="instructions.examples",
    )
