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

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFilter

from gt_cli.datasets.scenes.birds import SPECIES, draw_bird
from gt_cli.datasets.scenes.drawing import Pixels, Rng, varied
from gt_cli.datasets.scenes.habitats import HABITATS, draw_habitat
from gt_cli.datasets.scenes.things import draw_thing

__all__ = ["HABITATS", "SIDE", "SPECIES", "Scene", "generate", "scene"]

SIDE = 160
SUPERSAMPLING = 2


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
    habitat, background = draw_habitat(rng, n)
    canvas = _Canvas(background)
    chance = rng.random()
    birds = 1 if chance < 0.70 else 2 if chance < 0.88 else int(rng.integers(3, 6))
    smallest, largest = (0.22, 0.9) if birds == 1 else (0.2, 0.5)
    size = math.exp(rng.uniform(math.log(smallest), math.log(largest)))
    for _ in range(rng.integers(0, 4)):
        thing = draw_thing(rng, n * rng.uniform(0.08, 0.4))
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
    species, sprite = draw_bird(rng, length * rng.uniform(0.8, 1.2))
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
        thing = draw_thing(rng, n * rng.uniform(0.1, 0.3))
        x = int(rng.uniform(0, 1) * n - thing.shape[1] / 2)
        canvas.paste(thing, x, int(rng.uniform(0, 1) * n - thing.shape[0] / 2), 0)
        return
    mask = Image.new("L", (n, n), 0)
    ends = rng.uniform(-0.1, 1.1, (2, 2)) * n
    ImageDraw.Draw(mask).line([tuple(ends[0]), tuple(ends[1])], fill=255, width=int(rng.uniform(3, 14)))
    branch = np.asarray(mask) > 0
    canvas.pixels[branch] = varied(rng, (70, 60, 40), 20)
    canvas.owner[branch] = 0
