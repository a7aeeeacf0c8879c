"""Reads the pixels of an image, for what its header does not tell: how it looks."""

from __future__ import annotations

import io
import warnings

from PIL import Image as Pillow

from gt_service.ingest.likeness import SIDE, Likeness, Shape

MAX_DECODED_PIXELS = 40_000_000
"""Of formats that are decoded whole (PNG); a JPEG is decoded at an eighth of its size where it is large."""
_DECODED_SIDE = 256
_LEAST_CONTRAST = 16
_COMPARABLE_MODES = frozenset({"1", "L", "P", "RGB", "CMYK", "YCbCr"})


class UnreadablePixels(Exception):
    """The header is that of an image, and what follows is broken."""


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
    return Likeness(int(str(imagehash.phash(gray, hash_size=SIDE)), 16), shape)


def _is_comparable(image: Pillow.Image) -> bool:
    return image.mode in _COMPARABLE_MODES and "transparency" not in image.info
