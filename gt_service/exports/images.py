"""The labeled images of an output manifest, one at a time. Pure."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Literal

from gt_service.errors import InvalidInput
from gt_service.objects import S3Uri
from gt_service.outputs.labels import Boxes, Label, label_of
from gt_service.outputs.records import JsonObject, label_record, manifest_object

Who = Literal["human", "machine"]


@dataclass(frozen=True)
class ExportedFile:
    """A file of an export: its path below the export's folder, and its content in pieces."""

    path: str
    content_type: str
    chunks: Iterable[bytes]


@dataclass(frozen=True)
class LabeledImage:
    """An image with its label, who gave it, and the manifest line that it came in."""

    source: S3Uri
    label: Label
    human: bool
    line: JsonObject

    @property
    def path(self) -> str:
        """Where the image lies below the folder of the export's images: its key in the bucket."""
        return self.source.key

    @property
    def stem(self) -> str:
        """`path` without its suffix, for the file that describes the image."""
        return str(PurePosixPath(self.path).with_suffix(""))


def labeled_images(
    lines: Iterable[bytes], attribute: str, *, classes: Sequence[str] = (), only: Who | None = None
) -> Iterator[LabeledImage]:
    """The images of a manifest that have a label under `attribute`; `only` those that people or the machine labeled.

    Objects without a label are left out. Errors: `InvalidInput` for text objects and for labels that are neither
    boxes nor classes.
    """
    for line in lines:
        if not line.strip():
            continue
        found = manifest_object(line)
        record = label_record(found, attribute)
        if record is None or (only is not None and record.human is not (only == "human")):
            continue
        label = label_of(record, classes)
        if label is None or "source-ref" not in found:
            raise InvalidInput(
                f"this label cannot be exported: {json.dumps(found)[:160]}",
                remedy="Export labels of images that are boxes or classes.",
                field=attribute,
            )
        source = S3Uri.parse(found["source-ref"], field="source-ref")
        if {"", ".", ".."} & set(source.key.split("/")):
            # Written to a disk, such a path would leave the export's folder.
            raise InvalidInput(f"{source} has no path that can be exported", field="source-ref")
        yield LabeledImage(source, label, record.human is not False, found)


def boxes_of(image: LabeledImage) -> Boxes:
    """The image's boxes. Errors: `InvalidInput` where its label is a class."""
    if not isinstance(image.label, Boxes):
        raise InvalidInput(
            f"{image.source} has classes and no boxes",
            remedy="This form holds boxes only; export an augmented manifest.",
            field="format",
        )
    return image.label


def size_of(image: LabeledImage) -> tuple[int, int, int]:
    """Width, height and depth in pixels. Errors: `InvalidInput` where the manifest does not tell."""
    size = boxes_of(image).image_size
    if size is None or size[0] < 1 or size[1] < 1:
        raise InvalidInput(f"the manifest does not tell the size of {image.source}", field="image_size")
    return size


def label_width(images: Iterable[LabeledImage]) -> int:
    """What `label_width` must be to train SageMaker's object detection on these: it has to hold the fullest image.

    The algorithm packs 2 numbers and 5 for each box into one row; training fails where a row is too short.
    """
    return 2 + 5 * max((len(boxes_of(image).boxes) for image in images), default=0)
