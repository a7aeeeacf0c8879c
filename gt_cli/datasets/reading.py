"""Reads known boxes from whatever file a user has; the form is told from the content."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

from gt_cli.datasets import tables
from gt_cli.datasets.coco import read_coco, read_coco_results
from gt_cli.datasets.huggingface import metadata_files, read_huggingface
from gt_cli.datasets.labeled import BoxesError, Collected, ImageFolder, LabeledImages, files_below, read_json
from gt_cli.datasets.labeling_tools import is_label_studio, is_labelme, read_label_studio, read_labelme
from gt_cli.datasets.open_images import OpenImagesClass, read_open_images
from gt_cli.datasets.xml import read_cvat, read_voc, read_xml
from gt_cli.datasets.yolo import label_files, read_yolo

_FORMS = (
    "CSV (filename,width,height,class,xmin,ymin,xmax,ymax), Open Images CSV, COCO JSON, Pascal VOC XML, YOLO text, "
    "CVAT XML, Label Studio JSON or LabelMe JSON (a file, or a folder of them where there is one for each image), or a "
    "folder with Hugging Face's metadata.jsonl"
)


def read_boxes(
    boxes: Path, images: Path, *, choice: OpenImagesClass | None = None, described_in: Path | None = None
) -> LabeledImages:
    """The known boxes of a folder of images.

    boxes: a file in any of the forms CSV, Open Images CSV, COCO JSON, CVAT XML and Label Studio JSON, or a file or
    folder of VOC XML, YOLO text or LabelMe JSON.
    choice: for Open Images, the class that counts. described_in: for COCO results, the COCO JSON of their images.

    Errors: `BoxesError` naming the file and the line (or entry) that is wrong.
    """
    if not boxes.exists():
        raise BoxesError(f"there is no {boxes}", remedy=f"Name a file of boxes: {_FORMS}.")
    into = Collected(ImageFolder(images))
    try:
        _read(boxes, into, choice, described_in)
    except UnicodeDecodeError as error:
        raise BoxesError(f"{boxes}: byte {error.start} is not UTF-8", remedy=f"Name a text file: {_FORMS}.") from None
    except csv.Error as error:
        raise BoxesError(f"{boxes} is no CSV: {error}", remedy=f"Name a text file: {_FORMS}.") from None
    return into.finish(boxes)


def _read(boxes: Path, into: Collected, choice: OpenImagesClass | None, described_in: Path | None) -> None:
    suffix = boxes.suffix.lower()
    if boxes.is_dir():
        _read_folder(boxes, into)
    elif suffix == ".xml":
        root = read_xml(boxes)
        if root.tag == "annotations":
            read_cvat(root, boxes, into)
        else:
            read_voc([boxes], into)
    elif suffix == ".json":
        _read_json(boxes, into, described_in)
    else:
        _read_table(boxes, into, choice)


def _read_folder(boxes: Path, into: Collected) -> None:
    """A file for each image; of which form, the first kind that is there tells."""
    xml, json = files_below(boxes, {".xml"}), files_below(boxes, {".json"})
    labelme = [path for path in json if is_labelme(read_json(path, field="boxes"))] if not xml else []
    if xml:
        read_voc(xml, into)
    elif metadata_files(boxes):
        read_huggingface(boxes, into)
    elif labelme:
        for path in labelme:
            read_labelme(read_json(path, field="boxes"), path, into)
    elif yolo := label_files(boxes):
        read_yolo(boxes, yolo, into)
    else:
        raise BoxesError(f"there is no file of labels in {boxes}", remedy=f"Name {_FORMS}.")


def _read_json(boxes: Path, into: Collected, described_in: Path | None) -> None:
    document = read_json(boxes, field="boxes")
    if _is_coco_results(document):
        if described_in is None:
            raise BoxesError(
                f"{boxes} holds COCO results, whose images have numbers and no names",
                remedy="Name the COCO JSON of these images beside it.",
            )
        described = read_json(described_in, field="coco")
        if not isinstance(described, dict):
            raise BoxesError(f"{described_in} is not COCO JSON", remedy="Name the file with images.", field="coco")
        read_coco_results(document, boxes, described, described_in, into)
    elif is_label_studio(document):
        read_label_studio(document, boxes, into)
    elif is_labelme(document):
        read_labelme(document, boxes, into)
    elif isinstance(document, dict) and "annotations" in document:
        read_coco(document, boxes, into)
    else:
        hint = " (it is a class hierarchy)" if isinstance(document, dict) and "LabelName" in document else ""
        raise BoxesError(f"{boxes} is not COCO JSON{hint}", remedy=f"Name {_FORMS}.")


def _is_coco_results(document: Any) -> bool:
    first = document[0] if isinstance(document, list) and document else None
    return isinstance(first, dict) and {"image_id", "category_id", "score"} <= first.keys()


def _read_table(boxes: Path, into: Collected, choice: OpenImagesClass | None) -> None:
    names = tables.columns(boxes)
    if {"imageid", "labelname"} <= set(names):
        read_open_images(boxes, into, choice)
    elif "filename" in names or "xmin" in names:
        tables.read_pixels(boxes, into)
    else:
        raise BoxesError(
            f"{boxes} line 1: the columns {', '.join(names) or '(none)'} are of no known form",
            remedy=f"Known are {_FORMS}.",
        )
