"""YOLO: `labels/<part>/<image>.txt` beside `images/<part>/<image>`, and `data.yaml`.

A line for each box: class, then centre, width and height as shares of the image; no line where there is no box. Its
readers find an image's labels by putting `labels` for the last folder called `images` in its path (Ultralytics,
`img2label_paths`). Source: docs.ultralytics.com/datasets/detect.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

import yaml

from gt_service.exports.images import ExportedFile, LabeledImage, boxes_of, size_of
from gt_service.exports.writers.form import Form, in_folder


def _files(images: Iterable[LabeledImage], classes: Sequence[str], part: str) -> Iterator[ExportedFile]:
    numbers = {name: number for number, name in enumerate(classes)}
    for image in images:
        width, height, _ = size_of(image)
        lines = [
            f"{numbers[box.label]} {_share(box.left + box.width / 2, width)} "
            f"{_share(box.top + box.height / 2, height)} {_share(box.width, width)} {_share(box.height, height)}\n"
            for box in boxes_of(image).boxes
        ]
        yield ExportedFile(in_folder("labels", part, f"{image.stem}.txt"), ["".join(lines).encode()])


def _closing(classes: Sequence[str], parts: Sequence[str]) -> Iterator[ExportedFile]:
    """`data.yaml` without `path`: readers then take the folder that it lies in. Without a split, training and
    validation images are the same; readers want both to be named."""
    folders = {part: in_folder("images", part) for part in parts if part} or {"train": "images", "val": "images"}
    folders.setdefault("val", folders["train"])
    document = {**folders, "names": dict(enumerate(classes))}
    yield ExportedFile("data.yaml", [yaml.safe_dump(document, allow_unicode=True, sort_keys=False).encode()])


def _share(pixels: float, of: int) -> str:
    return f"{min(max(pixels / of, 0.0), 1.0):.6f}"


FORM = Form(_files, image=lambda image: in_folder("images", image.part, image.name), closing=_closing)
