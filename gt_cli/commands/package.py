"""`gt-service package`."""

from __future__ import annotations

from pathlib import Path

import click

from gt_cli import packaging
from gt_cli.options import NEW_PATH
from gt_cli.terminal import console, reporting_errors


@click.command()
@click.option(
    "--build",
    "folder",
    type=NEW_PATH,
    default=Path("build/production"),
    show_default=True,
    help="Folder for the zip file and the template.",
)
@click.option("--engine", type=click.Choice(["serverless"]), help="Include gt-engine's functions.")
@reporting_errors
def package(folder: Path, engine: str | None) -> None:
    """Build and check the Lambda package and the template.

    Needs Python 3.12 or later.
    """
    packaging.build(folder, production=True, with_engine=engine is not None, say=console.print)
