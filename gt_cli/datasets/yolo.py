"""Boxes as YOLO: a text file for each image, a line for each box: class number, then centre and size as shares of the
image, and behind them a prediction's confidence. Class names come from `data.yaml` (`names`), `classes.txt` or
`obj.names` beside or above the label files."""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path, PurePosixPath
from typing import Any

import yaml

from gt_cli.datasets.labeled import BoxesError, Collected

_LISTS = ("classes.txt", "obj.names", "labels.txt")
_NO_LABELS = frozenset({*_LISTS, "train.txt", "val.txt", "valid.txt", "test.txt"})


def label_files(folder: Path) -> list[Path]:
    """The files below a folder that may describe an image: those in folders called `labels`, where there are such; and
    no readme files nor lists of names or images."""
    files = sorted(path for path in folder.rglob("*.txt") if path.name not in _NO_LABELS)
    files = [path for path in files if not path.name.lower().startswith(("readme", "."))]
    return [path for path in files if "labels" in path.relative_to(folder).parts] or files


def read_yolo(folder: Path, files: list[Path], into: Collected) -> None:
    """Every image that has a label file, also one whose file is empty. A polygon (YOLO's segmentation) is taken for the
    box around it."""
    names = _names(folder)
    for path in files:
        relative = PurePosixPath(path.relative_to(folder).as_posix()).with_suffix("")
        called = PurePosixPath(*("images" if part == "labels" else part for part in relative.parts))
        image = into.image(str(called), where=str(path), described_once=True)
        for number, line in enumerate(path.read_text("utf-8-sig").splitlines(), start=1):
            if line.strip():
                _read_line(line.split(), image, names, into, where=f"{path} line {number}")


def _read_line(values: list[str], image: str, names: Mapping[int, str], into: Collected, *, where: str) -> None:
    try:
        class_id, *shares = int(values[0]), *map(float, values[1:])
    except ValueError:
        shares = []
    if len(shares) < 4 or not all(map(math.isfinite, shares)):
        raise BoxesError(f"{where}: not a class number and four shares", remedy="Export the labels as YOLO again.")
    width, height = into.size(image)
    if len(shares) >= 6 and len(shares) % 2 == 0:
        across, down = shares[0::2], shares[1::2]
        left, right, top, bottom = min(across), max(across), min(down), max(down)
    else:
        x, y, w, h = shares[:4]
        left, right, top, bottom = x - w / 2, x + w / 2, y - h / 2, y + h / 2
    label = names.get(class_id, str(class_id))
    corners = (left * width, top * height, right * width, bottom * height)
    into.box(image, label, corners, where=where, confidence=shares[4] if len(shares) == 5 else None)


def _names(folder: Path) -> dict[int, str]:
    for place in (folder, *list(folder.absolute().parents)[:2]):
        for path in sorted(place.glob("*.y*ml")):
            document = _yaml(path)
            if isinstance(document, Mapping) and "names" in document:
                return _numbered(document["names"], path)
        for name in _LISTS:
            if (place / name).is_file():
                lines = (place / name).read_text("utf-8-sig").splitlines()
                return {number: line.strip() for number, line in enumerate(lines) if line.strip()}
    return {}


def _numbered(names: Any, path: Path) -> dict[int, str]:
    try:
        pairs = names.items() if isinstance(names, Mapping) else enumerate(names)
        listed = {int(number): name for number, name in pairs}
        if not all(isinstance(name, (str, int, float)) for name in listed.values()):  # nor lists that name lists
            raise TypeError
        return {number: str(name) for number, name in listed.items()}
    except (TypeError, ValueError):
        raise BoxesError(f"{path}: names are no list", remedy="Write names: [a, b, …].") from None


def _yaml(path: Path) -> Any:
    try:
        return yaml.safe_load(path.read_text("utf-8-sig"))
    except (yaml.YAMLError, UnicodeDecodeError, RecursionError) as error:
        raise BoxesError(f"{path} is not YAML: {error}") from None
