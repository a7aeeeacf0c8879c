"""`gt-service team`."""

from __future__ import annotations

import boto3
import click

from gt_cli.teams import create_team
from gt_cli.terminal import reporting_errors


@click.command()
@click.argument("name")
@reporting_errors
def team(name: str) -> None:
    """Make a work team of gt-engine.

    Prints its ARN, which is a campaign's `workforce`; that of a team that is there already, too. The engine is the one
    at AWS_ENDPOINT_URL_SAGEMAKER. With Ground Truth, make the team in the SageMaker console.
    """
    click.echo(create_team(boto3.client("sagemaker"), name))
    click.echo(f'Invite its people: gt-engine workers invite "Ada Lovelace" --group {name}', err=True)
