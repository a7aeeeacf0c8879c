"""COCO: one JSON file for each part, boxes as [left, top, width, height], category ids from 1.

Source: cocodataset.org, format-data. Each annotation says in `attributes` who drew it; `score` is the machine's
confidence.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from itertools import count
from typing import Any

from gt_service.exports.images import ExportedFile, LabeledImage, boxes_of, size_of
from gt_service.exports.writers.form import Form, in_folder


def _files(images: Iterable[LabeledImage], classes: Sequence[str], part: str) -> Iterator[ExportedFile]:
    path = f"annotations/instances_{part}.json" if part else "annotations.json"
    yield ExportedFile(path, _document(images, classes))


def _document(images: Iterable[LabeledImage], classes: Sequence[str]) -> Iterator[bytes]:
    """The file's parts. Annotations come after all images in it, so their text waits; the images do not."""
    category_ids = {name: number for number, name in enumerate(classes, start=1)}
    numbers = count(1)
    waiting: list[bytes] = []
    yield b'{"info":{"description":"Labels by gt-service"},"licenses":[],"images":['
    for image_id, image in enumerate(images, start=1):
        width, height, _ = size_of(image)
        about = {"id": image_id, "file_name": image.name, "width": width, "height": height}
        yield _item({**about, "coco_url": str(image.source)}, first=image_id == 1)
        label = boxes_of(image)
        for index, box in enumerate(label.boxes):
            number = next(numbers)
            record: dict[str, Any] = {
                "id": number,
                "image_id": image_id,
                "category_id": category_ids[box.label],
                "bbox": [box.left, box.top, box.width, box.height],
                "area": box.width * box.height,
                "iscrowd": 0,
                "attributes": {"human_annotated": image.human},
            }
            if not image.human and index < len(label.confidences):
                record["score"] = label.confidences[index]
            waiting.append(_item(record, first=number == 1))
    yield b'],"annotations":['
    yield from waiting
    categories = [{"id": number, "name": name, "supercategory": ""} for name, number in category_ids.items()]
    yield b'],"categories":' + json.dumps(categories).encode() + b"}\n"


def _item(record: dict[str, Any], *, first: bool) -> bytes:
    return (b"" if first else b",\n") + json.dumps(record, separators=(",", ":")).encode()


FORM = Form(_files, image=lambda image: in_folder("images", image.part, image.name))
