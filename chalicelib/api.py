"""The HTTP API: JSON in, JSON out, and one shape for errors (`GtServiceError.as_dict`)."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from functools import wraps
from typing import Any

from chalice.app import Blueprint, IAMAuthorizer, Request, Response
from pynamodb.exceptions import PynamoDBException

from chalicelib import wiring
from chalicelib.access import SIGNED
from chalicelib.authorize import authorize
from chalicelib.observability import logger
from chalicelib.page_data import page_data
from chalicelib.shapes import (
    batch_json,
    campaign_json,
    cursor_of,
    image_json,
    job_json,
    page_token,
    status_of,
    verdict_of,
)
from gt_service import __version__
from gt_service.backends import GROUND_TRUTH
from gt_service.campaign.values import is_campaign_name
from gt_service.errors import Conflict, GtServiceError, InvalidInput, NotFound, NotReady, quoted
from gt_service.etags import etag, matches
from gt_service.listing import Listing, Row, most_results, whole_number
from gt_service.objects import S3Uri
from gt_service.records import Campaign, ImageStatus
from gt_service.records.names import Places
from gt_service.records.states import RUNNING, UNSENT, BatchState, CampaignEvent, CampaignState
from gt_service.routes import route_at
from gt_service.store.browsing import Browsing
from gt_service.store.requests import KeptAnswer

blueprint = Blueprint(__name__)

View = Callable[..., Any]
_SPEC_TYPES = ["application/json", "application/yaml", "text/yaml", "text/plain"]
_CAMPAIGN_STATUSES = ("active", "waiting", "paused", "stopped")
_JOB_STATUSES = ("Initializing", "InProgress", "Completed", "Failed", "Stopping", "Stopped")
_LONGEST_KEY = 255
_URL_SECONDS = 3600
_COUNTED = 100_000
"""Images of a campaign that are counted at most: a million that wait are 400 MB to read."""
_COUNTED_IN_LISTS = 1_000
_IAM = IAMAuthorizer()


def route(path: str, method: str = "GET", **options: Any) -> Callable[[View], View]:
    """A route as `gt_service.routes` describes it, which answers errors in the API's one shape; unless anybody may use
    it with its twin for requests signed with SigV4."""
    described = route_at(method, path)
    is_public = described.needs == "anybody"

    def register(view: View) -> View:
        def whole(**arguments: str) -> Response:
            """The view's answer, with its status."""
            try:
                given = view(**arguments)
            except GtServiceError as error:
                return _refused(path, error)
            except Exception:  # noqa: BLE001 - answered as a 500, with the cause in the log
                logger.exception("request failed", extra={"path": path})
                body = {"code": "internal_error", "message": "the service failed; its log tells more"}
                return Response(body, status_code=500)
            return given if isinstance(given, Response) else Response(given)

        @wraps(view)
        def answer(**arguments: str) -> Response:
            request = blueprint.current_request
            if method == "GET":
                return _unless_known(request, whole(**arguments))
            key = request.headers.get("idempotency-key")
            if method != "POST" or key is None:
                return whole(**arguments)
            try:
                return _once(request, key, lambda: whole(**arguments))
            except GtServiceError as error:
                return _refused(path, error)

        guard = {} if is_public or described.is_browsed else {"authorizer": authorize}
        registered: View = blueprint.route(path, methods=[method], **guard, **options)(answer)
        if not is_public:
            blueprint.route(SIGNED + path, methods=[method], authorizer=_IAM, **options)(answer)
        return registered

    return register


def _refused(path: str, error: GtServiceError) -> Response:
    log = logger.error if error.status >= 500 else logger.info
    log("request refused", extra={"path": path, "code": error.code, "error": error.message})
    return Response(error.as_dict(), status_code=error.status)


