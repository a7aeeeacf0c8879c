"""Labels as Hugging Face's `imagefolder` has them: `metadata.jsonl` in the folder of its images, a line for each.

Boxes are `objects: {bbox: [[left, top, width, height], …], categories: [class, …]}`, classes `label` or `labels`, by
name, as `gt-service export` writes them. Source: huggingface.co/docs/datasets/image_dataset.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from gt_cli.datasets.labeled import BoxesError, Collected, corners_of, files_below

NAME = "metadata.jsonl"


def metadata_files(folder: Path) -> list[Path]:
    return [path for path in files_below(folder, {".jsonl"}) if path.name == NAME]


def read_huggingface(root: Path, into: Collected) -> None:
    """Every line, also one without boxes."""
    for called, record, where in rows(root):
        size = (record.get("width"), record.get("height"))
        declared = (size[0], size[1]) if isinstance(size[0], int) and isinstance(size[1], int) else None
        name = into.image(called, where=where, declared=declared, described_once=True)
        objects = record.get("objects")
        boxes, labels = (
            (objects.get("bbox"), objects.get("categories")) if isinstance(objects, Mapping) else (None, None)
        )
        if not isinstance(boxes, list) or not isinstance(labels, list) or len(boxes) != len(labels):
            raise _wrong(where, "objects is not a list of bbox and one of as many categories")
        for box, label in zip(boxes, labels, strict=True):
            if not isinstance(label, str):
                raise _wrong(where, f"the category {label!r} is no name")
            into.box(name, label, corners_of(box, where), where=where)


def huggingface_classes(root: Path) -> Iterator[tuple[str, list[str], str]]:
    """What each image is called, its classes, and where that is written."""
    for called, record, where in rows(root):
        names = record["labels"] if "labels" in record else [record.get("label")]
        if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
            raise _wrong(where, "label is no name of a class, nor labels a list of them")
        yield called, names, where


def rows(root: Path) -> Iterator[tuple[str, Mapping[str, Any], str]]:
    """The lines of all the files below a folder, images named from there."""
    for path in metadata_files(root):
        for number, text in enumerate(path.read_text("utf-8-sig").split("\n"), start=1):
            where = f"{path} line {number}"
            if not text.strip():
                continue
            try:
                record = json.loads(text)
            except (ValueError, RecursionError):
                raise _wrong(where, "it is not JSON") from None
            if not isinstance(record, dict) or not isinstance(record.get("file_name"), str):
                raise _wrong(where, "it has no file_name")
            yield (path.parent.relative_to(root) / record["file_name"]).as_posix(), record, where


def _wrong(where: str, what: str) -> BoxesError:
    return BoxesError(f"{where}: {what}", remedy="Correct the line.")
