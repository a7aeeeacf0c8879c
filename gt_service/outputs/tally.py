"""Counting labels by iteration, from objects that come one at a time. Pure."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple

from gt_service.outputs.labels import Label, label_of
from gt_service.outputs.records import JsonObject, LabelRecord, source


class LabeledObject(NamedTuple):
    """One object of the manifest and the label that this job gave it; `record` is None where it gave none.

    `line` is the manifest line; empty where only the object's number is known. `blind`: of objects that people could
    have been shown with a proposal, whether they stayed without by chance; None of all others.
    """

    object_id: str
    line: JsonObject
    record: LabelRecord | None
    human: bool
    blind: bool | None = None

    @property
    def source(self) -> str | None:
        return source(self.line)


class Placement:
    """Which iteration labeled which object, by people or by the machine, and when each iteration ended.

    An object that appears in several iterations belongs to the first; `again` counts the others.
    """

    def __init__(self) -> None:
        self.iterations: dict[str, int] = {}
        self.ended: dict[int, datetime] = {}
        self.again = 0

    def put(self, object_id: str, iteration: int) -> None:
        first = self.iterations.setdefault(object_id, iteration)
        if first != iteration:
            self.again += 1
            self.iterations[object_id] = min(first, iteration)

    def end(self, iteration: int, at: datetime | None) -> None:
        if at is not None:
            self.ended[iteration] = max(self.ended.get(iteration, at), at)

    def guess(self, created_at: datetime | None) -> int:
        """The iteration of a label whose object is in no file: by its time, else the last one."""
        later = [number for number, end in self.ended.items() if created_at is not None and created_at <= end]
        return min(later) if later else max([1, *self.iterations.values()])


@dataclass
class Tally:
    """Takes every object of a manifest once, in order; `each` sees it too."""

    job_name: str
    human: Placement
    machine: Placement
    compared: Callable[[str], bool]
    each: Callable[[LabeledObject], None] | None
    blind: Callable[[str], bool | None] = lambda _: None
    objects: int = 0
    labeled_before: int = 0
    unplaced: int = 0
    images: defaultdict[bool, Counter[int]] = field(default_factory=lambda: defaultdict(Counter))
    boxes: defaultdict[bool, Counter[int]] = field(default_factory=lambda: defaultdict(Counter))
    unlabeled: list[LabeledObject] = field(default_factory=list)
    labels: dict[str, Label] = field(default_factory=dict)

    def add(self, object_id: str, line: JsonObject, record: LabelRecord | None) -> None:
        self.objects += 1
        if record is not None and self._is_own(object_id, record):
            human = object_id not in self.machine.iterations if record.human is None else record.human
            labeled = LabeledObject(object_id, line, record, human, self.blind(object_id))
            self._count(labeled, record)
        else:
            labeled = LabeledObject(object_id, line, None, human=False)
            if record is None:
                self.unlabeled.append(labeled)
            else:
                self.labeled_before += 1
        if self.each is not None:
            self.each(labeled)

    def _is_own(self, object_id: str, record: LabelRecord) -> bool:
        """Whether this job made the label: follow-up jobs pass on what earlier ones made."""
        if record.job_name is not None:
            return record.job_name == self.job_name.lower()
        return object_id in self.human.iterations or object_id in self.machine.iterations

    def _count(self, labeled: LabeledObject, record: LabelRecord) -> None:
        placement = self.human if labeled.human else self.machine
        iteration = placement.iterations.get(labeled.object_id)
        if iteration is None:
            self.unplaced += 1
            iteration = placement.guess(record.created_at)
        self.images[labeled.human][iteration] += 1
        self.boxes[labeled.human][iteration] += record.boxes
        if labeled.human and self.compared(labeled.object_id) and (label := label_of(record)) is not None:
            self.labels[labeled.object_id] = label
