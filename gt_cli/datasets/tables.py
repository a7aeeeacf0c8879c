"""Labels as CSV: one row per box, in pixels, or one per class."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping
from pathlib import Path

from gt_cli.datasets.labeled import BoxesError, Collected, read_number
from gt_service.spreadsheets import as_written

Row = Mapping[str, str]

PIXEL_COLUMNS = ("filename", "width", "height", "class", "xmin", "ymin", "xmax", "ymax")
FILE, CLASS = ("filename", "file", "file_name", "image", "path"), ("class", "label", "category")
"""Names of the two columns of a table of classes; the first are ours."""


def columns(path: Path) -> tuple[str, ...]:
    """The names in the first line, in small letters."""
    with path.open(encoding="utf-8-sig", newline="") as file:
        return tuple(name.strip().lower() for name in next(csv.reader(file), ()))


def read_pixels(path: Path, into: Collected) -> None:
    """Rows of `filename,width,height,class,xmin,ymin,xmax,ymax`; further columns are passed over."""
    for where, row in table_rows(path, PIXEL_COLUMNS):
        width, height = (round(read_number(row[column], column, where)) for column in ("width", "height"))
        name = into.image(row["filename"], where=where, declared=(width, height))
        if not any(row[column] for column in ("class", "xmin", "ymin", "xmax", "ymax")):
            continue  # an image on which there is nothing
        left, top, right, bottom = (read_number(row[column], column, where) for column in PIXEL_COLUMNS[4:])
        into.box(name, row["class"], (left, top, right, bottom), where=where)


def table_rows(path: Path, wanted: tuple[str, ...]) -> Iterator[tuple[str, Row]]:
    """Each row with the words that say where it stands."""
    names = columns(path)
    missing = [name for name in wanted if name not in names]
    if missing:
        raise BoxesError(
            f"{path} line 1: no column {', '.join(missing)}",
            remedy=f"The first line names the columns: {','.join(wanted)}.",
        )
    with path.open(encoding="utf-8-sig", newline="") as file:
        reader = csv.reader(file)
        next(reader)
        for cells in reader:
            if not any(cell.strip() for cell in cells):
                continue
            where = f"{path} line {reader.line_num}"
            if len(cells) < len(names):
                raise BoxesError(f"{where}: {len(cells)} values for {len(names)} columns", remedy="Correct the line.")
            yield where, dict(zip(names, (as_written(cell.strip()) for cell in cells), strict=False))
