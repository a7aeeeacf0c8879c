"""The labeled images of an output manifest, one at a time. Pure."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Literal

from gt_service.errors import InvalidInput
from gt_service.exports.names import ExportNames
from gt_service.exports.split import Split
from gt_service.objects import S3Uri
from gt_service.outputs.labeled import DUPLICATE_OF
from gt_service.outputs.labels import Boxes, Classes, Label, label_of
from gt_service.outputs.records import JsonObject, LabelRecord, label_attributes, label_record, manifest_object

Who = Literal["human", "machine"]


@dataclass(frozen=True)
class ExportedFile:
    """A file of an export: its path below the export's folder, and its content in pieces."""

    path: str
    chunks: Iterable[bytes]


@dataclass(frozen=True)
class ExportedImage:
    """Where an image belongs in an export."""

    path: str
    source: S3Uri


@dataclass(frozen=True)
class LabeledImage:
    """An image with its label.

    name: its path below the export's folder of images. part: of the split, "" without one. human: who labeled it.
    confidence: of the machine in its label, where it says so. line, attribute: the manifest's.
    """

    source: S3Uri
    name: str
    label: Label
    human: bool
    line: JsonObject
    attribute: str
    confidence: float | None = None
    part: str = ""

    @property
    def stem(self) -> str:
        """`name` without its suffix, for the file that describes the image."""
        return str(PurePosixPath(self.name).with_suffix(""))


def labeled_images(
    lines: Iterable[bytes],
    attribute: str,
    *,
    classes: Sequence[str] = (),
    only: Who | None = None,
    prefix: str = "",
    split: Split | None = None,
) -> Iterator[LabeledImage]:
    """The images of a manifest that have a label; `only` those that people or the machine labeled.

    attribute: the label attribute; jobs of an earlier spec may have written another, which is then taken. Objects
    without a label are left out. Errors: `InvalidInput` for text objects and for labels that are neither boxes nor
    classes.
    """
    names = ExportNames(prefix)
    for line in lines:
        if not line.strip():
            continue
        document = manifest_object(line)
        used, record = _record(document, attribute)
        if record is None:
            continue
        label = label_of(record, classes)
        if label is None or "source-ref" not in document:
            raise InvalidInput(
                f"this label cannot be exported: {json.dumps(document)[:160]}",
                remedy="Export labels of images that are boxes or classes.",
                field=attribute,
            )
        source = S3Uri.parse(document["source-ref"], field="source-ref")
        name = names.name(source.key)  # also of images that are passed over: names do not depend on `only`
        if only is not None and record.human is not (only == "human"):
            continue
        part = split.part(str(document.get(DUPLICATE_OF, source))) if split else ""
        human = record.human is not False
        yield LabeledImage(source, name, label, human, document, used, _confidence(record), part)


def _record(document: JsonObject, attribute: str) -> tuple[str, LabelRecord | None]:
    record = label_record(document, attribute)
    if record is not None:
        return attribute, record
    others = label_attributes(document)
    return (others[0], label_record(document, others[0])) if others else (attribute, None)


def _confidence(record: LabelRecord) -> float | None:
    confidence = record.metadata.get("confidence")
    return float(confidence) if isinstance(confidence, int | float) else None


def boxes_of(image: LabeledImage) -> Boxes:
    """The image's boxes. Errors: `InvalidInput` where its label is a class."""
    if not isinstance(image.label, Boxes):
        raise InvalidInput(
            f"{image.source} has classes and no boxes",
            remedy="This form holds boxes only; export folders, csv, huggingface or an augmented manifest.",
            field="format",
        )
    return image.label


def classes_of(image: LabeledImage) -> Classes:
    """The image's classes. Errors: `InvalidInput` where its label is boxes."""
    if not isinstance(image.label, Classes):
        raise InvalidInput(
            f"{image.source} has boxes and no class",
            remedy="This form holds classes only; export coco, yolo, voc or csv.",
            field="format",
        )
    return image.label


def size_of(image: LabeledImage) -> tuple[int, int, int]:
    """Width, height and depth in pixels. Errors: `InvalidInput` where the manifest does not tell."""
    size = boxes_of(image).image_size
    if size is None or size[0] < 1 or size[1] < 1:
        raise InvalidInput(f"the manifest does not tell the size of {image.source}", field="image_size")
    return size


def names_of(label: Label) -> Iterator[str]:
    """The classes that a label speaks of."""
    yield from label.names if isinstance(label, Classes) else (box.label for box in label.boxes)


def label_width(images: Iterable[LabeledImage]) -> int:
    """What `label_width` must be to train SageMaker's object detection on these: it has to hold the fullest image.

    The algorithm packs 2 numbers and 5 for each box into one row; training fails where a row is too short.
    """
    return 2 + 5 * max((len(boxes_of(image).boxes) for image in images), default=0)
