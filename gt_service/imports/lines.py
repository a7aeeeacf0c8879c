"""A line of a dropped manifest, as the campaign keeps it: under its own label attribute and class numbers. Pure.

A line has a label, or a proposal: what a model predicts, under `<label attribute>-proposal`. Whatever the attribute is
called in the file, and however its classes are numbered, names decide.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from gt_service.campaign import CampaignSpec
from gt_service.errors import InvalidInput, UnknownState, quoted
from gt_service.objects import S3Uri
from gt_service.outputs import records
from gt_service.outputs.labels import Box, Boxes, Classes, label_of, whole_pixels
from gt_service.outputs.records import PROPOSAL, JsonObject, LabelRecord
from gt_service.task_types import MAX_MANIFEST_LINE_CHARACTERS, TaskType

_TASKS = (TaskType.OBJECT_DETECTION, TaskType.IMAGE_CLASSIFICATION, TaskType.IMAGE_CLASSIFICATION_MULTI_LABEL)
_CORRECT = "Correct the line, and drop the file again."


@dataclass(frozen=True)
class ImportedLine:
    """One image of an import. line: `source-ref`, and the label or the proposal with its metadata."""

    key: str
    line: dict[str, Any]
    is_label: bool


@dataclass
class LineReader:
    """Reads the lines of one file, which names each image once.

    folder: where the campaign's images lie. job_name: what the labels say that they come from. created_at: of labels
    that do not tell, as Ground Truth writes it.
    """

    spec: CampaignSpec
    folder: S3Uri
    job_name: str
    created_at: str
    _seen: dict[str, int] = field(default_factory=dict)

    def read(self, lines: Iterable[bytes]) -> Iterator[ImportedLine]:
        """Errors: `InvalidInput` naming the line and the field."""
        if self.spec.task not in _TASKS:
            raise InvalidInput(
                f"labels of {self.spec.task} cannot be imported",
                remedy=f"Those of {', '.join(_TASKS)} can.",
                field="task",
            )
        for number, text in records.gold_lines(lines):
            yield self._read(number, text)

    def _read(self, number: int, text: bytes) -> ImportedLine:
        if len(text) > 4 * MAX_MANIFEST_LINE_CHARACTERS:
            raise _wrong(number, None, f"it has more than {MAX_MANIFEST_LINE_CHARACTERS:,} characters")
        try:
            record = records.manifest_object(text)
        except UnknownState:
            raise _wrong(number, None, "it is not a JSON object") from None
        key = self._key(number, record)
        attributes = records.label_attributes(record)
        proposed = [name for name in attributes if name.endswith(PROPOSAL)]
        own = [name for name in attributes if name not in proposed]
        if not attributes:
            raise _wrong(number, None, "it has no label: an attribute, and beside it its metadata")
        attribute = (own or proposed)[0]
        parsed = records.label_record(record, attribute)
        assert parsed is not None  # it has metadata, and so it is there, or an empty label beside it
        name = self.spec.label_attribute + ("" if own else PROPOSAL)
        value, metadata = self._label(number, attribute, parsed, is_label=bool(own))
        line = {"source-ref": str(S3Uri(self.folder.bucket, key)), name: value, records.metadata_key(name): metadata}
        return ImportedLine(key, line, bool(own))

    def _key(self, number: int, record: JsonObject) -> str:
        source = record.get("source-ref")
        prefix = f"{str(self.folder).rstrip('/')}/"
        if not isinstance(source, str) or not source.startswith(prefix) or source == prefix:
            raise _wrong(
                number,
                "source-ref",
                f"{quoted(source)} is no image of the campaign",
                remedy=f"Images lie below {prefix}; upload them there, and name them so.",
            )
        key = S3Uri.parse(source).key
        first = self._seen.setdefault(key, number)
        if first != number:
            raise _wrong(number, "source-ref", f"{quoted(source)} has its label in line {first} already")
        return key

    def _label(self, number: int, attribute: str, record: LabelRecord, *, is_label: bool) -> tuple[Any, dict[str, Any]]:
        try:
            label = label_of(record, self.spec.labels)
        except UnknownState as error:
            raise _wrong(number, attribute, error.message) from None
        task = self.spec.task
        common = {
            "job-name": self.job_name,
            "type": f"groundtruth/{task.facts.metadata_type}",
            "human-annotated": "yes" if is_label and record.human is not False else "no",
            "creation-date": str(record.metadata.get("creation-date") or self.created_at),
            **({"model": str(record.metadata["model"])} if "model" in record.metadata else {}),
        }
        if task is TaskType.OBJECT_DETECTION and isinstance(label, Boxes):
            return self._boxes(number, attribute, label, common)
        if task is not TaskType.OBJECT_DETECTION and isinstance(label, Classes):
            return self._classes(number, attribute, label, record.metadata, common)
        raise _wrong(number, attribute, f"it is no label of {task}")

    def _boxes(
        self, number: int, attribute: str, label: Boxes, common: dict[str, Any]
    ) -> tuple[dict[str, Any], dict[str, Any]]:
        if label.image_size is None or min(label.image_size) < 1:
            raise _wrong(number, f"{attribute}.image_size", "it is missing: width, height and depth of the image")
        width, height, depth = label.image_size
        annotations = []
        for place, box in enumerate(label.boxes):
            where = f"{attribute}.annotations[{place}]"
            class_id = self._class_id(number, where, box.label)
            left, top, right, bottom = _edges(box, width, height)
            if right <= left or bottom <= top:
                raise _wrong(number, where, "it encloses nothing")
            if left < 0 or top < 0 or right > width or bottom > height:
                raise _wrong(number, where, f"it reaches out of the image ({width} × {height})")
            annotations.append(
                {"class_id": class_id, "left": left, "top": top, "width": right - left, "height": bottom - top}
            )
        scores = label.confidences if len(label.confidences) == len(annotations) else (1.0,) * len(annotations)
        scores = tuple(_confidence(number, attribute, score) for score in scores)
        used = sorted({each["class_id"] for each in annotations})
        return (
            {"image_size": [{"width": width, "height": height, "depth": depth}], "annotations": annotations},
            {"objects": [{"confidence": score} for score in scores], "class-map": self._class_map(used), **common},
        )

    def _classes(
        self, number: int, attribute: str, label: Classes, metadata: Mapping[str, Any], common: dict[str, Any]
    ) -> tuple[Any, dict[str, Any]]:
        ids = sorted(self._class_id(number, attribute, name) for name in label.names)
        if self.spec.task is TaskType.IMAGE_CLASSIFICATION:
            if len(ids) != 1:
                raise _wrong(number, attribute, f"it names {len(ids)} classes, and an image has one")
            sure = _confidence(number, attribute, metadata.get("confidence", 1.0))
            return ids[0], {"class-name": self.spec.labels[ids[0]], "confidence": sure, **common}
        by_name = _by_name(metadata.get("confidence-map"), metadata.get("class-map"), self.spec.labels)
        sures = {str(each): _confidence(number, attribute, by_name.get(self.spec.labels[each], 1.0)) for each in ids}
        return ids, {"class-map": self._class_map(ids), "confidence-map": sures, **common}

    def _class_id(self, number: int, where: str, name: str) -> int:
        if name not in self.spec.labels:
            raise _wrong(
                number,
                where,
                f"{quoted(name)} is none of the campaign's labels ({', '.join(self.spec.labels[:10])})",
                remedy="Give it one of their names, to the letter, or add it to labels in the spec.",
            )
        return self.spec.labels.index(name)

    def _class_map(self, ids: Sequence[int]) -> dict[str, str]:
        return {str(class_id): self.spec.labels[class_id] for class_id in ids}


def _edges(box: Box, width: int, height: int) -> tuple[int, int, int, int]:
    """Left, top, right and bottom in whole pixels, as Ground Truth has them; one pixel at the least of a box that is
    smaller."""
    left, right = whole_pixels(box.left, box.width, width)
    top, bottom = whole_pixels(box.top, box.height, height)
    return left, top, right, bottom


def _confidence(number: int, attribute: str, value: object) -> float:
    if isinstance(value, int | float) and 0 <= value <= 1:
        return float(value)
    raise _wrong(number, attribute, f"its confidence {quoted(value)} is no number from 0 to 1")


def _by_name(sure: Any, names: Any, labels: Sequence[str]) -> dict[str, Any]:
    if not isinstance(sure, Mapping):
        return {}
    own = {str(number): name for number, name in enumerate(labels)}
    own.update(names if isinstance(names, Mapping) else {})
    return {str(own.get(number)): value for number, value in sure.items()}


def _wrong(number: int, field_: str | None, what: str, remedy: str = _CORRECT) -> InvalidInput:
    """A line, counted from 1 as editors do."""
    place = f"line {number}" + (f", {field_}" if field_ else "")
    return InvalidInput(f"{place}: {what}", remedy=remedy, field=field_ or "line")
