"""Augmented manifest: JSON Lines for SageMaker training, labeled objects only, images named where they are.

Source: docs.aws.amazon.com/sagemaker, augmented-manifest.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence

from gt_service.exports.images import ExportedFile, LabeledImage
from gt_service.exports.writers.form import Form
from gt_service.outputs.records import metadata_key


def _files(images: Iterable[LabeledImage], classes: Sequence[str], part: str) -> Iterator[ExportedFile]:
    name = f"labels-{part}.manifest" if part else "labels.manifest"
    yield ExportedFile(name, map(_line, images))


def _line(image: LabeledImage) -> bytes:
    """The manifest's line as it is, without whatever else it carried."""
    keys = ("source-ref", image.attribute, metadata_key(image.attribute))
    document = {key: image.line[key] for key in keys if key in image.line}
    return json.dumps(document, separators=(",", ":")).encode() + b"\n"


FORM = Form(_files, image=None)
