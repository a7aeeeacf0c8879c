"""`gt-service demo`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import click
from rich.markup import escape

from gt_cli.commands.up import print_addresses, run_until_interrupted
from gt_cli.options import FILE_OR_FOLDER, FOLDER, NEW_PATH, open_images_class
from gt_cli.stack import LocalStack
from gt_cli.terminal import INTERRUPTED, console, errors, fail, reporting_errors, say
from gt_service.errors import GtServiceError


@click.command()
@click.option("--quick", is_flag=True, help="A small run that takes a few minutes.")
@click.option("--images", type=FOLDER, help="Your own photos.")
@click.option("--boxes", type=FILE_OR_FOLDER, help="Their boxes: CSV, COCO, VOC, YOLO, CVAT, …")
@click.option("--hierarchy", type=FILE_OR_FOLDER, help="Open Images' class hierarchy.")
@click.option("--label", help="Open Images: the name to give the class.", metavar="NAME")
@click.option(
    "--class-id",
    help="Open Images: LabelName of the class, such as /m/015p6; includes all classes below it in the hierarchy.",
)
@click.option(
    "--out", type=NEW_PATH, default=Path("demo-output"), show_default=True, help="Folder for the reports and labels."
)
@click.option("--seed", default=16, show_default=True, help="Another number draws other scenes.")
@click.option("--keep", is_flag=True, help="Keep the stack running at the end, so that you can look at its pages.")
@reporting_errors
def demo(
    quick: bool,
    images: Path | None,
    boxes: Path | None,
    hierarchy: Path | None,
    label: str | None,
    class_id: str | None,
    out: Path,
    seed: int,
    keep: bool,
) -> None:
    """Run three labeling jobs by simulated workers on this machine."""
    from gt_cli.demo import run, sources

    if (images is None) != (boxes is None):
        raise click.UsageError("--images and --boxes go together: the simulated workers answer from the boxes.")
    if images is not None and boxes is not None:
        source = sources.photos(images, boxes, choice=open_images_class(label, class_id, hierarchy))
    else:
        source = sources.scenes(quick=quick, seed=seed)
    with run.prepared_folder(out):
        for note in source.plan.notes:
            console.print(f"[yellow]Note:[/] {note}")
        wanted = run.Demo(source.campaign, source.words, source.plan, out, source.shorten_training)
        try:
            with run.run(wanted, source.load, console) as (stack, results):
                _conclude(stack, results, out, keep=keep)
        except KeyboardInterrupt:
            errors.print(f"[bold]Stopped.[/] Logs: {escape(str(out / 'logs'))}")
            sys.exit(INTERRUPTED)
        except GtServiceError as error:
            fail(error, logs=out / "logs")
        except Exception:  # noqa: BLE001 - shown whole, with the logs beside it
            errors.print_exception()
            errors.print("[bold red]Failed[/] in a way that gt-service does not know.")
            errors.print(f"Logs: {out / 'logs'}", markup=False, soft_wrap=True)
            sys.exit(1)


def _conclude(stack: LocalStack, results: dict[str, Any], out: Path, *, keep: bool) -> None:
    from gt_cli.demo.results import conclusion

    console.print(conclusion(results))
    folder = escape(str(out))
    say(f"{results['seconds']:.0f} seconds. Everything is in [bold]{folder}[/]; open [bold]{folder}/index.html[/]")
    if keep:
        print_addresses(stack)
        run_until_interrupted(stack)