def _unless_known(request: Request, answer: Response) -> Response:
    """304 in place of an answer that the caller has already, by its ETag."""
    if answer.status_code != 200:
        return answer
    tag = etag(json.dumps(answer.body, sort_keys=True))
    headers: dict[str, str | list[str]] = {"ETag": tag, "Cache-Control": "private, no-cache"}
    if matches(request.headers.get("if-none-match"), tag):
        return Response("", status_code=304, headers=headers)
    return Response(answer.body, status_code=200, headers={**answer.headers, **headers})


def _once(request: Request, key: str, act: Callable[[], Response]) -> Response:
    """Does what a request asks for, or answers as before where the same caller sent it with the same key before.

    A 5xx is not kept. Errors: `InvalidInput` for a key that is none, or another request's; `Conflict` while the first
    is being answered.
    """
    if not (1 <= len(key) <= _LONGEST_KEY and key.isascii() and key.isprintable()):
        raise InvalidInput(f"a key is 1 to {_LONGEST_KEY} printable characters of ASCII", field="Idempotency-Key")
    principal = (request.context.get("authorizer") or {}).get("principalId", "")
    name = _digest(principal, key)
    body = request.raw_body if isinstance(request.raw_body, bytes) else request.raw_body.encode()
    asked = _digest(request.method, str(request.context.get("path", "")), body.hex())
    requests = wiring.requests()
    kept = requests.begin(name, asked, wiring.now())
    if kept is not None:
        return Response(json.loads(kept.body), status_code=kept.status, headers={"Idempotency-Replayed": "true"})
    answer = act()
    if answer.status_code >= 500:
        requests.forget(name, asked)
    else:
        requests.end(name, asked, KeptAnswer(answer.status_code, json.dumps(answer.body)), wiring.now())
    return answer


def _digest(*parts: str) -> str:
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()


@route("/health")
def health() -> Any:
    """Whether the function runs; it asks nobody else."""
    return {"status": "ok", "version": __version__}


@route("/version")
def version() -> Any:
    return {"version": __version__}


@route("/ready")
def ready() -> Any:
    """Whether what nearly every request needs answers: the table of campaigns. 503 where it does not."""
    try:
        wiring.store().campaigns.find("-")
    except PynamoDBException as error:
        raise NotReady(
            "the table of campaigns does not answer", remedy="Try again in a minute; the function's log tells more."
        ) from error
    return {"status": "ready"}


@route("/openapi.json")
def describe() -> Any:
    # Imported here: it makes a schema of every model, which no other route should wait for.
    from gt_service.openapi import document

    return document()


# ---------------------------------------------------------------- campaigns


@route("/campaigns")
def list_campaigns() -> Any:
    """By name unless `SortBy` says otherwise."""
    listing = Listing.parse(_query(), statuses=_CAMPAIGN_STATUSES)
    campaigns = sorted(wiring.store().campaigns.all(), key=lambda campaign: campaign.name)
    page, following = listing.page(
        campaigns, lambda campaign: Row(campaign.name, campaign.created_at, verdict_of(campaign).status)
    )
    return {"campaigns": [_campaign(campaign, _COUNTED_IN_LISTS) for campaign in page], "NextToken": following}


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
    if not is_campaign_name(name):
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


@route("/campaigns/{name}/leave-out", "POST")
def leave_out(name: str) -> Any:
    """Goes on without the images that the campaign waits for. 409 where it waits for none."""
    wiring.chain().leave_out(name)
    return _changed(name)


@route("/campaigns/{name}/second-look")
def show_second_look(name: str) -> Any:
    """The labels that seem wrong, worst first, `top` of them."""
    from gt_service.chain.second_look import most_of

    second_look = page_data().second_look(name, most_of(_query().get("top")))
    return {
        "judged": second_look.judged,
        "suspects": [
            {**each.as_dict(), "url": page_data().presigned(S3Uri.parse(each.source), _URL_SECONDS)}
            for each in second_look.worst
        ],
    }


