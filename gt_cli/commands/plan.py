"""`gt-service plan` and `preview`: what a spec leads to, and its workers' page, before anything is dropped."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import click
from rich.markup import escape

from gt_cli import worker_page
from gt_cli.options import FILE, NEW_FILE, configured_backend, region_option
from gt_cli.terminal import console, reporting_errors, say
from gt_service.campaign import CampaignSpec, parse_spec
from gt_service.chain.foresight import Foresight, rehearse
from gt_service.chain.instructions import instruction_template
from gt_service.deployment import Deployment
from gt_service.estimates.estimate import estimate
from gt_service.estimates.ranges import Estimate
from gt_service.money import usd
from gt_service.prices import PriceTable

ROLE = "arn:aws:iam::000000000000:role/deployed-with-the-service"
"""Stands in requests for the role that the template makes."""


@click.command()
@click.argument("spec", type=FILE)
@click.option("--objects", type=click.IntRange(1), required=True, help="Number of images.")
@region_option
@click.option(
    "--results-bucket", default="results", show_default=True, help="Name of the results bucket in the requests."
)
@click.option("--requests", is_flag=True, help="Also show each CreateLabelingJob request.")
@click.option("--json", "as_json", is_flag=True, help="Print everything as JSON.")
@reporting_errors
def plan(spec: Path, objects: int, region: str, results_bucket: str, requests: bool, as_json: bool) -> None:
    """Show what a spec would do and cost; starts nothing."""
    # The planner and the request compiler are the service's own; every job is taken to go well, at its likely cost.
    written = parse_spec(spec.read_bytes(), filename=spec.name)
    deployment = Deployment("inbox", results_bucket, region, ROLE, backend=configured_backend())
    foresight = rehearse(written, objects, deployment, datetime.now(UTC))
    cost = estimate(written, objects, prices=PriceTable.of(deployment.backend), region=region)
    page = worker_page.problems(instruction_template(written), written.labels)
    if as_json:
        everything = {**foresight.as_dict(), "estimate": cost.as_dict(), "worker_page_problems": page}
        click.echo(json.dumps(everything, indent=2))
    else:
        _print(written, foresight, cost, page, requests=requests)


def _print(written: CampaignSpec, foresight: Foresight, cost: Estimate, page: list[str], *, requests: bool) -> None:
    for number, step in enumerate(foresight.steps, start=1):
        reserved = f"  [dim]{usd(step.reserved)} set aside[/]" if step.reserved is not None else ""
        say(f"{number:3}  {escape(step.what)}{reserved}")
        if requests and step.request is not None:
            console.print_json(data=step.request)
    if foresight.verdict.reason:
        say(f"[yellow]{foresight.verdict.status}[/]: {escape(foresight.verdict.reason)}")
        say(escape(foresight.verdict.remedy or ""))
    for text in (*foresight.warnings, *(f"the workers' page: {problem}" for problem in page)):
        say(f"[yellow]Note:[/] {escape(text)}")
    budget = "no budget is set" if written.budget is None else f"budget {usd(written.budget)}"
    say(
        f"\nCost: [bold]{usd(cost.likely)}[/] likely, {usd(cost.low)} to {usd(cost.high)}, "
        f"at most {usd(cost.ceiling)}; people alone {usd(cost.all_human)}; {budget}"
    )


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
