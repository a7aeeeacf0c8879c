"""Open Images' tree of classes: a swan is a bird, so a campaign for birds wants swans too."""

from __future__ import annotations

from typing import Any

from gt_cli.datasets.labeled import BoxesError


def with_subclasses(hierarchy: Any, class_id: str) -> frozenset[str]:
    """The class and all below it, as LabelNames (`/m/015p6`).

    hierarchy: the JSON document (`bbox_labels_600_hierarchy.json`): `LabelName`, and `Subcategory` with more of them.
    Errors: `BoxesError` where the document is no such tree or does not hold the class.
    """
    classes = frozenset(_below(hierarchy, class_id, inside=False))
    if not classes:
        raise BoxesError(
            f"the class hierarchy holds no {class_id!r}",
            remedy="Give the class by its LabelName, such as /m/015p6 for birds.",
            field="hierarchy",
        )
    return classes


def _below(node: Any, class_id: str, *, inside: bool) -> list[str]:
    if not isinstance(node, dict) or not isinstance(node.get("LabelName"), str):
        raise BoxesError(
            "the class hierarchy is no tree of LabelName and Subcategory",
            remedy="Use Open Images' own file, bbox_labels_600_hierarchy.json.",
            field="hierarchy",
        )
    inside = inside or node["LabelName"] == class_id
    names = [node["LabelName"]] if inside else []
    for child in node.get("Subcategory", ()):
        names += _below(child, class_id, inside=inside)
    return names
