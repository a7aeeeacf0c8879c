"""How far apart perceptual hashes are: of copies, of pictures that changed, and of other pictures.

    python benchmarks/near_duplicates.py [--pictures 300] [--out near_duplicates.json]

Drawn scenes of birds (`gt_cli.datasets.scenes`), 160 and 480 pixels wide, hashed as ingest hashes them. `found` is the
share within the distance at which two images are taken for one: it should be 1 for copies and 0 for everything else.
"""

from __future__ import annotations

import argparse
import io
import json
import sys
from collections.abc import Callable
from itertools import combinations
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent.parent))

import numpy as np
from PIL import Image

from gt_cli.datasets.scenes import Scene, scene
from gt_service.ingest.checks import ImageFacts
from gt_service.ingest.pixels import decoded, likeness
from gt_service.records.likeness import NEAR, Likeness

FACTS = ImageFacts("", 1, 1)


def saved(image: Image.Image, quality: int, scale: float = 1.0) -> bytes:
    size = (round(image.width * scale), round(image.height * scale))
    body = io.BytesIO()
    image.resize(size, Image.Resampling.LANCZOS).save(body, "JPEG", quality=quality)
    return body.getvalue()


def cut(image: Image.Image, share: float) -> Image.Image:
    """Without a strip at the left."""
    return image.crop((round(image.width * share), 0, image.width, image.height)).resize(image.size)


def moved(found: Scene) -> Image.Image:
    """Its first bird half a width further right, or left where it is at the right edge."""
    image = Image.fromarray(found.pixels)
    left, top, right, bottom = (int(edge) for edge in found.boxes[0])
    bird, step = image.crop((left, top, right, bottom)), max(3, (right - left) // 2)
    there = left + step if right + step <= image.width else left - step
    image.paste(bird, (there, top))
    return image


KINDS: dict[str, Callable[[Scene, Image.Image], bytes]] = {
    "copy: JPEG 95": lambda _, image: saved(image, 95),
    "copy: JPEG 60": lambda _, image: saved(image, 60),
    "copy: half the size, JPEG 85": lambda _, image: saved(image, 85, 0.5),
    "copy: 1.5 times the size, JPEG 90": lambda _, image: saved(image, 90, 1.5),
    "copy: a tenth brighter": lambda _, image: saved(image.point(lambda value: min(255, int(value * 1.1))), 95),
    "other: 3 % cut off at the left": lambda _, image: saved(cut(image, 0.03), 95),
    "other: 10 % cut off at the left": lambda _, image: saved(cut(image, 0.1), 95),
    "other: a bird moved by half its width": lambda found, _: saved(moved(found), 95),
}


def png(image: Image.Image) -> bytes:
    body = io.BytesIO()
    image.save(body, "PNG")
    return body.getvalue()


def row(kind: str, distances: list[int]) -> dict[str, Any]:
    low, middle, high = (int(np.percentile(distances, share)) for share in (1, 50, 99))
    found = sum(distance <= NEAR for distance in distances) / len(distances)
    return {"kind": kind, "pairs": len(distances), "p1": low, "p50": middle, "p99": high, "found": round(found, 4)}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--pictures", type=int, default=300)
    parser.add_argument("--out", type=Path)
    options = parser.parse_args()
    scenes = [scene(7, number, side=480 if number % 5 == 0 else 160) for number in range(options.pictures)]
    hashes: dict[int, Likeness] = {}
    for number, each in enumerate(scenes):
        look = likeness(decoded(png(Image.fromarray(each.pixels))), FACTS)
        if look is not None:
            hashes[number] = look
    rows = []
    for kind, made in KINDS.items():
        looks = {n: likeness(decoded(made(scenes[n], Image.fromarray(scenes[n].pixels))), FACTS) for n in hashes}
        rows.append(row(kind, [hashes[n].distance(look) for n, look in looks.items() if look is not None]))
    rows.append(row("other: another picture", [a.distance(b) for a, b in combinations(hashes.values(), 2)]))
    text = json.dumps({"near": NEAR, "pictures": options.pictures, "comparable": len(hashes), "rows": rows}, indent=1)
    print(text)
    if options.out:
        options.out.write_text(text + "\n", "utf-8")


if __name__ == "__main__":
    main()
