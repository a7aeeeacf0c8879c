"""`gt-service plan`."""

from __future__ import annotations

from pathlib import Path

import click

from gt_cli import planning
from gt_cli.options import FILE
from gt_cli.terminal import reporting_errors
from gt_service.regions import REGION_ACCOUNTS


@click.command()
@click.argument("spec", type=FILE)
@click.option("--objects", type=click.IntRange(1), required=True, help="Number of images.")
@click.option(
    "--region",
    type=click.Choice(sorted(REGION_ACCOUNTS)),
    default="us-east-1",
    show_default=True,
    help="AWS region in which it would run.",
)
@click.option(
    "--results-bucket", default="results", show_default=True, help="Name of the results bucket in the requests."
)
@click.option("--requests", is_flag=True, help="Also show each CreateLabelingJob request.")
@click.option("--json", "as_json", is_flag=True, help="Print everything as JSON.")
@reporting_errors
def plan(spec: Path, objects: int, region: str, results_bucket: str, requests: bool, as_json: bool) -> None:
    """Show what a spec would do and cost; starts nothing."""
    planning.show_plan(spec, objects, region=region, results_bucket=results_bucket, requests=requests, as_json=as_json)
