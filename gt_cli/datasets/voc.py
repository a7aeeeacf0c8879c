"""Boxes as Pascal VOC: one XML file per image, with `filename`, `size` and an `object` per box."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from gt_cli.datasets.labeled import BoxesError, Collected, read_number, read_text
from gt_cli.datasets.xml import read_xml

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element


def read_voc(files: list[Path], into: Collected) -> None:
    """Every image that has a file, also one without objects."""
    for path in files:
        _read_file(path, into)


def _read_file(path: Path, into: Collected) -> None:
    root = read_xml(path)
    if root.tag != "annotation":
        raise BoxesError(f"{path}: not a VOC annotation", remedy="Check that it is the right file.")
    size = root.find("size")
    declared = None
    if size is not None:
        declared = (round(_number(size, "width", f"{path} size")), round(_number(size, "height", f"{path} size")))
    name = into.image(_text(root, "filename", str(path)), where=str(path), declared=declared, described_once=True)
    for number, element in enumerate(root.findall("object"), start=1):
        where = f"{path} object {number}"
        box = element.find("bndbox")
        if box is None:
            raise BoxesError(f"{where} has no bndbox", remedy="Draw its box, or remove it.")
        left, top, right, bottom = (_number(box, side, where) for side in ("xmin", "ymin", "xmax", "ymax"))
        into.box(name, _text(element, "name", where), (left, top, right, bottom), where=where)


def _text(element: Element, tag: str, where: str) -> str:
    return read_text(element.findtext(tag), tag, where)


def _number(element: Element, tag: str, where: str) -> float:
    return read_number(_text(element, tag, where), tag, where)
