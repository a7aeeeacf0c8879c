"""`gt-service gold`."""

from __future__ import annotations

from pathlib import Path

import click

from gt_cli.datasets import OpenImagesClass, read_boxes
from gt_cli.datasets.classes import read_classes
from gt_cli.label_lines import gold_manifest
from gt_cli.options import FILE_OR_FOLDER, FOLDER, NEW_PATH, open_images_class
from gt_cli.terminal import reporting_errors
from gt_service.objects import S3Uri
from gt_service.task_types import TaskType


@click.command()
@click.option("--images", type=FOLDER, required=True, help="Folder of the images.")
@click.option("--boxes", type=FILE_OR_FOLDER, help="File or folder of boxes, in any format that `demo` accepts.")
@click.option(
    "--classes",
    type=FILE_OR_FOLDER,
    help="A folder for each class, or a table, CVAT or Label Studio file of classes, as for `import`.",
)
@click.option("--several", is_flag=True, help="With --classes: an image may have several classes, or none.")
@click.option("--hierarchy", type=FILE_OR_FOLDER, help="Open Images' class hierarchy.")
@click.option("--class-id", help="Open Images: LabelName of the class.", metavar="ID")
@click.option("--label", help="Open Images: the name to give the class.", metavar="NAME")
@click.option("--prefix", required=True, help="Where the images will be: s3://<inbox>/<campaign>/images/")
@click.option("--out", type=NEW_PATH, default=Path("gold.manifest"), show_default=True, help="Manifest to write.")
@reporting_errors
def gold(
    images: Path,
    boxes: Path | None,
    classes: Path | None,
    several: bool,
    hierarchy: Path | None,
    class_id: str | None,
    label: str | None,
    prefix: str,
    out: Path,
) -> None:
    """Turn known boxes or classes into gold labels.

    The file is for gold_labels or instructions.examples in a campaign's spec.
    """
    place = f"{str(S3Uri.parse(prefix, field='--prefix')).rstrip('/')}/"
    if classes is not None and boxes is None:
        summary = _write_classes(classes, images, place, out, several=several)
    elif boxes is not None and classes is None:
        summary = _write_boxes(boxes, images, place, out, open_images_class(label, class_id, hierarchy))
    else:
        raise click.UsageError("Name the file of labels with --boxes or with --classes.")
    click.echo(f"{out}: {summary}")


def _write_boxes(boxes: Path, images: Path, place: str, out: Path, choice: OpenImagesClass | None) -> str:
    dataset = read_boxes(boxes, images, choice=choice)
    out.write_bytes(gold_manifest(dataset.images, place, path=boxes))
    return (
        f"{len(dataset.images):,} images, {sum(len(image.boxes) for image in dataset.images):,} boxes of "
        f"{', '.join(dataset.labels)}; {len(dataset.left_out):,} images left out"
    )


def _write_classes(classes: Path, images: Path, place: str, out: Path, *, several: bool) -> str:
    dataset = read_classes(classes, images)
    task = TaskType.IMAGE_CLASSIFICATION_MULTI_LABEL if several else TaskType.IMAGE_CLASSIFICATION
    out.write_bytes(gold_manifest(dataset.images, place, task, path=classes))
    names = sorted({name for image in dataset.images for name in image.classes})
    return f"{len(dataset.images):,} images of {', '.join(names)}; {len(dataset.left_out):,} images left out"
