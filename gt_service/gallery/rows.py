"""What a page shows of a labeled image, and what it is found by. Pure."""

from __future__ import annotations

from bisect import bisect
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from gt_service.outputs.labels import Boxes, Label, agreement, label_of
from gt_service.outputs.records import LabelRecord

Row = Mapping[str, Any]

BANDS = (0.5, 0.7, 0.8, 0.9, 0.95)
"""How sure a label is, in steps; a page shows the images of the lowest first."""
AGREES = 0.75
"""A machine's prediction that agrees with people's label by less than this (F1 of the boxes) disagrees."""

PEOPLE, MACHINE, NOTHING = "people", "machine", "nothing"
CORRECTED, REMOVED, DISAGREES = "corrected", "removed", "disagrees"


def row_of(
    source: str,
    record: LabelRecord,
    *,
    human: bool,
    classes: Sequence[str] = (),
    predicted: LabelRecord | None = None,
    more: Mapping[str, Any] | None = None,
) -> Row | None:
    """A row of a label; None for text and masks.

    predicted: what the machine said of an image that people labeled. more: of the image itself.
    boxes: label, left, top, width, height, and the confidence where one is known. confidence: of the least sure part.
    """
    label = label_of(record, classes)
    if label is None:
        return None
    row = {**(more or {}), "source": source, "human": human, **shown_label(label, record.metadata)}
    other = None if predicted is None else label_of(predicted, classes)
    if predicted is not None and other is not None:
        row["machine"] = shown_label(other, predicted.metadata)
        row["agreement"] = round(agreement(label, other), 3)
    return row


def facets(row: Row) -> Iterator[str]:
    """What the image of a row is found by. One whose label was taken out is found by that alone."""
    if row.get(REMOVED):
        yield REMOVED
        return
    yield PEOPLE if row["human"] else MACHINE
    names = class_names(row)
    if not names:
        yield NOTHING
    yield from (class_facet(name) for name in sorted(names))
    yield band_facet(bisect(BANDS, row["confidence"]))
    if row.get("agreement", 1.0) < AGREES:
        yield DISAGREES
    if "corrected" in row:
        yield CORRECTED


def class_names(row: Row) -> list[str]:
    """What is on the image, each once, as it comes."""
    return list(dict.fromkeys([box[0] for box in row["boxes"]] if "boxes" in row else row["classes"]))


def class_facet(name: str) -> str:
    return f"class:{name}"


def band_facet(number: int) -> str:
    return f"sure:{number}"


def shown_label(label: Label, metadata: Mapping[str, Any]) -> dict[str, Any]:
    """A label as a row has it."""
    if not isinstance(label, Boxes):
        each = metadata.get("confidence-map")
        known = [metadata.get("confidence"), *(each.values() if isinstance(each, Mapping) else ())]
        confidence = min((value for value in known if isinstance(value, int | float)), default=1.0)
        return {"classes": list(label.names), "confidence": float(confidence)}
    width, height, _ = label.image_size or (0, 0, 0)
    confidences = [*label.confidences, *[None] * (len(label.boxes) - len(label.confidences))]
    boxes = [
        [box.label, box.left, box.top, box.width, box.height, confidence]
        for box, confidence in zip(label.boxes, confidences, strict=False)
    ]
    return {"size": [width, height], "boxes": boxes, "confidence": min(label.confidences, default=1.0)}
