"""`gt-service preview`."""

from __future__ import annotations

from pathlib import Path

import click

from gt_cli import planning
from gt_cli.options import FILE, NEW_FILE
from gt_cli.terminal import reporting_errors


@click.command()
@click.argument("spec", type=FILE)
@click.option("--image", type=FILE, required=True, help="Image to show on the page.")
@click.option("--examples", type=FILE, help="PNG with example boxes.")
@click.option("--out", type=NEW_FILE, default=Path("preview.html"), show_default=True, help="Page to write.")
@reporting_errors
def preview(spec: Path, image: Path, examples: Path | None, out: Path) -> None:
    """Write the page that workers will see, with an image on it."""
    planning.write_preview(spec, image, examples, out)
