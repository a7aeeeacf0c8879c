"""What a spec leads to, shown before anything is dropped: the steps of its campaign, and its workers' page."""

from __future__ import annotations

import json
import os
from datetime import UTC, datetime
from pathlib import Path

import click
from rich.markup import escape

from gt_cli import worker_page
from gt_cli.terminal import console, say
from gt_service.backends import GROUND_TRUTH, GT_ENGINE, Backend, backend_of
from gt_service.campaign import CampaignSpec, parse_spec
from gt_service.chain.foresight import Foresight, rehearse
from gt_service.chain.instructions import instruction_template
from gt_service.deployment import Deployment
from gt_service.money import usd
from gt_service.prices import PriceTable
from gt_service.reports.estimate import estimate
from gt_service.reports.ranges import Estimate

ROLE = "arn:aws:iam::000000000000:role/deployed-with-the-service"
"""Stands in requests for the role that the template makes."""


def configured_backend() -> Backend:
    """The backend that this terminal's environment names, as it does the functions'. Errors: `InvalidInput`."""
    if name := os.environ.get("GT_BACKEND"):
        return backend_of(name, field="GT_BACKEND")
    return GT_ENGINE if os.environ.get("AWS_ENDPOINT_URL_SAGEMAKER") else GROUND_TRUTH


def show_plan(
    spec: Path, objects: int, *, region: str, results_bucket: str, requests: bool = False, as_json: bool = False
) -> None:
    """Prints what a campaign would do, step by step, and what it would cost. Calls nothing.

    The planner and the request compiler are the service's own; every job is taken to go well, at its likely cost.
    Errors: `SpecErrors`, `InvalidInput`.
    """
    written = parse_spec(spec.read_bytes(), filename=spec.name)
    deployment = Deployment("inbox", results_bucket, region, ROLE, backend=configured_backend())
    foresight = rehearse(written, objects, deployment, datetime.now(UTC))
    cost = estimate(written, objects, prices=PriceTable.of(deployment.backend), region=region)
    page = worker_page.problems(instruction_template(written), written.labels)
    if as_json:
        everything = {**foresight.as_dict(), "estimate": cost.as_dict(), "worker_page_problems": page}
        click.echo(json.dumps(everything, indent=2))
        return
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


def write_preview(spec: Path, image: Path, examples: Path | None, out: Path) -> None:
    """Writes the page that workers will see, with an image on it, and prints what is wrong with it."""
    written = parse_spec(spec.read_bytes(), filename=spec.name)
    template = instruction_template(written, examples.read_bytes() if examples else None)
    for problem in worker_page.problems(template, written.labels):
        say(f"[yellow]Problem:[/] {escape(problem)}")
    shown = worker_page.as_address(image.read_bytes())
    page = worker_page.render(template, labels=written.labels, task_object=shown)
    out.write_text(page + worker_page.OFFLINE, "utf-8")
    console.print(f"Open [bold]{escape(str(out))}[/] in a browser.")
