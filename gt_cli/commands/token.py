"""`gt-service token`."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import boto3
import click
from rich import box
from rich.markup import escape
from rich.table import Table

from gt_cli import deployment, tokens
from gt_cli.options import stage_options
from gt_cli.terminal import console, reporting_errors
from gt_service.errors import GtServiceError

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient


@click.group()
def token() -> None:
    """Issue, list and revoke access tokens."""


@token.command("issue")
@stage_options
@click.option("--for", "principal", required=True, help="Person who gets it; the log shows the name with every change.")
@click.option(
    "--role",
    type=click.Choice(["viewer", "operator"]),
    default="viewer",
    show_default=True,
    help="Viewers may look; operators may also start, stop and correct.",
)
@click.option("--days", type=click.IntRange(1, 366), default=30, show_default=True, help="Days until it expires.")
@reporting_errors
def issue_token(stage: str, region: str | None, principal: str, role: tokens.Role, days: int) -> None:
    """Print a new token. It is shown only once; only its digest is stored."""
    dynamodb, table = _table(stage, region)
    expires = datetime.now(UTC) + timedelta(days=days)
    click.echo(tokens.issue(dynamodb, table, role, principal=principal, expires=expires))


@token.command("list")
@stage_options
@click.option("--for", "principal", help="Only this person's tokens.")
@reporting_errors
def list_tokens(stage: str, region: str | None, principal: str | None) -> None:
    """List who has tokens, and until when.

    The tokens themselves are not stored.
    """
    dynamodb, table = _table(stage, region)
    shown = Table("For", "Role", "Expires", box=box.SIMPLE_HEAD)
    for issued in tokens.issued(dynamodb, table, principal):
        expired = ", expired" if issued.expires_at <= datetime.now(UTC) else ""
        until = f"{issued.expires_at:%Y-%m-%d %H:%M} UTC{expired}"
        shown.add_row(escape(issued.principal), issued.role, until)
    console.print(shown)


@token.command("revoke")
@stage_options
@click.option("--for", "principal", help="All tokens of this person.")
@click.argument("text", metavar="[TOKEN]", required=False)
@reporting_errors
def revoke_token(stage: str, region: str | None, principal: str | None, text: str | None) -> None:
    """Revoke a token, or all tokens of a person."""
    if (principal is None) is (text is None):
        raise click.UsageError("Give either the token or --for and whose tokens are meant.")
    dynamodb, table = _table(stage, region)
    if text is not None:
        count = int(tokens.revoke(dynamodb, table, text))
    else:
        count = tokens.revoke_all(dynamodb, table, principal or "")
    if not count:
        raise GtServiceError("there is no such token", remedy="`gt-service token list` tells who has any.")
    click.echo(f"Revoked {count}. The API may take it for another minute: API Gateway remembers an answer so long.")


def _table(stage: str, region: str | None) -> tuple[DynamoDBClient, str]:
    session = boto3.Session(region_name=region)
    outputs = deployment.outputs(session.client("cloudformation"), deployment.stack_name(stage))
    return session.client("dynamodb"), outputs["TokensTable"]
