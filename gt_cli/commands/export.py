"""`gt-service export`."""

from __future__ import annotations

from functools import cache, partial
from pathlib import Path

import boto3
import click
from rich.markup import escape

from gt_cli import exporting
from gt_cli.exporting import Images, ImageSource
from gt_cli.options import FOLDER, NEW_PATH, api_of, service_options
from gt_cli.terminal import reporting_errors, say, warn
from gt_service.exports import Export, Format, Split, Who
from gt_service.objects import S3Objects


@click.command()
@click.option("--campaign", required=True, help="Campaign to export.")
@click.option(
    "--format", "form", type=click.Choice([form.value for form in Format]), required=True, help="Format to write."
)
@click.option("--out", type=NEW_PATH, required=True, help="Folder to create; must not exist yet.")
@click.option("--only", type=click.Choice(["human", "machine"]), help="Only labels by people, or only by the machine.")
@click.option("--split", help="Percentages for train/val/test, such as 80/10/10.")
@click.option(
    "--images",
    type=click.Choice([images.value for images in Images]),
    default=Images.NONE.value,
    show_default=True,
    help="Whether to put the images beside the labels.",
)
@click.option(
    "--image-folder",
    type=FOLDER,
    help="Folder of the images on this machine; without it they are downloaded from the bucket.",
)
@service_options
@reporting_errors
def export(
    campaign: str,
    form: str,
    out: Path,
    only: Who | None,
    split: str | None,
    images: str,
    image_folder: Path | None,
    url: str,
    token: str,
) -> None:
    """Download a campaign's labels for a trainer or another tool."""
    prefix = f"{campaign}/images/"
    parts = Split.parse(split) if split else None
    exporting.check_is_free(out)
    with api_of(url, token) as api:
        labels = api.labels(campaign)
    with exporting.downloaded(labels["url"]) as manifest:
        lines = partial(exporting.lines_of, manifest)
        exported = exporting.write_export(
            Export(lines, labels["label_attribute"], tuple(labels["labels"]), Format(form), only, parts, prefix),
            out,
            images=Images(images),
            source=ImageSource(_user_objects, image_folder, prefix),
        )
    with_images = f" and {exported.images:,} image(s)" if images != Images.NONE else ""
    say(f"{exported.files:,} file(s){with_images} in [bold]{escape(str(out))}[/]")
    for source in exported.missing[:10]:
        warn(f"not there any more: {escape(source)}")
    if len(exported.missing) > 10:
        warn(f"and {len(exported.missing) - 10:,} more image(s)")


@cache
def _user_objects() -> S3Objects:
    """The buckets as the user's own AWS credentials reach them."""
    return S3Objects(boto3.client("s3"))
