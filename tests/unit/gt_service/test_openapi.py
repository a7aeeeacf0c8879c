"""The published description of the API against the API: clients are generated from it."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from openapi_spec_validator import validate
from pydantic import BaseModel, ValidationError

from app import app
from chalicelib import access
from chalicelib.shapes import batch_json, campaign_json, image_json, job_json
from gt_service.backends import GT_ENGINE
from gt_service.campaign import CampaignSpec
from gt_service.chain.foresight import rehearse
from gt_service.deployment import Deployment
from gt_service.errors import GtServiceError, InvalidInput, SpecErrors
from gt_service.estimates.estimate import estimate
from gt_service.money import Mills
from gt_service.openapi import document, image_models, models
from gt_service.prices import PriceTable
from gt_service.records import Batch, Campaign, Image, ImageStatus, Job, Verdict
from gt_service.records.names import Role
from gt_service.records.states import BatchState, CampaignState, CampaignStatus, JobState
from gt_service.routes import ROUTES

ROLE = "arn:aws:iam::111122223333:role/labeling"
NOW = datetime(2026, 11, 22, tzinfo=UTC)
SPEC = CampaignSpec.model_validate(
    {
        "name": "birds",
        "task": "object-detection",
        "labels": ["Bird"],
        "workforce": "arn:aws:sagemaker:us-east-1:111122223333:workteam/private-crowd/birders",
        "budget": "500",
        "batch": {"size": 50},
        "quality": {"target": 0.9},
    }
)


def test_the_document_is_openapi() -> None:
    validate(document())
    json.dumps(document())


def test_the_document_names_the_routes_of_the_app_and_no_others() -> None:
    """Those for callers that sign are the same on another server."""
    routes = {
        (method.lower(), path.removeprefix(access.SIGNED)) for path, methods in app.routes.items() for method in methods
    }
    assert {(method, path) for path, methods in document()["paths"].items() for method in methods} == routes


def test_the_document_says_which_routes_are_there_for_callers_that_sign() -> None:
    """A client made from it would send signed requests to addresses that are not there."""
    described = document()
    assert described["servers"][1]["url"] == f".{access.SIGNED}"
    signed = {
        path
        for path, operations in described["paths"].items()
        for operation in operations.values()
        if described["servers"][1] in operation.get("servers", described["servers"])
    }
    assert signed == {path.removeprefix(access.SIGNED) for path in app.routes if path.startswith(f"{access.SIGNED}/")}


def test_the_document_says_of_every_route_whether_it_needs_a_token() -> None:
    """A client that sends none where one is needed is refused; one that is told of a public route spares the asking."""
    told = {path for path, methods in document()["paths"].items() for shown in methods.values() if "security" in shown}
    assert told == {route.path for route in ROUTES if route.needs == "anybody"}


def test_clients_can_tell_operations_apart() -> None:
    names = [operation["operationId"] for path in document()["paths"].values() for operation in path.values()]
    assert len(set(names)) == len(names)


def campaign(**changes: Any) -> Any:
    fields: dict[str, Any] = {
        "name": "birds",
        "state": CampaignState.ACTIVE,
        "spec": SPEC,
        "revision": 2,
        "spec_errors": (),
        "verdict": Verdict(CampaignStatus.ACTIVE),
        "cap": Mills(500_000),
        "committed": Mills(1),
        "spent": Mills(2),
        "version": 3,
        "created_at": NOW,
    }
    images = {"pending": 1, "rejected": 0, "duplicate": 0, "replaced": 0, "in_batches": 50}
    return campaign_json(Campaign(**{**fields, **changes}), images, 1, backend=GT_ENGINE)


def job(**changes: Any) -> Any:
    fields: dict[str, Any] = {
        "name": "birds-0001",
        "campaign": "birds",
        "batch": 1,
        "role": Role.FIRST,
        "attempt": 0,
        "state": JobState.IN_PROGRESS,
        "objects": 50,
        "revision": 2,
        "task": "object-detection",
        "labels": ("Bird",),
        "manifest_uri": "s3://results/birds/manifests/batch-0001.manifest",
        "output_uri": "s3://results/birds/output/birds-0001",
        "reserved": Mills(9400),
        "reserved_at": NOW,
        "counters": {"TotalLabeled": 3},
    }
    return job_json(Job(**{**fields, **changes}))


def batch(**changes: Any) -> Any:
    fields: dict[str, Any] = {
        "campaign": "birds",
        "number": 1,
        "state": BatchState.LABELING,
        "reason": "full",
        "objects": 50,
        "members_uri": "s3://results/members",
        "manifest_uri": None,
        "created_at": NOW,
    }
    return batch_json(Batch(**{**fields, **changes}))


def image(place: str = "rejected", **changes: Any) -> Any:
    key, sequencer, etag = "birds/images/1.jpg", "0", "e"
    shown = Image("birds", key, place, NOW.isoformat(), sequencer, etag, 9, **changes)
    return image_json(shown, "birds/images/0.jpg" if shown.status is ImageStatus.DUPLICATE else None)


REFUSED = SpecErrors([InvalidInput("wrong", remedy="correct it", field="batch.size")])
SHOWN = [
    *((models.Campaign, campaign(verdict=Verdict(status, "why", "what"))) for status in CampaignStatus),
    (models.Campaign, campaign(spec=None, cap=None, spec_errors=tuple(e.as_dict() for e in REFUSED.errors))),
    *((models.Job, job(state=state)) for state in JobState),
    *((models.Job, job(role=role, cost=Mills(5), ended_at=NOW, failure_reason="x")) for role in Role),
    *((models.Batch, batch(state=state, closed_at=NOW, unlabeled=0)) for state in BatchState),
    *((image_models.Image, image(place)) for place in ("pending#t", "batch#0001", "rejected", "duplicate#f")),
    (image_models.Image, image("pending#t", width=3, height=2, media_format="JPEG", orientation=6)),
    (models.Description, document()),
    (models.Plan, rehearse(SPEC, 120, Deployment("inbox", "results", "us-east-1", ROLE), NOW).as_dict()),
    (models.Estimate, estimate(SPEC, 120, prices=PriceTable.current(), region="us-east-1").as_dict()),
    (models.Problem, REFUSED.as_dict()),
    (models.Problem, GtServiceError("broken").as_dict()),
]


@pytest.mark.parametrize(("model", "shown"), SHOWN)
def test_what_the_api_shows_is_what_the_document_promises(model: type[BaseModel], shown: Any) -> None:
    model.model_validate(json.loads(json.dumps(shown)))
    missing = set(model.model_fields) - set(shown)
    assert model is models.Problem or not missing


def test_the_check_above_can_fail() -> None:
    with pytest.raises(ValidationError):
        models.Job.model_validate({**job(), "surprise": 1})
    with pytest.raises(ValidationError):
        models.Job.model_validate({**job(), "status": "Reserved"})
