"""Reads known classes of images: folders called after their class, a table of files and classes, CVAT's tags, Label
Studio's choices or Hugging Face's metadata. The form is told from the content."""

from __future__ import annotations

import csv
from collections.abc import Iterable
from dataclasses import dataclass, field
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


@dataclass
class _Collected:
    folder: ImageFolder
    _classes: dict[str, dict[str, float | None]] = field(default_factory=dict)
    _where: dict[str, str] = field(default_factory=dict)

    def add(self, called: str, names: Iterable[str], *, where: str, confidence: float | None = None) -> None:
        """Errors: `BoxesError` where there is no such image or more than one."""
        name = self.folder.find(called, where=where)
        self._where.setdefault(name, where)
        self._classes.setdefault(name, {}).update(dict.fromkeys(names, confidence))

    def finish(self, source: Path) -> ClassifiedImages:
        if not any(self._classes.values()):
            raise BoxesError(f"{source} names no class", remedy=f"Known are {_FORMS}.", field="path")
        images = (
            ClassifiedImage(self.folder.folder / name, name, classes, self._where[name])
            for name, classes in self._classes.items()
        )
        return ClassifiedImages(tuple(images), tuple(name for name in self.folder if name not in self._classes))


def read_classes(path: Path, images: Path) -> ClassifiedImages:
    """The known classes of a folder of images; images in the order in which the file first names them.

    Errors: `BoxesError` naming the file and the line (or entry) that is wrong.
    """
    into = _Collected(ImageFolder(images))
    table = path / TABLE if path.is_dir() else path
    try:
        if path.is_dir() and metadata_files(path):
            for called, names, where in huggingface_classes(path):
                into.add(called, names, where=where)
        elif path.is_dir() and not table.is_file():
            _read_folders(path, into)
        elif table.suffix.lower() == ".xml":
            for called, names, where in cvat_tags(read_xml(table), table):
                into.add(called, names, where=where)
        elif table.suffix.lower() == ".json":
            _read_json(table, into)
        else:
            _read_table(table, into)
    except UnicodeDecodeError as error:
        raise BoxesError(f"{table}: byte {error.start} is not UTF-8", remedy=f"Name {_FORMS}.", field="path") from None
    except csv.Error as error:
        raise BoxesError(f"{table} is no CSV: {error}", remedy=f"Name {_FORMS}.", field="path") from None
    return into.finish(path)


def _read_folders(path: Path, into: _Collected) -> None:
    """`<class>/…/<image>`, or `<part>/<class>/…/<image>` where all outer folders are parts of a split."""
    files = [file.relative_to(path) for file in files_below(path, IMAGE_SUFFIXES)]
    deepest = 2 if files and {file.parts[0].lower() for file in files} <= PARTS else 1
    for file in files:
        if len(file.parts) > deepest:
            into.add(file.as_posix(), [file.parts[deepest - 1]], where=str(path / file))


def _read_table(path: Path, into: _Collected) -> None:
    """A row for each class of an image; a row without a class is an image that has none."""
    named = columns(path)
    file = next((name for name in FILE if name in named), FILE[0])
    label = next((name for name in CLASS if name in named), CLASS[0])
    for where, row in table_rows(path, (file, label)):
        text = row.get("confidence", "")
        sure = read_number(text, "confidence", where) if text else None
        if sure is not None and not 0 <= sure <= 1:
            raise BoxesError(f"{where}: a confidence of {sure:g}", remedy="Confidences are 0 to 1.", field="path")
        into.add(row[file], [row[label]] if row[label] else [], where=where, confidence=sure)


def _read_json(path: Path, into: _Collected) -> None:
    document = read_json(path, field="path")
    if not is_label_studio(document):
        raise BoxesError(f"{path} is no list of Label Studio's tasks", remedy=f"Name {_FORMS}.", field="path")
    for called, names, where in label_studio_choices(document, path):
        into.add(called, names, where=where)
