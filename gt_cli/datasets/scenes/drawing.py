"""What scenes are drawn with: noise, colours, and a pen in a tilted frame."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

Pixels: TypeAlias = NDArray[np.float32]
Colour: TypeAlias = tuple[int, ...]
Rng: TypeAlias = np.random.Generator
BLACK = (10, 10, 10, 255)


def noise(
    rng: Rng, n: int, octaves: int, persistence: float, base: int, across: float = 1.0, down: float = 1.0
) -> Pixels:
    """Fractal noise [n, n] in [0, 1]."""
    out = np.zeros((n, n), np.float32)
    amplitude = 1.0
    for octave in range(octaves):
        cells = base * 2**octave
        grid = rng.random((max(2, int(cells * down)), max(2, int(cells * across)))).astype(np.float32)
        out += amplitude * np.asarray(Image.fromarray(grid).resize((n, n), Image.Resampling.BICUBIC))
        amplitude *= persistence
    out -= out.min()
    out /= max(out.max(), 1e-6)
    return out


def mixed(a: Any, b: Any, share: Pixels) -> Pixels:
    blend: Pixels = a * (1 - share[..., None]) + b * share[..., None]
    return blend


def varied(rng: Rng, base: Colour, spread: float) -> Pixels:
    return np.clip(np.array(base, np.float32) + rng.normal(0, spread, 3), 0, 255)


def solid(rng: Rng, base: Colour, spread: float) -> Colour:
    return (*(int(v) for v in varied(rng, base, spread)), 255)


class Pen:
    """Draws on a transparent square in a frame that is tilted around its middle."""

    def __init__(self, size: float, tilt: float = 0.0) -> None:
        self.side = int(size * 1.6) + 8
        self.unit = size
        self.image = Image.new("RGBA", (self.side, self.side), (0, 0, 0, 0))
        self.draw = ImageDraw.Draw(self.image)
        self.middle = self.side / 2
        self.tilt = tilt
        self._cos, self._sin = math.cos(-tilt), math.sin(-tilt)

    def at(self, x: float, y: float) -> tuple[float, float]:
        return self.middle + x * self._cos - y * self._sin, self.middle + x * self._sin + y * self._cos

    def ellipse(self, x: float, y: float, rx: float, ry: float, angle: float, fill: Colour) -> None:
        """An ellipse around a point of the frame; `angle` is on top of the frame's tilt."""
        middle_x, middle_y = self.at(x, y)
        t = np.linspace(0, 2 * math.pi, 28, endpoint=False)
        along, across = rx * np.cos(t), ry * np.sin(t)
        cos, sin = math.cos(angle - self.tilt), math.sin(angle - self.tilt)
        self.draw.polygon(
            [(middle_x + a * cos - b * sin, middle_y + a * sin + b * cos) for a, b in zip(along, across, strict=True)],
            fill=fill,
        )

    def polygon(self, points: Sequence[tuple[float, float]], fill: Colour) -> None:
        self.draw.polygon([self.at(x, y) for x, y in points], fill=fill)

    def line(self, start: tuple[float, float], end: tuple[float, float], fill: Colour, width: float) -> None:
        self.draw.line([self.at(*start), self.at(*end)], fill=fill, width=max(1, int(width)))