@route("/campaigns/{name}/second-look", "POST")
def send_second_look(name: str) -> Any:
    """Has people look again at the `top` labels that seem wrong most. 409 where that cannot be paid for."""
    from gt_service.chain.second_look import most_of

    job = wiring.chain().review(name, most_of(_query().get("top")))
    wiring.QueueSignals().hint(name)
    return Response(job_json(job), status_code=202)


@route("/campaigns/{name}/stop", "POST")
def stop_campaign(name: str) -> Any:
    """For good: jobs that run are stopped, their labels are kept."""
    wiring.store().campaigns.apply(name, CampaignEvent.STOP, wiring.now())
    return _changed(name)


# ---------------------------------------------------------------- batches and images


@route("/campaigns/{name}/batches")
def list_batches(name: str) -> Any:
    """By number unless `SortBy` says otherwise."""
    listing = Listing.parse(_query(), statuses=[state.value for state in BatchState])
    wiring.store().campaigns.get(name)
    page, following = listing.page(
        wiring.store().batches.of(name), lambda batch: Row(f"{batch.number:04}", batch.created_at, batch.state.value)
    )
    return {"batches": [batch_json(batch) for batch in page], "NextToken": following}


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
    query = _query()
    wiring.store().campaigns.get(name)
    images, status = wiring.store().images, _status(query.get("status"))
    after = cursor_of(query.get("NextToken"), status)
    page = images.page(name, status, limit=most_results(query), after=after)
    shown = [
        image_json(image, images.twin_of(image) if image.status is ImageStatus.DUPLICATE else None)
        for image in page.images
    ]
    return {"images": shown, "NextToken": page_token(page.next_after)}


@route("/campaigns/{name}/labels")
def show_labels(name: str) -> Any:
    """Where the campaign's labels can be downloaded, for an hour: they may be larger than an answer can be."""
    campaign = wiring.store().campaigns.get(name)
    # The labels are written with the first report, or once some were imported. Asking S3 would need a permission to
    # list that this has no use for.
    is_written = any(job.report_uri is not None and not job.is_beside_chain for job in wiring.store().jobs.of(name))
    is_written = is_written or (campaign.labels_written > 0 and any(each.held for each in campaign.imports))
    if campaign.spec is None or not is_written:
        raise NotFound(
            f"campaign {name} has no labels yet",
            remedy="They are written when a job has ended, or labels were imported.",
            field="name",
        )
    manifest = Places(wiring.settings().deployment.results_bucket, name).labels
    return {
        "manifest_s3_uri": str(manifest),
        "url": page_data().presigned(manifest, _URL_SECONDS),
        "label_attribute": campaign.spec.label_attribute,
        "labels": list(campaign.spec.labels),
    }


@route("/campaigns/{name}/labeled-images")
def show_labeled_images(name: str) -> Any:
    """The campaign's labeled images that pass a filter, from the place `first` on."""
    return _labeled_images(name, None)


def _labeled_images(campaign: str, job: Mapping[str, Any] | None) -> dict[str, Any]:
    """Each with the address of its file, for an hour."""
    from gt_service.gallery.looking import Filter

    asked = {**_query(), **({} if job is None else {"job": job["name"]})}
    first = whole_number(asked.get("first", "0"), field="first")
    page = page_data().gallery(campaign, job, Filter.parse(asked), first)
    return {
        "count": page.count,
        "first": page.first,
        "images": [
            {**image.row, "id": image.id, "url": page_data().presigned(S3Uri.parse(image.row["source"]), _URL_SECONDS)}
            for image in page.images
        ],
    }


@route("/campaigns/{name}/exports")
def show_exports(name: str) -> Any:
    """How each download stands, with its address for an hour where it is ready; asked for by `format`, it is made."""
    _, downloads = page_data().downloads(name, _query().get("format"))
    return {
        "exports": [
            {
                "format": each.form.value,
                "state": each.state,
                "problem": each.problem or None,
                "url": page_data().presigned(each.file, _URL_SECONDS) if each.state == "ready" else None,
            }
            for each in downloads
        ]
    }


