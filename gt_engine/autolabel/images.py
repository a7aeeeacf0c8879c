"""Untrusted bytes to pixels, with limits: a bad image is a problem of that object, never an exception."""

from __future__ import annotations

import io
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image, UnidentifiedImageError

FORMATS = ("JPEG", "PNG")
MAX_BYTES = 40 * 2**20
MAX_PIXELS = 50_000_000


@dataclass(frozen=True)
class ImageFacts:
    """A readable image: its size as Ground Truth's `image_size` has it (pixels and channels)."""

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


def decode(data: bytes, side: int) -> tuple[ImageFacts, NDArray[np.uint8]] | ImageProblem:
    """The image's facts and its pixels squeezed into a square, uint8 [side, side, 3]; or what is wrong with it."""
    if len(data) > MAX_BYTES:
        return ImageProblem("ObjectTooLarge", f"The object has {len(data)} bytes; at most {MAX_BYTES} are allowed.")
    try:
        with Image.open(io.BytesIO(data), formats=FORMATS) as image:
            width, height = image.size
            # The header alone decides: nothing of a decompression bomb is ever unpacked.
            if width * height > MAX_PIXELS:
                return ImageProblem(
                    "TooManyPixels", f"The image has {width} x {height} pixels; {MAX_PIXELS} are allowed."
                )
            depth = len(image.getbands())
            image.draft("RGB", (2 * side, 2 * side))  # lets a large JPEG be decoded at a fraction of its size
            pixels = image.convert("RGB").resize((side, side), Image.Resampling.BILINEAR, reducing_gap=2.0)
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        return ImageProblem("TooManyPixels", str(error))
    except UnidentifiedImageError:
        return ImageProblem("NotAnImage", f"The object is not a readable {' or '.join(FORMATS)} image.")
    except (OSError, SyntaxError, ValueError, EOFError, MemoryError) as error:
        # What Pillow's decoders raise on damaged data.
        return ImageProblem("TruncatedImage", f"The image is damaged: {error}")
    return ImageFacts(width, height, depth), np.asarray(pixels, np.uint8)
