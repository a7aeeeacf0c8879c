"""Options that several commands share."""

from __future__ import annotations

import os
from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import Any

import click

from gt_cli.api import Api
from gt_cli.datasets import OpenImagesClass
from gt_cli.terminal import reporting_errors
from gt_service.backends import GROUND_TRUTH, GT_ENGINE, Backend, backend_of
from gt_service.regions import REGION_ACCOUNTS

FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
FOLDER = click.Path(exists=True, file_okay=False, path_type=Path)
FILE_OR_FOLDER = click.Path(exists=True, path_type=Path)
NEW_FILE = click.Path(dir_okay=False, path_type=Path)
NEW_PATH = click.Path(path_type=Path)


def asks_service(command: Callable[..., None]) -> Callable[..., None]:
    """Options that say which service to ask. The command gets its `api`, and its errors are told."""

    @reporting_errors
    @wraps(command)
    def asking(*arguments: Any, url: str, token: str, **others: Any) -> None:
        with api_of(url, token) as api:
            command(*arguments, api=api, **others)

    with_token = click.option(
        "--token", envvar="GT_SERVICE_TOKEN", required=True, help="Your access token (or set GT_SERVICE_TOKEN)."
    )(asking)
    return click.option(
        "--url", envvar="GT_SERVICE_URL", required=True, help="Address of the API (or set GT_SERVICE_URL)."
    )(with_token)


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


def region_option(command: Callable[..., None]) -> Callable[..., None]:
    """Of a command that calls nothing: where what it works out would run."""
    return click.option(
        "--region",
        type=click.Choice(sorted(REGION_ACCOUNTS)),
        default="us-east-1",
        show_default=True,
        help="AWS region in which it would run.",
    )(command)


def configured_backend() -> Backend:
    """The backend that this terminal's environment names, as it does the functions'. Errors: `InvalidInput`."""
    if name := os.environ.get("GT_BACKEND"):
        return backend_of(name, field="GT_BACKEND")
    return GT_ENGINE if os.environ.get("AWS_ENDPOINT_URL_SAGEMAKER") else GROUND_TRUTH


def open_images_class(label: str | None, class_id: str | None, hierarchy: Path | None) -> OpenImagesClass | None:
    if class_id is None:
        if label is not None or hierarchy is not None:
            raise click.UsageError("--label and --hierarchy say more about --class-id, which is missing.")
        return None
    return OpenImagesClass(label or class_id, class_id, hierarchy)
