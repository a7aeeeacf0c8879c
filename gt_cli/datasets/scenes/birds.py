"""The birds of the scenes: twelve species in four poses."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from PIL import Image

from gt_cli.datasets.scenes.drawing import BLACK, Colour, Pen, Pixels, Rng, noise, solid


class Species(NamedTuple):
    """Colours of the parts, how often it is seen, and how long its body is against its height."""

    name: str
    body: Colour
    wing: Colour
    head: Colour
    belly: Colour
    beak: Colour
    frequency: int
    aspect: float


SPECIES = (
    Species("sparrow", (120, 95, 70), (90, 70, 50), (110, 85, 60), (200, 185, 160), (80, 70, 50), 10, 1.7),
    Species("crow", (35, 35, 40), (20, 20, 25), (30, 30, 35), (50, 50, 55), (40, 40, 40), 8, 1.8),
    Species("gull", (240, 240, 240), (190, 195, 200), (245, 245, 245), (250, 250, 250), (230, 160, 40), 8, 2.0),
    Species("jay", (60, 110, 200), (40, 70, 150), (70, 120, 210), (230, 230, 235), (40, 40, 40), 6, 1.7),
    Species("cardinal", (210, 50, 40), (150, 40, 40), (220, 60, 50), (200, 80, 70), (230, 140, 60), 5, 1.6),
    Species("goldfinch", (230, 200, 50), (60, 60, 50), (235, 205, 60), (240, 220, 110), (220, 140, 60), 5, 1.6),
    Species("pigeon", (130, 130, 135), (100, 100, 110), (80, 110, 100), (160, 160, 165), (90, 80, 80), 7, 1.9),
    Species("mallard", (110, 90, 60), (90, 75, 55), (30, 110, 60), (180, 170, 150), (230, 200, 60), 5, 2.3),
    Species("parrot", (70, 130, 60), (50, 100, 50), (200, 60, 60), (150, 180, 80), (200, 190, 170), 3, 1.9),
    Species("flamingo", (235, 160, 165), (220, 110, 120), (240, 170, 175), (245, 190, 190), (60, 40, 40), 2, 1.5),
    Species("eagle", (150, 110, 70), (110, 75, 45), (225, 220, 210), (140, 100, 60), (235, 190, 60), 2, 1.9),
    Species("starling", (90, 70, 110), (60, 50, 80), (100, 80, 120), (150, 130, 150), (220, 200, 90), 3, 1.7),
)
_LONG_NECKED = "flamingo"
_PLUMAGE = ("body", "wing", "head", "belly", "beak")
_FREQUENCIES = np.array([species.frequency for species in SPECIES], float) / sum(
    species.frequency for species in SPECIES
)


def draw_bird(rng: Rng, size: float) -> tuple[int, Pixels]:
    """A species, and a picture of one with alpha [h, w, 4] whose long side is about `size`."""
    which = int(rng.choice(len(SPECIES), p=_FREQUENCIES))
    colours: dict[str, Any] = {part: solid(rng, getattr(SPECIES[which], part), 12) for part in _PLUMAGE}
    species = SPECIES[which]._replace(**colours)
    aspect = species.aspect * rng.uniform(0.85, 1.15)
    length = size * 0.34
    height = length / aspect
    pose = str(rng.choice(["perch", "fly", "swim", "front"], p=[0.5, 0.22, 0.16, 0.12]))
    if pose == "front":
        image = _bird_from_the_front(Pen(size), species, length, height)
    else:
        image = _bird_from_the_side(rng, size, species, pose, length, height)
    if pose == "fly":
        image = image.rotate(rng.uniform(-25, 25), resample=Image.Resampling.BILINEAR)
    pixels = np.asarray(image).astype(np.float32)
    texture = noise(rng, len(pixels), 5, 0.8, 6) * 0.5 + 0.75
    shade = np.linspace(1.12, 0.78, len(pixels))[:, None]
    pixels[..., :3] = np.clip(pixels[..., :3] * (texture * shade)[..., None], 0, 255)
    return which, pixels


def _bird_from_the_front(pen: Pen, species: Species, length: float, width: float) -> Image.Image:
    tall, head = length * 0.95, width * 0.8
    pen.ellipse(0, tall * 0.2, width * 1.15, tall, 0, species.body)
    pen.ellipse(0, tall * 0.45, width * 0.8, tall * 0.65, 0, species.belly)
    pen.ellipse(0, -tall * 0.75, head, head, 0, species.head)
    beak = [(-head * 0.25, -tall * 0.75), (head * 0.25, -tall * 0.75), (0, -tall * 0.75 + head * 0.55)]
    pen.polygon(beak, species.beak)
    for s in (-1, 1):
        pen.ellipse(s * width * 0.95, tall * 0.3, width * 0.35, tall * 0.75, s * -0.1, species.wing)
        eye = max(1, head * 0.14)
        pen.ellipse(s * head * 0.45, -tall * 0.88, eye, eye, 0, BLACK)
        pen.line((s * width * 0.3, tall * 1.1), (s * width * 0.35, tall * 1.5), species.beak, pen.unit * 0.02)
    return pen.image


def _bird_from_the_side(
    rng: Rng, size: float, species: Species, pose: str, length: float, height: float
) -> Image.Image:
    pen = Pen(size, rng.uniform(-0.25, 0.5) if pose == "perch" else rng.uniform(-0.15, 0.15))
    tail = -length - length * rng.uniform(0.5, 1.3)
    tip = (tail, -height * rng.uniform(-0.3, 0.5))
    pen.polygon(
        [(-length * 0.7, -height * 0.25), tip, (tail, height * 0.35), (-length * 0.7, height * 0.3)], species.wing
    )
    if pose == "perch":
        for s in (-0.1, 0.2):
            pen.line((length * s, height * 0.7), (length * s, height * 1.6), species.beak, size * 0.02)
    pen.ellipse(0, 0, length, height, 0, species.body)
    pen.ellipse(length * 0.15, height * 0.35, length * 0.75, height * 0.6, 0, species.belly)
    _head(rng, pen, species, pose, length, height)
    if pose == "fly":
        _spread_wings(rng, pen, species.wing, length, height)
    else:
        _folded_wing(pen, species.wing, length, height)
    image = pen.image
    if pose == "swim":  # what is under water is not seen
        pixels = np.asarray(image).copy()
        pixels[int(pen.middle + height * 0.55) :] = 0
        image = Image.fromarray(pixels)
    return image.transpose(Image.Transpose.FLIP_LEFT_RIGHT) if rng.random() < 0.5 else image


def _head(rng: Rng, pen: Pen, species: Species, pose: str, length: float, height: float) -> None:
    stretched = species.name == _LONG_NECKED or (pose == "swim" and rng.random() < 0.4)
    neck = rng.uniform(0.0, 1.6) if stretched else 0
    x, y = length * 0.9, -height * (0.55 + neck)
    radius = height * rng.uniform(0.55, 0.7)
    if neck:
        pen.draw.line([pen.at(length * 0.7, 0), pen.at(x, y)], fill=species.head, width=max(2, int(radius * 0.9)))
    pen.ellipse(x, y, radius, radius, pen.tilt, species.head)
    front = x + radius * 0.75
    tip = (front + radius * rng.uniform(0.6, 1.4), y + radius * 0.05)
    pen.polygon([(front, y - radius * 0.25), tip, (front, y + radius * 0.3)], species.beak)
    eye = max(1, radius * 0.15)
    pen.ellipse(x + radius * 0.35, y - radius * 0.2, eye, eye, pen.tilt, BLACK)


def _spread_wings(rng: Rng, pen: Pen, colour: Colour, length: float, height: float) -> None:
    up = rng.uniform(-1, 1)
    if abs(up) <= 0.3:
        up = 0.6
    span = length * rng.uniform(1.1, 1.7)
    for rise, share in ((1.0, 1.0), (0.6, 0.8)):
        if rng.random() < 0.9:
            tip = (-length * 0.1 - span * 0.3 * share, -span * up * share * rise)
            pen.polygon([(length * 0.4, -height * 0.2), tip, (-length * 0.6, -height * 0.1)], colour)


def _folded_wing(pen: Pen, colour: Colour, length: float, height: float) -> None:
    pen.ellipse(-length * 0.2, -height * 0.05, length * 0.7, height * 0.55, 0.15, colour)
    darker = (*(int(v * 0.75) for v in colour[:3]), 255)
    for j in range(3):
        start, end = (-length * 0.7, height * (-0.2 + 0.2 * j)), (length * 0.2, height * (-0.25 + 0.2 * j))
        pen.line(start, end, darker, pen.unit * 0.012)
