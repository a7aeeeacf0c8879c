"""Labels that a user has, as lines of an augmented manifest. Pure."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeAlias

from gt_cli.datasets.classes import ClassifiedImage
from gt_cli.datasets.labeled import BoxesError, LabeledBox, LabeledImage
from gt_service.outputs.records import PROPOSAL, metadata_key
from gt_service.task_types import TaskType

Labeled: TypeAlias = LabeledImage | ClassifiedImage
_ATTRIBUTE = "imported"
GOLD_ATTRIBUTE = "gold"


def renamed(image: Labeled, names: Mapping[str, str]) -> Labeled:
    """With the campaign's names in the place of the file's."""
    if isinstance(image, ClassifiedImage):
        return replace(image, classes={names.get(name, name): sure for name, sure in image.classes.items()})
    return replace(image, boxes=tuple(replace(box, label=names.get(box.label, box.label)) for box in image.boxes))


def without(image: Labeled, skipped: Collection[str]) -> Labeled | None:
    """Without some classes; None where the image's class is one of them, so that nothing is known of it."""
    if not isinstance(image, ClassifiedImage):
        return replace(image, boxes=tuple(box for box in image.boxes if box.label not in skipped))
    kept = {name: sure for name, sure in image.classes.items() if name not in skipped}
    return replace(image, classes=kept) if kept or not image.classes else None


def _names_of(image: Labeled) -> Iterable[str]:
    return image.classes if isinstance(image, ClassifiedImage) else (box.label for box in image.boxes)


def check_classes(images: Sequence[Labeled], labels: Sequence[str], path: Path) -> None:
    """Errors: `BoxesError` naming the classes that the campaign does not know, with an image of the first."""
    strange = {name: image.name for image in reversed(images) for name in _names_of(image) if name not in labels}
    if strange:
        first = min(strange)
        what = "classes" if isinstance(images[0], ClassifiedImage) else "boxes of"
        raise BoxesError(
            f"{path} has {what} {', '.join(map(repr, sorted(strange)[:5]))} (the first on {strange[first]}); "
            f"the campaign's labels are {', '.join(labels)}",
            remedy=f"Say what they are called there (--rename {first!r}={labels[0]!r}), leave them out "
            f"(--skip {first!r}), or add them to its spec.",
            field="labels",
        )


def label_line(
    image: Labeled,
    prefix: str,
    task: TaskType,
    *,
    attribute: str = _ATTRIBUTE,
    predictions: bool = False,
    path: Path | None = None,
) -> dict[str, Any]:
    """The line of one image, whose address is `prefix` and its name; path: of the file that the label is from, where it
    is not the image's own. Nothing in it tells when it was made: the same labels are the same bytes.

    Errors: `BoxesError` where the task takes no such label, or a prediction has no confidence.
    """
    path = path or image.path
    attribute += PROPOSAL if predictions else ""
    if isinstance(image, ClassifiedImage):
        label, about = _classes(image, task, predictions=predictions)
    else:
        label, about = _boxes(image, path, predictions=predictions)
    return {
        "source-ref": f"{prefix}{image.name}",
        attribute: label,
        metadata_key(attribute): {
            **about,
            "type": f"groundtruth/{task.facts.metadata_type}",
            "human-annotated": "no" if predictions else "yes",
            **({"model": path.stem} if predictions else {}),
        },
    }


def gold_manifest(
    images: Iterable[Labeled], prefix: str, task: TaskType = TaskType.OBJECT_DETECTION, *, path: Path | None = None
) -> bytes:
    """The right labels as gold labels; `prefix` and `path` as in `label_line`."""
    return as_manifest(label_line(image, prefix, task, attribute=GOLD_ATTRIBUTE, path=path) for image in images)


def as_manifest(lines: Iterable[Mapping[str, Any]]) -> bytes:
    """Lines as they are dropped. An import is named by these bytes: other ones for the same labels would be another."""
    return b"".join(json.dumps(line, ensure_ascii=False).encode() + b"\n" for line in lines)


def _classes(image: ClassifiedImage, task: TaskType, *, predictions: bool) -> tuple[Any, dict[str, Any]]:
    """Numbers are the line's own: names decide."""
    names = sorted(image.classes)
    if predictions and None in image.classes.values():
        raise BoxesError(
            f"{image.where}: the class has no confidence",
            remedy="Write a column `confidence` beside it.",
            field="path",
        )
    sures = [1.0 if sure is None or not predictions else sure for sure in map(image.classes.get, names)]
    if task is TaskType.IMAGE_CLASSIFICATION:
        if len(names) != 1:
            raise BoxesError(
                f"{image.where}: {image.name} has {len(names)} classes; in this campaign an image has one",
                remedy="Keep one, or make it a campaign of several classes (image-classification-multilabel).",
                field="path",
            )
        return 0, {"class-name": names[0], "confidence": sures[0]}
    return [*range(len(names))], {
        "class-map": {str(number): name for number, name in enumerate(names)},
        "confidence-map": {str(number): sure for number, sure in enumerate(sures)},
    }


def _boxes(image: LabeledImage, path: Path, *, predictions: bool) -> tuple[Any, dict[str, Any]]:
    names = {label: number for number, label in enumerate(dict.fromkeys(box.label for box in image.boxes))}
    boxes = [
        {"class_id": names[box.label], "left": box.left, "top": box.top, "width": box.width, "height": box.height}
        for box in image.boxes
    ]
    return {
        "annotations": boxes,
        "image_size": [{"width": image.width, "height": image.height, "depth": 3}],
    }, {
        "objects": [{"confidence": _confidence(box, image, path, predictions=predictions)} for box in image.boxes],
        "class-map": {str(number): label for label, number in names.items()},
    }


def _confidence(box: LabeledBox, image: LabeledImage, path: Path, *, predictions: bool) -> float:
    if predictions and box.confidence is None:
        raise BoxesError(
            f"{path}: a box on {image.name} has no confidence",
            remedy="Export the predictions with their scores: COCO's score, or a sixth number in YOLO's lines.",
        )
    return 1.0 if box.confidence is None or not predictions else box.confidence
