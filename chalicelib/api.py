"""The HTTP API: JSON in, JSON out, and one shape for errors (`GtServiceError.as_dict`)."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from functools import wraps
from typing import Any

from chalice.app import Blueprint, Response

from chalicelib import wiring
from chalicelib.access import BROWSED
from chalicelib.authorize import authorize
from chalicelib.observability import logger
from chalicelib.page_data import page_data
from chalicelib.shapes import batch_json, campaign_json, cursor_of, image_json, job_json, page_token
from gt_service import __version__
from gt_service.chain.names import Places
from gt_service.chain.states import RUNNING, UNSENT, CampaignEvent, CampaignState
from gt_service.errors import Conflict, GtServiceError, InvalidInput, NotFound
from gt_service.ingest.keys import classify
from gt_service.objects import S3Uri
from gt_service.store.records import Campaign, ImageStatus

blueprint = Blueprint(__name__)

View = Callable[..., Any]
_SPEC_TYPES = ["application/json", "application/yaml", "text/yaml", "text/plain"]
_MOST_RESULTS = 100
_URL_SECONDS = 3600


def route(path: str, method: str = "GET", *, public: bool = False, **options: Any) -> Callable[[View], View]:
    """A route that answers errors in the API's one shape."""

    def register(view: View) -> View:
        @wraps(view)
        def answer(**arguments: str) -> Any:
            try:
                return view(**arguments)
            except GtServiceError as error:
                log = logger.error if error.status >= 500 else logger.info
                log("request refused", extra={"path": path, "code": error.code, "error": error.message})
                return Response(error.as_dict(), status_code=error.status)
            except Exception:  # noqa: BLE001 - answered as a 500, with the cause in the log
                logger.exception("request failed", extra={"path": path})
                body = {"code": "internal_error", "message": "the service failed; its log tells more"}
                return Response(body, status_code=500)

        guard = {} if public or (method, path) in BROWSED else {"authorizer": authorize}
        registered: View = blueprint.route(path, methods=[method], **guard, **options)(answer)
        return registered

    return register


@route("/health", public=True)
def health() -> Any:
    return {"status": "ok", "version": __version__}


@route("/openapi.json", public=True)
def describe() -> Any:
    # Imported here: it makes a schema of every model, which no other route should wait for.
    from gt_service.openapi import document

    return document()


# ---------------------------------------------------------------- campaigns


@route("/campaigns")
def list_campaigns() -> Any:
    return {"campaigns": [_campaign(campaign) for campaign in wiring.store().campaigns.all()]}


@route("/campaigns/{name}")
def show_campaign(name: str) -> Any:
    return _campaign(wiring.store().campaigns.get(name))


@route("/campaigns/{name}/plan")
def show_plan(name: str) -> Any:
    """What would be done next, with the requests; nothing is done."""
    return wiring.chain().foresee(name).as_dict()


@route("/campaigns/{name}", "PUT", content_types=_SPEC_TYPES)
def put_campaign(name: str) -> Any:
    """The spec, as YAML or JSON. 422 with an error per field, and then nothing changes."""
    request = blueprint.current_request
    if classify(f"{name}/campaign.yaml", 1).campaign != name:
        raise InvalidInput("not a campaign name", remedy="Use up to 40 of a-z, 0-9 and -.", field="name")
    is_json = request.headers.get("content-type", "").startswith("application/json")
    filename = "campaign.json" if is_json else "campaign.yaml"
    campaign = wiring.intake().put_spec(name, request.raw_body, filename, wiring.now())
    wiring.QueueSignals().hint(name)
    return _campaign(campaign)


@route("/campaigns/{name}/pause", "POST")
def pause_campaign(name: str) -> Any:
    """Nothing new is started; what runs goes on."""
    wiring.store().campaigns.apply(name, CampaignEvent.PAUSE, wiring.now())
    return _changed(name)


@route("/campaigns/{name}/resume", "POST")
def resume_campaign(name: str) -> Any:
    """Goes on; where tries were used up, one more is granted."""
    wiring.chain().resume(name)
    return _changed(name)


@route("/campaigns/{name}/stop", "POST")
def stop_campaign(name: str) -> Any:
    """For good: jobs that run are stopped, their labels are kept."""
    wiring.store().campaigns.apply(name, CampaignEvent.STOP, wiring.now())
    return _changed(name)


# ---------------------------------------------------------------- batches and images


@route("/campaigns/{name}/batches")
def list_batches(name: str) -> Any:
    wiring.store().campaigns.get(name)
    return {"batches": [batch_json(batch) for batch in wiring.store().batches.of(name)]}


@route("/campaigns/{name}/batches", "POST")
def close_batch(name: str) -> Any:
    """Closes the open batch now, however small. 409 where nothing is pending."""
    campaign = wiring.store().campaigns.get(name)
    if campaign.state is CampaignState.STOPPED:
        raise Conflict(f"campaign {name} is stopped", remedy="Begin a new campaign.")
    if wiring.store().images.pending_summary(name, most=1).count == 0:
        raise Conflict(f"campaign {name} has no pending images", remedy="Upload some first.")
    wiring.store().campaigns.request_close(name, wiring.now())
    return _changed(name)


