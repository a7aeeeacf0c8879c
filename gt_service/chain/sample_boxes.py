"""The picture of rightly labeled examples that workers see beside each object.

Pillow is imported when a picture is drawn and not before: no other handler should pay for it.
"""

from __future__ import annotations

import io
import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING

from gt_service.campaign import CampaignSpec
from gt_service.chain.instructions import task_text
from gt_service.errors import InvalidInput
from gt_service.objects import ObjectStore, S3Uri
from gt_service.outputs.labels import Box, Boxes, label_of
from gt_service.outputs.records import UNREADABLE, label_attributes, label_record, manifest_object

if TYPE_CHECKING:
    from PIL.Image import Image
    from PIL.ImageFont import FreeTypeFont

MAX_EXAMPLES = 4
_MAX_MANIFEST_BYTES = 1024 * 1024
_WIDE_PIXELS, _TALL_PIXELS = 300, 400
_TAG_PIXELS, _GAP_PIXELS = 16, 6
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
    from PIL import Image, ImageDraw

    colours = _colours(examples)
    pictures = [_drawn(example, colours) for example in examples]
    lines = textwrap.wrap(heading, 32)
    top = 15 + 17 * len(lines)
    sheet = Image.new("RGB", (_WIDE_PIXELS, top + sum(picture.height + _GAP_PIXELS for picture in pictures)), "white")
    middle, font = _WIDE_PIXELS / 2, _font(14)
    ImageDraw.Draw(sheet).text((middle, 8), "\n".join(lines), fill="black", font=font, anchor="ma", align="center")
    for picture in pictures:
        sheet.paste(picture, ((_WIDE_PIXELS - picture.width) // 2, top))
        top += picture.height + _GAP_PIXELS
    png = io.BytesIO()
    # In 256 colours: a third of the bytes, and it is inside every worker's page.
    sheet.quantize(256).save(png, format="png", optimize=True)
    return png.getvalue()


def _drawn(example: Example, colours: Mapping[str, str]) -> Image:
    """The example's image, upright and as large as there is room, with its boxes or its class on it."""
    from PIL import ImageDraw

    whole = _upright(example.image)
    scale = min(_WIDE_PIXELS / whole.width, _TALL_PIXELS / whole.height)
    picture = whole.resize((max(1, round(whole.width * scale)), max(1, round(whole.height * scale))))
    pen, font = ImageDraw.Draw(picture), _font(11)

    def tag(name: str, left: float, top: float, anchor: str) -> None:
        around = pen.textbbox((left + 2, top), name, font=font, anchor=anchor)
        pen.rectangle((around[0] - 2, around[1] - 2, around[2] + 2, around[3] + 2), fill=colours[name])
        pen.text((left + 2, top), name, fill="white", font=font, anchor=anchor)

    for box in example.boxes:
        left, top = box.left * scale, box.top * scale
        right, bottom = left + box.width * scale, top + box.height * scale
        pen.rectangle((left - 1, top - 1, right + 1, bottom + 1), outline=colours[box.label], width=3)
        if len(colours) > 1:
            tag(box.label, left, top, "ls" if top > _TAG_PIXELS else "la")
    if example.caption:
        tag(example.caption, 0, 2, "la")
    return picture


def _font(size: int) -> FreeTypeFont:
    """The one that reports are drawn with: it has more alphabets than Pillow's own."""
    from matplotlib import get_data_path
    from PIL import ImageFont

    return ImageFont.truetype(f"{get_data_path()}/fonts/ttf/DejaVuSans.ttf", size)


def _colours(examples: Sequence[Example]) -> dict[str, str]:
    """A colour for each label, in the order in which the labels appear."""
    named = (name for example in examples for name in (*(box.label for box in example.boxes), example.caption))
    return {name: COLOURS[number % len(COLOURS)] for number, name in enumerate(dict.fromkeys(filter(None, named)))}


def _upright(image: bytes) -> Image:
    from PIL import Image, ImageOps, UnidentifiedImageError

    try:
        with Image.open(io.BytesIO(image)) as opened:
            return _in_8_bits(ImageOps.exif_transpose(opened)).convert("RGB")
    except (UnidentifiedImageError, OSError, Image.DecompressionBombError, SyntaxError) as error:
        raise InvalidInput(
            f"an example image cannot be read: {error}",
            remedy="Give JPEG or PNG images as examples.",
            field="instructions.examples",
        ) from None


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
