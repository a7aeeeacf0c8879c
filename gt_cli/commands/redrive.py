"""`gt-service redrive`."""

from __future__ import annotations

import boto3
import click

from gt_cli import deployment, redrive
from gt_cli.options import stage_options
from gt_cli.terminal import reporting_errors


@click.command("redrive")
@stage_options
@reporting_errors
def redrive_command(stage: str, region: str | None) -> None:
    """Send the messages in the dead-letter queues again."""
    session = boto3.Session(region_name=region)
    outputs = deployment.outputs(session.client("cloudformation"), deployment.stack_name(stage))
    for name, count in redrive.redrive(session.client("sqs"), outputs).items():
        click.echo(f"{name}: {count} message(s) sent again")
