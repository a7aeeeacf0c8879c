"""`gt-engine workers`: inviting people, and who is there. Works on the engine's tables, whether or not it runs."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import wraps
from typing import Any

import click

from gt_engine.settings import region_from_environment
from gt_engine.store import DynamoStore
from gt_engine.store.workforce import DynamoMembers, DynamoTeams
from gt_engine.workforce.members import INVITATION_LIFETIME, Invitation, Members, Worker
from gt_engine.workforce.teams import groups_of_teams
from gt_service.errors import InvalidInput, NotFound

HOURS = int(INVITATION_LIFETIME / timedelta(hours=1))


@click.group()
def workers() -> None:
    """Invite, sign in, list, disable, enable and forget people."""


def on_tables(command: Callable[..., None]) -> Callable[..., None]:
    """Gives a command the members and teams in the engine's tables."""

    @click.option("--region", default=region_from_environment, help="Default: AWS_REGION, or us-east-1.")
    @click.option(
        "--table-prefix",
        default="gt-engine",
        envvar="GT_ENGINE_TABLE_PREFIX",
        show_default=True,
        help="The same as the engine's. Without a server: the stack's output EngineTablePrefix.",
    )
    @wraps(command)
    def with_tables(*, region: str, table_prefix: str, **options: Any) -> None:
        store = DynamoStore(table_prefix, region)
        store.create_tables()
        teams = DynamoTeams(store.tables)
        members = Members(DynamoMembers(store.tables), lambda: groups_of_teams(teams), region=region)
        command(members, teams, **options)

    return with_tables


url_option = click.option(
    "--url", default=None, envvar="GT_ENGINE_PUBLIC_URL", help="Address of the portal. Default: the engine's own."
)


@workers.command()
@click.argument("name")
@click.option("--group", "groups", multiple=True, help="Group of a work team; repeatable.")
@click.option("--email", default=None, help="Stored with the worker; no mail is sent.")
@click.option("--manager", is_flag=True, help="This person may also see the pages about teams and jobs.")
@click.option(
    "--hours", default=HOURS, show_default=True, type=click.IntRange(1, 24 * 30), help="How long the link works."
)
@url_option
@on_tables
def invite(
    members: Members,
    teams: DynamoTeams,
    *,
    name: str,
    groups: tuple[str, ...],
    email: str | None,
    manager: bool,
    hours: int,
    url: str | None,
) -> None:
    """Print an invitation: a link that signs NAME in, once. An existing person also joins these groups.

    Without --group, NAME joins the groups of every work team where that is one team.
    """
    chosen = set(groups) or _only_groups(teams)
    invitation = members.invite(
        name,
        groups=chosen | ({"managers"} if manager else set()),
        email=email,
        now=datetime.now(UTC),
        lifetime=timedelta(hours=hours),
    )
    _print_link(invitation, teams, url)


@workers.command("sign-in")
@click.argument("name")
@url_option
@on_tables
def sign_in(members: Members, teams: DynamoTeams, *, name: str, url: str | None) -> None:
    """Print a link that signs NAME (or an id) in, within 15 minutes."""
    _print_link(members.sign_in_link(_worker_named(members, name).worker_id, datetime.now(UTC)), teams, url)


def _print_link(link: Invitation, teams: DynamoTeams, url: str | None) -> None:
    portal = (url or teams.portal() or "").rstrip("/")
    if not portal:
        raise InvalidInput("no engine has run on these tables yet", remedy="Start it, or give --url.", field="--url")
    click.echo(f"{portal}/sign-in/{link.token}")
    click.echo(f"For {link.worker.name}, once, until {link.expires:%Y-%m-%d %H:%M} UTC.", err=True)


def _only_groups(teams: DynamoTeams) -> set[str]:
    teams_here = list(teams.teams())
    if len(teams_here) != 1:
        names = ", ".join(sorted(group for team in teams_here for group in team.groups))
        raise InvalidInput(
            "which group is the worker to join?",
            remedy=f"Give --group: {names}." if names else "Create a work team first (CreateWorkteam).",
            field="--group",
        )
    return set(teams_here[0].groups)


@workers.command("list")
@on_tables
def list_workers(members: Members, teams: DynamoTeams) -> None:
    """List everybody: id, name, groups, and whether enabled."""
    for worker in members.workers():
        state = "" if worker.is_enabled else "  (disabled)"
        click.echo(f"{worker.worker_id}  {worker.name}  {', '.join(sorted(worker.groups))}{state}")


@workers.command()
@click.argument("name")
@on_tables
def disable(members: Members, teams: DynamoTeams, *, name: str) -> None:
    """Disable NAME (or an id): no more work and no more pages.

    From the next request on.
    """
    members.disable(_worker_named(members, name).worker_id)


@workers.command()
@click.argument("name")
@on_tables
def enable(members: Members, teams: DynamoTeams, *, name: str) -> None:
    """Enable NAME (or an id) again. Links from before stay void: give them a new one (sign-in)."""
    members.enable(_worker_named(members, name).worker_id)


@workers.command()
@click.argument("name")
@click.confirmation_option(prompt="The worker's name and address will be gone for good. Go on?")
@on_tables
def forget(members: Members, teams: DynamoTeams, *, name: str) -> None:
    """Remove the name, address and groups of NAME (or an id). The answers stay, under an anonymous id."""
    members.forget(_worker_named(members, name).worker_id)


def _worker_named(members: Members, name: str) -> Worker:
    matching = [worker for worker in members.workers() if name in {worker.worker_id, worker.name}]
    if not matching:
        raise NotFound(f"there is no worker {name!r}", remedy="See: gt-engine workers list.")
    if len(matching) > 1:
        raise InvalidInput(f"{len(matching)} workers are called {name!r}", remedy="Give the id.", field="name")
    return matching[0]
