"""`gt-service import`."""

from __future__ import annotations

from pathlib import Path

import boto3
import click
from rich.markup import escape

from gt_cli import importing
from gt_cli.options import api_of, service_options
from gt_cli.terminal import console, errors, reporting_errors


@click.command("import")
@click.argument("campaign")
@click.argument("path", type=click.Path(exists=True, path_type=Path))
@click.option(
    "--images",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="Folder of the images.  [default: PATH, or the folder that it is in]",
)
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
@click.option(
    "--coco",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="With COCO results: the COCO JSON that names their images.",
)
@click.option("--with-unlabeled", is_flag=True, help="Also upload the folder's other images, to be labeled.")
@service_options
@reporting_errors
def import_labels(
    campaign: str,
    path: Path,
    images: Path | None,
    rename: tuple[str, ...],
    skip: tuple[str, ...],
    predictions: bool,
    coco: Path | None,
    with_unlabeled: bool,
    url: str,
    token: str,
) -> None:
    """Import labels you already have into a campaign.

    PATH is a file or a folder of labels: COCO, Pascal VOC, YOLO, CVAT, Label Studio, LabelMe, CSV, Open Images, a
    folder of images for each class, or a manifest. Images that are not in the bucket are uploaded, with your own AWS
    credentials.
    """
    folder = images or (path if path.is_dir() else path.parent)
    wanted = importing.Wanted(path, folder, coco, predictions or coco is not None, _names(rename), frozenset(skip))
    with api_of(url, token) as api:
        brought = importing.read_wanted(wanted, importing.campaign_of(api, campaign))
        more = list(brought.unlabeled.items()) if with_unlabeled else []
        with console.status("") as status:
            new = importing.drop(api, boto3.client("s3"), campaign, brought, more=more, say=status.update)
            now = importing.wait(api, campaign, brought, say=status.update)
    what = "predictions" if now["proposals"] else "labels"
    console.print(
        f"{now['held'] or now['proposals']:,} {what} from [bold]{escape(str(path))}[/] are in {campaign} "
        f"(import {escape(now['name'])}); {new:,} new image(s) uploaded",
        highlight=False,
        soft_wrap=True,
    )
    if brought.unlabeled and not with_unlabeled:
        console.print(
            f"{len(brought.unlabeled):,} image(s) without a label were not uploaded; --with-unlabeled drops them too",
            highlight=False,
            soft_wrap=True,
        )
    if now["checked"]:
        console.print(
            f"{now['checked']:,} of the labels, drawn by chance, are checked: people are asked about their images "
            "without seeing them, and the job's report tells how well both agree",
            highlight=False,
            soft_wrap=True,
        )
    for note in now["notes"]:
        errors.print(f"left out: {escape(note)}", style="yellow", highlight=False, soft_wrap=True)
    if now["left_out"] > len(now["notes"]):
        errors.print(f"and {now['left_out'] - len(now['notes']):,} more label(s)", style="yellow", highlight=False)
    if now["waiting"]:
        errors.print(
            f"{now['waiting']:,} label(s) wait for their images; they find them when these are uploaded",
            style="yellow",
            highlight=False,
            soft_wrap=True,
        )


def _names(renamed: tuple[str, ...]) -> dict[str, str]:
    pairs = [text.partition("=") for text in renamed]
    wrong = next((old for old, equals, new in pairs if not (old and equals and new)), None)
    if wrong is not None:
        raise click.UsageError(f"--rename {wrong}: write it as OLD=NEW.")
    return {old.strip(): new.strip() for old, _, new in pairs}
