"""A sheet of labeled pictures to look at: some that people labeled and some that the machine did, drawn by chance."""

from __future__ import annotations

import heapq
import io
from collections.abc import Callable, Iterable, Sequence
from hashlib import sha256
from pathlib import Path

import matplotlib
from PIL import Image, ImageDraw, ImageFont, ImageOps, UnidentifiedImageError

from gt_service.chain.sample_boxes import COLOURS
from gt_service.errors import GtServiceError
from gt_service.exports.images import LabeledImage, labeled_images
from gt_service.objects import S3Uri
from gt_service.outputs.labels import Boxes

NAME = "labeled-images.png"
EACH = 12
"""Pictures by people, and as many by the machine."""
COLUMNS = 6
TILE, STRIP, GAP = (320, 240), 24, 8
DASH = 9

Read = Callable[[S3Uri], bytes]


def write_contact_sheet(path: Path, lines: Iterable[bytes], attribute: str, labels: Sequence[str], read: Read) -> int:
    """Draws the sheet; answers how many pictures are on it. Nothing is written where there is none to draw.

    lines: of a manifest. read: an image's bytes; whatever is gone or broken is passed over.
    """
    colours = {label: COLOURS[number % len(COLOURS)] for number, label in enumerate(labels)}
    tiles: list[Image.Image] = []
    for some in _chosen(labeled_images(lines, attribute, classes=labels)):
        drawn = (_tile(image, colours, read) for image in some)
        tiles += [tile for tile in drawn if tile is not None][:EACH]
    if not tiles:
        return 0
    wide, tall = TILE[0] + GAP, TILE[1] + STRIP + GAP
    rows = -(-len(tiles) // COLUMNS)
    sheet = Image.new("RGB", (min(len(tiles), COLUMNS) * wide + GAP, rows * tall + GAP), "white")
    for place, tile in enumerate(tiles):
        sheet.paste(tile, (GAP + place % COLUMNS * wide, GAP + place // COLUMNS * tall))
    sheet.save(path, "PNG")
    return len(tiles)


def _chosen(images: Iterable[LabeledImage]) -> tuple[list[LabeledImage], list[LabeledImage]]:
    """Some by people, some by the machine: the same of the same labels. Twice as many as are drawn, for some may be
    broken."""
    kept: dict[bool, list[tuple[int, int, LabeledImage]]] = {True: [], False: []}
    for number, image in enumerate(images):
        rank = -int.from_bytes(sha256(str(image.source).encode()).digest()[:8], "big")
        heap = kept[image.human]
        (heapq.heappush if len(heap) < 2 * EACH else heapq.heappushpop)(heap, (rank, number, image))
    people, machine = ([image for *_, image in sorted(kept[human], reverse=True)] for human in (True, False))
    return people, machine


def _tile(image: LabeledImage, colours: dict[str, str], read: Read) -> Image.Image | None:
    """A picture with its label, upright, and below it who made that."""
    try:
        with Image.open(io.BytesIO(read(image.source))) as opened:
            opened.draft("RGB", (2 * TILE[0], 2 * TILE[1]))  # a JPEG is unpacked no larger than it is needed
            picture = ImageOps.exif_transpose(opened).convert("RGB")
    except (GtServiceError, UnidentifiedImageError, OSError, SyntaxError, ValueError, Image.DecompressionBombError):
        return None
    picture = ImageOps.contain(picture, TILE)
    tile = Image.new("RGB", (TILE[0], TILE[1] + STRIP), "#e9edf1")
    left, top = (TILE[0] - picture.width) // 2, (TILE[1] - picture.height) // 2
    tile.paste(picture, (left, top))
    draw = ImageDraw.Draw(tile)
    if isinstance(image.label, Boxes):
        width, height, _ = image.label.image_size or (0, 0, 0)
        x, y = picture.width / (width or picture.width), picture.height / (height or picture.height)
        for box in image.label.boxes:
            corners = (left + box.left * x, top + box.top * y, left + (box.left + box.width) * x)
            edges = (*corners, top + (box.top + box.height) * y)
            _box(draw, edges, colours.get(box.label, "#000000"), is_dashed=not image.human)
        names = [box.label for box in image.label.boxes]
    else:
        names = list(image.label.names)
    _strip(draw, image, names, colours)
    return tile


def _box(draw: ImageDraw.ImageDraw, edges: tuple[float, ...], colour: str, *, is_dashed: bool) -> None:
    left, top, right, bottom = edges
    if not is_dashed:
        draw.rectangle((left, top, max(right, left), max(bottom, top)), outline=colour, width=3)
        return
    for (x, y), (to_x, to_y) in (
        ((left, top), (right, top)),
        ((right, top), (right, bottom)),
        ((left, bottom), (right, bottom)),
        ((left, top), (left, bottom)),
    ):
        length = max(to_x - x, to_y - y)
        for start in range(0, max(1, round(length)), 2 * DASH):
            end = min(start + DASH, length)
            begin, finish = start / max(length, 1), end / max(length, 1)
            ends = (x + (to_x - x) * begin, y + (to_y - y) * begin, x + (to_x - x) * finish, y + (to_y - y) * finish)
            draw.line(ends, fill=colour, width=3)


def _strip(draw: ImageDraw.ImageDraw, image: LabeledImage, names: list[str], colours: dict[str, str]) -> None:
    """Who labeled it, and what is on it: each class once, in its colour."""
    # Pillow's own has no letters beyond Latin-1.
    font = ImageFont.truetype(Path(matplotlib.get_data_path()) / "fonts/ttf/DejaVuSans.ttf", 12)
    y, x = TILE[1] + 4, 6.0
    by = "people" if image.human else "machine"
    draw.text((x, y), by, fill="#16212c", font=font)
    x += draw.textlength(f"{by}  ", font=font)
    counts = {name: names.count(name) for name in dict.fromkeys(names)}
    for name, count in counts.items() or {"nothing": 1}.items():
        text = name if count == 1 else f"{name} × {count}"
        draw.text((x, y), text, fill=colours.get(name, "#4f5f6f"), font=font)
        x += draw.textlength(f"{text}  ", font=font)
