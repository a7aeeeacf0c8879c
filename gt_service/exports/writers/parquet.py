"""Parquet for Hugging Face `datasets`: `<part>/metadata.parquet` beside the images, with the columns of the form
`huggingface` and fixed types, for `load_dataset("imagefolder")`, or the labels alone for `load_dataset("parquet")`.

Needs pyarrow, which is large and left to whoever wants this form. Source: huggingface.co/docs/datasets/image_dataset.
"""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain, islice
from typing import Any

from gt_service.errors import InvalidInput
from gt_service.exports.images import ExportedFile, LabeledImage
from gt_service.exports.writers import huggingface
from gt_service.exports.writers.form import Form, in_folder

_ROWS = 1_000
"""Of a row group."""


def _files(images: Iterable[LabeledImage], classes: Sequence[str], part: str) -> Iterator[ExportedFile]:
    chunks = _table(huggingface.record(image) for image in images)
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
    schema, sink = pa.schema([(name, types[name]) for name in names]), _Sink()
    rows = chain(() if first is None else (first,), records)
    with pq.ParquetWriter(pa.PythonFile(sink, mode="w"), schema) as writer:
        while some := list(islice(rows, _ROWS)):
            writer.write_table(pa.Table.from_pylist(some, schema))
            yield sink.taken()
    yield sink.taken()


class _Sink(io.RawIOBase):
    """What was written and is not taken yet, and how far the file has come."""

    def __init__(self) -> None:
        self._held, self._position = bytearray(), 0

    def writable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._position

    def write(self, data: Any) -> int:
        self._held += data
        self._position += len(data)
        return len(data)

    def taken(self) -> bytes:
        piece = bytes(self._held)
        self._held.clear()
        return piece


FORM = Form(_files, image=huggingface.FORM.image)
