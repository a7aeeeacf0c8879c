"""`gt-service report`."""

from __future__ import annotations

import click

from gt_cli.api import Api
from gt_cli.options import asks_service
from gt_cli.terminal import console


@click.command()
@click.argument("job")
@asks_service
def report(job: str, api: Api) -> None:
    """Print a job's cost report as JSON."""
    console.print_json(data=api.report(job))
