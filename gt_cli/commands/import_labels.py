"""`gt-service import`."""

from __future__ import annotations

from pathlib import Path

import boto3
import click
from rich.markup import escape

from gt_cli import importing
from gt_cli.api import Api, known_campaign
from gt_cli.options import FILE, FILE_OR_FOLDER, FOLDER, asks_service
from gt_cli.terminal import console, say, warn


@click.command("import")
@click.argument("campaign")
@click.argument("path", type=FILE_OR_FOLDER)
@click.option("--images", type=FOLDER, help="Folder of the images.  [default: PATH, or the folder that it is in]")
@click.option(
    "--rename",
    multiple=True,
    metavar="OLD=NEW",
    help="Rename a class of the file to what the campaign calls it; repeatable.",
)
@click.option(
    "--skip",
    multiple=True,
    metavar="CLASS",
    help="Leave out a class of the file that is no label of the campaign; repeatable.",
)
@click.option("--predictions", is_flag=True, help="Treat them as a model's predictions: people see and correct them.")
@click.option("--coco", type=FILE, help="With COCO results: the COCO JSON that names their images.")
@click.option("--with-unlabeled", is_flag=True, help="Also upload the folder's other images, to be labeled.")
@asks_service
def import_labels(
    campaign: str,
    path: Path,
    images: Path | None,
    rename: tuple[str, ...],
    skip: tuple[str, ...],
    predictions: bool,
    coco: Path | None,
    with_unlabeled: bool,
    api: Api,
) -> None:
    """Import labels you already have into a campaign.

    PATH is a file or a folder of labels: COCO, Pascal VOC, YOLO, CVAT, Label Studio, LabelMe, CSV, Open Images, a
    folder of images for each class, or a manifest. Images that are not in the bucket are uploaded, with your own AWS
    credentials.
    """
    folder = images or (path if path.is_dir() else path.parent)
    wanted = importing.Wanted(path, folder, coco, predictions or coco is not None, _names(rename), frozenset(skip))
    brought = importing.read_wanted(wanted, known_campaign(api, campaign))
    more = list(brought.unlabeled.items()) if with_unlabeled else []
    with console.status("") as status:
        new = importing.drop(api, boto3.client("s3"), campaign, brought, more=more, say=status.update)
        now = importing.wait(api, campaign, brought, say=status.update)
    what = "predictions" if now["proposals"] else "labels"
    say(
        f"{now['held'] or now['proposals']:,} {what} from [bold]{escape(str(path))}[/] are in {campaign} "
        f"(import {escape(now['name'])}); {new:,} new image(s) uploaded"
    )
    if brought.unlabeled and not with_unlabeled:
        say(f"{len(brought.unlabeled):,} image(s) without a label were not uploaded; --with-unlabeled drops them too")
    if now["checked"]:
        say(
            f"{now['checked']:,} of the labels, drawn by chance, are checked: people are asked about their images "
            "without seeing them, and the job's report tells how well both agree"
        )
    for note in now["notes"]:
        warn(f"left out: {escape(note)}")
    if now["left_out"] > len(now["notes"]):
        warn(f"and {now['left_out'] - len(now['notes']):,} more label(s)")
    if now["waiting"]:
        warn(f"{now['waiting']:,} label(s) wait for their images; they find them when these are uploaded")


def _names(renamed: tuple[str, ...]) -> dict[str, str]:
    pairs = [text.partition("=") for text in renamed]
    wrong = next((old for old, equals, new in pairs if not (old and equals and new)), None)
    if wrong is not None:
        raise click.UsageError(f"--rename {wrong}: write it as OLD=NEW.")
    return {old.strip(): new.strip() for old, _, new in pairs}
