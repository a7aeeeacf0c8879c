"""`gt-service review`: the labels that seem wrong, and sending them to people again."""

from __future__ import annotations

import click
from rich.table import Table

from gt_cli.api import Api
from gt_cli.options import asks_service
from gt_cli.terminal import console, say
from gt_service.money import Mills, usd


@click.command()
@click.argument("campaign")
@click.option(
    "--top", type=click.IntRange(1, 1_000), default=24, show_default=True, help="Number of labels, worst first."
)
@click.option("--send", is_flag=True, help="Send them to people to check, within the budget.")
@asks_service
def review(campaign: str, top: int, send: bool, api: Api) -> None:
    """List people's labels that seem wrong; --send has them checked.

    A label seems wrong when a model that has not seen it disagrees: an object without a box, a box without an object, a
    box in the wrong place, a wrong class. Corrections replace the label; the old one is kept in its history.
    """
    if send:
        job = api.send_second_look(campaign, top)
        reserved = usd(Mills(job["reserved_mills"]))
        say(
            f"Labeling job {job['name']} has people look again at {job['objects']} labels; at most {reserved} are "
            "set aside for it."
        )
        return
    listed = api.second_look(campaign, top)
    table = Table("image", "seems", "how surely", "labeled in", box=None)
    for each in listed["suspects"]:
        table.add_row(each["source"], each["mistake"], f"{each['suspicion']:.0%}", each["job"])
    console.print(table)
    say(
        f"The {len(listed['suspects'])} of {listed['judged']:,} labels by people that a model doubts most. "
        f"`gt-service review {campaign} --top {top} --send` has people look again."
    )
