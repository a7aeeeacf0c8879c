"""Whether imported labels are right: a share of their images, by chance, is asked of people who do not see the label.

Such an image goes into a batch as any other, with the label from before beside it in the manifest; what people say of
it holds, and the job's report tells how well both agree.
"""

from __future__ import annotations

from collections.abc import Mapping
from hashlib import sha256
from typing import Any

from gt_service.campaign import CampaignSpec
from gt_service.outputs.labels import Label, label_of
from gt_service.outputs.records import CHECKED, UNREADABLE, JsonObject, LabelRecord, attribute_of, metadata_key
from gt_service.outputs.tally import LabeledObject
from gt_service.reports.quality import Audit

WIDE = 0.2
"""An interval wider than this says little."""


def is_chosen(share: float, campaign: str, key: str) -> bool:
    """Whether an image is one of the share. By its name alone: chance as far as the label is concerned, and the same
    for whoever asks, whenever."""
    place = int.from_bytes(sha256(f"{campaign}/{key}".encode()).digest()[:8], "big") / 2**64
    return place < share


def beside(line: JsonObject, attribute: str) -> dict[str, Any]:
    """What goes into the manifest for the imported line of an image, under the job's label attribute."""
    name = attribute_of(line)
    return {attribute + CHECKED: {"label": line[name], "metadata": line[metadata_key(name)]}}


class ImportedCheck:
    """Holds people's labels against those from before, as the objects of a job come by."""

    def __init__(self, spec: CampaignSpec) -> None:
        self._name, self._labels = spec.label_attribute + CHECKED, spec.labels
        self._before = dict[str, Label]()
        self._audit = Audit(self._before)
        self._asked = self._unanswered = self._by_machine = 0

    def add(self, found: LabeledObject) -> None:
        before = found.line.get(self._name)
        if not isinstance(before, Mapping) or found.source is None:
            return
        try:
            record = LabelRecord(before["label"], before["metadata"], None, None)
            label = label_of(record, self._labels)
        except UNREADABLE:
            return
        self._asked += 1
        if label is None or found.record is None:
            self._unanswered += 1
        elif not found.human:
            self._by_machine += 1
        else:
            self._before[found.source] = label
            self._audit.add(found)
            del self._before[found.source]

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
