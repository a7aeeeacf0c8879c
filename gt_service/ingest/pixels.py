"""Reads the pixels of an image, for what its header does not tell: whether they are all there, and how it looks."""

from __future__ import annotations

import io
import warnings

from PIL import Image as Pillow

from gt_service.ingest.checks import ImageFacts
from gt_service.orientation import UPRIGHT
from gt_service.records.likeness import SIDE, Likeness, Shape

_DECODED_SIDE = 256
_LEAST_CONTRAST = 16
_COMPARABLE_MODES = frozenset({"1", "L", "P", "RGB", "CMYK", "YCbCr"})


class UnreadablePixels(Exception):
    """The header is that of an image, and what follows is broken."""


def decoded(body: bytes) -> Pillow.Image:
    """The pixels of an image as it is stored, a large JPEG's in grey and at an eighth of its size: a photo of 12
    megapixels takes 20 ms. At 100 megapixels the hungriest (a progressive JPEG in CMYK) takes 0.8 GB.

    Errors: `UnreadablePixels` where they are cut off or damaged.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", Pillow.DecompressionBombWarning)
            image = Pillow.open(io.BytesIO(body), formats=["JPEG", "PNG"])
            image.draft("L", (_DECODED_SIDE, _DECODED_SIDE))
            image.load()
    except (OSError, SyntaxError, ValueError, EOFError) as error:
        raise UnreadablePixels(str(error)) from error
    return image


def likeness(image: Pillow.Image, facts: ImageFacts) -> Likeness | None:
    """What an image that was decoded looks like upright; None where pictures like it cannot be told apart.

    That is the case for plain ones and for those with transparency or 16 bits per channel.
    """
    import imagehash  # reads scipy's cosine transform when called: half a second that others need not spend

    if image.mode not in _COMPARABLE_MODES or "transparency" in image.info:
        return None
    gray = image.convert("L")
    gray.thumbnail((_DECODED_SIDE, _DECODED_SIDE))
    low, high = gray.getextrema()
    if not isinstance(low, int) or not isinstance(high, int) or high - low < _LEAST_CONTRAST:
        return None
    turn = UPRIGHT.get(facts.orientation)
    upright = gray if turn is None else gray.transpose(turn)
    return Likeness(int(str(imagehash.phash(upright, hash_size=SIDE)), 16), Shape(facts.width, facts.height))
