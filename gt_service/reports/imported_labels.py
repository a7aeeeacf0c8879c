"""The report's `imported_labels`: imported labels against those of people who did not see them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from gt_service.campaign import CampaignSpec
from gt_service.outputs.labels import label_of
from gt_service.outputs.records import CHECKED, UNREADABLE, LabelRecord
from gt_service.outputs.tally import LabeledObject
from gt_service.reports.quality import Audit

WIDE = 0.2
"""An interval wider than this says little."""


class ImportedCheck:
    """Holds people's labels against those from before, as the objects of a job come by."""

    def __init__(self, spec: CampaignSpec) -> None:
        self._name, self._labels = spec.label_attribute + CHECKED, spec.labels
        self._audit = Audit({})
        self._asked = self._unanswered = self._by_machine = 0

    def add(self, labeled: LabeledObject) -> None:
        before = labeled.line.get(self._name)
        if not isinstance(before, Mapping) or labeled.source is None:
            return
        try:
            record = LabelRecord(before["label"], before["metadata"], None, None)
            label = label_of(record, self._labels)
        except UNREADABLE:
            return
        self._asked += 1
        if label is None or labeled.record is None:
            self._unanswered += 1
        elif not labeled.human:
            self._by_machine += 1
        else:
            self._audit.compare(labeled, label)

    def result(self) -> dict[str, Any] | None:
        """The report's `imported_labels`; None where the job had none to check.

        asked: images; unanswered: those without a label of this job; by_machine: those that Ground Truth's machine
        labeled, which tell nothing of people's view; people: the scores of imported labels against people's.
        """
        if not self._asked:
            return None
        audited = self._audit.result()
        people = None if audited is None else audited["human"]
        return {
            "asked": self._asked,
            "unanswered": self._unanswered,
            "by_machine": self._by_machine,
            "people": people,
            "text": _words(people),
        }


def _words(people: Mapping[str, Any] | None) -> str:
    if people is None:
        return "People have labeled none of the images whose imported labels are to be checked."
    by_boxes = "mean_f1" in people
    value, what = (people["mean_f1"], "mean F1") if by_boxes else (people["accuracy"], "the same classes on a share of")
    low, high = people["interval"]
    images = people["images"]
    few = " Too few to be sure." if high - low > WIDE else ""
    return (
        f"Imported labels against those of people who did not see them: {what} {value:.3f} "
        f"(95 % interval {low:.3f} to {high:.3f}, {images:,} images, drawn by chance).{few}"
    )
