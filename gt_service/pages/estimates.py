"""What the estimate's page shows: a form, and once it is filled in what labeling will cost."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

from gt_service.campaign import CampaignSpec, parse_spec
from gt_service.campaign.form import number as typed_number
from gt_service.estimates.estimate import count_of_objects
from gt_service.pages import charts
from gt_service.pages.parts import Table
from gt_service.reports.amounts import exact, number, percent

Json = Mapping[str, Any]

_PRIVATE_TEAM = "arn:aws:sagemaker:us-east-1:000000000000:workteam/private-crowd/estimate"

DEFAULTS: Mapping[str, str] = {
    "campaign": "",
    "objects": "5000",
    "task": "object-detection",
    "workforce": "private",
    "workers_per_object": "3",
    "price_per_task": "",
    "batch_size": "1250",
    "auto_labeling": "yes",
}
"""The form's fields; with a campaign named, its own spec stands and only `objects` counts."""


def estimate_page(
    given: Mapping[str, str], *, tasks: Sequence[str], estimate: Json | None, errors: Sequence[Json] = ()
) -> dict[str, Any]:
    """The form as it was filled in, and the API's estimate or what is wrong."""
    amounts = {} if estimate is None else {name: estimate[f"{name}_mills"] for name in _AMOUNTS}
    return {
        "form": {**DEFAULTS, **{name: value for name, value in given.items() if name in DEFAULTS}},
        "tasks": tasks,
        "errors": errors,
        "facts": estimate["facts"] if estimate else (),
        "chart": charts.estimate(**amounts) if amounts else "",
        "jobs": _jobs(estimate["jobs"]) if estimate else None,
        "assumptions": estimate["assumptions"] if estimate else (),
    }


_AMOUNTS = ("low", "likely", "high", "ceiling", "all_human")


def _jobs(jobs: Sequence[Json]) -> Table:
    shown = [{**job, "place": place} for place, job in enumerate(jobs[:50], start=1)]
    return Table.of(
        shown,
        ("Job", lambda job: f"{job['place']}. {job['role']}"),
        ("Images", lambda job: number(job["objects"])),
        ("By machine, likely", lambda job: percent(job["machine_share"]["likely"])),
        *((name.title(), partial(_cost, name)) for name in ("low", "likely", "high", "ceiling")),
        about=f"The first {len(shown)} of {len(jobs):,} jobs." if len(jobs) > len(shown) else "",
    )


def _cost(name: str, job: Json) -> str:
    return exact(job["cost_mills"][name])


def objects_of_form(form: Mapping[str, str]) -> int:
    """How many images the form asks about. Errors: `InvalidInput`."""
    return count_of_objects(typed_number(form.get("objects", "")))


def spec_of_form(form: Mapping[str, str]) -> CampaignSpec:
    """The spec that the form's settings make, as far as it matters for the cost. Errors: `SpecErrors`."""
    fields = {**DEFAULTS, **{name: value for name, value in form.items() if value}}
    is_public = fields["workforce"] == "public"
    spec = {
        "name": "estimate",
        "task": fields["task"],
        "labels": ["first", "second"],
        "workforce": "public" if is_public else _PRIVATE_TEAM,
        "workers_per_object": typed_number(fields["workers_per_object"]),
        "batch": {"size": typed_number(fields["batch_size"])},
        "auto_labeling": fields["auto_labeling"] == "yes",
        # The public workforce sees nothing that is not declared so; an estimate sends nothing.
        "content_classifiers": ["FreeOfPersonallyIdentifiableInformation", "FreeOfAdultContent"],
    }
    if is_public and fields["price_per_task"]:
        spec["price_per_task"] = fields["price_per_task"]
    return parse_spec(json.dumps(spec), filename="estimate.json")