@route("/campaigns/{name}/images")
def list_images(name: str) -> Any:
    """One status at a time (`status`, rejected unless given), at most `MaxResults`, on from `NextToken`."""
    query: Mapping[str, str] = blueprint.current_request.query_params or {}
    wiring.store().campaigns.get(name)
    images = wiring.store().images
    page = images.page(
        name,
        _status(query.get("status")),
        limit=_limit(query.get("MaxResults")),
        after=cursor_of(query.get("NextToken")),
    )
    shown = [
        image_json(image, images.twin_of(image) if image.status is ImageStatus.DUPLICATE else None)
        for image in page.images
    ]
    return {"images": shown, "NextToken": page_token(page.next_after)}


@route("/campaigns/{name}/labels")
def show_labels(name: str) -> Any:
    """Where the campaign's labels can be downloaded, for an hour: they may be larger than an answer can be."""
    campaign = wiring.store().campaigns.get(name)
    # The labels are written with the first report. Asking S3 would need a permission to list that this has no use for.
    is_written = any(job.report_uri is not None and not job.is_control for job in wiring.store().jobs.of(name))
    if campaign.spec is None or not is_written:
        raise NotFound(
            f"campaign {name} has no labels yet", remedy="They are written when a job has ended.", field="name"
        )
    manifest = Places(wiring.settings().deployment.results_bucket, name).labels
    place = {"Bucket": manifest.bucket, "Key": manifest.key}
    return {
        "manifest_s3_uri": str(manifest),
        "url": wiring.signer().generate_presigned_url("get_object", Params=place, ExpiresIn=_URL_SECONDS),
        "label_attribute": campaign.spec.label_attribute,
        "labels": list(campaign.spec.labels),
    }


# ---------------------------------------------------------------- jobs


@route("/campaigns/{name}/jobs")
def list_jobs(name: str) -> Any:
    """In order of batch; jobs that run are shown as SageMaker has them at this moment."""
    wiring.store().campaigns.get(name)
    return {"jobs": [job_json(wiring.chain().look(job)) for job in wiring.store().jobs.of(name)]}


@route("/jobs/{name}")
def show_job(name: str) -> Any:
    return job_json(wiring.chain().look(wiring.store().jobs.get(name)))


@route("/jobs/{name}/report")
def show_report(name: str) -> Any:
    """The cost report, once the job has ended and it is written."""
    job = wiring.store().jobs.get(name)
    if job.report_uri is None:
        remedy = "It is written when the job has ended." if job.state in RUNNING | UNSENT else "Try again in a minute."
        raise NotFound(f"labeling job {name} has no report yet", remedy=remedy, field="name")
    return json.loads(wiring.objects().read(S3Uri.parse(job.report_uri) / "report.json"))


@route("/jobs/{name}/stop", "POST")
def stop_job(name: str) -> Any:
    """Keeps the job's labels. A follow-up sends what is left; pause the campaign first where it should not."""
    job = wiring.chain().stop_job(name)
    wiring.QueueSignals().hint(job.campaign)
    return Response(job_json(job), status_code=202)


# ---------------------------------------------------------------- estimates


@route("/estimates")
def show_estimate() -> Any:
    """The page's form as JSON: `objects`, and a `campaign` or settings, as query parameters."""
    return page_data().estimate(blueprint.current_request.query_params or {})


@route("/estimates", "POST")
def make_estimate() -> Any:
    """Of a campaign, or of any spec."""
    from chalicelib import estimates

    return estimates.asked(_body()).as_dict()


# ---------------------------------------------------------------- shared


def _body() -> Any:
    """What was sent as JSON; None where that is none."""
    try:
        return json.loads(blueprint.current_request.raw_body)
    except ValueError:
        return None


def _campaign(campaign: Campaign) -> dict[str, Any]:
    store = wiring.store()
    batches = store.batches.of(campaign.name)
    waiting = (ImageStatus.PENDING, ImageStatus.REJECTED, ImageStatus.DUPLICATE)
    images = {status.value: store.images.count(campaign.name, status) for status in waiting}
    images["in_batches"] = sum(batch.objects for batch in batches)
    return campaign_json(campaign, images, len(batches))


def _changed(name: str) -> Response:
    """202: the campaign was told; what follows is done behind the answer."""
    wiring.QueueSignals().hint(name)
    return Response(_campaign(wiring.store().campaigns.get(name)), status_code=202)


def _status(text: str | None) -> ImageStatus:
    try:
        return ImageStatus(text or ImageStatus.REJECTED)
    except ValueError:
        words = ", ".join(status.value for status in ImageStatus)
        raise InvalidInput(f"{text!r} is no image status", remedy=f"Use one of {words}.", field="status") from None


def _limit(text: str | None) -> int:
    if text is None:
        return _MOST_RESULTS
    if not text.isdecimal() or not 1 <= int(text) <= _MOST_RESULTS:
        raise InvalidInput(f"MaxResults is 1 to {_MOST_RESULTS}", remedy="Page with NextToken.", field="MaxResults")
    return int(text)
