"""Boxes as COCO JSON: `images`, `categories` and `annotations` with `bbox` = left, top, width, height."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from gt_cli.datasets.labeled import BoxesError, Collected, corners_of, json_number


def read_coco(document: Any, path: Path, into: Collected) -> None:
    """Every image that the document lists, also one without boxes. Crowd regions (`iscrowd`) are no single object
    and are passed over."""
    images: dict[Any, str] = {}
    for where, image in _entries(document, "images", path):
        width, height = (_pixels(image, side, where) for side in ("width", "height"))
        called = str(_of(image, "file_name", where))
        image_id = _of(image, "id", where)
        if image_id in images:
            raise BoxesError(
                f"{where}: the id {image_id!r} is that of {images[image_id]} already",
                remedy="Give each image an id of its own; files that are joined need new ones.",
            )
        images[image_id] = into.image(called, where=where, declared=(width, height), described_once=True)
    categories = {
        _of(category, "id", where): str(_of(category, "name", where))
        for where, category in _entries(document, "categories", path)
    }
    for where, annotation in _entries(document, "annotations", path):
        if _is_crowd(annotation, where):
            continue
        name = _looked_up(images, _of(annotation, "image_id", where), "image", where)
        label = _looked_up(categories, _of(annotation, "category_id", where), "category", where)
        corners = corners_of(_of(annotation, "bbox", where), where)
        into.box(name, label, corners, where=where, confidence=_score(annotation, where))


def read_coco_results(results: Any, path: Path, described: Any, described_in: Path, into: Collected) -> None:
    """Predictions in COCO's form for results: a list of `image_id`, `category_id`, `bbox` and `score`. The images and
    categories of these numbers are those of the COCO document `described`; images without a prediction are left out."""
    entries = _entries({"results": results}, "results", path)
    wanted = {_of(entry, "image_id", where) for where, entry in entries}
    if not isinstance(described, dict):
        raise BoxesError(f"{described_in} is no COCO document", remedy="Name the one that describes the images.")
    known = [image for _, image in _entries(described, "images", described_in)]
    images = [image for image in known if isinstance(image.get("id"), int | str) and image["id"] in wanted]
    read_coco({**described, "images": images, "annotations": []}, described_in, into)
    names = {image["id"]: str(image["file_name"]) for image in images}
    categories = {each["id"]: str(each["name"]) for each in described["categories"]}
    for where, entry in entries:
        called = _looked_up(names, entry["image_id"], f"image in {described_in}", where)
        label = _looked_up(categories, _of(entry, "category_id", where), f"category in {described_in}", where)
        corners = corners_of(_of(entry, "bbox", where), where)
        name = into.folder.find(called, where=where)
        into.box(name, label, corners, where=where, confidence=_score(entry, where))


def _score(entry: dict[str, Any], where: str) -> float | None:
    """The confidence of a prediction; people's boxes have none."""
    score = entry.get("score")
    return None if score is None else json_number(score, "score", where)


def _entries(document: Any, part: str, path: Path) -> list[tuple[str, dict[str, Any]]]:
    entries = document.get(part)
    if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
        raise BoxesError(f"{path}: {part!r} is no list", remedy="Export the data set as COCO again.")
    return [(f"{path} {part}[{number}]", entry) for number, entry in enumerate(entries)]


def _of(entry: dict[str, Any], key: str, where: str) -> Any:
    if key not in entry:
        raise BoxesError(f"{where} has no {key!r}", remedy="Export the data set as COCO again.")
    if isinstance(entry[key], dict) or (isinstance(entry[key], list) and key != "bbox"):
        raise BoxesError(f"{where}: {key} is no single value", remedy="Export the data set as COCO again.")
    return entry[key]


def _pixels(entry: dict[str, Any], key: str, where: str) -> int:
    return round(json_number(_of(entry, key, where), key, where, wanted="a number of pixels"))


def _is_crowd(entry: dict[str, Any], where: str) -> bool:
    """Some tools write the number as text or as a truth value."""
    value = entry.get("iscrowd") or 0
    if str(value) not in {"0", "1", "True", "False", "0.0", "1.0"}:
        raise BoxesError(f"{where}: iscrowd is {value!r}, neither 0 nor 1")
    return str(value) in {"1", "True", "1.0"}


def _looked_up(known: dict[Any, str], key: Any, what: str, where: str) -> str:
    if key not in known:
        raise BoxesError(f"{where}: there is no {what} {key!r}")
    return known[key]
