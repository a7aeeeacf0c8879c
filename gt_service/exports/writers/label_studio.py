"""Label Studio: `tasks.json` to import, and `label-config.xml` for the project that takes them.

People's labels are annotations, the machine's are predictions. Sides are percentages of the image. Images are named
by their S3 address; Label Studio needs a storage connection to their bucket. Source: labelstud.io/guide/tasks and
labelstud.io/guide/predictions.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from typing import Any
from xml.sax.saxutils import quoteattr

from gt_service.exports.images import ExportedFile, LabeledImage, size_of
from gt_service.exports.writers.form import Form, in_folder, xml_text
from gt_service.outputs.labels import Boxes


def _files(images: Iterable[LabeledImage], classes: Sequence[str], part: str) -> Iterator[ExportedFile]:
    yield ExportedFile("tasks.json", _tasks(images))


def _tasks(images: Iterable[LabeledImage]) -> Iterator[bytes]:
    yield b"["
    for number, image in enumerate(images):
        yield (b"" if number == 0 else b",\n") + json.dumps(_task(image), ensure_ascii=False).encode()
    yield b"]\n"


def _task(image: LabeledImage) -> dict[str, Any]:
    data = {"image": str(image.source), "name": image.name} | ({"part": image.part} if image.part else {})
    result = list(_result(image))
    if image.human:
        return {"data": data, "annotations": [{"result": result}]}
    prediction: dict[str, Any] = {"model_version": "gt-service", "result": result}
    if image.confidence is not None:
        prediction["score"] = image.confidence
    return {"data": data, "predictions": [prediction]}


def _result(image: LabeledImage) -> Iterator[dict[str, Any]]:
    names = {"from_name": "label", "to_name": "image"}
    if not isinstance(image.label, Boxes):
        yield {**names, "type": "choices", "value": {"choices": list(image.label.names)}}
        return
    width, height, _ = size_of(image)
    for index, box in enumerate(image.label.boxes):
        value = {
            "x": box.left / width * 100,
            "y": box.top / height * 100,
            "width": box.width / width * 100,
            "height": box.height / height * 100,
            "rotation": 0,
            "rectanglelabels": [box.label],
        }
        about = {"type": "rectanglelabels", "original_width": width, "original_height": height, "image_rotation": 0}
        score = {"score": image.label.confidences[index]} if index < len(image.label.confidences) else {}
        yield {**names, **about, "id": f"box-{index}", "value": value, **score}


def _config(classes: Sequence[str], parts: Sequence[str]) -> Iterator[ExportedFile]:
    """Both ways of labeling: a project deletes the one that it does not need."""
    boxes = "".join(f"<Label value={quoteattr(xml_text(name))}/>" for name in classes)
    choices = "".join(f"<Choice value={quoteattr(xml_text(name))}/>" for name in classes)
    text = (
        '<View>\n<Image name="image" value="$image" zoom="true"/>\n'
        f'<RectangleLabels name="label" toName="image">{boxes}</RectangleLabels>\n'
        f'<!-- For classes, put this in its place: <Choices name="label" toName="image">{choices.replace("--", "- -")}'
        "</Choices> -->\n</View>\n"
    )
    yield ExportedFile("label-config.xml", [text.encode()])


FORM = Form(
    _files,
    image=lambda image: in_folder("images", image.name),
    closing=_config,
    is_written_by_part=False,
)
