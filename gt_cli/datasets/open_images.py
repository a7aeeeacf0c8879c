"""Boxes as Open Images has them: a CSV in shares of the image's sides, and a tree of classes: a swan is a bird, so a
campaign for birds wants swans too."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gt_cli.datasets.labeled import BoxesError, Collected, read_json, read_number
from gt_cli.datasets.tables import table_rows

COLUMNS = ("imageid", "labelname", "xmin", "xmax", "ymin", "ymax")


@dataclass(frozen=True)
class OpenImagesClass:
    """One class out of Open Images with everything below it, all under one label.

    label: what a campaign calls it ("Bird"). class_id: its LabelName ("/m/015p6"). hierarchy: the tree of classes;
    without it the class stands alone. skip: ImageIDs to pass over.
    """

    label: str
    class_id: str
    hierarchy: Path | None = None
    skip: frozenset[str] = frozenset()


def read_open_images(path: Path, into: Collected, choice: OpenImagesClass | None) -> None:
    """Rows of Open Images' box files (`ImageID,…,LabelName,…,XMin,XMax,YMin,YMax,…`).

    choice: the class whose boxes are kept; None keeps every box under its LabelName. Images that are not in the folder
    are passed over, since these files list the whole of Open Images, and so are boxes around many objects (IsGroupOf),
    as COCO's crowds are.
    """
    called = None if choice is None else dict.fromkeys(_classes(choice), choice.label)
    skip = frozenset() if choice is None else choice.skip
    present = {Path(name).stem for name in into.folder}
    for where, row in table_rows(path, COLUMNS):
        if row["imageid"] in skip or row["imageid"] not in present or row.get("isgroupof") == "1":
            continue
        label = row["labelname"] if called is None else called.get(row["labelname"])
        if label is None:
            continue
        name = into.image(row["imageid"], where=where)
        width, height = into.size(name)
        left, right = (read_number(row[column], column, where) * width for column in ("xmin", "xmax"))
        top, bottom = (read_number(row[column], column, where) * height for column in ("ymin", "ymax"))
        into.box(name, label, (left, top, right, bottom), where=where)


def _classes(choice: OpenImagesClass) -> Collection[str]:
    if choice.hierarchy is None:
        return {choice.class_id}
    return with_subclasses(read_json(choice.hierarchy, field="hierarchy"), choice.class_id)


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
