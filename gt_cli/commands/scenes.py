"""`gt-service scenes`."""

from __future__ import annotations

import csv
from pathlib import Path

import click

from gt_cli.datasets.tables import PIXEL_COLUMNS
from gt_cli.options import NEW_PATH
from gt_cli.terminal import reporting_errors


@click.command()
@click.argument("folder", type=NEW_PATH)
@click.option("--count", type=click.IntRange(1, 10_000), default=50, show_default=True, help="How many pictures.")
@click.option("--seed", default=7, show_default=True, help="Another number draws other scenes.")
@reporting_errors
def scenes(folder: Path, count: int, seed: int) -> None:
    """Draw pictures of birds, to try a campaign with.

    The pictures are in FOLDER/images, and the boxes around their birds in FOLDER/boxes.csv. `gold` makes gold labels of
    the boxes, for simulated workers to answer from.
    """
    from gt_cli.demo.sources import draw_all

    images = folder / "images"
    images.mkdir(parents=True, exist_ok=True)
    boxes = 0
    with (folder / "boxes.csv").open("w", encoding="utf-8", newline="") as file:
        lines = csv.writer(file)
        lines.writerow(PIXEL_COLUMNS)
        for picture in draw_all(count, seed).images:
            (images / picture.name).write_bytes(picture.read())
            for box in picture.boxes:
                corners = (box.left, box.top, box.left + box.width, box.top + box.height)
                lines.writerow((picture.name, picture.width, picture.height, box.label, *corners))
                boxes += 1
    click.echo(f"{images}: {count:,} pictures; {folder / 'boxes.csv'}: {boxes:,} boxes")
