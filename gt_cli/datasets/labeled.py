"""Images whose right boxes are known, whatever file they were read from."""

from __future__ import annotations

import json
import math
import posixpath
import sys
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any
from unicodedata import normalize

from PIL import Image, UnidentifiedImageError

from gt_service.errors import InvalidInput, quoted, shown
from gt_service.orientation import orientation_of, upright_size

IMAGE_SUFFIXES = frozenset({".jpg", ".jpeg", ".png"})
"""What Ground Truth takes."""
IMAGE_FORMATS = frozenset({"JPEG", "PNG", "MPO"})
"""The same, by what is in the files; an MPO is a JPEG with more pictures behind it."""


class BoxesError(InvalidInput):
    """A file of boxes that cannot be used; the message says where in it, the remedy what to do."""

    code = "invalid_boxes"

    def __init__(self, message: str, *, remedy: str = "Correct the file.", field: str = "boxes") -> None:
        super().__init__(message, remedy=remedy, field=field)


def files_below(folder: Path, suffixes: Collection[str]) -> list[Path]:
    """The files with these suffixes that a person put there: not what macOS leaves on other disks and in archives."""
    return sorted(
        path
        for path in folder.rglob("*")
        if path.suffix.lower() in suffixes
        and not path.name.startswith("._")
        and "__MACOSX" not in path.relative_to(folder).parts
    )


def read_json(path: Path, *, field: str) -> Any:
    """A document. Errors: `BoxesError` naming the file, and the line where it is no JSON."""
    try:
        return json.loads(path.read_text(encoding="utf-8-sig"))
    except json.JSONDecodeError as error:
        raise BoxesError(f"{path} line {error.lineno}: not JSON: {error.msg}", field=field) from None
    except RecursionError:
        raise BoxesError(f"{path} is nested too deeply", field=field) from None
    except FileNotFoundError:
        raise BoxesError(f"there is no {path}", remedy="Check the path.", field=field) from None


def read_text(value: str | None, what: str, where: str) -> str:
    """What a file has for a name. Errors: `BoxesError` where that is nothing."""
    text = (value or "").strip()
    if not text:
        raise BoxesError(f"{where} has no {what}")
    return text


def read_number(text: str | None, what: str, where: str) -> float:
    """A finite number from a file's text. Errors: `BoxesError` that says what was to be one, and where."""
    text = read_text(text, what, where)
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    return json_number(value if math.isfinite(value) else text, what, where)


