"""Reads known boxes from whatever file a user has; the form is told from the content."""

from __future__ import annotations

import csv
import json
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gt_cli.datasets import tables
from gt_cli.datasets.coco import read_coco
from gt_cli.datasets.hierarchy import with_subclasses
from gt_cli.datasets.labeled import BoxesError, Collected, ImageFolder, LabeledImages, came_along
from gt_cli.datasets.voc import read_voc

_FORMS = (
    "CSV (filename,width,height,class,xmin,ymin,xmax,ymax), Open Images CSV, COCO JSON, "
    "or Pascal VOC XML (a file, or a folder of them)"
)


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


def read_boxes(boxes: Path, images: Path, *, choice: OpenImagesClass | None = None) -> LabeledImages:
    """The known boxes of a folder of images.

    boxes: a file (or, for VOC, a folder) in any of the forms CSV, Open Images CSV, COCO JSON and VOC XML.
    choice: for Open Images, the class that counts.

    Errors: `BoxesError` naming the file and the line (or entry) that is wrong.
    """
    if not boxes.exists():
        raise BoxesError(f"there is no {boxes}", remedy=f"Name a file of boxes: {_FORMS}.", field="boxes")
    into = Collected(ImageFolder(images))
    try:
        _read(boxes, into, choice)
    except UnicodeDecodeError as error:
        raise BoxesError(
            f"{boxes}: byte {error.start} is not UTF-8", remedy=f"Name a text file: {_FORMS}.", field="boxes"
        ) from None
    except csv.Error as error:
        raise BoxesError(f"{boxes} is no CSV: {error}", remedy=f"Name a text file: {_FORMS}.", field="boxes") from None
    return into.finish(boxes)


def _read(boxes: Path, into: Collected, choice: OpenImagesClass | None) -> None:
    suffix = boxes.suffix.lower()
    if boxes.is_dir() or suffix == ".xml":
        files = [boxes]
        if boxes.is_dir():
            files = sorted(path for path in boxes.rglob("*.xml") if not came_along(path.relative_to(boxes)))
        if not files:
            raise BoxesError(f"there is no XML file in {boxes}", remedy=f"Name {_FORMS}.", field="boxes")
        read_voc(files, into)
    elif suffix == ".json":
        document = _json(boxes, field="boxes")
        if not isinstance(document, dict) or "annotations" not in document:
            hint = " (it is a class hierarchy)" if isinstance(document, dict) and "LabelName" in document else ""
            raise BoxesError(f"{boxes} is not COCO JSON{hint}", remedy=f"Name {_FORMS}.", field="boxes")
        read_coco(document, boxes, into)
    else:
        _read_table(boxes, into, choice)


def _read_table(boxes: Path, into: Collected, choice: OpenImagesClass | None) -> None:
    names = tables.columns(boxes)
    if {"imageid", "labelname"} <= set(names):
        if choice is None:
            tables.read_open_images(boxes, into)
        else:
            tables.read_open_images(boxes, into, label=choice.label, classes=_classes(choice), skip=choice.skip)
    elif "filename" in names or "xmin" in names:
        tables.read_pixels(boxes, into)
    else:
        raise BoxesError(
            f"{boxes} line 1: the columns {', '.join(names) or '(none)'} are of no known form",
            remedy=f"Known are {_FORMS}.",
            field="boxes",
        )


def _classes(choice: OpenImagesClass) -> Collection[str]:
    if choice.hierarchy is None:
        return {choice.class_id}
    return with_subclasses(_json(choice.hierarchy, field="hierarchy"), choice.class_id)


def _json(path: Path, *, field: str) -> Any:
    try:
        return json.loads(path.read_text(encoding="utf-8-sig"))
    except json.JSONDecodeError as error:
        raise BoxesError(
            f"{path} line {error.lineno}: not JSON: {error.msg}", remedy="Mend the file.", field=field
        ) from None
    except RecursionError:
        raise BoxesError(f"{path} is nested too deeply", remedy="Mend the file.", field=field) from None
    except FileNotFoundError:
        raise BoxesError(f"there is no {path}", remedy="Check the path.", field=field) from None
