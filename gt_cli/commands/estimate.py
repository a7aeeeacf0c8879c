"""`gt-service estimate`."""

from __future__ import annotations

from pathlib import Path

import click
from rich import box
from rich.markup import escape
from rich.table import Table

from gt_cli.options import FILE, api_of, configured_backend, region_option
from gt_cli.terminal import console, reporting_errors
from gt_service.campaign import parse_spec
from gt_service.estimates import estimate as estimates
from gt_service.money import Mills, usd
from gt_service.prices import PriceTable


@click.command()
@click.argument("spec", type=FILE)
@click.option("--objects", type=click.IntRange(1), required=True, help="Number of images.")
@click.option(
    "--imported", type=click.IntRange(0), default=0, help="Number of labels that you will import in addition."
)
@region_option
@click.option("--url", envvar="GT_SERVICE_URL", help="Ask this service, in its own region (or set GT_SERVICE_URL).")
@click.option("--token", envvar="GT_SERVICE_TOKEN", help="Your access token (or set GT_SERVICE_TOKEN).")
@click.option("--json", "as_json", is_flag=True, help="Print everything as JSON.")
@reporting_errors
def estimate(
    spec: Path, objects: int, imported: int, region: str, url: str | None, token: str | None, as_json: bool
) -> None:
    """Estimate what labeling a number of images would cost.

    With --url and --token the service is asked, and uses the finished jobs of the campaign. Without them nothing is
    called, and the machine's share is taken from AWS's notebook.
    """
    written = parse_spec(spec.read_bytes(), filename=spec.name)
    if url and token:
        with api_of(url, token) as api:
            estimate_json = api.estimate(written.model_dump(mode="json"), objects, imported)
    else:
        prices = PriceTable.of(configured_backend())
        asked = estimates.estimate(written, objects, prices=prices, region=region, imported=imported)
        estimate_json = asked.as_dict()
    if as_json:
        console.print_json(data=estimate_json)
        return
    table = Table(box=box.SIMPLE_HEAD)
    for name in ("low", "likely", "high", "ceiling", "all by people"):
        table.add_column(name, justify="right")
    amounts = ("low_mills", "likely_mills", "high_mills", "ceiling_mills", "all_human_mills")
    table.add_row(*(usd(Mills(estimate_json[name])) for name in amounts))
    console.print(table)
    for assumption in estimate_json["assumptions"]:
        console.print(f"[dim]* {escape(assumption)}[/]")
