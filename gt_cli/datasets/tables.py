"""Labels as CSV: one row per box, in pixels or Open Images' shares of the image's sides, or one per class."""

from __future__ import annotations

import csv
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path

from gt_cli.datasets.labeled import BoxesError, Collected, read_number
from gt_service.spreadsheets import as_written

Row = Mapping[str, str]

PIXEL_COLUMNS = ("filename", "width", "height", "class", "xmin", "ymin", "xmax", "ymax")
FILE, CLASS = ("filename", "file", "file_name", "image", "path"), ("class", "label", "category")
"""Names of the two columns of a table of classes; the first are ours."""
OPEN_IMAGES_COLUMNS = ("imageid", "labelname", "xmin", "xmax", "ymin", "ymax")


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


def read_open_images(
    path: Path, into: Collected, called: Mapping[str, str] | None, *, skip: Collection[str] = ()
) -> None:
    """Rows of Open Images' box files (`ImageID,…,LabelName,…,XMin,XMax,YMin,YMax,…`).

    called: the label of each LabelName whose boxes are kept; None keeps every box under its LabelName. skip: ImageIDs
    to pass over. Images that are not in the folder are passed over too, since these files list the whole of Open
    Images, and so are boxes around many objects (IsGroupOf), as COCO's crowds are.
    """
    present = {Path(name).stem for name in into.folder}
    for where, row in table_rows(path, OPEN_IMAGES_COLUMNS):
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
                raise BoxesError(f"{where}: {len(cells)} values for {len(names)} columns", remedy="Mend the line.")
            yield where, dict(zip(names, (as_written(cell.strip()) for cell in cells), strict=False))
