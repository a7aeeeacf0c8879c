"""Boxes and classes as CVAT for images 1.1: one XML file, an `image` with `name`, `width`, `height`, a `box` for each
object and a `tag` for each class. Source: docs.cvat.ai, formats/format-cvat."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from gt_cli.datasets.labeled import BoxesError, Collected, read_number, read_text

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element


def read_cvat(root: Element, path: Path, into: Collected) -> None:
    """Every image of the file, also one without boxes. Other shapes than boxes are refused."""
    for number, element in enumerate(root.findall("image"), start=1):
        where = f"{path} image {number}"
        width, height = (round(read_number(element.get(side), side, where)) for side in ("width", "height"))
        called = read_text(element.get("name"), "name", where)
        name = into.image(called, where=where, declared=(width, height), described_once=True)
        for place, shape in enumerate(element, start=1):
            if shape.tag in {"polygon", "polyline", "points", "mask", "ellipse", "skeleton", "cuboid"}:
                raise BoxesError(f"{where}: a {shape.tag} is no box", remedy="Export boxes alone.")
            if shape.tag == "box":
                at = f"{where} shape {place}"
                left, top, right, bottom = (read_number(shape.get(s), s, at) for s in ("xtl", "ytl", "xbr", "ybr"))
                into.box(name, read_text(shape.get("label"), "label", at), (left, top, right, bottom), where=at)


def cvat_tags(root: Element, path: Path) -> Iterator[tuple[str, list[str], str]]:
    """What each image is called, its classes, and where that is written; an image without a tag has none."""
    for number, element in enumerate(root.findall("image"), start=1):
        where = f"{path} image {number}"
        labels = [read_text(tag.get("label"), "label", where) for tag in element.findall("tag")]
        yield read_text(element.get("name"), "name", where), labels, where
