"""What labeling would cost, for the API and the pages: in this region, and from the campaign's own jobs where it has
any that ended."""

from __future__ import annotations

import json
from collections.abc import Mapping
from itertools import islice
from typing import Any

from chalicelib import wiring
from gt_service.campaign import CampaignSpec, parse_spec
from gt_service.errors import InvalidInput
from gt_service.estimates.estimate import count_of_objects, estimate
from gt_service.estimates.ranges import Estimate, PastJob
from gt_service.objects import S3Uri
from gt_service.prices import PriceTable
from gt_service.store.browsing import Browsing

PAST_JOBS = 5
"""An estimate learns from so many of a campaign's last reports."""


def asked(body: Any) -> Estimate:
    """The answer to POST /estimates: `objects`, `imported` labels besides, and the name of a `campaign` or a `spec`.

    Errors: `InvalidInput`, `SpecErrors`, `NotFound`.
    """
    given = body if isinstance(body, Mapping) else {}
    objects, campaign, spec = count_of_objects(given.get("objects")), given.get("campaign"), given.get("spec")
    imported = count_of_objects(given.get("imported", 0), field="imported", least=0)
    if isinstance(campaign, str) and spec is None:
        return of_campaign(campaign, objects, imported)
    if isinstance(spec, Mapping) and campaign is None:
        return of_spec(parse_spec(_written(spec), filename="spec.json"), objects, imported)
    raise InvalidInput("give either the name of a campaign or a spec", field="campaign")


def _written(spec: Any) -> str:
    try:
        return json.dumps(spec)
    except RecursionError:
        raise InvalidInput("nested too deeply", remedy="A spec nests two levels at most.", field="spec") from None


def of_campaign(name: str, objects: int, imported: int = 0) -> Estimate:
    """With the spec in force. Errors: `NotFound` where there is no campaign, or no spec yet."""
    return of_spec(wiring.store().campaigns.get(name).demanded_spec, objects, imported)


def of_spec(spec: CampaignSpec, objects: int, imported: int = 0) -> Estimate:
    """With any spec; the campaign of its name may be running, and may not be there yet."""
    browsing = Browsing(wiring.store().tables)
    latest = next(iter(browsing.batches(spec.name, 1)), None)
    first_batch = latest.number + 1 if latest else 1
    history = _history(browsing, spec)
    return estimate(spec, objects, history=history, first_batch=first_batch, imported=imported, **_here())


def of_settings(spec: CampaignSpec, objects: int) -> Estimate:
    """With a spec that is no campaign's."""
    return estimate(spec, objects, **_here())


def _here() -> dict[str, Any]:
    """What an estimate depends on of this deployment."""
    deployment = wiring.settings().deployment
    return {"region": deployment.region, "prices": PriceTable.of(deployment.backend)}


def _history(browsing: Browsing, spec: CampaignSpec) -> list[PastJob]:
    """The last jobs that tell what the next one will do: of the same task and labels, as with models."""
    jobs, _ = browsing.jobs(spec.name, PAST_JOBS * 2, None)
    chain = (job for job in jobs if not job.is_review)
    uris = [job.report_uri for job in chain if (job.task, job.labels) == (spec.task.value, spec.labels)]
    reports = (wiring.objects().read(S3Uri.parse(uri) / "report.json") for uri in uris if uri is not None)
    return [PastJob.of(json.loads(report)) for report in islice(reports, PAST_JOBS)]
