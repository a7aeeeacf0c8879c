"""`gt-service report`."""

from __future__ import annotations

import click

from gt_cli.options import api_of, service_options
from gt_cli.terminal import console, reporting_errors


@click.command()
@click.argument("job")
@service_options
@reporting_errors
def report(job: str, url: str, token: str) -> None:
    """Print a job's cost report as JSON."""
    with api_of(url, token) as api:
        console.print_json(data=api.report(job))
