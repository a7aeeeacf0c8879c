"""The HTTP API: JSON in, JSON out, and one shape for errors (`GtServiceError.as_dict`)."""

from __future__ import annotations

import json
from typing import Any

from chalice.app import Response
from pynamodb.exceptions import PynamoDBException

from chalicelib import estimates, wiring
from chalicelib.page_data import page_data
from chalicelib.routing import blueprint, body_json, query, route
from chalicelib.shapes import batch_json, campaign_json, job_json, status_of, verdict_of
from chalicelib.spec_routes import checked_name, may_replace
from gt_service import __version__
from gt_service.backends import GROUND_TRUTH
from gt_service.campaign.document import filename_of
from gt_service.errors import Conflict, NotFound, NotReady
from gt_service.listing import Listing, Row
from gt_service.objects import S3Uri, is_there
from gt_service.records import Campaign
from gt_service.records.states import BatchState, CampaignEvent, CampaignState, CampaignStatus
from gt_service.store.browsing import Browsing

_SPEC_TYPES = ["application/json", "application/yaml", "text/yaml", "text/plain"]
_CAMPAIGN_STATUSES = tuple(status.value for status in CampaignStatus)
_JOB_STATUSES = ("Initializing", "InProgress", "Completed", "Failed", "Stopping", "Stopped")
_COUNTED = 100_000
"""Images of a campaign that are counted at most: a million that wait are 400 MB to read."""
_COUNTED_IN_LISTS = 1_000


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
    listing = Listing.parse(query(), statuses=_CAMPAIGN_STATUSES)
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
    checked_name(name)
    is_json = request.headers.get("content-type", "").startswith("application/json")
    filename = "campaign.json" if is_json else filename_of(request.raw_body)  # the form sends what its file is
    campaign = wiring.intake().put_spec(name, request.raw_body, filename, wiring.now(), may_replace(request))
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


@route("/campaigns/{name}/stop", "POST")
def stop_campaign(name: str) -> Any:
    """For good: jobs that run are stopped, their labels are kept."""
    wiring.store().campaigns.apply(name, CampaignEvent.STOP, wiring.now())
    return _changed(name)


# ---------------------------------------------------------------- batches and images


@route("/campaigns/{name}/batches")
def list_batches(name: str) -> Any:
    """By number unless `SortBy` says otherwise."""
    listing = Listing.parse(query(), statuses=[state.value for state in BatchState])
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


# ---------------------------------------------------------------- jobs


@route("/campaigns/{name}/jobs")
def list_jobs(name: str) -> Any:
    """In order of batch unless `SortBy` says otherwise; jobs that run are shown as SageMaker has them at this moment.

    `StatusEquals` goes by what is on record.
    """
    listing = Listing.parse(query(), statuses=_JOB_STATUSES)
    wiring.store().campaigns.get(name)
    page, following = listing.page(
        wiring.store().jobs.of(name), lambda job: Row(job.name, job.created_at or job.reserved_at, status_of(job))
    )
    return {"jobs": [job_json(wiring.chain().look(job)) for job in page], "NextToken": following}


@route("/campaigns/{name}/report")
def show_campaign_report(name: str) -> Any:
    """The cost report of all jobs, once that of the first is written."""
    return json.loads(wiring.campaign_report(name, "json"))


@route("/jobs/{name}")
def show_job(name: str) -> Any:
    return job_json(wiring.chain().look(wiring.store().jobs.get(name)))


@route("/jobs/{name}/report")
def show_report(name: str) -> Any:
    """The cost report, once the job has ended and it is written."""
    return json.loads(wiring.job_report(wiring.store().jobs.get(name), "json"))


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
    if not is_there(wiring.objects(), file):  # an address of nothing would be answered by S3, in its own words
        raise NotFound(
            f"labeling job {name} has left no model that runs by itself: it rests on a model that you brought",
            remedy=f"The two are together in the model.tar.gz of its last training, below {job.output_uri}; the next "
            "job starts from that.",
            field="name",
        )
    return {"model_s3_uri": str(file), "url": page_data().presigned(file)}


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
    return page_data().estimate(query())


@route("/estimates", "POST")
def make_estimate() -> Any:
    """Of a campaign, or of any spec."""
    return estimates.asked(body_json()).as_dict()


# ---------------------------------------------------------------- shared


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
