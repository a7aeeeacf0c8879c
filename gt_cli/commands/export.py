"""`gt-service export`."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import boto3
import click
from rich.markup import escape

from gt_cli import exporting
from gt_cli.api import Api
from gt_cli.options import FOLDER, NEW_PATH, asks_service
from gt_cli.terminal import say, warn
from gt_service.errors import InvalidInput
from gt_service.exports.export import Export, Format
from gt_service.exports.images import Who
from gt_service.exports.split import Split
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
    type=click.Choice(["copy", "link", "none"]),
    default="none",
    show_default=True,
    help="Whether to put the images beside the labels.",
)
@click.option(
    "--image-folder",
    type=FOLDER,
    help="Folder of the images on this machine; without it they are downloaded from the bucket.",
)
@asks_service
def export(
    campaign: str,
    form: str,
    out: Path,
    only: Who | None,
    split: str | None,
    images: str,
    image_folder: Path | None,
    api: Api,
) -> None:
    """Download a campaign's labels for a trainer or another tool."""
    prefix = f"{campaign}/images/"
    parts = Split.parse(split) if split else None
    bring = _bring(images, image_folder, prefix)
    exporting.check_is_free(out)
    labels = api.labels(campaign)
    with exporting.downloaded(labels["url"]) as manifest:
        lines = partial(exporting.lines_of, manifest)
        wanted = Export(lines, labels["label_attribute"], tuple(labels["labels"]), Format(form), only, parts, prefix)
        exported = exporting.write_export(wanted, out, bring)
    with_images = f" and {exported.images:,} image(s)" if bring else ""
    say(f"{exported.files:,} file(s){with_images} in [bold]{escape(str(out))}[/]")
    for source in exported.missing[:10]:
        warn(f"not there any more: {escape(source)}")
    if len(exported.missing) > 10:
        warn(f"and {len(exported.missing) - 10:,} more image(s)")


def _bring(images: str, folder: Path | None, prefix: str) -> exporting.Bring | None:
    if images == "none":
        return None
    if folder is not None:
        return exporting.from_folder(folder, prefix, link=images == "link")
    if images == "link":
        raise InvalidInput(
            "only images on this machine can be linked",
            remedy="Name their folder with --image-folder, or take --images copy.",
            field="--images",
        )
    return exporting.from_bucket(_user_objects())


def _user_objects() -> S3Objects:
    """The buckets as the user's own AWS credentials reach them."""
    return S3Objects(boto3.client("s3"))
