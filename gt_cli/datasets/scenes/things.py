"""Things in the birds' own colours that are no birds."""

from __future__ import annotations

import math

import numpy as np
from PIL import Image

from gt_cli.datasets.scenes.birds import SPECIES
from gt_cli.datasets.scenes.drawing import Colour, Pen, Pixels, Rng, noise, solid


def draw_thing(rng: Rng, size: float) -> Pixels:
    """Something that is no bird but has a bird's colours, with alpha [h, w, 4]."""
    pen = Pen(size)
    draw = _THINGS[rng.choice(len(_THINGS))]
    species = SPECIES[rng.integers(len(SPECIES))]
    one, other = solid(rng, species.body, 30), solid(rng, species.wing, 30)
    draw(rng, pen, size * 0.4, one, other)
    image = pen.image.rotate(rng.uniform(-20, 20), resample=Image.Resampling.BILINEAR)
    pixels = np.asarray(image).astype(np.float32)
    texture = noise(rng, len(pixels), 5, 0.8, 6) * 0.5 + 0.75
    pixels[..., :3] = np.clip(pixels[..., :3] * texture[..., None], 0, 255)
    return pixels


def _leaf(rng: Rng, pen: Pen, r: float, colour: Colour, other: Colour) -> None:
    for _ in range(rng.integers(2, 6)):
        a = rng.uniform(0, 6.3)
        pen.ellipse(r * 0.5 * math.cos(a), r * 0.5 * math.sin(a), r * 0.6, r * rng.uniform(0.15, 0.3), a, colour)


def _fruit(rng: Rng, pen: Pen, r: float, colour: Colour, other: Colour) -> None:
    for _ in range(rng.integers(1, 4)):
        pen.ellipse(rng.normal(0, r * 0.4), rng.normal(0, r * 0.4), r * 0.4, r * 0.4, 0, colour)
    pen.line((0, 0), (r * 0.2, -r * 0.8), other, pen.unit * 0.03)


def _rock(rng: Rng, pen: Pen, r: float, colour: Colour, other: Colour) -> None:
    angles = np.sort(rng.uniform(0, 6.28, 9))
    pen.polygon(
        [
            (r * 1.1 * math.cos(a) * rng.uniform(0.7, 1.1), r * 0.6 * math.sin(a) * rng.uniform(0.7, 1.1))
            for a in angles
        ],
        colour,
    )


def _squirrel(rng: Rng, pen: Pen, r: float, colour: Colour, other: Colour) -> None:
    pen.ellipse(0, 0, r * 0.5, r * 0.32, -0.4, colour)
    pen.ellipse(r * 0.5, -r * 0.3, r * 0.2, r * 0.2, 0, colour)
    pen.ellipse(-r * 0.55, -r * 0.35, r * 0.25, r * 0.6, 0.3, other)
    for s in (-0.3, 0.3):
        leg = max(2, int(pen.unit * 0.04))
        pen.draw.line([pen.at(s * r, r * 0.2), pen.at(s * r, r * 0.55)], fill=colour, width=leg)
    pen.polygon([(r * 0.45, -r * 0.45), (r * 0.5, -r * 0.68), (r * 0.6, -r * 0.45)], colour)


def _butterfly(rng: Rng, pen: Pen, r: float, colour: Colour, other: Colour) -> None:
    for s in (-1, 1):
        pen.ellipse(s * r * 0.4, -r * 0.25, r * 0.4, r * 0.3, s * -0.5, colour)
        pen.ellipse(s * r * 0.3, r * 0.25, r * 0.28, r * 0.22, s * 0.5, other)
    pen.ellipse(0, 0, r * 0.06, r * 0.5, 0, (20, 20, 20, 255))


def _flower(rng: Rng, pen: Pen, r: float, colour: Colour, other: Colour) -> None:
    for a in np.arange(0, 6.28, 6.28 / 6):
        pen.ellipse(r * 0.4 * math.cos(a), r * 0.4 * math.sin(a), r * 0.35, r * 0.18, a, colour)
    pen.ellipse(0, 0, r * 0.2, r * 0.2, 0, other)


def _plane(rng: Rng, pen: Pen, r: float, colour: Colour, other: Colour) -> None:
    pen.ellipse(0, 0, r, r * 0.12, 0, colour)
    pen.polygon([(r * 0.2, 0), (-r * 0.3, -r * 0.5), (-r * 0.1, 0)], other)
    pen.polygon([(-r * 0.8, 0), (-r, -r * 0.35), (-r * 0.6, 0)], other)


def _boat(rng: Rng, pen: Pen, r: float, colour: Colour, other: Colour) -> None:
    pen.polygon([(-r, 0), (r, 0), (r * 0.6, r * 0.35), (-r * 0.7, r * 0.35)], colour)
    pen.polygon([(0, 0), (0, -r * 0.9), (r * 0.6, -r * 0.1)], other)


_THINGS = (_leaf, _fruit, _rock, _squirrel, _butterfly, _flower, _plane, _boat)
