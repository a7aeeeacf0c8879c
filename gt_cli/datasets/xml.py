"""Labels as XML: Pascal VOC, one file per image with `filename`, `size` and an `object` per box; and CVAT for images
1.1, one file with an `image` (`name`, `width`, `height`), a `box` for each object and a `tag` for each class.

Files are read in whatever encoding they were written. Entities are refused: they can fill the memory.
Source of CVAT's form: docs.cvat.ai, formats/format-cvat.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import ParseError, fromstring

from gt_cli.datasets.labeled import BoxesError, Collected, read_number, read_text

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

_DECLARATION = re.compile(rb"""^\s*<\?xml[^>]*?encoding=["']([A-Za-z0-9._-]+)["'][^>]*\?>""")
_OWN_ENCODINGS = frozenset({"utf-8", "utf8", "utf-16", "us-ascii", "ascii", "iso-8859-1"})
"""What the parser reads by itself."""


def read_xml(path: Path) -> Element:
    """The root of the document. Errors: `BoxesError` naming the file, and the line where it is no XML."""
    try:
        return fromstring(_text(path))
    except ParseError as error:
        line, _ = error.position
        raise BoxesError(f"{path} line {line}: not XML: {error}") from None
    except DefusedXmlException as error:
        raise BoxesError(
            f"{path}: declares entities, which no file of labels needs ({type(error).__name__})",
            remedy="Take the declarations out.",
        ) from None


def _text(path: Path) -> bytes | str:
    """The document; as text where its encoding is one that the parser does not know (GB2312, Shift-JIS)."""
    content = path.read_bytes()
    declared = _DECLARATION.match(content)
    if declared is None or declared[1].decode().lower() in _OWN_ENCODINGS:
        return content
    encoding = declared[1].decode()
    try:
        return content[declared.end() :].decode(encoding)
    except (LookupError, UnicodeError) as error:
        raise BoxesError(
            f"{path}: it says that it is {encoding}, and it cannot be read as that: {error}", remedy="Save it as UTF-8."
        ) from None


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
