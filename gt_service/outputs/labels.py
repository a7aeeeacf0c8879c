"""What a label says: boxes with class names, or class names alone; and how far two labels agree. Pure.

Manifest records name classes by number with a `class-map` beside them; workers' answers name them outright. Both become
the same values here, so that they can be compared with each other and with gold labels.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeAlias

from gt_service.errors import UnknownState, quoted
from gt_service.outputs.records import UNREADABLE, LabelRecord

MATCHING_IOU = 0.5
MOST_PIXELS = 1_000_000_000
"""Of a side or an edge: no image has more, and what is calculated with it stays a number."""


@dataclass(frozen=True, slots=True)
class Box:
    """A box in pixels of the image: left and top edge, width and height."""

    label: str
    left: float
    top: float
    width: float
    height: float


@dataclass(frozen=True, slots=True)
class Boxes:
    """The boxes of one image; none at all is a label too. `image_size` is (width, height, depth) where known."""

    boxes: tuple[Box, ...]
    image_size: tuple[int, int, int] | None = None
    confidences: tuple[float, ...] = ()


@dataclass(frozen=True, slots=True)
class Classes:
    """The class or classes of one object, by name, sorted."""

    names: tuple[str, ...]


Label: TypeAlias = Boxes | Classes


@dataclass(frozen=True, slots=True)
class Match:
    """How the boxes of an image meet the boxes that they are compared with, at an IoU of `MATCHING_IOU` or more."""

    matched: int
    unmatched: int
    missed: int
    ious: tuple[float, ...]

    @property
    def f1(self) -> float:
        """2 TP / (2 TP + FP + FN); 1 where there is nothing to find and nothing was found."""
        all_boxes = 2 * self.matched + self.unmatched + self.missed
        return 1.0 if all_boxes == 0 else 2 * self.matched / all_boxes


def label_of(record: LabelRecord, classes: Sequence[str] = ()) -> Label | None:
    """The label of a manifest record; None for kinds that are neither boxes nor classes (masks, text spans).

    `classes` names the numbers that the record itself leaves without a name, as other tools' records do.
    Errors: `UnknownState` where it cannot be read.
    """
    try:
        return _label_of(record, classes)
    except UNREADABLE as error:
        raise UnknownState(f"a label cannot be read: {error}") from None


def _label_of(record: LabelRecord, classes: Sequence[str]) -> Label | None:
    value = record.value
    names = _Names(record.metadata, classes)
    if isinstance(value, Mapping):
        is_boxes = "annotations" in value and isinstance(value["annotations"], list | None)
        return _boxes(value, names, record.metadata) if is_boxes else None
    if isinstance(record.metadata.get("class-name"), str):
        return Classes((record.metadata["class-name"],))
    if isinstance(value, list):
        return Classes(tuple(sorted(map(names.of, value))))
    return Classes((names.of(value),)) if names.knows(value) else None


def label_of_answer(content: Any) -> Label | None:
    """What one worker's answer says, as the crowd element submits it; None for kinds that are not compared, and for
    what no crowd element submits: an answer is paid whatever it holds."""
    if not isinstance(content, Mapping):
        return None
    if "boundingBoxes" in content:
        try:
            return Boxes(tuple(Box(str(box["label"]), *_sides(box)) for box in content["boundingBoxes"] or ()))
        except UNREADABLE:
            return None
    if isinstance(content.get("label"), str):
        return Classes((content["label"],))
    if isinstance(content.get("labels"), list):
        return Classes(tuple(sorted(map(str, content["labels"]))))
    return None


def scaled(boxes: Boxes, size: tuple[int, int, int] | None) -> Boxes:
    """The boxes on the image as it is now: they were drawn on another size of it where the two sizes differ."""
    was = boxes.image_size
    if was is None or size is None or was[:2] == size[:2] or 0 in was[:2]:
        return boxes
    x, y = size[0] / was[0], size[1] / was[1]
    return replace(
        boxes,
        boxes=tuple(Box(b.label, b.left * x, b.top * y, b.width * x, b.height * y) for b in boxes.boxes),
        image_size=size,
    )


def whole_pixels(start: float, length: float, limit: int) -> tuple[int, int]:
    """Both edges of a side in whole pixels of an image of `limit` pixels, as Ground Truth has them; one pixel apart at
    the least, where the side had any length. Errors: `ValueError` for what is not finite."""
    first, last = round(start), round(start + length)
    if first == last and length > 0:
        first = min(first, limit - 1)
        last = first + 1
    return first, last


def agreement(label: Label, other: Label) -> float:
    """How far two labels of the same object agree, 0 to 1: F1 of the boxes, or whether the classes are the same."""
    if isinstance(label, Boxes) and isinstance(other, Boxes):
        return match_boxes(label.boxes, other.boxes).f1
    return float(label == other)


def match_boxes(boxes: Sequence[Box], right: Sequence[Box]) -> Match:
    """Pairs boxes of the same class, each box once: as many as can be, as gt-engine's certificate counts them, and
    otherwise those with the best IoU first."""
    overlaps = {(i, j): overlap for overlap, i, j in sorted(_pairs(boxes, right), key=lambda pair: -pair[0])}
    choices: dict[int, list[int]] = {}
    of_box, of_right = dict[int, int](), dict[int, int]()
    for i, j in overlaps:
        choices.setdefault(i, []).append(j)
        if i not in of_box and j not in of_right:
            of_box[i], of_right[j] = j, i
    for i in choices:
        if i not in of_box:
            _pair(i, choices, of_box, of_right)
    ious = tuple(overlaps[pair] for pair in of_box.items())
    return Match(len(ious), len(boxes) - len(ious), len(right) - len(ious), ious)


def _pair(box: int, choices: Mapping[int, Sequence[int]], of_box: dict[int, int], of_right: dict[int, int]) -> None:
    """Pairs one more box, if boxes that are paired already can move to others of their choices: along the shortest
    augmenting path (Berge 1957)."""
    reached_from: dict[int, int] = {}
    waiting = [box]
    for i in waiting:
        for j in choices[i]:
            if j in reached_from:
                continue
            reached_from[j] = i
            if j in of_right:
                waiting.append(of_right[j])
                continue
            moved: int | None = j
            while moved is not None:
                owner = reached_from[moved]
                of_right[moved] = owner
                of_box[owner], moved = moved, of_box.get(owner)
            return


def iou(box: Box, other: Box) -> float:
    """Area of the intersection over the area of the union; 0 where neither has an area."""
    width = min(box.left + box.width, other.left + other.width) - max(box.left, other.left)
    height = min(box.top + box.height, other.top + other.height) - max(box.top, other.top)
    shared = max(0.0, width) * max(0.0, height)
    union = box.width * box.height + other.width * other.height - shared
    return shared / union if union > 0 else 0.0


def _pairs(boxes: Sequence[Box], right: Sequence[Box]) -> Iterator[tuple[float, int, int]]:
    for i, box in enumerate(boxes):
        for j, truth in enumerate(right):
            if box.label == truth.label and (overlap := iou(box, truth)) >= MATCHING_IOU:
                yield overlap, i, j


class _Names:
    """Class names by number: the record's own class map, else the campaign's labels, else the number itself."""

    def __init__(self, metadata: Mapping[str, Any], classes: Sequence[str]) -> None:
        own = metadata.get("class-map")
        self._names = {str(number): name for number, name in enumerate(classes)}
        self._names.update({number: str(name) for number, name in own.items()} if isinstance(own, Mapping) else {})

    def of(self, number: Any) -> str:
        return self._names.get(str(number), str(number))

    def knows(self, number: Any) -> bool:
        return str(number) in self._names


def _sides(box: Mapping[str, Any]) -> list[float]:
    return [_pixels(box[side]) for side in ("left", "top", "width", "height")]


def _pixels(value: Any) -> float:
    if isinstance(value, int | float) and abs(value) <= MOST_PIXELS:
        return value
    raise UnknownState(f"{quoted(value)} is no number of pixels")


def _boxes(value: Mapping[str, Any], names: _Names, metadata: Mapping[str, Any]) -> Boxes:
    boxes = tuple(Box(names.of(each["class_id"]), *_sides(each)) for each in value["annotations"] or ())
    size = next(iter(value.get("image_size") or ()), None)
    scores = tuple(float(each.get("confidence", 0)) for each in metadata.get("objects") or ())
    return Boxes(
        boxes,
        None
        if size is None
        else (int(_pixels(size["width"])), int(_pixels(size["height"])), int(_pixels(size.get("depth", 3)))),
        scores,
    )
