"""`gt-service token`."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import boto3
import click

from gt_cli import deployment, tokens
from gt_cli.options import stage_options
from gt_cli.terminal import reporting_errors
from gt_service.errors import GtServiceError


@click.group()
def token() -> None:
    """Tokens for the HTTP API and the status page."""


@token.command("issue")
@stage_options
@click.option("--for", "principal", required=True, help="Whose it is; appears in the log of what was done.")
@click.option("--role", type=click.Choice(["viewer", "operator"]), default="viewer", show_default=True)
@click.option("--days", type=click.IntRange(1, 366), default=30, show_default=True)
@reporting_errors
def issue_token(stage: str, region: str | None, principal: str, role: tokens.Role, days: int) -> None:
    """Prints a new token. It is shown this once; only its digest is kept."""
    session = boto3.Session(region_name=region)
    outputs = deployment.outputs(session.client("cloudformation"), deployment.stack_name(stage))
    expires = datetime.now(UTC) + timedelta(days=days)
    click.echo(
        tokens.issue(session.client("dynamodb"), outputs["TokensTable"], role, principal=principal, expires=expires)
    )


@token.command("revoke")
@stage_options
@click.argument("text", metavar="TOKEN")
@reporting_errors
def revoke_token(stage: str, region: str | None, text: str) -> None:
    """Forgets a token."""
    session = boto3.Session(region_name=region)
    outputs = deployment.outputs(session.client("cloudformation"), deployment.stack_name(stage))
    if not tokens.revoke(session.client("dynamodb"), outputs["TokensTable"], text):
        raise GtServiceError("there is no such token", remedy="It may have been revoked or have expired before.")
    click.echo("Revoked. The API may take it for another minute: API Gateway remembers an answer so long.")
