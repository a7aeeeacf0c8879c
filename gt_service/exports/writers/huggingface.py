"""Hugging Face `datasets`, `imagefolder`: `<part>/metadata.jsonl` beside the images, found by `file_name`.

Boxes are `objects: {bbox: [[left, top, width, height], …], categories: [class, …]}`, classes are `label` (one) or
`labels` (a list, where an image may have several). Source: huggingface.co/docs/datasets/image_dataset.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from gt_service.exports.images import ExportedFile, LabeledImage, size_of
from gt_service.exports.writers.form import Form, in_folder
from gt_service.outputs.labels import Boxes


def _files(images: Iterable[LabeledImage], classes: Sequence[str], part: str) -> Iterator[ExportedFile]:
    lines = (json.dumps(record(image), ensure_ascii=False).encode() + b"\n" for image in images)
    yield ExportedFile(in_folder(part or "train", "metadata.jsonl"), lines)


def record(image: LabeledImage) -> dict[str, Any]:
    """A row; of one campaign all have the same columns, however many classes an image has."""
    row: dict[str, Any] = {"file_name": image.name, "labeled_by": "human" if image.human else "machine"}
    if isinstance(image.label, Boxes):
        width, height, _ = size_of(image)
        boxes = image.label.boxes
        objects = {
            "bbox": [[box.left, box.top, box.width, box.height] for box in boxes],
            "categories": [box.label for box in boxes],
        }
        return {**row, "width": width, "height": height, "objects": objects}
    names = image.label.names
    is_several = isinstance(image.line[image.attribute], list)
    return {**row, "labels": list(names)} if is_several else {**row, "label": names[0]}


FORM = Form(_files, image=lambda image: in_folder(image.part or "train", image.name))
