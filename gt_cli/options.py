"""Options that several commands share."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import click

from gt_cli.api import Api
from gt_cli.datasets import OpenImagesClass

FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
FOLDER = click.Path(exists=True, file_okay=False, path_type=Path)
FILE_OR_FOLDER = click.Path(exists=True, path_type=Path)
NEW_FILE = click.Path(dir_okay=False, path_type=Path)
NEW_PATH = click.Path(path_type=Path)


def service_options(command: Callable[..., None]) -> Callable[..., None]:
    """Options that say which service to ask."""
    command = click.option(
        "--token", envvar="GT_SERVICE_TOKEN", required=True, help="Your access token (or set GT_SERVICE_TOKEN)."
    )(command)
    return click.option(
        "--url", envvar="GT_SERVICE_URL", required=True, help="Address of the API (or set GT_SERVICE_URL)."
    )(command)


def api_of(url: str, token: str) -> Api:
    return Api(url, {"Authorization": f"Bearer {token}"})


def stage_options(command: Callable[..., None]) -> Callable[..., None]:
    """Options that say which installation is meant; credentials are boto3's usual ones."""
    command = click.option("--region", envvar="AWS_DEFAULT_REGION", help="AWS region; default: boto3's usual one.")(
        command
    )
    return click.option(
        "--stage",
        default=lambda: "local" if "AWS_ENDPOINT_URL" in os.environ else "dev",
        show_default="dev; local where AWS_ENDPOINT_URL leads to the stack on a laptop",
        help="Name of the installation.",
    )(command)


def open_images_class(label: str | None, class_id: str | None, hierarchy: Path | None) -> OpenImagesClass | None:
    if class_id is None:
        if label is not None or hierarchy is not None:
            raise click.UsageError("--label and --hierarchy say more about --class-id, which is missing.")
        return None
    return OpenImagesClass(label or class_id, class_id, hierarchy)
