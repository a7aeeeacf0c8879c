"""Images whose right boxes are known, whatever file they were read from."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from PIL import Image, UnidentifiedImageError

from gt_service.errors import InvalidInput

IMAGE_SUFFIXES = frozenset({".jpg", ".jpeg", ".png"})
"""What Ground Truth takes."""


class BoxesError(InvalidInput):
    """A file of boxes that cannot be used; the message says where in it, the remedy what to do."""

    code = "invalid_boxes"


@dataclass(frozen=True)
class LabeledBox:
    """One object: its label, and its place in pixels of the image."""

    label: str
    left: float
    top: float
    width: float
    height: float


@dataclass(frozen=True)
class LabeledImage:
    """An image file and all that is to be seen on it; no box at all is an answer too."""

    path: Path
    name: str
    width: int
    height: int
    boxes: tuple[LabeledBox, ...]


@dataclass(frozen=True)
class LabeledImages:
    """A data set. `labels` in alphabetical order; `left_out` are images in the folder that the file says nothing of."""

    labels: tuple[str, ...]
    images: tuple[LabeledImage, ...]
    left_out: tuple[str, ...]


class ImageFolder:
    """The images under a folder, found by the names that files of boxes call them by."""

    def __init__(self, folder: Path) -> None:
        if not folder.is_dir():
            raise BoxesError(f"{folder} is no folder", remedy="Name the folder that holds the images.", field="images")
        self.folder = folder
        self._names = sorted(
            path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.suffix.lower() in IMAGE_SUFFIXES
        )
        if not self._names:
            raise BoxesError(
                f"there is no JPEG or PNG file in {folder}",
                remedy="Name the folder that holds the images.",
                field="images",
            )
        self._aliases: dict[str, list[str]] = {}
        for name in self._names:
            for alias in {name, name.rpartition("/")[2], Path(name).stem}:
                self._aliases.setdefault(alias, []).append(name)

    def __iter__(self) -> Iterator[str]:
        return iter(self._names)

    def find(self, called: str, *, where: str) -> str:
        """The name below the folder of what a file calls `called`: a path, a bare name, or one without its suffix.

        Errors: `BoxesError` where there is no such image or more than one.
        """
        called = called.strip().replace("\\", "/")
        found = self._aliases.get(called) or self._aliases.get(called.rpartition("/")[2]) or []
        if called in found:
            return called
        if not found:
            raise BoxesError(
                f"{where}: there is no image {called!r} in {self.folder}",
                remedy="Put the image there, or take the line out.",
                field="boxes",
            )
        if len(found) > 1:
            raise BoxesError(
                f"{where}: {called!r} may be any of {', '.join(found[:3])}",
                remedy="Write the path below the folder of images.",
                field="boxes",
            )
        return found[0]

    def size(self, name: str) -> tuple[int, int]:
        """Width and height in pixels, from the file's header."""
        path = self.folder / name
        try:
            with Image.open(path) as image:
                return image.size
        except (UnidentifiedImageError, OSError, SyntaxError, Image.DecompressionBombError) as error:
            raise BoxesError(f"{path} is no image: {error}", remedy="Mend or remove it.", field="images") from None


@dataclass
class Collected:
    """What a reader has found so far; `finish` makes the data set of it."""

    folder: ImageFolder
    _sizes: dict[str, tuple[int, int]] = field(default_factory=dict)
    _boxes: dict[str, list[LabeledBox]] = field(default_factory=dict)

    def image(self, called: str, *, where: str, declared: tuple[int, int] | None = None) -> str:
        """Registers an image, with or without boxes, and answers its name.

        declared: width and height as the file has them; boxes in pixels of another size would all be wrong.
        """
        name = self.folder.find(called, where=where)
        if name not in self._sizes:
            self._sizes[name] = self.folder.size(name)
            self._boxes[name] = []
        if declared is not None and declared != self._sizes[name]:
            width, height = self._sizes[name]
            raise BoxesError(
                f"{where}: {name} has {width} × {height} pixels, not {declared[0]} × {declared[1]}",
                remedy="Use the images that the boxes were drawn on; turn photos upright before labeling them.",
                field="boxes",
            )
        return name

    def size(self, name: str) -> tuple[int, int]:
        return self._sizes[name]

    def box(self, name: str, label: str, corners: tuple[float, float, float, float], *, where: str) -> None:
        """Adds a box given by left, top, right and bottom in pixels. What sticks out of the image is cut off."""
        if not label:
            raise BoxesError(f"{where}: the box has no label", remedy="Name its class.", field="boxes")
        if not all(map(math.isfinite, corners)):
            raise BoxesError(f"{where}: {corners} are no coordinates", remedy="Mend the numbers.", field="boxes")
        width, height = self._sizes[name]
        left, right = max(0.0, corners[0]), min(float(width), corners[2])
        top, bottom = max(0.0, corners[1]), min(float(height), corners[3])
        if left >= right or top >= bottom:
            shown = ", ".join(f"{corner:g}" for corner in corners)
            raise BoxesError(
                f"{where}: left, top, right, bottom of {shown} enclose nothing of {name} ({width} × {height})",
                remedy="Mend the box: left under right, top under bottom, and within the image.",
                field="boxes",
            )
        self._boxes[name].append(LabeledBox(label, left, top, right - left, bottom - top))

    def finish(self, source: Path) -> LabeledImages:
        """Images in the order in which the file first names them."""
        labels = sorted({box.label for boxes in self._boxes.values() for box in boxes})
        if not labels:
            raise BoxesError(f"{source} holds no box", remedy="Check that it is the right file.", field="boxes")
        images = tuple(
            LabeledImage(self.folder.folder / name, name, *self._sizes[name], tuple(boxes))
            for name, boxes in self._boxes.items()
        )
        return LabeledImages(tuple(labels), images, tuple(name for name in self.folder if name not in self._sizes))
