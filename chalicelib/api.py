"""The HTTP API: JSON in, JSON out."""

from __future__ import annotations

from typing import Any

from chalice import Blueprint

from chalicelib.authorize import authorize

blueprint = Blueprint(__name__)


@blueprint.route("/health")
def health() -> dict[str, Any]:
    return {"status": "ok"}


@blueprint.route("/campaigns", authorizer=authorize)
def campaigns() -> dict[str, Any]:
    raise NotImplementedError("the API is being built")


@blueprint.route("/campaigns/{name}", authorizer=authorize)
def campaign(name: str) -> dict[str, Any]:
    raise NotImplementedError("the API is being built")


@blueprint.route(
    "/campaigns/{name}",
    methods=["PUT"],
    authorizer=authorize,
    content_types=["application/json", "application/yaml", "text/plain"],
)
def put_campaign(name: str) -> dict[str, Any]:
    raise NotImplementedError("the API is being built")


@blueprint.route("/campaigns/{name}/batches", authorizer=authorize)
def campaign_batches(name: str) -> dict[str, Any]:
    raise NotImplementedError("the API is being built")


@blueprint.route("/campaigns/{name}/batches", methods=["POST"], authorizer=authorize)
def close_batch(name: str) -> dict[str, Any]:
    raise NotImplementedError("the API is being built")


@blueprint.route("/campaigns/{name}/jobs", authorizer=authorize)
def campaign_jobs(name: str) -> dict[str, Any]:
    raise NotImplementedError("the API is being built")


@blueprint.route("/campaigns/{name}/images", authorizer=authorize)
def campaign_images(name: str) -> dict[str, Any]:
    raise NotImplementedError("the API is being built")


@blueprint.route("/campaigns/{name}/pause", methods=["POST"], authorizer=authorize)
def pause_campaign(name: str) -> dict[str, Any]:
    raise NotImplementedError("the API is being built")


@blueprint.route("/campaigns/{name}/resume", methods=["POST"], authorizer=authorize)
def resume_campaign(name: str) -> dict[str, Any]:
    raise NotImplementedError("the API is being built")


@blueprint.route("/campaigns/{name}/stop", methods=["POST"], authorizer=authorize)
def stop_campaign(name: str) -> dict[str, Any]:
    raise NotImplementedError("the API is being built")


@blueprint.route("/jobs/{name}", authorizer=authorize)
def job(name: str) -> dict[str, Any]:
    raise NotImplementedError("the API is being built")


@blueprint.route("/jobs/{name}/report", authorizer=authorize)
def job_report(name: str) -> dict[str, Any]:
    raise NotImplementedError("the API is being built")


@blueprint.route("/jobs/{name}/stop", methods=["POST"], authorizer=authorize)
def stop_job(name: str) -> dict[str, Any]:
    raise NotImplementedError("the API is being built")
