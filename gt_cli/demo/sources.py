"""Where the demo's pictures come from, known before they are loaded: how many, what campaign, what words."""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from gt_cli.datasets import BoxesError, LabeledImage, LabeledImages, OpenImagesClass, read_boxes
from gt_cli.datasets.scenes import scene
from gt_cli.demo.pictures import KnownBox, Picture, PictureSet
from gt_cli.demo.plan import FEWEST_IMAGES, FULL_SCENES, QUICK_SCENES, Plan

SCENE_LABEL = "Bird"
SCENES_AT_ONCE = 25
QUICK_SHORTENING = 2


@dataclass(frozen=True)
class Source:
    """`load` may take half a minute; everything else is known at once."""

    campaign: str
    words: str
    plan: Plan
    load: Callable[[], PictureSet]
    shorten_training: int = 1


def scenes(*, quick: bool, seed: int) -> Source:
    """Drawn bird scenes: no download, the same ones for the same seed."""
    count = QUICK_SCENES if quick else FULL_SCENES
    shorten_training = QUICK_SHORTENING if quick else 1
    return Source(
        "birds", f"drawn scenes, seed {seed}", Plan.of(count), partial(draw_all, count, seed), shorten_training
    )


def draw_all(count: int, seed: int) -> PictureSet:
    with ProcessPoolExecutor(os.cpu_count()) as processes:
        drawn = processes.map(partial(_draw, seed), range(count), chunksize=SCENES_AT_ONCE)
        return PictureSet((SCENE_LABEL,), tuple(drawn))


def _draw(seed: int, index: int) -> Picture:
    drawn = scene(seed, index)
    height, width = drawn.pixels.shape[:2]
    boxes = (KnownBox(0, left, top, right - left, bottom - top) for left, top, right, bottom in drawn.boxes.tolist())
    return Picture(f"bird-{index:05}.jpg", width, height, tuple(boxes), partial(bytes, drawn.jpeg()))


def photos(images: Path, boxes: Path, *, choice: OpenImagesClass | None = None) -> Source:
    """The user's own photos. Errors: BoxesError where they cannot be used."""
    found = read_boxes(boxes, images, choice=choice)
    if len(found.images) < FEWEST_IMAGES:
        raise BoxesError(
            f"{boxes} names {len(found.images)} images; split into two batches, the demo needs {FEWEST_IMAGES}",
            remedy="Name a file with more images.",
            field="boxes",
        )
    plan = Plan.of(len(found.images), left_out=len(found.left_out))
    return Source("photos", f"photos from {images}", plan, partial(as_pictures, found))


def as_pictures(images: LabeledImages) -> PictureSet:
    """Images and boxes as they are uploaded and written into gold labels."""
    numbers = {label: number for number, label in enumerate(images.labels)}
    return PictureSet(images.labels, tuple(_picture(image, numbers) for image in images.images))


def _picture(image: LabeledImage, numbers: dict[str, int]) -> Picture:
    boxes = (KnownBox(numbers[box.label], box.left, box.top, box.width, box.height) for box in image.boxes)
    return Picture(image.name, image.width, image.height, tuple(boxes), image.path.read_bytes)
