"""`gt-service report` and `model`: what a job has left."""

from __future__ import annotations

from pathlib import Path

import click

from gt_cli.api import Api
from gt_cli.exporting import download_url
from gt_cli.options import NEW_FILE, asks_service
from gt_cli.terminal import console
from gt_service.errors import InvalidInput


@click.command()
@click.argument("job")
@asks_service
def report(job: str, api: Api) -> None:
    """Print a job's cost report as JSON."""
    console.print_json(data=api.report(job))


@click.command()
@click.argument("job")
@click.option("--out", type=NEW_FILE, help="File to write.  [default: JOB.onnx]")
@asks_service
def model(job: str, out: Path | None, api: Api) -> None:
    """Download a job's model as one ONNX file.

    The file runs without gt-service.
    """
    target = out or Path(f"{job}.onnx")
    if target.exists():
        raise InvalidInput(f"{target} is there already", remedy="Name another file with --out.", field="--out")
    address = api.model(job)["url"]
    part = target.with_name(f"{target.name}.part")
    try:
        with part.open("wb") as file:
            file.writelines(download_url(address, "model"))
        part.replace(target)
    finally:
        part.unlink(missing_ok=True)
    click.echo(f"{target}: {target.stat().st_size / 1e6:.1f} MB")
