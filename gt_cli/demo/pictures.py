"""The demo's images with their known boxes: drawn scenes, or the user's own photos."""

from __future__ import annotations

import json
import mimetypes
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

GOLD_ATTRIBUTE = "gold"


@dataclass(frozen=True)
class KnownBox:
    """A right answer: the number of its label, and its place in pixels."""

    label: int
    left: float
    top: float
    width: float
    height: float


@dataclass(frozen=True)
class Picture:
    """An image and all its right boxes. `read` answers the file's bytes: photos are read when they are needed."""

    name: str
    width: int
    height: int
    boxes: tuple[KnownBox, ...]
    read: Callable[[], bytes]

    @property
    def content_type(self) -> str:
        return mimetypes.guess_type(self.name)[0] or "application/octet-stream"


@dataclass(frozen=True)
class PictureSet:
    """Pictures in the order of their upload, and the labels that their boxes number."""

    labels: tuple[str, ...]
    pictures: Sequence[Picture]


def gold_manifest(pictures: PictureSet, prefix: str) -> bytes:
    """The right answers in the form of an output manifest; images lie under `prefix` (`s3://bucket/folder/`)."""
    return b"".join(
        json.dumps(_gold_line(picture, pictures.labels, prefix), separators=(",", ":")).encode() + b"\n"
        for picture in pictures.pictures
    )


def _gold_line(picture: Picture, labels: Sequence[str], prefix: str) -> dict[str, Any]:
    return {
        "source-ref": prefix + picture.name,
        GOLD_ATTRIBUTE: {
            "annotations": [
                {"class_id": box.label, "left": box.left, "top": box.top, "width": box.width, "height": box.height}
                for box in picture.boxes
            ],
            "image_size": [{"width": picture.width, "height": picture.height, "depth": 3}],
        },
        f"{GOLD_ATTRIBUTE}-metadata": {
            "objects": [{"confidence": 1.0} for _ in picture.boxes],
            "class-map": {str(number): labels[number] for number in sorted({box.label for box in picture.boxes})},
            "type": "groundtruth/object-detection",
            "human-annotated": "yes",
            "creation-date": datetime.now(UTC).replace(tzinfo=None).isoformat(timespec="microseconds"),
            "job-name": "labeling-job/gold",
        },
    }
