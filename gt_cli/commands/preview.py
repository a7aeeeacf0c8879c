"""`gt-service preview`."""

from __future__ import annotations

from pathlib import Path

import click
from rich.markup import escape

from gt_cli import worker_page
from gt_cli.options import FILE, NEW_FILE
from gt_cli.terminal import console, reporting_errors, say
from gt_service.campaign import parse_spec
from gt_service.chain.instructions import instruction_template


@click.command()
@click.argument("spec", type=FILE)
@click.option("--image", type=FILE, required=True, help="Image to show on the page.")
@click.option("--examples", type=FILE, help="PNG with example boxes.")
@click.option("--out", type=NEW_FILE, default=Path("preview.html"), show_default=True, help="Page to write.")
@reporting_errors
def preview(spec: Path, image: Path, examples: Path | None, out: Path) -> None:
    """Write the page that workers will see, with an image on it."""
    written = parse_spec(spec.read_bytes(), filename=spec.name)
    template = instruction_template(written, examples.read_bytes() if examples else None)
    for problem in worker_page.problems(template, written.labels):
        say(f"[yellow]Problem:[/] {escape(problem)}")
    shown = worker_page.as_address(image.read_bytes())
    page = worker_page.render(template, labels=written.labels, task_object=shown)
    out.write_text(page + worker_page.OFFLINE, "utf-8")
    console.print(f"Open [bold]{escape(str(out))}[/] in a browser.")
