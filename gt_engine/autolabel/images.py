"""Untrusted bytes to pixels, with limits: a bad image is a problem of that object, never an exception."""

from __future__ import annotations

import io
import struct
import threading
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image as Pillow
from PIL import UnidentifiedImageError

from gt_service.orientation import UPRIGHT, orientation_of, upright_size
from gt_service.task_types import MAX_IMAGE_BYTES, TASKS

FORMATS = ("JPEG", "PNG")
MAX_BYTES = MAX_IMAGE_BYTES
MAX_PIXELS = max(facts.max_pixels for facts in TASKS.values())
"""As at the door: what the app takes in, the engine can label."""

# Pillow's own limit is lower, and only a warning. Ours is looked at before anything is unpacked.
Pillow.MAX_IMAGE_PIXELS = MAX_PIXELS

_LARGE_PIXELS = 16_000_000
_large = threading.Lock()
"""One large image at a time: some take 600 MB while they are unpacked, whatever they are made into."""


@dataclass(frozen=True)
class ImageFacts:
    """A readable image: its size as Ground Truth's `image_size` has it (pixels and channels), in the frame in which
    people see it and boxes are drawn: upright, turned by its EXIF orientation."""

    width: int
    height: int
    depth: int


@dataclass(frozen=True)
class ImageProblem:
    """Why one object cannot be used; the object fails, the job goes on.

    code is one of UnreadableObject, ObjectTooLarge, NotAnImage, TooManyPixels, TruncatedImage.
    """

    code: str
    message: str

    def __str__(self) -> str:
        return f"{self.code}: {self.message}"


def decode(data: bytes, side: int) -> tuple[ImageFacts, NDArray[np.uint8]] | ImageProblem:
    """The image's facts and its pixels, upright and squeezed into a square, uint8 [side, side, 3]; or what is wrong."""
    opened = _opened(data, lambda image: _squeezed(image, (side, side)))
    if isinstance(opened, ImageProblem):
        return opened
    size, depth, turn, image = opened
    # The square is turned and not the whole image: that comes to the same, and is quicker.
    return ImageFacts(*upright_size(size, turn), depth), np.asarray(_turned(image, turn), np.uint8)


def decode_within(data: bytes, most_side: int) -> Pillow.Image | ImageProblem:
    """The image upright and in its own proportions, in RGB, no side longer than `most_side`; or what is wrong."""

    def within(image: Pillow.Image) -> Pillow.Image:
        share = min(1.0, most_side / max(image.size))
        return _squeezed(image, (max(1, round(image.width * share)), max(1, round(image.height * share))))

    opened = _opened(data, within)
    if isinstance(opened, ImageProblem):
        return opened
    _, _, turn, image = opened
    return _turned(image, turn)


def _turned(image: Pillow.Image, turn: int) -> Pillow.Image:
    return image.transpose(UPRIGHT[turn]) if turn in UPRIGHT else image


def _opened(
    data: bytes, squeeze: Callable[[Pillow.Image], Pillow.Image]
) -> tuple[tuple[int, int], int, int, Pillow.Image] | ImageProblem:
    """(size, channels, orientation, what `squeeze` makes of it) of an image as it is stored."""
    if len(data) > MAX_BYTES:
        return ImageProblem("ObjectTooLarge", f"The object has {len(data)} bytes; at most {MAX_BYTES} are allowed.")
    try:
        with Pillow.open(io.BytesIO(data), formats=FORMATS) as image:
            width, height = image.size
            # The header alone decides: nothing of a decompression bomb is ever unpacked.
            if width * height > MAX_PIXELS:
                return ImageProblem(
                    "TooManyPixels", f"The image has {width} x {height} pixels; {MAX_PIXELS} are allowed."
                )
            depth = len(image.getbands())
            turn = _orientation(image)
            with _large if width * height > _LARGE_PIXELS else nullcontext():
                return (width, height), depth, turn, squeeze(image)
    except (Pillow.DecompressionBombError, Pillow.DecompressionBombWarning) as error:
        return ImageProblem("TooManyPixels", str(error))
    except UnidentifiedImageError:
        return ImageProblem("NotAnImage", f"The object is not a readable {' or '.join(FORMATS)} image.")
    except (OSError, SyntaxError, ValueError, EOFError, MemoryError) as error:
        # What Pillow's decoders raise on damaged data.
        return ImageProblem("TruncatedImage", f"The image is damaged: {error}")


def _orientation(image: Pillow.Image) -> int:
    """As EXIF numbers it; 1 also where what it says cannot be read."""
    try:
        return orientation_of(image)
    except (OSError, SyntaxError, ValueError, TypeError, KeyError, EOFError, struct.error):
        return 1


def _squeezed(image: Pillow.Image, size: tuple[int, int]) -> Pillow.Image:
    image.draft("RGB", (2 * size[0], 2 * size[1]))  # lets a large JPEG be decoded at a fraction of its size
    if image.mode.startswith("I"):
        # 16 bits of grey: Pillow's own conversion takes everything above 255 for white.
        image = Pillow.fromarray((np.asarray(image).astype(np.uint32) >> 8).clip(0, 255).astype(np.uint8))
    return image.convert("RGB").resize(size, Pillow.Resampling.BILINEAR, reducing_gap=2.0)
