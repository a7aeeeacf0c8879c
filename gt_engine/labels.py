"""What a label is inside the engine: boxes with classes, or one class.

The wire forms (`annotations`, `category-metadata`, …) belong to gt_engine/outputs; nothing here knows JSON.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

Floats: TypeAlias = NDArray[np.float32]
Integers: TypeAlias = NDArray[np.int64]


class Task(StrEnum):
    """The task types that the engine can learn; the values are Ground Truth's algorithm names."""

    BOXES = "object-detection"
    CLASSES = "image-classification"


@dataclass(frozen=True, eq=False)
class BoxLabel:
    """The boxes of one image; no box at all is a label too (an image that people found empty).

    boxes        float32 [n, 4]: left, top, right, bottom in pixels of the original image
    class_ids    int64 [n]: index into the job's label categories
    confidences  float32 [n] in [0, 1]
    image_size   (width, height, depth) in pixels and channels
    """

    boxes: Floats
    class_ids: Integers
    confidences: Floats
    image_size: tuple[int, int, int]

    def __post_init__(self) -> None:
        n = len(self.class_ids)
        if self.boxes.shape != (n, 4) or self.confidences.shape != (n,):
            raise ValueError(f"{n} class ids, but boxes {self.boxes.shape} and confidences {self.confidences.shape}")

    @property
    def shares(self) -> Floats:
        """The boxes in units of the image's side, cut off at its edge."""
        width, height, _ = self.image_size
        return np.clip(self.boxes / np.array([width, height, width, height], np.float32), 0, 1).astype(np.float32)

    def __len__(self) -> int:
        return len(self.class_ids)

    def __bool__(self) -> bool:
        """A label without a box is a label: `if label` asks whether there is one."""
        return True


def box_label(
    boxes: object, class_ids: object, image_size: tuple[int, int, int], confidences: object | None = None
) -> BoxLabel:
    """A BoxLabel from anything array-like; confidences default to 1 (people's own boxes)."""
    corners = np.asarray(boxes, np.float32).reshape(-1, 4)
    sure = np.ones(len(corners), np.float32) if confidences is None else np.asarray(confidences, np.float32)
    return BoxLabel(corners, np.asarray(class_ids, np.int64).reshape(-1), sure.reshape(-1), image_size)


def scaled(label: BoxLabel, size: tuple[int, int, int]) -> BoxLabel:
    """The boxes on the image in another size, as where it was saved smaller since they were drawn."""
    width, height, _ = label.image_size
    x, y = (size[0] / width, size[1] / height) if width and height else (1.0, 1.0)
    return replace(label, boxes=label.boxes * np.array([x, y, x, y], np.float32), image_size=size)


@dataclass(frozen=True)
class ClassLabel:
    """The one class of an image: an index into the job's label categories, and how sure it is (0 to 1)."""

    class_id: int
    confidence: float = 1.0


Label: TypeAlias = BoxLabel | ClassLabel