def json_number(value: Any, what: str, where: str, *, wanted: str = "a number") -> float:
    """A finite number from a JSON document. Errors: `BoxesError` that says what was to be one, and where."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not abs(value) <= sys.float_info.max:
        raise BoxesError(f"{where}: {what} is {quoted(value)}, not {wanted}")
    return float(value)


def corners_of(box: Any, where: str) -> tuple[float, float, float, float]:
    """Left, top, right and bottom of a `bbox`, which is left, top, width and height. Errors: `BoxesError`."""
    try:
        left, top, width, height = (float(side) for side in box)
    except (TypeError, ValueError, OverflowError):
        raise BoxesError(f"{where}: bbox is {box!r}, not left, top, width, height") from None
    return left, top, left + width, top + height


@dataclass(frozen=True)
class LabeledBox:
    """One object: its label, and its place in pixels of the image. confidence: of a model, where the file tells it."""

    label: str
    left: float
    top: float
    width: float
    height: float
    confidence: float | None = None


@dataclass(frozen=True)
class LabeledImage:
    """An image file and all that is to be seen on it; no box at all is an answer too."""

    path: Path
    name: str
    width: int
    height: int
    boxes: tuple[LabeledBox, ...]

    def read(self) -> bytes:
        return self.path.read_bytes()


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
        self._names = sorted(path.relative_to(folder).as_posix() for path in files_below(folder, IMAGE_SUFFIXES))
        if not self._names:
            raise BoxesError(
                f"there is no JPEG or PNG file in {folder}",
                remedy="Name the folder that holds the images.",
                field="images",
            )
        self._aliases: dict[str, list[str]] = {}
        for name in self._names:
            if shown(name, len(name)) != name:
                raise BoxesError(f"the file name {shown(name)} is not UTF-8", remedy="Rename it.", field="images")
            path = PurePosixPath(normalize("NFC", name))
            for alias in {str(path), str(path.with_suffix("")), path.name, path.stem}:
                self._aliases.setdefault(alias, []).append(name)

    def __iter__(self) -> Iterator[str]:
        return iter(self._names)

    def find(self, called: str, *, where: str) -> str:
        """The name below the folder of what a file calls `called`: a path, a bare name, or one without its suffix.

        Errors: `BoxesError` where there is no such image or more than one.
        """
        path = PurePosixPath(written_path(called))
        # The whole path as it is written, then without its suffix, then the bare name.
        for alias in (str(path), str(path.with_suffix("")) if path.suffix else str(path), path.name):
            exact = [name for name in self._aliases.get(alias, ()) if _is_path_of(name, alias)]
            names = exact or self._aliases.get(alias, [])
            if names:
                break
        # `b/1.jpg` is the one in `a/b`, and not the one in `a/c`.
        names = [name for name in names if _ends_with(normalize("NFC", name), str(path))] or names
        if not names:
            raise BoxesError(
                f"{where}: there is no image {called!r} in {self.folder}",
                remedy="Put the image there, or take the line out.",
            )
        if len(names) > 1:
            raise BoxesError(
                f"{where}: {called!r} may be any of {', '.join(names[:3])}",
                remedy="Write the path below the folder of images.",
            )
        return names[0]

    def size(self, name: str) -> tuple[int, int]:
        """Width and height in pixels as a person sees the image, turned by its EXIF orientation; from the header."""
        path = self.folder / name
        try:
            with Image.open(path) as image:
                if image.format not in IMAGE_FORMATS:
                    raise BoxesError(
                        f"{path} is {image.format}, whatever its name says",
                        remedy="Convert it to JPEG or PNG; only those are taken.",
                        field="images",
                    )
                return upright_size(image.size, orientation_of(image))
        except (UnidentifiedImageError, OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
            raise BoxesError(f"{path} is no image: {error}", remedy="Repair or remove it.", field="images") from None


def media_type(name: str | Path) -> str:
    """What HTTP calls an image of this name."""
    return "image/png" if Path(name).suffix.lower() == ".png" else "image/jpeg"


def written_path(called: str) -> str:
    """A path as a file writes it, in one form: slashes, no `./`, composed accents."""
    return posixpath.normpath(normalize("NFC", called.strip().replace("\\", "/"))).lstrip("/")


def _is_path_of(name: str, alias: str) -> bool:
    """Whether `alias` is the whole path of the image below the folder; a bare name without its suffix is none."""
    path = PurePosixPath(normalize("NFC", name))
    return alias == str(path) or ("/" in alias and alias == str(path.with_suffix("")))


def _ends_with(words: str, other: str) -> bool:
    """Whether one path is the end of the other: the same image, named from another folder."""
    return f"/{words}".endswith(f"/{other}") or f"/{other}".endswith(f"/{words}")


@dataclass
class Collected:
    """What a reader has found so far; `finish` makes the data set of it."""

    folder: ImageFolder
    _sizes: dict[str, tuple[int, int]] = field(default_factory=dict)
    _boxes: dict[str, list[LabeledBox]] = field(default_factory=dict)
    _called: dict[str, tuple[str, str]] = field(default_factory=dict)

    def image(
        self, called: str, *, where: str, declared: tuple[int, int] | None = None, described_once: bool = False
    ) -> str:
        """Registers an image, with or without boxes, and answers its name.

        declared: width and height as the file has them; boxes in pixels of another size would all be wrong.
        described_once: the form has one entry for each image, so a second one is meant for another.
        """
        name = self.folder.find(called, where=where)
        self._refuse_second(name, written_path(called), where, described_once=described_once)
        if name not in self._sizes:
            self._sizes[name] = self.folder.size(name)
            self._boxes[name] = []
        if declared is not None and declared != self._sizes[name]:
            width, height = self._sizes[name]
            raise BoxesError(
                f"{where}: {name} has {width} × {height} pixels, not {declared[0]} × {declared[1]}",
                remedy="Use the images that the boxes were drawn on. A photo that a camera has turned (EXIF) counts as "
                "people see it: upright.",
            )
        return name

    def _refuse_second(self, name: str, called: str, where: str, *, described_once: bool) -> None:
        """Two names in the file may be one image in the folder: the boxes of both would lie on it."""
        earlier, place = self._called.setdefault(name, (called, where))
        same = earlier == called or not {"/"} & (set(earlier) & set(called)) or _ends_with(earlier, called)
        if same and not (described_once and place != where):
            return
        raise BoxesError(
            f"{where}: {called!r} is {name} in the folder, and so is {earlier!r} of {place}",
            remedy="Put both images into the folder, under names of their own, or take one of them out.",
        )

    def size(self, name: str) -> tuple[int, int]:
        return self._sizes[name]

    def box(
        self,
        name: str,
        label: str,
        corners: tuple[float, float, float, float],
        *,
        where: str,
        confidence: float | None = None,
    ) -> None:
        """Adds a box given by left, top, right and bottom in pixels. What sticks out of the image is cut off."""
        if not label:
            raise BoxesError(f"{where}: the box has no label", remedy="Name its class.")
        if not all(map(math.isfinite, corners)):
            raise BoxesError(f"{where}: {corners} are no coordinates", remedy="Correct the numbers.")
        width, height = self._sizes[name]
        left, right = max(0.0, corners[0]), min(float(width), corners[2])
        top, bottom = max(0.0, corners[1]), min(float(height), corners[3])
        if left >= right or top >= bottom:
            sides = ", ".join(f"{corner:g}" for corner in corners)
            raise BoxesError(
                f"{where}: left, top, right, bottom of {sides} enclose nothing of {name} ({width} × {height})",
                remedy="Correct the box: left under right, top under bottom, and within the image.",
            )
        if confidence is not None and not 0 <= confidence <= 1:
            raise BoxesError(f"{where}: a confidence of {confidence:g}", remedy="Confidences are 0 to 1.")
        self._boxes[name].append(LabeledBox(label, left, top, right - left, bottom - top, confidence))

    def finish(self, source: Path) -> LabeledImages:
        """Images in the order in which the file first names them."""
        labels = sorted({box.label for boxes in self._boxes.values() for box in boxes})
        if not labels:
            raise BoxesError(f"{source} holds no box", remedy="Check that it is the right file.")
        images = tuple(
            LabeledImage(self.folder.folder / name, name, *self._sizes[name], tuple(boxes))
            for name, boxes in self._boxes.items()
        )
        return LabeledImages(tuple(labels), images, tuple(name for name in self.folder if name not in self._sizes))
