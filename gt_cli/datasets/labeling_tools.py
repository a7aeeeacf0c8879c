"""Labels as the JSON of labeling tools: Label Studio's tasks (boxes and classes), and LabelMe's file for each image.

Sources: labelstud.io/guide/task_format and /guide/export; github.com/wkentaro/labelme.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from pathlib import Path, PurePosixPath
from typing import Any
from urllib.parse import unquote, urlsplit

from gt_cli.datasets.labeled import BoxesError, Collected, json_number


def is_label_studio(document: Any) -> bool:
    """A list of tasks that have `data` and `annotations`."""
    return isinstance(document, list) and bool(document) and all(_is_task(task) for task in document)


def _is_task(task: Any) -> bool:
    return isinstance(task, Mapping) and isinstance(task.get("data"), Mapping) and "annotations" in task


def is_labelme(document: Any) -> bool:
    """An image with `shapes`."""
    return isinstance(document, Mapping) and "shapes" in document and "imagePath" in document


def read_label_studio(document: Any, path: Path, into: Collected) -> None:
    """The last annotation of every task; tasks without one are passed over. Sides are percentages of the image."""
    for called, regions, where in _done(document, path):
        name = into.image(called, where=where, described_once=True)
        width, height = into.size(name)
        for at, kind, value in regions:
            if kind != "rectanglelabels":
                continue
            if value.get("rotation"):
                raise BoxesError(f"{at} is turned", remedy="Draw boxes that are upright.")
            x, y, w, h = (json_number(value.get(side), side, at) / 100 for side in ("x", "y", "width", "height"))
            labels = value.get("rectanglelabels")
            label = str(labels[0]) if isinstance(labels, list) and labels else ""
            into.box(name, label, (x * width, y * height, (x + w) * width, (y + h) * height), where=at)


def label_studio_choices(document: Any, path: Path) -> Iterator[tuple[str, list[str], str]]:
    """What each task's image is called, the classes in its last annotation, and where they are written."""
    for called, regions, where in _done(document, path):
        choices = [value.get("choices") for _, kind, value in regions if kind == "choices"]
        yield called, [str(name) for some in choices if isinstance(some, list) for name in some], where


def _done(document: Any, path: Path) -> Iterator[tuple[str, list[tuple[str, Any, Mapping[str, Any]]], str]]:
    """The image of every task that somebody has answered, the regions of the last answer (where, type, value), and the
    task's place."""
    for number, task in enumerate(document, start=1):
        where = f"{path} task {number}"
        done = [annotation for annotation in _list(task["annotations"], where) if not annotation.get("was_cancelled")]
        if not done:
            continue
        regions = []
        for place, region in enumerate(_list(done[-1].get("result", []), where), start=1):
            at, value = f"{where} region {place}", region.get("value")
            if not isinstance(value, Mapping):
                raise BoxesError(f"{at} has no value", remedy="Export the project again.")
            regions.append((at, region.get("type"), value))
        yield _image_of(task["data"], where), regions, where


def read_labelme(document: Any, path: Path, into: Collected) -> None:
    """One image's rectangles; polygons are taken for the boxes around them."""
    declared = None
    if document.get("imageWidth") and document.get("imageHeight"):
        sides = (json_number(document[side], side, str(path)) for side in ("imageWidth", "imageHeight"))
        width, height = map(round, sides)
        declared = (width, height)
    called = str(document["imagePath"]).replace("\\", "/")
    name = into.image(called, where=str(path), declared=declared, described_once=True)
    for place, shape in enumerate(_list(document["shapes"], str(path)), start=1):
        at = f"{path} shape {place}"
        points = shape.get("points")
        if shape.get("shape_type", "polygon") not in ("rectangle", "polygon") or not isinstance(points, list):
            raise BoxesError(f"{at} is neither a rectangle nor a polygon", remedy="Take it out.")
        across, down = zip(*(_point(point, at) for point in points), strict=True) if points else ((), ())
        if not across:
            raise BoxesError(f"{at} has no points", remedy="Take it out.")
        into.box(name, str(shape.get("label") or ""), (min(across), min(down), max(across), max(down)), where=at)


def _image_of(data: Mapping[str, Any], where: str) -> str:
    """The path in the first address of the data: local files are served as `…/?d=path`, uploads with a prefix."""
    for value in data.values():
        if isinstance(value, str) and "." in value:
            if value.startswith("s3://"):  # a key as it is, whatever `#`, `?` and `%` say in other addresses
                return value.split("/", 3)[-1]
            parts = urlsplit(value)
            path = parts.query.partition("d=")[2] or parts.path
            name = PurePosixPath(unquote(path)).name
            prefix, dash, rest = name.partition("-")
            # Label Studio puts eight characters before the name of a file that was uploaded to it.
            return rest if dash and len(prefix) == 8 and "/upload/" in parts.path else unquote(path).lstrip("/")
    raise BoxesError(f"{where} names no image", remedy="Export the project again.")


def _list(value: Any, where: str) -> list[Mapping[str, Any]]:
    if not isinstance(value, list) or not all(isinstance(entry, Mapping) for entry in value):
        raise BoxesError(f"{where}: not a list of objects", remedy="Export the labels again.")
    return value


def _point(point: Any, where: str) -> tuple[float, float]:
    try:
        x, y = (float(side) for side in point)
    except (TypeError, ValueError, OverflowError):
        x = y = math.nan
    if not (math.isfinite(x) and math.isfinite(y)):
        raise BoxesError(f"{where}: {point!r} is no point")
    return x, y
