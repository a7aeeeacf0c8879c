"""Where the demo's pictures come from, known before they are loaded: how many, what campaign, what words."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from gt_cli.datasets import BoxesError, LabeledBox, LabeledImage, LabeledImages, OpenImagesClass, read_boxes
from gt_cli.datasets.scenes import Scene, generate
from gt_cli.demo.plan import FEWEST_IMAGES, FULL_SCENES, QUICK_SCENES, Plan

SCENE_LABEL = "Bird"
QUICK_SHORTENING = 2


@dataclass(frozen=True)
class Source:
    """`load` may take half a minute; everything else is known at once."""

    campaign: str
    words: str
    plan: Plan
    load: Callable[[], LabeledImages]
    shorten_training: int = 1


def scenes(*, quick: bool, seed: int) -> Source:
    """Drawn bird scenes: no download, the same ones for the same seed."""
    count = QUICK_SCENES if quick else FULL_SCENES
    shorten_training = QUICK_SHORTENING if quick else 1
    return Source(
        "birds", f"drawn scenes, seed {seed}", Plan.of(count), partial(draw_all, count, seed), shorten_training
    )


@dataclass(frozen=True)
class DrawnImage(LabeledImage):
    """A scene, which lies in no file."""

    body: bytes = b""

    def read(self) -> bytes:
        return self.body


def draw_all(count: int, seed: int) -> LabeledImages:
    drawn = generate(seed, range(count), processes=os.cpu_count() or 1)
    return LabeledImages((SCENE_LABEL,), tuple(_labeled(index, one) for index, one in enumerate(drawn)), ())


def _labeled(index: int, drawn: Scene) -> DrawnImage:
    name = f"bird-{index:05}.jpg"
    height, width = drawn.pixels.shape[:2]
    corners = drawn.boxes.tolist()
    boxes = (LabeledBox(SCENE_LABEL, left, top, right - left, bottom - top) for left, top, right, bottom in corners)
    return DrawnImage(Path(name), name, width, height, tuple(boxes), drawn.jpeg())


def photos(images: Path, boxes: Path, *, choice: OpenImagesClass | None = None) -> Source:
    """The user's own photos. Errors: BoxesError where they cannot be used."""
    labeled = read_boxes(boxes, images, choice=choice)
    if len(labeled.images) < FEWEST_IMAGES:
        raise BoxesError(
            f"{boxes} names {len(labeled.images)} images; split into two batches, the demo needs {FEWEST_IMAGES}",
            remedy="Name a file with more images.",
        )
    plan = Plan.of(len(labeled.images), left_out=len(labeled.left_out))
    return Source("photos", f"photos from {images}", plan, lambda: labeled)
