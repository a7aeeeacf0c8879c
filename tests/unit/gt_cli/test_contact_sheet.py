"""The sheet of labeled pictures that the demo and `label` leave."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

from PIL import Image

from gt_cli.contact_sheet import COLUMNS, EACH, GAP, STRIP, TILE, write_contact_sheet
from gt_service.errors import NotFound
from gt_service.objects import S3Uri
from tests.factories import box_label, class_label

BLUE, GREY = (0, 114, 178), (200, 200, 200)
BOX = (40, 40, 240, 160)


def picture(size: tuple[int, int] = (320, 240), *, orientation: int | None = None) -> bytes:
    body, exif = io.BytesIO(), Image.Exif()
    if orientation is not None:
        exif[0x0112] = orientation
    Image.new("RGB", size, GREY).save(body, "JPEG", exif=exif)
    return body.getvalue()


def sheet(
    path: Path, lines: list[dict[str, Any]], images: dict[str, bytes], labels: tuple[str, ...] = ("Bird",)
) -> int:
    def read(uri: S3Uri) -> bytes:
        if uri.key not in images:
            raise NotFound("it is gone")
        return images[uri.key]

    return write_contact_sheet(path, [json.dumps(line).encode() for line in lines], "category", labels, read)


def line(name: str, **label: Any) -> dict[str, Any]:
    return {"source-ref": f"s3://inbox/{name}", **label}


def is_blue(pixel: Any) -> bool:
    return all(abs(int(one) - other) < 40 for one, other in zip(pixel, BLUE, strict=True))


def edge(path: Path, place: int) -> list[bool]:
    """Along the upper edge of the box in a tile: where it is drawn."""
    with Image.open(path) as opened:
        left, top = GAP + place * (TILE[0] + GAP), GAP
        return [is_blue(opened.getpixel((left + x, top + 41))) for x in range(50, 270)]


def test_boxes_are_drawn_solid_by_people_and_dashed_by_the_machine(tmp_path: Path) -> None:
    """Nobody could tell whose boxes they look at."""
    path = tmp_path / "sheet.png"
    lines = [
        line("a.jpg", **box_label([BOX], job="j", human=True)),
        line("b.jpg", **box_label([BOX], job="j", human=False)),
        line("gone.jpg", **box_label([BOX], job="j", human=True)),
        line("broken.jpg", **box_label([BOX], job="j", human=True)),
    ]
    assert sheet(path, lines, {"a.jpg": picture(), "b.jpg": picture(), "broken.jpg": b"no image"}) == 2
    people, machine = edge(path, 0), edge(path, 1)
    assert all(people)
    assert 0.3 < sum(machine) / len(machine) < 0.8


def test_a_turned_photo_is_shown_upright_with_its_boxes_where_they_belong(tmp_path: Path) -> None:
    path = tmp_path / "sheet.png"
    photo = picture((240, 320), orientation=6)  # people see 320 x 240
    assert sheet(path, [line("a.jpg", **box_label([BOX], job="j", human=True))], {"a.jpg": photo}) == 1
    assert all(edge(path, 0))


def test_as_many_as_fit_of_each_kind_and_classes_by_name(tmp_path: Path) -> None:
    path, images = tmp_path / "sheet.png", {f"{number}.jpg": picture((64, 48)) for number in range(60)}
    lines = [line(name, **class_label("Cat", 0, job="j", human=number % 2 == 0)) for number, name in enumerate(images)]
    assert sheet(path, lines, images, ("Cat", "Dog")) == 2 * EACH
    with Image.open(path) as opened:
        assert opened.size == (COLUMNS * (TILE[0] + GAP) + GAP, 4 * (TILE[1] + STRIP + GAP) + GAP)


def test_without_a_picture_there_is_no_sheet(tmp_path: Path) -> None:
    assert sheet(tmp_path / "sheet.png", [line("a.jpg", **class_label("Cat", 0, job="j", human=True))], {}) == 0
    assert not (tmp_path / "sheet.png").exists()
