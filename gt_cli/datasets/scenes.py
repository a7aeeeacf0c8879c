"""Procedural photos of birds with exact boxes: nothing to download, the same picture for the same (seed, index).

Twelve species with long-tailed frequencies in four poses, six habitats, eight kinds of things in the birds' own
colours, things in front of birds, camouflage, blur and noise; one to five birds per picture, 160 x 160 pixels. Boxes
are those of the visible part. A picture takes about 11 ms; `generate` spreads them over processes.
"""

from __future__ import annotations

import io
import math
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import partial
from typing import Any, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFilter

SIDE = 160
SUPERSAMPLING = 2

Pixels: TypeAlias = NDArray[np.float32]
Colour: TypeAlias = tuple[int, ...]
Rng: TypeAlias = np.random.Generator


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
HABITATS = ("sky", "foliage", "water", "ground", "snow", "urban")

_LONG_NECKED = SPECIES[9]
_FREQUENCIES = np.array([one.frequency for one in SPECIES], float) / sum(one.frequency for one in SPECIES)
_HABITAT_FREQUENCIES = (0.22, 0.28, 0.16, 0.16, 0.06, 0.12)
_THINGS = ("leaf", "fruit", "rock", "squirrel", "butterfly", "flower", "plane", "boat")
_BLACK = (10, 10, 10, 255)


@dataclass(frozen=True, eq=False)
class Scene:
    """One picture and the truth about it.

    pixels    uint8 [side, side, 3]
    boxes     float32 [n, 4]: left, top, right, bottom in pixels, of the visible part of each bird (n >= 1)
    species   int64 [n]: index into SPECIES
    habitat   index into HABITATS
    """

    pixels: NDArray[np.uint8]
    boxes: Pixels
    species: NDArray[np.int64]
    habitat: int

    def png(self) -> bytes:
        """The picture as a PNG file."""
        buffer = io.BytesIO()
        Image.fromarray(self.pixels).save(buffer, "PNG")
        return buffer.getvalue()

    def jpeg(self) -> bytes:
        """The picture as a JPEG file, as cameras write it."""
        buffer = io.BytesIO()
        Image.fromarray(self.pixels).save(buffer, "JPEG", quality=92)
        return buffer.getvalue()


def generate(seed: int, indices: Sequence[int], *, processes: int = 2) -> Iterator[Scene]:
    """The scenes of some indices, in order, drawn by several processes."""
    if processes <= 1 or len(indices) < 20:
        yield from (scene(seed, index) for index in indices)
        return
    with ProcessPoolExecutor(processes) as pool:
        yield from pool.map(partial(scene, seed), indices, chunksize=25)


def scene(seed: int, index: int, *, side: int = SIDE) -> Scene:
    """One scene; the same for the same arguments, on every machine."""
    while True:
        drawn = _drawn(np.random.default_rng([seed, index]), side)
        if drawn is not None:
            return drawn
        seed += 7919  # no bird is visible enough: another picture takes the place


def _drawn(rng: Rng, side: int) -> Scene | None:
    n = side * SUPERSAMPLING
    habitat, background = _background(rng, n)
    canvas = _Canvas(background)
    chance = rng.random()
    birds = 1 if chance < 0.70 else 2 if chance < 0.88 else int(rng.integers(3, 6))
    smallest, largest = (0.22, 0.9) if birds == 1 else (0.2, 0.5)
    size = math.exp(rng.uniform(math.log(smallest), math.log(largest)))
    for _ in range(rng.integers(0, 4)):
        thing = _thing(rng, n * rng.uniform(0.08, 0.4))
        x = int(rng.uniform(-0.1, 0.95) * n - thing.shape[1] / 2)
        canvas.paste(thing, x, int(rng.uniform(0, 1) * n - thing.shape[0] / 2), 0)
    drawn = [_place_bird(rng, canvas, n * size, number, alone=birds == 1) for number in range(1, birds + 1)]
    for _ in range(rng.integers(0, 3) if rng.random() < 0.5 else 0):
        _occlude(rng, canvas)
    boxes, species = [], []
    for number, (which, area) in enumerate(drawn, 1):
        box = canvas.visible_box(number, area)
        if box is not None:
            boxes.append(box)
            species.append(which)
    if not boxes:
        return None
    pixels = _photographed(rng, canvas.pixels, side)
    return Scene(pixels, np.array(boxes, np.float32), np.array(species, np.int64), habitat)


