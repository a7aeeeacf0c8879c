"""Image folders: `<part>/<class>/<image>`, as torchvision's `ImageFolder`, Keras and Hugging Face's `imagefolder` read
them, with `labels.csv` beside them. For images that have one class each."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from gt_service.errors import InvalidInput
from gt_service.exports.images import ExportedFile, LabeledImage, classes_of
from gt_service.exports.names import safe_part
from gt_service.exports.writers import csv_table
from gt_service.exports.writers.form import Form, in_folder


def _files(images: Iterable[LabeledImage], classes: Sequence[str], part: str) -> Iterator[ExportedFile]:
    return csv_table.FORM.files(images, classes, part)


def _image(image: LabeledImage) -> str:
    names = classes_of(image).names
    if len(names) != 1:
        raise InvalidInput(
            f"{image.source} has {len(names)} classes; a file lies in one folder",
            remedy="Export csv or huggingface.",
            field="format",
        )
    # A label may hold anything that a path may not; `labels.csv` has it as it is.
    return in_folder(image.part, safe_part(names[0].replace("/", "_")), image.name)


FORM = Form(_files, image=_image, is_written_by_part=False)
