"""The report of a campaign: its jobs side by side, as the notebook's conclusion compares its three."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from gt_service import __version__
from gt_service.money import Mills, as_usd_number
from gt_service.objects import ObjectStore, S3Uri
from gt_service.records.names import Role

Report = dict[str, Any]


@dataclass(frozen=True)
class CampaignResults:
    """What a campaign's report is made of.

    reports     its jobs', in order of start
    duplicates  how many images were not sent to people because a twin was: `exact` and `near` ones, and of both those
                `labeled` by now
    labels      as they hold now, put right where somebody did (`gallery.index.figures`); what jobs did and cost is told
                of the labels as they gave them
    """

    campaign: str
    reports: Sequence[Mapping[str, Any]]
    duplicates: Mapping[str, int] | None = None
    labels: Mapping[str, Any] | None = None


def campaign_report(results: CampaignResults, *, now: datetime) -> Report:
    """Pure.

    The chain is every job but the controls and reviews, which label again what is labeled already: their cost is the
    price of knowing what the pre-trained model saves, and of better labels; it is told apart.
    """
    reports, duplicates = results.reports, results.duplicates
    chain = [report for report in reports if not Role(report["job"]["role"]).is_beside_chain]
    controls = [report for report in reports if report["job"]["role"] == Role.CONTROL]
    reviews = [report for report in reports if report["job"]["role"] == Role.REVIEW]
    return {
        "version": 1,
        "made_at": now.isoformat(),
        "made_by": f"gt-service {__version__}",
        "campaign": results.campaign,
        "totals": {"chain": _totals(chain), "controls": _totals(controls), "reviews": _totals(reviews)},
        "without_chaining": _without_chaining(chain, controls),
        "labels": results.labels,
        "duplicates": None if duplicates is None else _duplicates(chain, duplicates),
        "jobs": [_row(report) for report in reports],
    }


def publish_campaign_report(
    results: CampaignResults, destination: S3Uri, *, objects: ObjectStore, now: datetime
) -> Report:
    """Writes `campaign.html`, `.png`, `.svg` and, last, `campaign.json` under `destination`; returns the report."""
    from gt_service.reports.figure import campaign_figure, rendered
    from gt_service.reports.page import campaign_page
    from gt_service.reports.publish import report_json

    report = campaign_report(results, now=now)
    figure = campaign_figure(report["jobs"])
    svg = rendered(figure, "svg")
    objects.write(destination / "campaign.svg", svg, "image/svg+xml")
    objects.write(destination / "campaign.png", rendered(figure, "png"), "image/png")
    objects.write(destination / "campaign.html", campaign_page(report, svg), "text/html; charset=utf-8")
    objects.write(destination / "campaign.json", report_json(report), "application/json")
    return report


def _row(report: Mapping[str, Any]) -> Report:
    """What the comparison shows of a job: parts of its own report, in the same shape."""
    quality = report["quality"] or {}
    machine = quality.get("machine") or {}
    return {
        **{key: report[key] for key in ("job", "counts", "machine_share", "cost", "all_human", "saving")},
        "hours": (report.get("people") or {}).get("hours"),
        "all_human_hours": (report.get("people") or {}).get("all_human_hours"),
        "true_error": quality.get("true_error"),
        "error_interval": machine.get("error_interval"),
    }


def _totals(reports: Sequence[Mapping[str, Any]]) -> Report:
    cost = sum(report["cost"]["total_mills"] for report in reports)
    human = sum(report["all_human"]["total_mills"] for report in reports)
    labeled = sum(report["counts"]["labeled"] for report in reports)
    machine = sum(report["counts"]["machine_images"] for report in reports)
    return {
        "jobs": len(reports),
        "labeled": labeled,
        "human_images": labeled - machine,
        "machine_images": machine,
        "machine_share": round(machine / labeled, 4) if labeled else 0.0,
        "cost_mills": cost,
        "cost_usd": as_usd_number(Mills(cost)),
        "hours": _hours(reports, "hours"),
        "all_human_hours": _hours(reports, "all_human_hours"),
        "all_human_mills": human,
        "saved_mills": human - cost,
        "saved_share": round((human - cost) / human, 4) if human else 0.0,
    }


def _hours(reports: Sequence[Mapping[str, Any]], key: str) -> float | None:
    """Hours of people, over the jobs that tell; None where none does."""
    known = [hours for report in reports if (hours := (report.get("people") or {}).get(key)) is not None]
    return round(sum(known), 3) if known else None


def _duplicates(chain: Sequence[Mapping[str, Any]], counts: Mapping[str, int]) -> Report:
    """What was not paid for twins: what the chain's jobs cost, by and large, for each label they made."""
    totals = _totals(chain)
    paid_for, cost = totals["labeled"], totals["cost_mills"]
    saved = counts["labeled"] * cost // paid_for if paid_for else 0
    return {
        **counts,
        "saved_mills": saved,
        "saved_usd": as_usd_number(Mills(saved)),
        "compared_to": "labeling each of them for what a label cost in this campaign's chain on average",
    }


def _without_chaining(chain: Sequence[Mapping[str, Any]], controls: Sequence[Mapping[str, Any]]) -> Report | None:
    """Controls instead of all jobs of the batches that have one: what not chaining would have cost."""
    batches = {report["job"]["batch"] for report in controls} & {report["job"]["batch"] for report in chain}
    if not batches:
        return None
    others = [report for report in chain if report["job"]["batch"] not in batches]
    replacing = [report for report in controls if report["job"]["batch"] in batches]
    cost = sum(report["cost"]["total_mills"] for report in (*others, *replacing))
    actual = sum(report["cost"]["total_mills"] for report in chain)
    return {
        "batches": sorted(batches),
        "cost_mills": cost,
        "saved_mills": cost - actual,
        "saved_share": round((cost - actual) / cost, 4) if cost else 0.0,
    }
