"""What is behind the birds: six habitats."""

from __future__ import annotations

import math

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

from gt_cli.datasets.scenes.drawing import Pixels, Rng, mixed, noise, varied

HABITATS = ("sky", "foliage", "water", "ground", "snow", "urban")
_HABITAT_FREQUENCIES = (0.22, 0.28, 0.16, 0.16, 0.06, 0.12)


def draw_habitat(rng: Rng, n: int) -> tuple[int, Pixels]:
    """A habitat and its picture [n, n, 3], with branches across some."""
    habitat = int(rng.choice(len(HABITATS), p=_HABITAT_FREQUENCIES))
    pixels = _DRAWN[habitat](rng, n)
    image = Image.fromarray(pixels.clip(0, 255).astype(np.uint8))
    if HABITATS[habitat] in ("sky", "foliage") or rng.random() < 0.3:
        draw = ImageDraw.Draw(image)
        for _ in range(rng.integers(0, 6)):
            _branch(rng, draw, n)
    return habitat, np.asarray(image).astype(np.float32)


def _branch(rng: Rng, draw: ImageDraw.ImageDraw, n: int) -> None:
    points = [(rng.uniform(-0.1, 1.1) * n, rng.uniform(-0.1, 1.1) * n)]
    angle = rng.uniform(0, 6.3)
    for _ in range(6):
        angle += rng.normal(0, 0.35)
        x, y = points[-1]
        points.append((x + 0.2 * n * math.cos(angle), y + 0.2 * n * math.sin(angle)))
    colour = tuple(int(v) for v in varied(rng, (85, 65, 45), 25))
    draw.line(points, fill=colour, width=int(rng.uniform(1, 8) * n / 320) + 1, joint="curve")


def _downwards(n: int) -> Pixels:
    return np.linspace(0, 1, n, dtype=np.float32)[:, None].repeat(n, 1)


def _sky(rng: Rng, n: int) -> Pixels:
    sky = mixed(varied(rng, (90, 140, 210), 30), varied(rng, (200, 215, 235), 20), _downwards(n))
    clouds = np.clip(noise(rng, n, 5, 0.55, 2, 1, 1.6) * 1.6 - 0.8, 0, 1) * rng.uniform(0, 1)
    return mixed(sky, np.array([245, 245, 248], np.float32), clouds)


def _foliage(rng: Rng, n: int) -> Pixels:
    share = noise(rng, n, 6, 0.85, 3)
    leaves = mixed(varied(rng, (25, 50, 20), 12), varied(rng, (130, 165, 80), 30), share)
    if rng.random() < 0.5:
        image = Image.fromarray(leaves.clip(0, 255).astype(np.uint8))
        leaves = np.asarray(image.filter(ImageFilter.GaussianBlur(rng.uniform(1, 7)))).astype(np.float32)
    return leaves


def _water(rng: Rng, n: int) -> Pixels:
    waves = noise(rng, n, 5, 0.8, 3, 0.5, 3)
    return mixed(varied(rng, (30, 70, 100), 20), varied(rng, (150, 180, 190), 25), waves * (0.4 + 0.6 * _downwards(n)))


def _ground(rng: Rng, n: int) -> Pixels:
    share = noise(rng, n, 6, 0.9, 4)
    return mixed(varied(rng, (110, 85, 60), 25), varied(rng, (200, 180, 140), 25), share)


def _snow(rng: Rng, n: int) -> Pixels:
    dark, light = varied(rng, (205, 212, 225), 8), varied(rng, (250, 250, 252), 4)
    return mixed(dark, light, noise(rng, n, 5, 0.6, 2))


def _urban(rng: Rng, n: int) -> Pixels:
    dark, light = varied(rng, (120, 120, 125), 30), varied(rng, (190, 185, 180), 25)
    walls = mixed(dark, light, noise(rng, n, 4, 0.6, 2))
    image = Image.fromarray(walls.clip(0, 255).astype(np.uint8))
    draw = ImageDraw.Draw(image)
    for _ in range(rng.integers(3, 10)):
        x, y = rng.uniform(-0.1, 0.9) * n, rng.uniform(-0.1, 0.9) * n
        width, height = rng.uniform(0.05, 0.4) * n, rng.uniform(0.05, 0.5) * n
        colour = tuple(int(v) for v in varied(rng, (140, 130, 125), 40))
        draw.rectangle([x, y, x + width, y + height], fill=colour)
    for _ in range(rng.integers(0, 4)):
        draw.line([(0, rng.uniform(0, n)), (n, rng.uniform(0, n))], fill=(40, 40, 40), width=2)
    return np.asarray(image).astype(np.float32)


_DRAWN = (_sky, _foliage, _water, _ground, _snow, _urban)
