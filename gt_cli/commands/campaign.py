"""`gt-service pause`, `resume`, `stop` and `close`: what an owner decides about a campaign."""

from __future__ import annotations

import click

from gt_cli.options import api_of, service_options
from gt_cli.terminal import console, reporting_errors


@click.command()
@click.argument("campaign")
@service_options
@reporting_errors
def pause(campaign: str, url: str, token: str) -> None:
    """Pause a campaign: start nothing new; running jobs continue."""
    with api_of(url, token) as api:
        api.decide(campaign, "pause")
    console.print(f"{campaign} is paused; `gt-service resume {campaign}` goes on.")


@click.command()
@click.argument("campaign")
@click.option("--leave-out", is_flag=True, help="Continue without the images that it is waiting for.")
@service_options
@reporting_errors
def resume(campaign: str, leave_out: bool, url: str, token: str) -> None:
    """Resume a campaign that was paused or is waiting."""
    with api_of(url, token) as api:
        api.decide(campaign, "leave-out" if leave_out else "resume")
    console.print(f"{campaign} goes on.")


@click.command()
@click.argument("campaign")
@click.option("--yes", is_flag=True, help="Do not ask for confirmation.")
@service_options
@reporting_errors
def stop(campaign: str, yes: bool, url: str, token: str) -> None:
    """Stop a campaign for good; its labels are kept."""
    if yes or click.confirm(f"Stop {campaign} for good? Jobs that run are stopped, their labels are kept."):
        with api_of(url, token) as api:
            api.decide(campaign, "stop")
        console.print(f"{campaign} is stopped.")


@click.command()
@click.argument("campaign")
@service_options
@reporting_errors
def close(campaign: str, url: str, token: str) -> None:
    """Close a campaign's open batch now, however small."""
    with api_of(url, token) as api:
        api.close_batch(campaign)
    console.print(f"The open batch of {campaign} is being closed; its job starts next.")
