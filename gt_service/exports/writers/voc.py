"""Pascal VOC: `Annotations/<image>.xml` with corners in whole pixels, `JPEGImages/<image>`, and the parts of a split as
lists in `ImageSets/Main`. Source: the VOC2012 development kit."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from gt_service.exports.images import ExportedFile, LabeledImage, boxes_of, size_of
from gt_service.exports.writers.form import Form, in_folder, xml_text
from gt_service.outputs.labels import Box


def _files(images: Iterable[LabeledImage], classes: Sequence[str], part: str) -> Iterator[ExportedFile]:
    stems: list[str] = []
    for image in images:
        stems.append(image.stem)
        yield ExportedFile(f"Annotations/{image.stem}.xml", [_annotation(image)])
    if part:
        yield ExportedFile(f"ImageSets/Main/{part}.txt", ["".join(f"{stem}\n" for stem in stems).encode()])


def _annotation(image: LabeledImage) -> bytes:
    width, height, depth = size_of(image)
    root = Element("annotation")
    SubElement(root, "folder").text = "JPEGImages"
    SubElement(root, "filename").text = xml_text(image.name)
    SubElement(SubElement(root, "source"), "database").text = xml_text(str(image.source))
    size = SubElement(root, "size")
    for side, value in (("width", width), ("height", height), ("depth", depth)):
        SubElement(size, side).text = str(value)
    SubElement(root, "segmented").text = "0"
    for box in boxes_of(image).boxes:
        _object(root, box, width, height)
    indent(root)
    return bytes(tostring(root, "utf-8"))


def _object(root: Element, box: Box, width: int, height: int) -> None:
    item = SubElement(root, "object")
    SubElement(item, "name").text = xml_text(box.label)
    for name in ("pose", "truncated", "difficult"):
        SubElement(item, name).text = "Unspecified" if name == "pose" else "0"
    corners = SubElement(item, "bndbox")
    left, right = _edges(box.left, box.left + box.width, width)
    top, bottom = _edges(box.top, box.top + box.height, height)
    for name, edge in (("xmin", left), ("ymin", top), ("xmax", right), ("ymax", bottom)):
        SubElement(corners, name).text = str(edge)


def _edges(low: float, high: float, side: int) -> tuple[int, int]:
    """Whole pixels, at least one apart: readers refuse a box without an area."""
    first = min(max(round(low), 0), side - 1)
    return first, max(min(round(high), side), first + 1)


FORM = Form(_files, image=lambda image: in_folder("JPEGImages", image.name))
