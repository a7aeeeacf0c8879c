"""CVAT for images 1.1: `annotations.xml`, boxes by their corners and classes as tags; the parts of a split are CVAT's
subsets. Source: docs.cvat.ai, formats/format-cvat."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from xml.sax.saxutils import escape, quoteattr

from gt_service.exports.images import ExportedFile, LabeledImage, size_of
from gt_service.exports.writers.form import Form, in_folder, xml_text
from gt_service.outputs.labels import Boxes


def _files(images: Iterable[LabeledImage], classes: Sequence[str], part: str) -> Iterator[ExportedFile]:
    yield ExportedFile("annotations.xml", _document(images, classes))


def _document(images: Iterable[LabeledImage], classes: Sequence[str]) -> Iterator[bytes]:
    labels = "".join(f"<label><name>{escape(xml_text(name))}</name><attributes/></label>" for name in classes)
    yield (
        '<?xml version="1.0" encoding="utf-8"?>\n<annotations>\n<version>1.1</version>\n'
        f"<meta><task><labels>{labels}</labels></task></meta>\n"
    ).encode()
    for number, image in enumerate(images):
        yield "".join(_image(number, image)).encode()
    yield b"</annotations>\n"


def _image(number: int, image: LabeledImage) -> Iterator[str]:
    subset = f" subset={quoteattr(image.part)}" if image.part else ""
    size = ""
    if isinstance(image.label, Boxes):
        width, height, _ = size_of(image)
        size = f' width="{width}" height="{height}"'
    yield f'<image id="{number}" name={quoteattr(xml_text(image.name))}{subset}{size}>\n'
    source = "manual" if image.human else "auto"
    if isinstance(image.label, Boxes):
        for box in image.label.boxes:
            yield (
                f'<box label={quoteattr(xml_text(box.label))} source="{source}" occluded="0" '
                f'xtl="{box.left:.2f}" ytl="{box.top:.2f}" '
                f'xbr="{box.left + box.width:.2f}" ybr="{box.top + box.height:.2f}" z_order="0"/>\n'
            )
    else:
        for name in image.label.names:
            yield f'<tag label={quoteattr(xml_text(name))} source="{source}"/>\n'
    yield "</image>\n"


FORM = Form(
    _files,
    image=lambda image: in_folder("images", image.name),
    is_written_by_part=False,
)
