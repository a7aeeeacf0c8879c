"""A first try without photos: drawn birds whose boxes are known, and how right people's boxes were."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np

from gt_cli.datasets.scenes import scene
from gt_engine.autolabel.boxes.geometry import matches
from gt_engine.labels import BoxLabel, box_label

FOLDER = Path("drawn-birds")
LABELS: tuple[str, ...] = ("Bird",)
GUEST = "Guest"
COUNT = 20
_SEED, SIDE = 11, 320


def draw(folder: Path, *, count: int = COUNT) -> None:
    """The pictures, where they are not there yet."""
    folder.mkdir(parents=True, exist_ok=True)
    for index in range(count):
        path = folder / f"{index:02}.jpg"
        if not path.exists():
            path.write_bytes(scene(_SEED, index, side=SIDE).jpeg())


def rightness(lines: Iterable[Mapping[str, Any]], attribute: str) -> list[str]:
    """What to say of labels in manifest lines: how many of the known boxes they have, and what else."""
    pictures = known = drawn = 0
    overlaps: list[float] = []
    for line in lines:
        right = truth(int(PurePosixPath(line["source-ref"]).stem))
        label = _label(line[attribute]["annotations"])
        pictures, known, drawn = pictures + 1, known + len(right), drawn + len(label)
        overlaps += [overlap for _, _, overlap in matches(label, right)]
    if not pictures:
        return []
    found = len(overlaps)
    words = (
        f"Of {known} birds in {pictures} pictures {found} have a box that is right (IoU of 0.5 or more), "
        f"{known - found} have none; {drawn - found} other boxes."
    )
    if not overlaps:
        return [words]
    return [words, f"The right boxes overlap the true ones by {100 * float(np.mean(overlaps)):.0f} % (mean IoU)."]


@cache
def truth(index: int) -> BoxLabel:
    """The boxes of a picture's birds."""
    boxes = scene(_SEED, index, side=SIDE).boxes
    return box_label(boxes, np.zeros(len(boxes)), (SIDE, SIDE, 3))


def _label(boxes: Iterable[Mapping[str, float]]) -> BoxLabel:
    corners = [(b["left"], b["top"], b["left"] + b["width"], b["top"] + b["height"]) for b in boxes]
    return box_label(corners, np.zeros(len(corners)), (SIDE, SIDE, 3))
