"""`gt-service status`."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from typing import Any

import click
from rich import box
from rich.console import Group, RenderableType
from rich.live import Live
from rich.markup import escape
from rich.table import Table
from rich.text import Text

from gt_cli.api import Api, known_campaign
from gt_cli.options import asks_service
from gt_cli.terminal import console
from gt_service.money import Mills, usd
from gt_service.reports.amounts import exact

WATCH_EVERY_SECONDS = 5.0
REJECTED_SHOWN = 20


@click.command()
@click.argument("campaign", required=False)
@click.option("--json", "as_json", is_flag=True, help="Print everything as JSON.")
@click.option("--watch", is_flag=True, help="Refresh every five seconds, until Ctrl-C.")
@asks_service
def status(campaign: str | None, as_json: bool, watch: bool, api: Api) -> None:
    """Show all campaigns, or one campaign and its jobs."""
    if as_json and watch:
        raise click.UsageError("--json prints once: leave --watch out.")
    if as_json:
        console.print_json(data=_facts(api, campaign))
    elif watch:
        _watch(api, campaign)
    else:
        console.print(_drawing(_facts(api, campaign)))


def _watch(api: Api, campaign: str | None) -> None:
    with Live(console=console, auto_refresh=False) as live:
        try:
            while True:
                live.update(_drawing(_facts(api, campaign)), refresh=True)
                time.sleep(WATCH_EVERY_SECONDS)
        except KeyboardInterrupt:
            return


def _facts(api: Api, name: str | None) -> dict[str, Any]:
    """What `--json` prints: the API's own answers."""
    if name is None:
        return {"campaigns": api.campaigns()}
    return {"campaign": known_campaign(api, name), "jobs": api.jobs(name), "rejected": api.images(name, "rejected")}


def _drawing(facts: Mapping[str, Any]) -> RenderableType:
    if "campaigns" in facts:
        return _campaigns_table(facts["campaigns"])
    lines = [*_campaign_lines(facts["campaign"]), *_rejected_lines(facts["rejected"]), *_job_lines(facts["jobs"])]
    return Group(*(Text.from_markup(line) for line in lines), _jobs_table(facts["jobs"]))


def _campaign_lines(campaign: Mapping[str, Any]) -> list[str]:
    reason = f", {escape(campaign['reason'])}" if campaign["reason"] else ""
    lines = [f"[bold]{campaign['name']}[/]: {campaign['status']}{reason}"]
    for problem in campaign.get("spec_errors") or ():
        remedy = f" [dim]{escape(problem['remedy'])}[/]" if problem.get("remedy") else ""
        lines.append(f"  [red]{escape(str(problem.get('field')))}[/]: {escape(problem['message'])}.{remedy}")
    if campaign.get("remedy"):
        lines.append(f"  what to do: {escape(campaign['remedy'])}")
    lines += [f"  [yellow]warning:[/] {escape(_text(warning))}" for warning in campaign["warnings"]]
    lines.append("  images: " + ", ".join(f"{n:,} {what.replace('_', ' ')}" for what, n in campaign["images"].items()))
    cap = "no cap" if campaign["cap_mills"] is None else f"of {usd(Mills(campaign['cap_mills']))}"
    holds = campaign["committed_mills"] and campaign["cap_mills"] is not None
    aside = f", {usd(Mills(campaign['committed_mills']))} set aside" if holds else ""
    lines.append(f"  budget: {usd(Mills(campaign['spent_mills']))} spent{aside}, {cap}")
    return lines


def _text(warning: Any) -> str:
    return str(warning.get("message", warning)) if isinstance(warning, Mapping) else str(warning)


def _rejected_lines(images: Sequence[Mapping[str, Any]]) -> list[str]:
    lines = [
        f"  [yellow]rejected[/] {escape(image['key'])}: {escape(image['reason'])}" for image in images[:REJECTED_SHOWN]
    ]
    more = len(images) - REJECTED_SHOWN
    return [*lines, f"  and {more:,} more rejected"] if more > 0 else lines


def _job_lines(jobs: Sequence[Mapping[str, Any]]) -> list[str]:
    return [
        f"  [yellow]{escape(job['name'])}:[/] {escape(job['failure_reason'] or job['warning'])}"
        for job in jobs
        if job["failure_reason"] or job["warning"]
    ]


def _campaigns_table(campaigns: Sequence[Mapping[str, Any]]) -> Table:
    table = Table(box=box.SIMPLE_HEAD)
    for name in ("campaign", "status", "images", "batches", "spent", "cap"):
        table.add_column(name, justify="left" if name in ("campaign", "status") else "right")
    for campaign in campaigns:
        table.add_row(
            campaign["name"],
            campaign["status"],
            f"{sum(campaign['images'].values()):,}",
            str(campaign["batches"]),
            exact(campaign["spent_mills"]),
            exact(campaign["cap_mills"]),
        )
    return table


def _jobs_table(jobs: Sequence[Mapping[str, Any]]) -> Table:
    table = Table(box=box.SIMPLE_HEAD)
    for name in ("job", "role", "status", "objects", "by people", "by machine", "cost"):
        table.add_column(name, justify="left" if name in ("job", "role", "status") else "right")
    for job in jobs:
        counters = job["counters"] or {}
        table.add_row(
            job["name"],
            job["role"],
            job["status"],
            f"{job['objects']:,}",
            str(counters.get("HumanLabeled", "–")),
            str(counters.get("MachineLabeled", "–")),
            exact(job["cost_mills"]),
        )
    return table
