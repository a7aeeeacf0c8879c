"""Jobs that look at labels again: which label of a manifest line is under review, and what they add to a label. Pure.

Verification asks whether the boxes are right, adjustment has them corrected (developer guide sms-verification-data).
Which attribute is under review is said by the page alone, so the newest of the line's box labels counts; the page that
gt-service makes shows the same one.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from gt_engine.labels import BoxLabel
from gt_engine.outputs.label_form import NO_LABEL, read_label
from gt_service.errors import InvalidInput
from gt_service.outputs.records import PROPOSAL, label_attributes, metadata_key
from gt_service.task_types import TaskType


def reviewed_label(line: bytes, attribute: str, classes: Sequence[str]) -> BoxLabel | None:
    """The boxes under review, of the classes that the job has too; None where the line has no boxes.

    attribute: the job's own, which is not under review. Machine's proposals are none of people's business here.
    """
    record = json.loads(line.decode("utf-8-sig"))
    for name in label_attributes(record):
        if name == attribute or name.endswith(PROPOSAL):
            continue
        label = _boxes(record[name], record[metadata_key(name)], classes)
        if label is not None:
            return label
    return None


def _boxes(value: Any, metadata: Mapping[str, Any], classes: Sequence[str]) -> BoxLabel | None:
    own = metadata.get("class-map")
    names = {**{str(i): name for i, name in enumerate(classes)}, **(own if isinstance(own, Mapping) else {})}
    try:
        known = [box for box in value["annotations"] if names.get(str(box["class_id"])) in classes]
        label = read_label(TaskType.OBJECT_DETECTION, {**value, "annotations": known}, {"class-map": names}, classes)
    except NO_LABEL:
        return None
    return label if isinstance(label, BoxLabel) else None


def check_reviewed(line: bytes, number: int, attribute: str) -> None:
    """Errors: `InvalidInput` that names the line, counted from 0, where there is nothing to review."""
    if reviewed_label(line, attribute, ()) is None:
        raise InvalidInput(
            f"line {number + 1} of the manifest has no boxes that could be reviewed", field="ManifestS3Uri"
        )


def with_review(
    content: Mapping[str, Any], task: TaskType, attribute: str, answers: Iterable[Mapping[str, Any]]
) -> dict[str, Any]:
    """A label's content with what reviews add: `adjustment-status`, adjusted where any worker changed something, or
    the workers' comments as `worker-feedback` (developer guide sms-data-output)."""
    values = [value for answer in answers for value in answer.values() if isinstance(value, Mapping)]
    metadata = dict(content[metadata_key(attribute)])
    if task.facts.reviews == "adjustment":
        is_adjusted = any(value.get("initialValueModified") for value in values)
        metadata["adjustment-status"] = "adjusted" if is_adjusted else "unadjusted"
    if task.facts.reviews == "verification":
        comments = (str(value.get("workerComment") or "").strip() for value in values)
        metadata["worker-feedback"] = [{"comment": comment} for comment in comments if comment]
    return {**content, metadata_key(attribute): metadata}
