"""Reads known classes of images: folders called after their class, a table of files and classes, CVAT's tags, Label
Studio's choices or Hugging Face's metadata. The form is told from the content."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from gt_cli.datasets.huggingface import huggingface_classes, metadata_files
from gt_cli.datasets.labeled import IMAGE_SUFFIXES, BoxesError, ImageFolder, files_below, read_json, read_number
from gt_cli.datasets.labeling_tools import is_label_studio, label_studio_choices
from gt_cli.datasets.tables import CLASS, FILE, columns, table_rows
from gt_cli.datasets.xml import cvat_tags, read_xml

TABLE = "labels.csv"
"""What `gt-service export` calls its table; beside class folders it has the classes as they are written."""
PARTS = frozenset({"train", "training", "val", "valid", "validation", "test"})
"""Folders of a split, with the class folders in each."""
_FORMS = (
    "a folder with one folder of images for each class or with Hugging Face's metadata.jsonl, a CSV with the columns "
    "filename and class, CVAT XML with tags, or Label Studio JSON with choices"
)


@dataclass(frozen=True)
class ClassifiedImage:
    """An image file and its classes with a model's confidences, where the file tells them; none at all is an answer
    too. where: the line or entry that tells it."""

    path: Path
    name: str
    classes: dict[str, float | None]
    where: str


@dataclass(frozen=True)
class ClassifiedImages:
    """A data set. `left_out` are images in the folder that the file says nothing of."""

    images: tuple[ClassifiedImage, ...]
    left_out: tuple[str, ...]


def read_classes(path: Path, images: Path) -> ClassifiedImages:
    """The known classes of a folder of images; images in the order in which the file first names them.

    Errors: `BoxesError` naming the file and the line (or entry) that is wrong, or where there is no such image or more
    than one.
    """
    folder = ImageFolder(images)
    table = path / TABLE if path.is_dir() else path
    found: dict[str, ClassifiedImage] = {}
    try:
        for called, classes, where in _told(path, table):
            name = folder.find(called, where=where)
            found.setdefault(name, ClassifiedImage(folder.folder / name, name, {}, where)).classes.update(classes)
    except UnicodeDecodeError as error:
        raise BoxesError(f"{table}: byte {error.start} is not UTF-8", remedy=f"Name {_FORMS}.", field="path") from None
    except csv.Error as error:
        raise BoxesError(f"{table} is no CSV: {error}", remedy=f"Name {_FORMS}.", field="path") from None
    if not any(image.classes for image in found.values()):
        raise BoxesError(f"{path} names no class", remedy=f"Known are {_FORMS}.", field="path")
    return ClassifiedImages(tuple(found.values()), tuple(name for name in folder if name not in found))


def _told(path: Path, table: Path) -> Iterator[tuple[str, Mapping[str, float | None], str]]:
    """What each image is called, its classes with a model's confidences, and where that is written."""
    if path.is_dir() and metadata_files(path):
        named = huggingface_classes(path)
    elif path.is_dir() and not table.is_file():
        named = _of_folders(path)
    elif table.suffix.lower() == ".xml":
        named = cvat_tags(read_xml(table), table)
    elif table.suffix.lower() == ".json":
        named = _of_label_studio(table)
    else:
        yield from _of_table(table)
        return
    for called, names, where in named:
        yield called, dict.fromkeys(names), where


def _of_folders(path: Path) -> Iterator[tuple[str, list[str], str]]:
    """`<class>/…/<image>`, or `<part>/<class>/…/<image>` where all outer folders are parts of a split."""
    files = [file.relative_to(path) for file in files_below(path, IMAGE_SUFFIXES)]
    deepest = 2 if files and {file.parts[0].lower() for file in files} <= PARTS else 1
    for file in files:
        if len(file.parts) > deepest:
            yield file.as_posix(), [file.parts[deepest - 1]], str(path / file)


def _of_table(path: Path) -> Iterator[tuple[str, Mapping[str, float | None], str]]:
    """A row for each class of an image; a row without a class is an image that has none."""
    named = columns(path)
    file = next((name for name in FILE if name in named), FILE[0])
    label = next((name for name in CLASS if name in named), CLASS[0])
    for where, row in table_rows(path, (file, label)):
        text = row.get("confidence", "")
        sure = read_number(text, "confidence", where) if text else None
        if sure is not None and not 0 <= sure <= 1:
            raise BoxesError(f"{where}: a confidence of {sure:g}", remedy="Confidences are 0 to 1.", field="path")
        yield row[file], {row[label]: sure} if row[label] else {}, where


def _of_label_studio(path: Path) -> Iterator[tuple[str, list[str], str]]:
    document = read_json(path, field="path")
    if not is_label_studio(document):
        raise BoxesError(f"{path} is no list of Label Studio's tasks", remedy=f"Name {_FORMS}.", field="path")
    return label_studio_choices(document, path)
