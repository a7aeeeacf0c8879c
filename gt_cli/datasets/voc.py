"""Boxes as Pascal VOC: one XML file per image, with `filename`, `size` and an `object` per box."""

from __future__ import annotations

from pathlib import Path

from gt_cli.datasets.labeled import BoxesError, Collected, read_number, read_text
from gt_cli.datasets.xml import read_xml


def read_voc(files: list[Path], into: Collected) -> None:
    """Every image that has a file, also one without objects."""
    for path in files:
        _read_file(path, into)


def _read_file(path: Path, into: Collected) -> None:
    root = read_xml(path)
    if root.tag != "annotation":
        raise BoxesError(f"{path}: not a VOC annotation", remedy="Check that it is the right file.")
    declared = None
    if (size := root.find("size")) is not None:
        sides = (read_number(size.findtext(side), side, f"{path} size") for side in ("width", "height"))
        width, height = map(round, sides)
        declared = (width, height)
    called = read_text(root.findtext("filename"), "filename", str(path))
    name = into.image(called, where=str(path), declared=declared, described_once=True)
    for number, element in enumerate(root.findall("object"), start=1):
        where = f"{path} object {number}"
        box = element.find("bndbox")
        if box is None:
            raise BoxesError(f"{where} has no bndbox", remedy="Draw its box, or remove it.")
        sides = (read_number(box.findtext(side), side, where) for side in ("xmin", "ymin", "xmax", "ymax"))
        left, top, right, bottom = sides
        into.box(name, read_text(element.findtext("name"), "name", where), (left, top, right, bottom), where=where)
