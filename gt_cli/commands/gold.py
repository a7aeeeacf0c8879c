"""`gt-service gold`."""

from __future__ import annotations

from pathlib import Path

import click

from gt_cli.datasets import read_boxes
from gt_cli.options import open_images_class
from gt_cli.terminal import console, reporting_errors
from gt_service.objects import S3Uri


@click.command()
@click.option("--images", type=click.Path(exists=True, file_okay=False, path_type=Path), required=True)
@click.option(
    "--boxes", type=click.Path(exists=True, path_type=Path), required=True, help="In any form that demo takes."
)
@click.option("--hierarchy", type=click.Path(exists=True, path_type=Path), help="Open Images' class hierarchy.")
@click.option("--class-id", help="Open Images: the class that is labeled.", metavar="ID")
@click.option("--label", help="Open Images: what to call the class that is labeled.", metavar="NAME")
@click.option("--prefix", required=True, help="Where the images will lie: s3://<inbox>/<campaign>/images/")
@click.option("--out", type=click.Path(path_type=Path), default=Path("gold.manifest"), show_default=True)
@reporting_errors
def gold(
    images: Path,
    boxes: Path,
    hierarchy: Path | None,
    class_id: str | None,
    label: str | None,
    prefix: str,
    out: Path,
) -> None:
    """Writes known boxes as gold labels.

    For a campaign's gold_labels or its examples.
    """
    from gt_cli.demo.pictures import gold_manifest
    from gt_cli.demo.sources import as_pictures

    found = read_boxes(boxes, images, choice=open_images_class(label, class_id, hierarchy))
    place = S3Uri.parse(prefix, field="--prefix")
    out.write_bytes(gold_manifest(as_pictures(found), f"{str(place).rstrip('/')}/"))
    console.print(
        f"{out}: {len(found.images):,} images, {sum(len(image.boxes) for image in found.images):,} boxes of "
        f"{', '.join(found.labels)}; {len(found.left_out):,} images left out",
        highlight=False,
        soft_wrap=True,
    )
