"""Hugging Face `datasets`, `imagefolder`: `<part>/metadata.jsonl` beside the images, found by `file_name`; or
`metadata.parquet` with the same columns and fixed types, which `load_dataset("parquet")` reads without the images.

Boxes are `objects: {bbox: [[left, top, width, height], …], categories: [class, …]}`, classes are `label` (one) or
`labels` (a list, where an image may have several). Parquet needs pyarrow, which is large and left to whoever
wants it. Source: huggingface.co/docs/datasets/image_dataset.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain
from typing import Any

from gt_service.errors import InvalidInput
from gt_service.exports.images import ExportedFile, LabeledImage, size_of
from gt_service.exports.writers.form import Form, Written, in_folder
from gt_service.outputs.labels import Boxes
from gt_service.parallel import in_groups

_ROWS = 1_000
"""Of a row group of Parquet."""


def _json_files(images: Iterable[LabeledImage], classes: Sequence[str], part: str) -> Iterator[ExportedFile]:
    lines = (json.dumps(_record(image), ensure_ascii=False).encode() + b"\n" for image in images)
    yield ExportedFile(in_folder(part or "train", "metadata.jsonl"), lines)


def _record(image: LabeledImage) -> dict[str, Any]:
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


def _parquet_files(images: Iterable[LabeledImage], classes: Sequence[str], part: str) -> Iterator[ExportedFile]:
    chunks = _table(_record(image) for image in images)
    yield ExportedFile(in_folder(part or "train", "metadata.parquet"), chunks)


def _table(records: Iterator[dict[str, Any]]) -> Iterator[bytes]:
    try:
        import pyarrow as pa
        import pyarrow.parquet as pq
    except ImportError:
        raise InvalidInput(
            "parquet needs pyarrow, which is not installed",
            remedy="pip install pyarrow, or export huggingface: the same labels as JSON Lines.",
            field="format",
        ) from None
    types = {
        "file_name": pa.string(),
        "labeled_by": pa.string(),
        "width": pa.int32(),
        "height": pa.int32(),
        "objects": pa.struct({"bbox": pa.list_(pa.list_(pa.float64(), 4)), "categories": pa.list_(pa.string())}),
        "label": pa.string(),
        "labels": pa.list_(pa.string()),
    }
    first = next(records, None)
    names = ("file_name", "labeled_by") if first is None else tuple(first)
    schema, sink = pa.schema([(name, types[name]) for name in names]), Written()
    rows = chain(() if first is None else (first,), records)
    with pq.ParquetWriter(pa.PythonFile(sink, mode="w"), schema) as writer:
        for some in in_groups(rows, _ROWS):
            writer.write_table(pa.Table.from_pylist(some, schema))
            yield sink.taken()
    yield sink.taken()


FORM = Form(_json_files, image=lambda image: in_folder(image.part or "train", image.name))
PARQUET = Form(_parquet_files, image=FORM.image)
