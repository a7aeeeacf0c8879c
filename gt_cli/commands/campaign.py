"""`gt-service pause`, `resume`, `stop` and `close`: what an owner decides about a campaign."""

from __future__ import annotations

import click

from gt_cli.api import Api
from gt_cli.options import asks_service
from gt_cli.terminal import console


@click.command()
@click.argument("campaign")
@asks_service
def pause(campaign: str, api: Api) -> None:
    """Pause a campaign: start nothing new; running jobs continue."""
    api.decide(campaign, "pause")
    console.print(f"{campaign} is paused; `gt-service resume {campaign}` goes on.")


@click.command()
@click.argument("campaign")
@click.option("--leave-out", is_flag=True, help="Continue without the images that it is waiting for.")
@asks_service
def resume(campaign: str, leave_out: bool, api: Api) -> None:
    """Resume a campaign that was paused or is waiting."""
    api.decide(campaign, "leave-out" if leave_out else "resume")
    console.print(f"{campaign} goes on.")


@click.command()
@click.argument("campaign")
@click.option("--yes", is_flag=True, help="Do not ask for confirmation.")
@asks_service
def stop(campaign: str, yes: bool, api: Api) -> None:
    """Stop a campaign for good; its labels are kept."""
    if yes or click.confirm(f"Stop {campaign} for good? Jobs that run are stopped, their labels are kept."):
        api.decide(campaign, "stop")
        console.print(f"{campaign} is stopped.")


@click.command()
@click.argument("campaign")
@asks_service
def close(campaign: str, api: Api) -> None:
    """Close a campaign's open batch now, however small."""
    api.close_batch(campaign)
    console.print(f"The open batch of {campaign} is being closed; its job starts next.")
