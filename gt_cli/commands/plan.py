"""`gt-service plan`."""

from __future__ import annotations

from pathlib import Path

import click

from gt_cli import planning
from gt_cli.terminal import reporting_errors
from gt_service.regions import REGION_ACCOUNTS


@click.command()
@click.argument("spec", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--objects", type=click.IntRange(1), required=True, help="How many images there will be.")
@click.option(
    "--region",
    type=click.Choice(sorted(REGION_ACCOUNTS)),
    default="us-east-1",
    show_default=True,
    help="Where it would run.",
)
@click.option("--results-bucket", default="results", show_default=True, help="As it will stand in the requests.")
@click.option("--requests", is_flag=True, help="Show each CreateLabelingJob request too.")
@click.option("--json", "as_json", is_flag=True, help="Everything, for programs.")
@reporting_errors
def plan(spec: Path, objects: int, region: str, results_bucket: str, requests: bool, as_json: bool) -> None:
    """What a campaign would do, step by step, and what it would cost. Calls nothing."""
    planning.show_plan(spec, objects, region=region, results_bucket=results_bucket, requests=requests, as_json=as_json)
