"""Labels in the form of a task type's records: the value under the label attribute, and its metadata."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import numpy as np

from gt_engine.labels import BoxLabel, ClassLabel, box_label
from gt_service.outputs.records import metadata_key
from gt_service.task_types import TaskType

MAX_HUMAN_CLASS_CONFIDENCE = 0.95
"""Ground Truth never says more of a class that people agreed on (seen in its published output)."""


@dataclass(frozen=True)
class MultiClassLabel:
    """The classes of an object that may have several or none; `confidences` has one entry per class id."""

    class_ids: tuple[int, ...]
    confidences: tuple[float, ...]


AnyLabel = BoxLabel | ClassLabel | MultiClassLabel

NO_LABEL = (KeyError, TypeError, ValueError, IndexError, AttributeError)
"""What `read_label` raises of a record that is no label of the task with these classes."""


@dataclass(frozen=True)
class LabelForm:
    """How a job writes its labels: the attribute, the categories in order and the job's name."""

    task: TaskType
    attribute: str
    classes: tuple[str, ...]
    job_name: str

    def content(
        self, label: AnyLabel, *, human: bool, created: datetime, proposal_shown: bool = False
    ) -> dict[str, Any]:
        """The pair `<attribute>` and `<attribute>-metadata`, as consolidation and output manifest hold it.

        proposal_shown: people corrected the machine's label; the metadata say so, in a field that Ground Truth has not.
        """
        common = {
            "human-annotated": "yes" if human else "no",
            "creation-date": created.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%f"),
            "type": f"groundtruth/{self.task.facts.metadata_type}",
        } | ({"proposal-shown": "yes"} if proposal_shown else {})
        name = f"labeling-job/{self.job_name}"
        value: Any
        metadata: dict[str, Any]
        match label:
            case BoxLabel():
                value = {"annotations": _annotations(label), "image_size": [_image_size(label.image_size)]}
                used = {int(class_id) for class_id in label.class_ids}
                metadata = {"job-name": name, "class-map": self._class_map(used)}
                metadata["objects"] = [{"confidence": written_confidence(c)} for c in label.confidences]
            case ClassLabel():
                value = label.class_id
                most = MAX_HUMAN_CLASS_CONFIDENCE if human else 1.0
                metadata = {"confidence": written_confidence(min(label.confidence, most)), "job-name": name}
                metadata["class-name"] = self.classes[label.class_id]
            case MultiClassLabel():
                value = list(label.class_ids)
                sure = zip(label.class_ids, label.confidences, strict=True)
                metadata = {"job-name": name, "confidence-map": {str(i): written_confidence(c) for i, c in sure}}
                metadata["class-map"] = self._class_map(set(label.class_ids))
        return {self.attribute: value, metadata_key(self.attribute): metadata | common}

    def label(self, content: Mapping[str, Any]) -> AnyLabel:
        """The label in a record that `content` made, or in a gold labels file of the same task."""
        return read_label(
            self.task, content[self.attribute], content.get(f"{self.attribute}-metadata", {}), self.classes
        )

    def _class_map(self, used: Iterable[int]) -> dict[str, str]:
        return {str(class_id): self.classes[class_id] for class_id in sorted(used)}


def read_label(task: TaskType, value: Any, metadata: Mapping[str, Any], classes: Sequence[str]) -> AnyLabel:
    """A label in Ground Truth's augmented form. Class ids follow this job's categories by name where names are given.

    Errors: those of `NO_LABEL`; `ValueError` where it is one, of other classes.
    """
    names = metadata.get("class-map", {})
    match task:
        case TaskType.OBJECT_DETECTION | TaskType.OBJECT_DETECTION_ADJUSTMENT:
            return _read_boxes(value, metadata, names, classes)
        case TaskType.IMAGE_CLASSIFICATION | TaskType.TEXT_CLASSIFICATION | TaskType.OBJECT_DETECTION_VERIFICATION:
            own = {str(value): metadata["class-name"]} if "class-name" in metadata else {}
            return ClassLabel(_class_id(value, own, classes), float(metadata.get("confidence", 1.0)))
        case TaskType.IMAGE_CLASSIFICATION_MULTI_LABEL | TaskType.TEXT_CLASSIFICATION_MULTI_LABEL:
            sure = metadata.get("confidence-map", {})
            chosen = [(_class_id(item, names, classes), float(sure.get(str(item), 1.0))) for item in value]
            return MultiClassLabel(tuple(i for i, _ in chosen), tuple(c for _, c in chosen))
        case _:
            raise ValueError(f"labels of {task} cannot be read")


def _read_boxes(
    value: Mapping[str, Any], metadata: Mapping[str, Any], names: Mapping[str, str], classes: Sequence[str]
) -> BoxLabel:
    boxes = value["annotations"]
    size = value["image_size"][0]
    return box_label(
        [(b["left"], b["top"], b["left"] + b["width"], b["top"] + b["height"]) for b in boxes],
        [_class_id(b["class_id"], names, classes) for b in boxes],
        (int(size["width"]), int(size["height"]), int(size.get("depth", 3))),
        [entry["confidence"] for entry in metadata["objects"]] if "objects" in metadata else None,
    )


def _class_id(value: Any, names: Mapping[str, str], classes: Sequence[str]) -> int:
    if str(value) in names:
        if names[str(value)] not in classes:
            raise ValueError(f"{names[str(value)]!r} is none of the job's labels ({', '.join(classes)})")
        return list(classes).index(names[str(value)])
    class_id = int(value)
    if not 0 <= class_id < len(classes):
        raise ValueError(f"class id {class_id} is not one of {len(classes)} classes")
    return class_id


def _annotations(label: BoxLabel) -> list[dict[str, Any]]:
    return [
        {
            "class_id": int(class_id),
            "width": _pixels(right - left),
            "top": _pixels(top),
            "height": _pixels(bottom - top),
            "left": _pixels(left),
        }
        for (left, top, right, bottom), class_id in zip(_half_pixels(label), label.class_ids, strict=True)
    ]


def _half_pixels(label: BoxLabel) -> list[list[float]]:
    """Corners to half a pixel, as consolidated boxes have them, so that what is written is what is read back."""
    width, height, _ = label.image_size
    corners = np.clip(np.rint(label.boxes * 2) / 2, 0, np.array([width, height, width, height], np.float32))
    # A sliver at the right or lower edge stays inside of the image.
    corners[:, :2] = np.minimum(corners[:, :2], np.array([width, height], np.float32) - 0.5)
    corners[:, 2:] = np.maximum(corners[:, 2:], corners[:, :2] + 0.5)
    listed: list[list[float]] = corners.tolist()
    return listed


def _pixels(value: float) -> int | float:
    return int(value) if value == int(value) else value


def _image_size(size: tuple[int, int, int]) -> dict[str, int]:
    return dict(zip(("width", "height", "depth"), size, strict=True))


def written_confidence(value: float) -> float:
    return round(float(value), 2)
