"""Gold labels against the labels of a spec, before anybody is asked: the same names, to the letter.

Simulated workers answer from gold labels and reports are scored by them; where none of the names is the campaign's,
every image fails, or every label is wrong, and nothing says why.
"""

from __future__ import annotations

from itertools import islice

from gt_service.campaign import CampaignSpec
from gt_service.errors import AccessDenied, InvalidInput, NotFound
from gt_service.objects import ObjectStore
from gt_service.outputs.labels import Boxes, Label
from gt_service.outputs.records import gold_lines
from gt_service.reports.quality import gold_label

_LINES = 1_000
"""Read of the gold labels: a mistake in the names is in the first of them."""


def check_gold(spec: CampaignSpec, objects: ObjectStore) -> None:
    """Gold labels that are not there (yet) or may not be read are nobody's mistake here; the report tells of them.

    Errors: `InvalidInput` where gold and spec have no name in common, or names that differ only in their letters' case.
    """
    if spec.gold_labels is None:
        return
    try:
        lines = list(islice(gold_lines(objects.lines(spec.gold_labels)), _LINES))
    except (NotFound, AccessDenied):
        return
    labels = [gold_label(line, spec.labels) for _, line in lines]
    gold = {name for each in labels if each is not None for name in _names(each[1])}
    strange, missing = gold - set(spec.labels), set(spec.labels) - gold
    alike = {name.casefold() for name in strange} & {name.casefold() for name in missing}
    if gold and (strange == gold or alike):
        raise InvalidInput(
            f"the gold labels speak of {_listed(strange)}, the spec of {_listed(missing)}",
            remedy="Give labels and gold labels the same names, to the letter.",
            field="gold_labels",
        )


def _names(label: Label) -> set[str]:
    return {box.label for box in label.boxes} if isinstance(label, Boxes) else set(label.names)


def _listed(names: set[str]) -> str:
    some = sorted(names)
    return ", ".join(some[:5]) + (f" and {len(some) - 5} more" if len(some) > 5 else "")
