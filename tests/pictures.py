"""Pictures that look like something, and copies of them: what perceptual hashes are about."""

from __future__ import annotations

import io
from functools import cache
from typing import Any

import numpy as np
from PIL import Image


@cache
def painting(number: int, size: tuple[int, int] = (320, 240)) -> Image.Image:
    """Clouds of colour with a grain, others for every number."""
    random = np.random.default_rng(number)
    clouds, grain = (
        Image.fromarray(random.integers(0, 256, (*shape, 3), dtype=np.uint8)).resize(size, Image.Resampling.BICUBIC)
        for shape in ((9, 12), (36, 48))
    )
    return Image.blend(clouds, grain, 0.3)


def saved(image: Image.Image, form: str = "PNG", **options: Any) -> bytes:
    body = io.BytesIO()
    image.save(body, form, **options)
    return body.getvalue()


def copy_of(number: int, *, quality: int = 80, scale: float = 1.0, size: tuple[int, int] = (320, 240)) -> bytes:
    """The painting, saved anew as a JPEG."""
    image = painting(number, size)
    smaller = image.resize((round(image.width * scale), round(image.height * scale)), Image.Resampling.LANCZOS)
    return saved(smaller, "JPEG", quality=quality)
