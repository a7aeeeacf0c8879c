"""CSV: `labels.csv`, a row for each box or each class of an image. `gt-service import` reads it back. And image folders
with the same file beside them, `<part>/<class>/<image>`, as torchvision's `ImageFolder`, Keras and Hugging Face's
`imagefolder` read them: for images that have one class each.

Columns of boxes: filename, width, height, class, xmin, ymin, xmax, ymax, confidence, labeled_by, part. Columns of
classes: filename, class, confidence, labeled_by, part. An image without a box or class has one row without one.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain

from gt_service.errors import InvalidInput
from gt_service.exports.images import ExportedFile, LabeledImage, classes_of, size_of
from gt_service.exports.names import safe_part
from gt_service.exports.writers.form import Form, in_folder
from gt_service.outputs.labels import Boxes
from gt_service.spreadsheets import safe_cell

BOX_COLUMNS = ("filename", "width", "height", "class", "xmin", "ymin", "xmax", "ymax")
CLASS_COLUMNS = ("filename", "class")
MORE_COLUMNS = ("confidence", "labeled_by", "part")

Row = Sequence[object]


def _files(images: Iterable[LabeledImage], classes: Sequence[str], part: str) -> Iterator[ExportedFile]:
    yield ExportedFile("labels.csv", _lines(images))


def _lines(images: Iterable[LabeledImage]) -> Iterator[bytes]:
    waiting = iter(images)
    first = next(waiting, None)
    boxes = first is None or isinstance(first.label, Boxes)
    yield _line((*(BOX_COLUMNS if boxes else CLASS_COLUMNS), *MORE_COLUMNS))
    for image in chain(() if first is None else (first,), waiting):
        yield b"".join(map(_line, _rows(image)))


def _rows(image: LabeledImage) -> Iterator[Row]:
    more = ("human" if image.human else "machine", image.part)
    if isinstance(image.label, Boxes):
        width, height, _ = size_of(image)
        about = (image.name, width, height)
        for index, box in enumerate(image.label.boxes):
            confidence = image.label.confidences[index] if index < len(image.label.confidences) else ""
            edges = (box.left, box.top, box.left + box.width, box.top + box.height)
            yield (*about, box.label, *edges, confidence, *more)
        if not image.label.boxes:
            yield (*about, "", "", "", "", "", "", *more)
        return
    confidence = "" if image.confidence is None else image.confidence
    for name in image.label.names or ("",):
        yield (image.name, name, confidence, *more)


def _line(row: Row) -> bytes:
    text = io.StringIO()
    cells = (safe_cell(value) if isinstance(value, str) else value for value in row)
    csv.writer(text, lineterminator="\n").writerow(cells)
    return text.getvalue().encode()


def _in_class_folder(image: LabeledImage) -> str:
    names = classes_of(image).names
    if len(names) != 1:
        raise InvalidInput(
            f"{image.source} has {len(names)} classes; a file lies in one folder",
            remedy="Export csv or huggingface.",
            field="format",
        )
    # A label may hold anything that a path may not; `labels.csv` has it as it is.
    return in_folder(image.part, safe_part(names[0].replace("/", "_")), image.name)


FORM = Form(
    _files,
    image=lambda image: in_folder("images", image.name),
    is_written_by_part=False,
)
FOLDERS = Form(_files, image=_in_class_folder, is_written_by_part=False)