def _photographed(rng: Rng, canvas: Pixels, side: int) -> NDArray[np.uint8]:
    """Exposure, sensor size, focus and noise."""
    exposed = canvas * rng.uniform(0.65, 1.2) + rng.uniform(-20, 20)
    image = Image.fromarray(exposed.clip(0, 255).astype(np.uint8)).resize((side, side), Image.Resampling.BOX)
    if rng.random() < 0.4:
        image = image.filter(ImageFilter.GaussianBlur(rng.uniform(0.3, 1.4)))
    noisy = np.asarray(image).astype(np.float32) + rng.normal(0, rng.uniform(1, 9), (side, side, 1))
    noisy = noisy + rng.normal(0, 3, (side, side, 3))
    return noisy.clip(0, 255).astype(np.uint8)


class _Canvas:
    """The picture so far, and which bird (from 1) each pixel shows."""

    def __init__(self, background: Pixels) -> None:
        self.pixels = background.copy()
        self.owner = np.zeros(background.shape[:2], np.int16)

    def paste(self, sprite: Pixels, x: int, y: int, owner: int) -> None:
        n = len(self.pixels)
        height, width = sprite.shape[:2]
        x0, y0, x1, y1 = max(0, x), max(0, y), min(n, x + width), min(n, y + height)
        if x1 <= x0 or y1 <= y0:
            return
        part = sprite[y0 - y : y1 - y, x0 - x : x1 - x]
        alpha = part[..., 3:] / 255.0
        self.pixels[y0:y1, x0:x1] = self.pixels[y0:y1, x0:x1] * (1 - alpha) + part[..., :3] * alpha
        self.owner[y0:y1, x0:x1][alpha[..., 0] > 0.5] = owner

    def visible_box(self, owner: int, area: int) -> Pixels | None:
        """The box of what is seen of a bird that covers `area` pixels; None when too little of it is seen."""
        ys, xs = np.nonzero(self.owner == owner)
        if len(ys) < max(0.25 * area, 60):
            return None
        box: Pixels = np.array([xs.min(), ys.min(), xs.max() + 1, ys.max() + 1], np.float32) / np.float32(SUPERSAMPLING)
        return box if min(box[2] - box[0], box[3] - box[1]) >= 8 else None


def _place_bird(rng: Rng, canvas: _Canvas, length: float, number: int, *, alone: bool) -> tuple[int, int]:
    """Draws bird `number`; returns its species and the area it would cover if nothing hid it."""
    n = len(canvas.pixels)
    species, sprite = _bird(rng, length * rng.uniform(0.8, 1.2))
    solid = sprite[..., 3] > 127
    ys, xs = np.nonzero(solid)
    middle_x, middle_y = (xs.min() + xs.max()) / 2, (ys.min() + ys.max()) / 2
    spread = 0.32 if alone else 0.45
    at = 0.5 + rng.uniform(-spread, spread, 2)
    if rng.random() < 0.25:  # camouflage: the bird takes the colour of what is behind it
        y, x = int(np.clip(at[1] * n, 0, n - 1)), int(np.clip(at[0] * n, 0, n - 1))
        share = rng.uniform(0.2, 0.6)
        sprite = sprite.copy()
        sprite[..., :3] = sprite[..., :3] * (1 - share) + canvas.pixels[y, x] * share
    canvas.paste(sprite, int(at[0] * n - middle_x), int(at[1] * n - middle_y), number)
    return species, int(solid.sum())


