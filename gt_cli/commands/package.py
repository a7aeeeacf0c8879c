"""`gt-service package`."""

from __future__ import annotations

from pathlib import Path

import click

from gt_cli import packaging
from gt_cli.terminal import console, reporting_errors


@click.command()
@click.option("--build", "folder", type=click.Path(path_type=Path), default=Path("build/production"), show_default=True)
@reporting_errors
def package(folder: Path) -> None:
    """Builds and checks the Lambda package and the template.

    Needs Python 3.12 or later.
    """
    packaging.build(folder, production=True, say=console.print)
