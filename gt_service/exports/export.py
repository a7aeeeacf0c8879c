"""An export: the files that describe a manifest's labeled images in another form, and where the images belong. Pure
but for `lines`, which reads."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property

from gt_service.exports.images import ExportedFile, ExportedImage, LabeledImage, Who, labeled_images, names_of
from gt_service.exports.split import Split
from gt_service.exports.writers import (
    augmented,
    coco,
    csv_table,
    cvat,
    huggingface,
    label_studio,
    voc,
    yolo,
)
from gt_service.exports.writers.form import Form


class Format(StrEnum):
    COCO = "coco"
    YOLO = "yolo"
    VOC = "voc"
    CSV = "csv"
    FOLDERS = "folders"
    HUGGINGFACE = "huggingface"
    PARQUET = "parquet"
    CVAT = "cvat"
    LABEL_STUDIO = "label-studio"
    AUGMENTED_MANIFEST = "augmented-manifest"


_FORMS: dict[Format, Form] = {
    Format.COCO: coco.FORM,
    Format.YOLO: yolo.FORM,
    Format.VOC: voc.FORM,
    Format.CSV: csv_table.FORM,
    Format.FOLDERS: csv_table.FOLDERS,
    Format.HUGGINGFACE: huggingface.FORM,
    Format.PARQUET: huggingface.PARQUET,
    Format.CVAT: cvat.FORM,
    Format.LABEL_STUDIO: label_studio.FORM,
    Format.AUGMENTED_MANIFEST: augmented.FORM,
}


@dataclass(frozen=True)
class Export:
    """The labels of a manifest in one form.

    lines      reads the manifest from its beginning; it is read several times, and never held
    attribute  the label attribute
    labels     the campaign's labels in their order; what earlier jobs labeled under other names comes after them
    only       labels by people or by machine alone
    split      into training, validation and test images
    prefix     what the keys of all images begin with, and no name needs

    Errors, of all methods: `InvalidInput` where the form cannot hold the labels.
    """

    lines: Callable[[], Iterable[bytes]]
    attribute: str
    labels: tuple[str, ...]
    form: Format
    only: Who | None = None
    split: Split | None = None
    prefix: str = ""

    @cached_property
    def classes(self) -> tuple[str, ...]:
        """All classes in their order."""
        used = dict.fromkeys(name for image in self._images(None) for name in names_of(image.label))
        return (*self.labels, *sorted(name for name in used if name not in set(self.labels)))

    def files(self) -> Iterator[ExportedFile]:
        """The files that describe the images; take each one's chunks before the next file."""
        form, classes = _FORMS[self.form], self.classes
        parts = self.split.parts if self.split else ("",)
        for part in parts if form.is_written_by_part else (None,):
            yield from form.files(self._images(part), classes, part or "")
        yield from form.closing(classes, parts)

    def images(self) -> Iterator[ExportedImage]:
        """Where each image belongs. None of an augmented manifest: it names the images where they are."""
        place = _FORMS[self.form].image
        if place is not None:
            yield from (ExportedImage(place(image), image.source) for image in self._images(None))

    def _images(self, part: str | None) -> Iterator[LabeledImage]:
        """All images, or those of one part."""
        images: Iterable[LabeledImage] = labeled_images(
            self.lines(), self.attribute, classes=self.labels, only=self.only, prefix=self.prefix, split=self.split
        )
        return (image for image in images if part is None or image.part == part)