def _occlude(rng: Rng, canvas: _Canvas) -> None:
    """Something in front of the birds: a thing, or a branch."""
    n = len(canvas.pixels)
    if rng.random() < 0.5:
        thing = _thing(rng, n * rng.uniform(0.1, 0.3))
        x = int(rng.uniform(0, 1) * n - thing.shape[1] / 2)
        canvas.paste(thing, x, int(rng.uniform(0, 1) * n - thing.shape[0] / 2), 0)
        return
    mask = Image.new("L", (n, n), 0)
    ends = rng.uniform(-0.1, 1.1, (2, 2)) * n
    ImageDraw.Draw(mask).line([tuple(ends[0]), tuple(ends[1])], fill=255, width=int(rng.uniform(3, 14)))
    branch = np.asarray(mask) > 0
    canvas.pixels[branch] = _varied(rng, (70, 60, 40), 20)
    canvas.owner[branch] = 0


# --- drawing ---------------------------------------------------------------------------------------------------------


def _noise(
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


def _mixed(a: Any, b: Any, share: Pixels) -> Pixels:
    blend: Pixels = a * (1 - share[..., None]) + b * share[..., None]
    return blend


def _varied(rng: Rng, base: Colour, spread: float) -> Pixels:
    return np.clip(np.array(base, np.float32) + rng.normal(0, spread, 3), 0, 255)


def _solid(rng: Rng, base: Colour, spread: float) -> Colour:
    return (*(int(v) for v in _varied(rng, base, spread)), 255)


class _Pen:
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


class _Plumage(NamedTuple):
    body: Colour
    wing: Colour
    head: Colour
    belly: Colour
    beak: Colour


def _bird(rng: Rng, size: float) -> tuple[int, Pixels]:
    """A species, and a picture of one with alpha [h, w, 4] whose long side is about `size`."""
    which = int(rng.choice(len(SPECIES), p=_FREQUENCIES))
    species = SPECIES[which]
    colours = _Plumage(*(_solid(rng, base, 12) for base in species[1:6]))
    aspect = species.aspect * rng.uniform(0.85, 1.15)
    length = size * 0.34
    height = length / aspect
    pose = str(rng.choice(["perch", "fly", "swim", "front"], p=[0.5, 0.22, 0.16, 0.12]))
    if pose == "front":
        image = _bird_from_the_front(_Pen(size), colours, length, height)
    else:
        image = _bird_from_the_side(rng, size, species, pose, colours, length, height)
    if pose == "fly":
        image = image.rotate(rng.uniform(-25, 25), resample=Image.Resampling.BILINEAR)
    pixels = np.asarray(image).astype(np.float32)
    texture = _noise(rng, len(pixels), 5, 0.8, 6) * 0.5 + 0.75
    shade = np.linspace(1.12, 0.78, len(pixels))[:, None]
    pixels[..., :3] = np.clip(pixels[..., :3] * (texture * shade)[..., None], 0, 255)
    return which, pixels


def _bird_from_the_front(pen: _Pen, colours: _Plumage, length: float, width: float) -> Image.Image:
    tall, head = length * 0.95, width * 0.8
    pen.ellipse(0, tall * 0.2, width * 1.15, tall, 0, colours.body)
    pen.ellipse(0, tall * 0.45, width * 0.8, tall * 0.65, 0, colours.belly)
    pen.ellipse(0, -tall * 0.75, head, head, 0, colours.head)
    beak = [(-head * 0.25, -tall * 0.75), (head * 0.25, -tall * 0.75), (0, -tall * 0.75 + head * 0.55)]
    pen.polygon(beak, colours.beak)
    for s in (-1, 1):
        pen.ellipse(s * width * 0.95, tall * 0.3, width * 0.35, tall * 0.75, s * -0.1, colours.wing)
        eye = max(1, head * 0.14)
        pen.ellipse(s * head * 0.45, -tall * 0.88, eye, eye, 0, _BLACK)
        pen.line((s * width * 0.3, tall * 1.1), (s * width * 0.35, tall * 1.5), colours.beak, pen.unit * 0.02)
    return pen.image


def _bird_from_the_side(
    rng: Rng, size: float, species: Species, pose: str, colours: _Plumage, length: float, height: float
) -> Image.Image:
    pen = _Pen(size, rng.uniform(-0.25, 0.5) if pose == "perch" else rng.uniform(-0.15, 0.15))
    tail = -length - length * rng.uniform(0.5, 1.3)
    tip = (tail, -height * rng.uniform(-0.3, 0.5))
    pen.polygon(
        [(-length * 0.7, -height * 0.25), tip, (tail, height * 0.35), (-length * 0.7, height * 0.3)], colours.wing
    )
    if pose == "perch":
        for s in (-0.1, 0.2):
            pen.line((length * s, height * 0.7), (length * s, height * 1.6), colours.beak, size * 0.02)
    pen.ellipse(0, 0, length, height, 0, colours.body)
    pen.ellipse(length * 0.15, height * 0.35, length * 0.75, height * 0.6, 0, colours.belly)
    _head(rng, pen, species, pose, colours, length, height)
    if pose == "fly":
        _spread_wings(rng, pen, colours, length, height)
    else:
        _folded_wing(pen, colours, length, height)
    image = pen.image
    if pose == "swim":  # what is under water is not seen
        pixels = np.asarray(image).copy()
        pixels[int(pen.middle + height * 0.55) :] = 0
        image = Image.fromarray(pixels)
    return image.transpose(Image.Transpose.FLIP_LEFT_RIGHT) if rng.random() < 0.5 else image


def _head(rng: Rng, pen: _Pen, species: Species, pose: str, colours: _Plumage, length: float, height: float) -> None:
    stretched = species is _LONG_NECKED or (pose == "swim" and rng.random() < 0.4)
    neck = rng.uniform(0.0, 1.6) if stretched else 0
    x, y = length * 0.9, -height * (0.55 + neck)
    radius = height * rng.uniform(0.55, 0.7)
    if neck:
        pen.draw.line([pen.at(length * 0.7, 0), pen.at(x, y)], fill=colours.head, width=max(2, int(radius * 0.9)))
    pen.ellipse(x, y, radius, radius, pen.tilt, colours.head)
    front = x + radius * 0.75
    tip = (front + radius * rng.uniform(0.6, 1.4), y + radius * 0.05)
    pen.polygon([(front, y - radius * 0.25), tip, (front, y + radius * 0.3)], colours.beak)
    eye = max(1, radius * 0.15)
    pen.ellipse(x + radius * 0.35, y - radius * 0.2, eye, eye, pen.tilt, _BLACK)


def _spread_wings(rng: Rng, pen: _Pen, colours: _Plumage, length: float, height: float) -> None:
    up = rng.uniform(-1, 1)
    if abs(up) <= 0.3:
        up = 0.6
    span = length * rng.uniform(1.1, 1.7)
    for rise, share in ((1.0, 1.0), (0.6, 0.8)):
        if rng.random() < 0.9:
            tip = (-length * 0.1 - span * 0.3 * share, -span * up * share * rise)
            pen.polygon([(length * 0.4, -height * 0.2), tip, (-length * 0.6, -height * 0.1)], colours.wing)


def _folded_wing(pen: _Pen, colours: _Plumage, length: float, height: float) -> None:
    pen.ellipse(-length * 0.2, -height * 0.05, length * 0.7, height * 0.55, 0.15, colours.wing)
    darker = (*(int(v * 0.75) for v in colours.wing[:3]), 255)
    for j in range(3):
        start, end = (-length * 0.7, height * (-0.2 + 0.2 * j)), (length * 0.2, height * (-0.25 + 0.2 * j))
        pen.line(start, end, darker, pen.unit * 0.012)


def _thing(rng: Rng, size: float) -> Pixels:
    """Something that is no bird but has a bird's colours, with alpha [h, w, 4]."""
    pen = _Pen(size)
    kind = str(rng.choice(_THINGS))
    species = SPECIES[rng.integers(len(SPECIES))]
    one, other = _solid(rng, species.body, 30), _solid(rng, species.wing, 30)
    _DRAW[kind](rng, pen, size * 0.4, one, other)
    image = pen.image.rotate(rng.uniform(-20, 20), resample=Image.Resampling.BILINEAR)
    pixels = np.asarray(image).astype(np.float32)
    texture = _noise(rng, len(pixels), 5, 0.8, 6) * 0.5 + 0.75
    pixels[..., :3] = np.clip(pixels[..., :3] * texture[..., None], 0, 255)
    return pixels


def _leaf(rng: Rng, pen: _Pen, r: float, colour: Colour, other: Colour) -> None:
    for _ in range(rng.integers(2, 6)):
        a = rng.uniform(0, 6.3)
        pen.ellipse(r * 0.5 * math.cos(a), r * 0.5 * math.sin(a), r * 0.6, r * rng.uniform(0.15, 0.3), a, colour)


def _fruit(rng: Rng, pen: _Pen, r: float, colour: Colour, other: Colour) -> None:
    for _ in range(rng.integers(1, 4)):
        pen.ellipse(rng.normal(0, r * 0.4), rng.normal(0, r * 0.4), r * 0.4, r * 0.4, 0, colour)
    pen.line((0, 0), (r * 0.2, -r * 0.8), other, pen.unit * 0.03)


def _rock(rng: Rng, pen: _Pen, r: float, colour: Colour, other: Colour) -> None:
    angles = np.sort(rng.uniform(0, 6.28, 9))
    pen.polygon(
        [
            (r * 1.1 * math.cos(a) * rng.uniform(0.7, 1.1), r * 0.6 * math.sin(a) * rng.uniform(0.7, 1.1))
            for a in angles
        ],
        colour,
    )


def _squirrel(rng: Rng, pen: _Pen, r: float, colour: Colour, other: Colour) -> None:
    pen.ellipse(0, 0, r * 0.5, r * 0.32, -0.4, colour)
    pen.ellipse(r * 0.5, -r * 0.3, r * 0.2, r * 0.2, 0, colour)
    pen.ellipse(-r * 0.55, -r * 0.35, r * 0.25, r * 0.6, 0.3, other)
    for s in (-0.3, 0.3):
        leg = max(2, int(pen.unit * 0.04))
        pen.draw.line([pen.at(s * r, r * 0.2), pen.at(s * r, r * 0.55)], fill=colour, width=leg)
    pen.polygon([(r * 0.45, -r * 0.45), (r * 0.5, -r * 0.68), (r * 0.6, -r * 0.45)], colour)


def _butterfly(rng: Rng, pen: _Pen, r: float, colour: Colour, other: Colour) -> None:
    for s in (-1, 1):
        pen.ellipse(s * r * 0.4, -r * 0.25, r * 0.4, r * 0.3, s * -0.5, colour)
        pen.ellipse(s * r * 0.3, r * 0.25, r * 0.28, r * 0.22, s * 0.5, other)
    pen.ellipse(0, 0, r * 0.06, r * 0.5, 0, (20, 20, 20, 255))


def _flower(rng: Rng, pen: _Pen, r: float, colour: Colour, other: Colour) -> None:
    for a in np.arange(0, 6.28, 6.28 / 6):
        pen.ellipse(r * 0.4 * math.cos(a), r * 0.4 * math.sin(a), r * 0.35, r * 0.18, a, colour)
    pen.ellipse(0, 0, r * 0.2, r * 0.2, 0, other)


def _plane(rng: Rng, pen: _Pen, r: float, colour: Colour, other: Colour) -> None:
    pen.ellipse(0, 0, r, r * 0.12, 0, colour)
    pen.polygon([(r * 0.2, 0), (-r * 0.3, -r * 0.5), (-r * 0.1, 0)], other)
    pen.polygon([(-r * 0.8, 0), (-r, -r * 0.35), (-r * 0.6, 0)], other)


def _boat(rng: Rng, pen: _Pen, r: float, colour: Colour, other: Colour) -> None:
    pen.polygon([(-r, 0), (r, 0), (r * 0.6, r * 0.35), (-r * 0.7, r * 0.35)], colour)
    pen.polygon([(0, 0), (0, -r * 0.9), (r * 0.6, -r * 0.1)], other)


_DRAW = dict(zip(_THINGS, (_leaf, _fruit, _rock, _squirrel, _butterfly, _flower, _plane, _boat), strict=True))


# --- habitats --------------------------------------------------------------------------------------------------------


def _background(rng: Rng, n: int) -> tuple[int, Pixels]:
    """A habitat and its picture [n, n, 3], with branches across some."""
    habitat = int(rng.choice(len(HABITATS), p=_HABITAT_FREQUENCIES))
    pixels = _HABITATS[HABITATS[habitat]](rng, n)
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
    colour = tuple(int(v) for v in _varied(rng, (85, 65, 45), 25))
    draw.line(points, fill=colour, width=int(rng.uniform(1, 8) * n / 320) + 1, joint="curve")


def _downwards(n: int) -> Pixels:
    return np.linspace(0, 1, n, dtype=np.float32)[:, None].repeat(n, 1)


def _sky(rng: Rng, n: int) -> Pixels:
    sky = _mixed(_varied(rng, (90, 140, 210), 30), _varied(rng, (200, 215, 235), 20), _downwards(n))
    clouds = np.clip(_noise(rng, n, 5, 0.55, 2, 1, 1.6) * 1.6 - 0.8, 0, 1) * rng.uniform(0, 1)
    return _mixed(sky, np.array([245, 245, 248], np.float32), clouds)


def _foliage(rng: Rng, n: int) -> Pixels:
    share = _noise(rng, n, 6, 0.85, 3)
    leaves = _mixed(_varied(rng, (25, 50, 20), 12), _varied(rng, (130, 165, 80), 30), share)
    if rng.random() < 0.5:
        image = Image.fromarray(leaves.clip(0, 255).astype(np.uint8))
        leaves = np.asarray(image.filter(ImageFilter.GaussianBlur(rng.uniform(1, 7)))).astype(np.float32)
    return leaves


def _water(rng: Rng, n: int) -> Pixels:
    waves = _noise(rng, n, 5, 0.8, 3, 0.5, 3)
    return _mixed(
        _varied(rng, (30, 70, 100), 20), _varied(rng, (150, 180, 190), 25), waves * (0.4 + 0.6 * _downwards(n))
    )


def _ground(rng: Rng, n: int) -> Pixels:
    share = _noise(rng, n, 6, 0.9, 4)
    return _mixed(_varied(rng, (110, 85, 60), 25), _varied(rng, (200, 180, 140), 25), share)


def _snow(rng: Rng, n: int) -> Pixels:
    dark, light = _varied(rng, (205, 212, 225), 8), _varied(rng, (250, 250, 252), 4)
    return _mixed(dark, light, _noise(rng, n, 5, 0.6, 2))


def _urban(rng: Rng, n: int) -> Pixels:
    dark, light = _varied(rng, (120, 120, 125), 30), _varied(rng, (190, 185, 180), 25)
    walls = _mixed(dark, light, _noise(rng, n, 4, 0.6, 2))
    image = Image.fromarray(walls.clip(0, 255).astype(np.uint8))
    draw = ImageDraw.Draw(image)
    for _ in range(rng.integers(3, 10)):
        x, y = rng.uniform(-0.1, 0.9) * n, rng.uniform(-0.1, 0.9) * n
        width, height = rng.uniform(0.05, 0.4) * n, rng.uniform(0.05, 0.5) * n
        colour = tuple(int(v) for v in _varied(rng, (140, 130, 125), 40))
        draw.rectangle([x, y, x + width, y + height], fill=colour)
    for _ in range(rng.integers(0, 4)):
        draw.line([(0, rng.uniform(0, n)), (n, rng.uniform(0, n))], fill=(40, 40, 40), width=2)
    return np.asarray(image).astype(np.float32)


_HABITATS = dict(zip(HABITATS, (_sky, _foliage, _water, _ground, _snow, _urban), strict=True))
