"""Near-duplicates: which images are the same picture, saved again.

A picture that was encoded anew, scaled or made a little brighter has a perceptual hash (imagehash's `phash`, 16 × 16
frequencies, 256 bits) that differs in a few bits; two different pictures differ in about half of them. Measured on
drawn scenes (`benchmarks/near_duplicates.py`): re-encoded and scaled copies differ in 0 to 10 bits, cut-outs and moved
birds in 30 to 90, other pictures in 88 or more.

Found without a scan: the bits are dealt out over `BANDS` bands, and of two hashes that differ in fewer bits than there
are bands at least one band is equal. So eight reads by key find every picture within `NEAR` bits.
"""

from __future__ import annotations

import io
import warnings
from dataclasses import dataclass

from PIL import Image as Pillow

from gt_service.regions import TaskType

BITS = 256
BANDS = 8
NEAR = BANDS - 1
"""Bits that two hashes of one picture may differ in."""
MAX_DECODED_PIXELS = 40_000_000
"""Of formats that are decoded whole (PNG); a JPEG is decoded at an eighth of its size where it is large."""
_SIDE = 16
_DECODED_SIDE = 256
_LEAST_CONTRAST = 16
_COMPARABLE_MODES = frozenset({"1", "L", "P", "RGB", "CMYK", "YCbCr"})


class UnreadablePixels(Exception):
    """The header is that of an image, and what follows is broken."""


@dataclass(frozen=True)
class Shape:
    """width and height: stored pixels. orientation: as EXIF numbers it."""

    width: int
    height: int
    orientation: int


@dataclass(frozen=True)
class Likeness:
    """What a picture looks like. bits: the perceptual hash as a number."""

    bits: int
    shape: Shape

    @property
    def hexadecimal(self) -> str:
        return f"{self.bits:0{BITS // 4}x}"

    @property
    def bands(self) -> tuple[str, ...]:
        """One key for each band. Every eighth bit, so that a plain strip of a picture does not decide a whole band."""
        digits = f"{self.bits:0{BITS}b}"
        return tuple(f"{band}-{int(digits[band::BANDS], 2):0{BITS // BANDS // 4}x}" for band in range(BANDS))

    def distance(self, other: Likeness) -> int:
        return (self.bits ^ other.bits).bit_count()

    def is_near(self, other: Likeness, task: TaskType) -> bool:
        """Whether a label of the one is a label of the other, scaled at most."""
        return self.distance(other) <= NEAR and _may_share(self.shape, other.shape, task)


def likeness(body: bytes, shape: Shape) -> Likeness | None:
    """What the image in `body` looks like; None where pictures like it cannot be told apart.

    That is the case for plain ones, for those with transparency or 16 bits per channel, and for what would take too
    much memory to decode. Errors: `UnreadablePixels`.
    """
    import imagehash  # reads scipy's cosine transform when called: half a second that others need not spend

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", Pillow.DecompressionBombWarning)
            with Pillow.open(io.BytesIO(body), formats=["JPEG", "PNG"]) as image:
                image.draft("L", (_DECODED_SIDE, _DECODED_SIDE))
                if image.width * image.height > MAX_DECODED_PIXELS or not _is_comparable(image):
                    return None
                gray = image.convert("L")
    except (OSError, SyntaxError, ValueError, EOFError) as error:
        raise UnreadablePixels(str(error)) from error
    gray.thumbnail((_DECODED_SIDE, _DECODED_SIDE))
    low, high = gray.getextrema()
    if not isinstance(low, int) or not isinstance(high, int) or high - low < _LEAST_CONTRAST:
        return None
    return Likeness(int(str(imagehash.phash(gray, hash_size=_SIDE)), 16), shape)


def _is_comparable(image: Pillow.Image) -> bool:
    return image.mode in _COMPARABLE_MODES and "transparency" not in image.info


def _may_share(one: Shape, other: Shape, task: TaskType) -> bool:
    if task in {TaskType.IMAGE_CLASSIFICATION, TaskType.IMAGE_CLASSIFICATION_MULTI_LABEL}:
        return True
    if one.orientation != other.orientation:
        return False
    if task is not TaskType.OBJECT_DETECTION:  # a mask has the size of its image
        return (one.width, one.height) == (other.width, other.height)
    # The same proportions, but for the rounding of the smaller one's sides to whole pixels.
    return abs(one.width * other.height - other.width * one.height) <= max(
        one.width, one.height, other.width, other.height
    )
