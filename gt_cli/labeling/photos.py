"""The photos in a folder: which can be labeled, and why the others cannot."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path

from gt_service.backends import GT_ENGINE
from gt_service.campaign.values import unusable_character
from gt_service.errors import InvalidInput
from gt_service.ingest.checks import check_image, size_problem
from gt_service.ingest.keys import Rejection
from gt_service.ingest.pixels import UnreadablePixels, decoded
from gt_service.parallel import in_parallel
from gt_service.task_types import TaskType

PICTURE_SUFFIXES = frozenset(
    {".jpg", ".jpeg", ".jpe", ".jfif", ".png", ".webp", ".gif", ".bmp", ".tif", ".tiff"}
    | {".heic", ".heif", ".avif"}  # of phones
    | {".dng", ".cr2", ".nef", ".arw"}  # raw, of cameras
)
"""Files that somebody would expect to be labeled; everything else in the folder is left alone."""
LONGEST_KEY_BYTES = 1024 - len("/images/") - 40


@dataclass(frozen=True)
class Photo:
    """An image file. `name` is its path below the folder, with slashes."""

    path: Path
    name: str
    size: int
    width: int
    height: int

    @property
    def pixels(self) -> int:
        return self.width * self.height


@dataclass(frozen=True)
class Refused:
    name: str
    reason: str
    remedy: str


@dataclass(frozen=True)
class Photos:
    """auto_labeling: whether the machine may label some of them. gt-engine scales what it looks at, so that none of the
    photos that are taken is too large for it."""

    images: tuple[Photo, ...]
    refused: tuple[Refused, ...]
    auto_labeling: bool


def find_photos(folder: Path, task: TaskType, *, besides: Collection[Path] = ()) -> Photos:
    """Looks at every picture below a folder, and reads it once, so that a broken one is told of now.

    besides: folders below it that are not the user's photos. Errors: `InvalidInput` where nothing can be labeled.
    """
    images, refused = list[Photo](), list[Refused]()
    left_out = {path.resolve() for path in besides}
    for looked in in_parallel(lambda path: _look(path, folder), _pictures(folder, left_out)):
        if isinstance(looked, Photo):
            images.append(looked)
        else:
            refused.append(looked)
    most = GT_ENGINE.pixel_limit(task, auto_labeling=False)
    too_large = [photo for photo in images if photo.pixels > most]
    refused += [_too_large(photo, most) for photo in too_large]
    images = [photo for photo in images if photo.pixels <= most]
    if not images:
        why = f": {refused[0].name}: {refused[0].reason}" if refused else ""
        raise InvalidInput(f"there is no JPEG or PNG in {folder} that can be labeled{why}", field="photos")
    return Photos(
        tuple(sorted(images, key=lambda photo: photo.name)),
        tuple(sorted(refused, key=lambda one: one.name)),
        task.facts.algorithm is not None,
    )


def _pictures(folder: Path, left_out: Collection[Path]) -> Iterator[Path]:
    for parent, folders, names in os.walk(folder):
        folders[:] = [
            name for name in folders if not name.startswith(".") and Path(parent, name).resolve() not in left_out
        ]
        # A name that begins with a dot is no photo: `._a.jpg` is what macOS keeps of a.jpg on foreign disks.
        yield from (
            Path(parent, name)
            for name in names
            if not name.startswith(".") and os.path.splitext(name)[1].lower() in PICTURE_SUFFIXES
        )


def _look(path: Path, folder: Path) -> Photo | Refused:
    name = path.relative_to(folder).as_posix()
    shown = name.encode("utf-8", "backslashreplace").decode()
    if shown != name:
        return Refused(shown, "its name is not readable text (UTF-8)", "Rename it.")
    unusable = unusable_character(name)
    if unusable is not None:
        return Refused(ascii(name)[1:-1], f"its name has a character that shows as nothing ({unusable})", "Rename it.")
    if len(name.encode()) > LONGEST_KEY_BYTES:
        return Refused(name, f"its name has more than {LONGEST_KEY_BYTES} bytes", "Rename it, or move it up.")
    try:
        problem = size_problem(path.stat().st_size)
        body = b"" if problem else path.read_bytes()
    except OSError as error:
        return Refused(name, f"it cannot be read: {error.strerror or error}", "Look at its permissions.")
    facts = problem or check_image(body)
    if isinstance(facts, Rejection):
        return Refused(name, facts.reason, facts.remedy.partition(" and upload")[0].rstrip(".") + ".")
    try:
        decoded(body)
    except UnreadablePixels:
        return Refused(name, "a broken picture: it is cut off or damaged", "Copy or save it anew.")
    return Photo(path, name, len(body), facts.width, facts.height)


def _too_large(photo: Photo, most: int) -> Refused:
    return Refused(
        photo.name,
        f"{photo.width} × {photo.height} is {photo.pixels / 1e6:.1f} megapixels; an image may have {most / 1e6:.1f}",
        "Scale it down.",
    )
