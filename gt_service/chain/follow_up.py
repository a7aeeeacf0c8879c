"""What an ended labeling job left unlabeled: the follow-up sends that, and nothing that is labeled.

An output that lost some of its files looks like objects without labels, and would be paid for twice. So what is found
is compared with what SageMaker counted, and where the two disagree nobody sends anything.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from gt_service.manifests import CONTENT_TYPE, follow_up_lines
from gt_service.objects import ObjectStore, S3Uri
from gt_service.outputs.labeled import LabeledObjects


@dataclass(frozen=True)
class Labeled:
    """numbers: of the labeled objects in the input manifest, from 0, and of those that came with their label.
    problem: why there may be more; None where not."""

    numbers: frozenset[int]
    problem: str | None


def read_labeled(
    objects: ObjectStore, manifest: S3Uri, description: Mapping[str, Any], counters: Mapping[str, int]
) -> Labeled:
    """manifest: the job's input. counters: SageMaker's LabelCounters."""
    output = LabeledObjects(objects, manifest, description)
    numbers = frozenset(number for number, _ in output.lines())
    counted = counters.get("TotalLabeled", 0)
    if output.input_is_gone:
        problems = output.problems
    elif len(numbers) < counted:
        problems = [f"its files hold {len(numbers):,} labels, and SageMaker counts {counted:,}", *output.problems]
    else:
        # As many labels as were counted: whatever else is wrong with the files, none of them is lost.
        problems = [] if counted else output.problems
    more = f", and {len(problems) - 2:,} more" if len(problems) > 2 else ""
    return Labeled(numbers | output.given, "; ".join(problems[:2]) + more if problems else None)


def write_follow_up(objects: ObjectStore, manifest: S3Uri, labeled: frozenset[int], follow_up: S3Uri) -> int:
    """Writes the manifest of what is left and returns its number of objects; writes nothing where that is none.

    Errors: `NotFound` where the input is gone.
    """
    count = sum(1 for _ in follow_up_lines(objects.lines(manifest), labeled))
    if count:
        objects.write_stream(follow_up, follow_up_lines(objects.lines(manifest), labeled), CONTENT_TYPE)
    return count
