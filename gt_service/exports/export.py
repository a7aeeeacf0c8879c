"""Reads an output manifest and writes it in another form."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from enum import StrEnum

from gt_service.errors import InvalidInput
from gt_service.exports.images import ExportedFile, LabeledImage, Who, labeled_images
from gt_service.exports.writers import augmented_manifest, coco, voc, yolo
from gt_service.objects import ObjectStore, S3Uri


class Format(StrEnum):
    COCO = "coco"
    YOLO = "yolo"
    VOC = "voc"
    AUGMENTED_MANIFEST = "augmented-manifest"


def export_labels(
    objects: ObjectStore,
    manifest: S3Uri,
    destination: S3Uri,
    *,
    attribute: str,
    classes: Sequence[str],
    form: Format,
    only: Who | None = None,
) -> int:
    """Writes the labels of an output manifest below `destination`; answers how many files.

    classes: the campaign's labels in their order. only: labels by people or by machine alone.
    Errors: `NotFound` where there is no manifest; `InvalidInput` where the form cannot hold the labels.
    """
    count = 0
    lines = objects.lines(manifest)
    for file in exported_files(lines, attribute=attribute, classes=classes, form=form, only=only):
        objects.write_stream(destination / file.path, file.chunks, file.content_type)
        count += 1
    return count


def exported_files(
    lines: Iterable[bytes], *, attribute: str, classes: Sequence[str], form: Format, only: Who | None = None
) -> Iterator[ExportedFile]:
    """The files of an export, from the lines of an output manifest; take each one's chunks before the next file.

    Errors: `InvalidInput` where the form cannot hold the labels, or two images would share a file.
    """
    images = labeled_images(lines, attribute, classes=classes, only=only)
    known: set[str] = set()
    for file in _files(images, classes, form, attribute):
        if file.path in known:
            raise InvalidInput(
                f"two images would be described by {file.path}",
                remedy="Export their folders one by one, or rename one of them.",
                field="manifest",
            )
        known.add(file.path)
        yield file


def _files(
    images: Iterator[LabeledImage], classes: Sequence[str], form: Format, attribute: str
) -> Iterator[ExportedFile]:
    match form:
        case Format.COCO:
            return coco(images, classes)
        case Format.YOLO:
            return yolo(images, classes)
        case Format.VOC:
            return voc(images, classes)
        case Format.AUGMENTED_MANIFEST:
            return augmented_manifest(images, classes, attribute=attribute)