@route("/campaigns/{name}/corrections", "POST")
def correct_label(name: str) -> Any:
    """Gives an image another label. 409 where it was corrected since the caller saw it."""
    from chalicelib.corrections import correct

    principal = (blueprint.current_request.context.get("authorizer") or {}).get("principalId", "")
    correction = correct(name, _body(), by=principal)
    return Response({"name": correction.name, **correction.as_dict()}, status_code=201)


# ---------------------------------------------------------------- jobs


@route("/campaigns/{name}/jobs")
def list_jobs(name: str) -> Any:
    """In order of batch unless `SortBy` says otherwise; jobs that run are shown as SageMaker has them at this moment.

    `StatusEquals` goes by what is on record.
    """
    listing = Listing.parse(_query(), statuses=_JOB_STATUSES)
    wiring.store().campaigns.get(name)
    page, following = listing.page(
        wiring.store().jobs.of(name), lambda job: Row(job.name, job.created_at or job.reserved_at, status_of(job))
    )
    return {"jobs": [job_json(wiring.chain().look(job)) for job in page], "NextToken": following}


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


@route("/jobs/{name}/model")
def show_model(name: str) -> Any:
    """Where the job's final model can be downloaded as one ONNX file, for an hour."""
    from gt_service.outputs.layout import ONNX_MODEL

    job = wiring.store().jobs.get(name)
    backend = wiring.settings().deployment.backend
    if job.final_model_arn is None or not job.has_ended or backend is GROUND_TRUTH:
        remedy = "gt-engine leaves one when a job with automated data labeling has ended."
        raise NotFound(f"labeling job {name} has left no model to take away", remedy=remedy, field="name")
    file = S3Uri.parse(job.output_uri) / ONNX_MODEL
    if not page_data().is_there(file):  # an address of nothing would be answered by S3, in its own words
        raise NotFound(
            f"labeling job {name} has left no model that runs by itself: it rests on a model that you brought",
            remedy=f"The two are together in the model.tar.gz of its last training, below {job.output_uri}; the next "
            "job starts from that.",
            field="name",
        )
    return {"model_s3_uri": str(file), "url": page_data().presigned(file, _URL_SECONDS)}


@route("/jobs/{name}/images")
def show_job_images(name: str) -> Any:
    """A job's labeled images that pass a filter, from the place `first` on."""
    job = job_json(wiring.store().jobs.get(name))
    return _labeled_images(job["campaign"], job)


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
    return page_data().estimate(_query())


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
    except (ValueError, RecursionError):
        return None


def _campaign(campaign: Campaign, most: int = _COUNTED) -> dict[str, Any]:
    """With its images, counted up to about `most` that are in no batch."""
    store = wiring.store()
    batches = store.batches.of(campaign.name)
    counts = Browsing(store.tables).open_images(campaign.name, most=most)
    images = {status.value: count.number for status, count in counts.items()}
    images["in_batches"] = sum(batch.objects for batch in batches)
    more = [status.value for status, count in counts.items() if count.more]
    deployment = wiring.settings().deployment
    return campaign_json(
        campaign, images, len(batches), backend=deployment.backend, more=more, inbox=deployment.inbox_bucket
    )


def _changed(name: str) -> Response:
    """202: the campaign was told; what follows is done behind the answer."""
    wiring.QueueSignals().hint(name)
    return Response(_campaign(wiring.store().campaigns.get(name)), status_code=202)


def _status(text: str | None) -> ImageStatus:
    try:
        return ImageStatus(text or ImageStatus.REJECTED)
    except ValueError:
        words = ", ".join(status.value for status in ImageStatus)
        raise InvalidInput(
            f"{quoted(text)} is no image status", remedy=f"Use one of {words}.", field="status"
        ) from None


def _query() -> Mapping[str, str]:
    return dict(blueprint.current_request.query_params or {})
