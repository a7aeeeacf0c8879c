"""How an image is stored and how people see it: what EXIF's orientation means, in one place for door, engine and tools.

Orientations are EXIF's numbers, 1 to 8; 1 is upright.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from PIL import ExifTags
from PIL import Image as Pillow

UPRIGHT: Mapping[int, Pillow.Transpose] = MappingProxyType(
    {
        2: Pillow.Transpose.FLIP_LEFT_RIGHT,
        3: Pillow.Transpose.ROTATE_180,
        4: Pillow.Transpose.FLIP_TOP_BOTTOM,
        5: Pillow.Transpose.TRANSPOSE,
        6: Pillow.Transpose.ROTATE_270,
        7: Pillow.Transpose.TRANSVERSE,
        8: Pillow.Transpose.ROTATE_90,
    }
)
"""What brings an image upright; nothing does for one that is."""

_LYING = frozenset({5, 6, 7, 8})
"""Orientations in which the stored rows are the columns of the upright picture."""


def orientation_of(image: Pillow.Image) -> int:
    """How an image that was opened is stored; 1 where nothing is said, or nothing that EXIF knows.

    Nothing is unpacked. Browsers turn PNGs as well; what one says behind its pixels is not looked for, since they would
    have to be unpacked. Errors: those of Pillow on damaged EXIF.
    """
    is_said = image.format != "PNG" or "exif" in image.info
    number = image.getexif().get(ExifTags.Base.Orientation, 1) if is_said else 1
    return number if number in range(1, 9) else 1


def upright_size(size: tuple[int, int], orientation: int) -> tuple[int, int]:
    """Width and height as people see them, of an image that is stored so large."""
    width, height = size
    return (height, width) if orientation in _LYING else (width, height)
