"""What the machine's proposals did to people: their time with and without, and how much they accepted. Pure.

gt-engine writes of each image that people could correct what they saw (proposals/iteration-<N>/…jsonl): a share of them
stays blind, by chance, so that both can be compared; in a share of the others a mistake was planted.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import orjson

from gt_service.outputs.labels import Box, Classes, Label, iou, label_of_answer
from gt_service.outputs.records import AnswerRecord, answer_content

KEPT_IOU = 0.8
"""A planted box that a box of the answer covers so well was kept."""
FOUND_IOU = 0.5
"""A box that was left out and that a box of the answer covers so well was added."""


@dataclass(frozen=True)
class Proposal:
    """What people saw of an object. planted: `shifted`, `missing`, `extra` or `swapped`, with the box or class that is
    wrong or not there; None where nothing was planted. classes: those that were chosen already."""

    shown: bool
    planted: str | None = None
    box: Box | None = None
    classes: tuple[str, ...] = ()
    wrong_class: str | None = None


@dataclass(frozen=True)
class Arm:
    """Images that people labeled in one of the two ways, and their time; seconds: None where no answer tells it."""

    images: int
    answers: int
    seconds_per_answer: float | None
    seconds_per_image: float | None


@dataclass(frozen=True)
class ProposalFigures:
    """blind, proposed: the two ways. checked: answers to proposals without a planted mistake, `unchanged` of which are
    what was shown. planted: answers to those with one, `accepted` of which kept it."""

    blind: Arm
    proposed: Arm
    checked: int
    unchanged: int
    planted: int
    accepted: int


def read_proposals(body: bytes) -> dict[str, Proposal]:
    """The objects of a file of proposals."""
    return {str(record["datasetObjectId"]): _proposal(record) for record in map(orjson.loads, body.splitlines())}


def _proposal(record: Mapping[str, Any]) -> Proposal:
    planted = record.get("planted")
    if "classes" in record:
        classes = tuple(sorted(record["classes"]))
        wrong = planted or {}
        return Proposal(True, wrong.get("mistake"), classes=classes, wrong_class=wrong.get("class"))
    if planted is None:
        return Proposal(bool(record["shown"]))
    left, top, right, bottom = planted["box"]
    return Proposal(bool(record["shown"]), planted["mistake"], Box("", left, top, right - left, bottom - top))


def was_accepted(proposal: Proposal, answer: Label) -> bool:
    """Whether an answer keeps what was planted; boxes whatever their class."""
    if isinstance(answer, Classes):
        return (proposal.wrong_class in answer.names) is not (proposal.planted == "missing")
    if proposal.box is None:
        return False
    overlap = max((iou(proposal.box, box) for box in answer.boxes), default=0.0)
    return overlap < FOUND_IOU if proposal.planted == "missing" else overlap >= KEPT_IOU


@dataclass
class ProposalLedger:
    """Takes the answers to the objects of a job, each object once."""

    proposals: Mapping[str, Proposal]
    _times: dict[bool, dict[str, list[float | None]]] = field(default_factory=lambda: {False: {}, True: {}})
    _checked: int = 0
    _unchanged: int = 0
    _planted: int = 0
    _accepted: int = 0

    def was_shown(self, object_id: str) -> bool:
        """Whether people saw the machine's boxes of the object."""
        proposal = self.proposals.get(object_id)
        return proposal is not None and proposal.shown

    def is_blind(self, object_id: str) -> bool | None:
        """Whether an object that could be shown with a proposal stayed without; None of all others."""
        proposal = self.proposals.get(object_id)
        return None if proposal is None else not proposal.shown

    def add(self, object_id: str, answers: Iterable[AnswerRecord]) -> None:
        proposal = self.proposals.get(object_id)
        if proposal is None:
            return
        for answer in answers:
            self._times[proposal.shown].setdefault(object_id, []).append(answer.seconds)
            content = answer_content(answer)
            label = label_of_answer(content)
            if not proposal.shown or label is None:
                continue
            if proposal.planted is None:
                is_kept = isinstance(label, Classes) and label.names == proposal.classes
                self._checked += 1
                self._unchanged += is_kept or content.get("initialValueModified") is False
            else:
                self._planted += 1
                self._accepted += was_accepted(proposal, label)

    def figures(self) -> ProposalFigures | None:
        """None where nobody has answered."""
        if not any(self._times.values()):
            return None
        return ProposalFigures(
            _arm(self._times[False]),
            _arm(self._times[True]),
            self._checked,
            self._unchanged,
            self._planted,
            self._accepted,
        )


def _arm(times: Mapping[str, Sequence[float | None]]) -> Arm:
    known = [seconds for of_object in times.values() for seconds in of_object if seconds is not None]
    answers = sum(len(of_object) for of_object in times.values())
    each = sum(known) / len(known) if known else None
    per_image = each * answers / len(times) if each is not None else None
    return Arm(len(times), answers, each, per_image)
