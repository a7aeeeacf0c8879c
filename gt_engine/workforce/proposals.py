"""The machine's labels shown to people to correct: who sees one, and who notices that one is wrong. Pure.

A person who sees the machine's label agrees with it too often. How much is measured: a share of the objects stays
blind, and a share of the proposals is wrong on purpose (a box shifted, left out or added; for classes see
proposed_classes.py). What was planted so is taken back before labels are made, as far as it can be.

Sources: reference of pre-annotation bias, Beck et al. 2025 (arXiv 2509.08514); planted items as in crowd-sourcing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from hashlib import sha256
from typing import Any

import numpy as np

from gt_engine.autolabel.boxes.geometry import intersection_over_union, paired_iou
from gt_engine.labels import BoxLabel, Floats, box_label
from gt_engine.outputs.label_form import AnyLabel
from gt_engine.workforce.proposed_classes import (
    Mistake,
    PlantedClass,
    class_taken_back,
    classes_record,
    plant_class,
    read_classes,
)
from gt_service.documents import value_of
from gt_service.outputs.proposals import FOUND_IOU, KEPT_IOU

BLIND = 0.1
WRONG = 0.05
SHIFT = (0.2, 0.3)
"""A shifted box is off by so much of its width and of its height: too far to count at IoU 0.5, near enough to pass."""
MOST_SHIFTED_IOU = 0.6
MOST_EXTRA_IOU = 0.1


@dataclass(frozen=True)
class ProposalRule:
    """blind: share of the objects that stay so; wrong: share of the other proposals that are wrong on purpose."""

    blind: float = BLIND
    wrong: float = WRONG


Corners = tuple[float, float, float, float]


@dataclass(frozen=True)
class Planted:
    """A mistake made on purpose; boxes are left, top, right, bottom.

    box    the box that is wrong; of a missing one, where it was
    right  of a shifted one, where the machine had it
    """

    mistake: Mistake
    class_id: int
    box: Corners
    right: Corners | None = None


@dataclass(frozen=True)
class Proposal:
    """What people see of an object. `label` is None where it stays blind; `model` says whose label it is."""

    label: AnyLabel | None
    model: str = ""
    planted: Planted | PlantedClass | None = None


def proposal(
    label: AnyLabel, model: str, rule: ProposalRule, *, job: str, object_id: str, classes: int = 1
) -> Proposal:
    """What people see of an object that the machine has labeled so. The same for the same job and object. classes: how
    many the job has."""
    if _chance(job, object_id, "blind") < rule.blind:
        return Proposal(None, model)
    if _chance(job, object_id, "wrong") >= rule.wrong:
        return Proposal(label, model)
    rng = np.random.default_rng(int(_chance(job, object_id, "plant") * 2**53))
    if isinstance(label, BoxLabel):
        boxes, wrong_box = plant(label, rng)
        return Proposal(boxes, model, wrong_box)
    chosen, wrong_class = plant_class(label, classes, rng)
    return Proposal(chosen, model, wrong_class)


def plant(label: BoxLabel, rng: np.random.Generator) -> tuple[BoxLabel, Planted]:
    """The label with one mistake in it. Of its boxes the surest is taken: it is the likeliest to be right."""
    mistakes = [Mistake.EXTRA, *([Mistake.SHIFTED, Mistake.MISSING] if len(label) else [])]
    mistake = mistakes[int(rng.integers(len(mistakes)))]
    if mistake is Mistake.EXTRA and (extra := _elsewhere(label, rng)) is not None:
        return _added(label, extra, rng)
    surest = int(np.argmax(label.confidences)) if len(label) else 0
    if mistake is Mistake.SHIFTED and (shifted := _shifted(label, surest, rng)) is not None:
        boxes = label.boxes.copy()
        boxes[surest] = shifted
        right = _corners(label.boxes[surest])
        return replace(label, boxes=boxes), Planted(mistake, int(label.class_ids[surest]), _corners(shifted), right)
    return _without(label, surest), Planted(
        Mistake.MISSING, int(label.class_ids[surest]), _corners(label.boxes[surest])
    )


def was_accepted(planted: Planted, answer: BoxLabel) -> bool:
    """Whether whoever gave the answer did not notice."""
    overlap = _overlap(planted, answer)
    if planted.mistake is Mistake.MISSING:
        return not bool((overlap >= FOUND_IOU).any())
    return bool((overlap >= KEPT_IOU).any())


def taken_back(planted: Planted | None, answer: BoxLabel) -> BoxLabel:
    """The answer without what was planted in it: an extra box that was kept is gone, a shifted one is where the machine
    had it. A missing one that nobody drew stays missing, for no person has seen it."""
    if planted is None or planted.mistake is Mistake.MISSING or not was_accepted(planted, answer):
        return answer
    kept = int(np.argmax(_overlap(planted, answer)))
    if planted.right is None:
        return _without(answer, kept)
    boxes = answer.boxes.copy()
    boxes[kept] = planted.right
    return replace(answer, boxes=boxes)


def was_shown(proposal: Proposal | None) -> bool:
    return proposal is not None and proposal.label is not None


def without_planted(proposal: Proposal | None, answer: AnyLabel) -> AnyLabel:
    """The label in an answer to an object of which a worker saw this."""
    if proposal is None or proposal.planted is None:
        return answer
    if isinstance(answer, BoxLabel):
        return taken_back(proposal.planted, answer) if isinstance(proposal.planted, Planted) else answer
    return class_taken_back(proposal.planted, answer) if isinstance(proposal.planted, PlantedClass) else answer


def is_unchanged(shown: AnyLabel, answer: AnyLabel) -> bool:
    """Whether an answer is the proposal as it was shown."""
    if not (isinstance(shown, BoxLabel) and isinstance(answer, BoxLabel)):
        return shown == answer
    return sorted(_rows(shown)) == sorted(_rows(answer))


# --- the record -------------------------------------------------------------------------------------------------


def as_record(object_id: str, source: str, proposal: Proposal, classes: Sequence[str] = ()) -> dict[str, Any]:
    """A line of `proposals/iteration-<N>/…jsonl` (docs/reference/s3-layout.md)."""
    record: dict[str, Any] = {"datasetObjectId": object_id, "source-ref": source, "shown": proposal.label is not None}
    record["model"] = proposal.model
    if isinstance(proposal.label, BoxLabel):
        width, height, depth = proposal.label.image_size
        record["image_size"] = {"width": width, "height": height, "depth": depth}
        record["boxes"] = [
            {"class_id": class_id, "left": left, "top": top, "right": right, "bottom": bottom}
            for class_id, left, top, right, bottom in _rows(proposal.label)
        ]
    elif proposal.label is not None:
        planted = proposal.planted if isinstance(proposal.planted, PlantedClass) else None
        record |= classes_record(proposal.label, planted, classes)
    if isinstance(proposal.planted, Planted):
        record["planted"] = asdict(proposal.planted)
    return record


def read_record(
    record: Mapping[str, Any], classes: Sequence[str] = (), *, is_single: bool = True
) -> tuple[str, Proposal]:
    """(object id, what was shown). is_single: of classes, an object has one."""
    if "classes" in record:
        shown, wrong = read_classes(record, classes, is_single=is_single)
        return record["datasetObjectId"], Proposal(shown, record["model"], wrong)
    label = None
    if record["shown"]:
        boxes, size = record["boxes"], record["image_size"]
        corners = [(box["left"], box["top"], box["right"], box["bottom"]) for box in boxes]
        size_of = (size["width"], size["height"], size["depth"])
        label = box_label(corners, [box["class_id"] for box in boxes], size_of)
    planted = record.get("planted")
    return record["datasetObjectId"], Proposal(label, record["model"], planted and value_of(Planted, planted))


# --- inside -----------------------------------------------------------------------------------------------------


def _chance(job: str, object_id: str, what: str) -> float:
    """A number in [0, 1), the same on every machine and in every run."""
    digest = sha256(f"{job}/{object_id}/{what}".encode()).digest()
    return int.from_bytes(digest[:6], "big") / 2**48


def _overlap(planted: Planted, answer: BoxLabel) -> Floats:
    """IoU of the planted box with each box of the answer, whatever its class."""
    return paired_iou(np.array(planted.box, np.float32), answer.boxes)


def _shifted(label: BoxLabel, place: int, rng: np.random.Generator) -> Floats | None:
    """The box pushed to where there is room; None where it fills the image."""
    width, height, _ = label.image_size
    box = label.boxes[place]
    extent = box[2:] - box[:2]
    room = np.array([width, height], np.float32) - box[2:]
    way = np.where(room > box[:2], 1, -1)
    by = np.round(way * np.minimum(rng.uniform(*SHIFT, 2) * extent, np.maximum(room, box[:2])))
    shifted = (box + np.tile(by, 2)).astype(np.float32)
    return shifted if intersection_over_union(shifted[None], box[None])[0, 0] <= MOST_SHIFTED_IOU else None


def _elsewhere(label: BoxLabel, rng: np.random.Generator) -> Floats | None:
    """A box where the machine has none; None where there is no room for one."""
    size = np.array(label.image_size[:2], np.float32)
    extents = label.boxes[:, 2:] - label.boxes[:, :2]
    extent = extents[int(rng.integers(len(label)))] if len(label) else size * 0.25
    for shrink in (1.0, 0.7, 0.5):
        for _ in range(10):
            side = np.maximum(np.round(extent * shrink), 2)
            corner = np.round(rng.uniform(0, 1, 2) * (size - side))
            box = np.concatenate([corner, corner + side]).astype(np.float32)
            if not len(label) or intersection_over_union(box[None], label.boxes).max() <= MOST_EXTRA_IOU:
                return box
    return None


def _added(label: BoxLabel, box: Floats, rng: np.random.Generator) -> tuple[BoxLabel, Planted]:
    class_id = int(label.class_ids[int(rng.integers(len(label)))]) if len(label) else 0
    shown = box_label(
        np.concatenate([label.boxes, box[None]]),
        np.append(label.class_ids, class_id),
        label.image_size,
        np.append(label.confidences, np.float32(1)),
    )
    return shown, Planted(Mistake.EXTRA, class_id, _corners(box))


def _without(label: BoxLabel, place: int) -> BoxLabel:
    kept = np.arange(len(label)) != place
    return replace(label, boxes=label.boxes[kept], class_ids=label.class_ids[kept], confidences=label.confidences[kept])


def _rows(label: BoxLabel) -> list[tuple[int, float, float, float, float]]:
    return [
        (int(class_id), *_corners(box)) for class_id, box in zip(label.class_ids, label.boxes.tolist(), strict=True)
    ]


def _corners(box: Any) -> Corners:
    left, top, right, bottom = (float(side) for side in box)
    return left, top, right, bottom
