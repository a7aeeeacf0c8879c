"""The HTTP API's routes about images and their labels."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from chalice.app import Response

from chalicelib import wiring
from chalicelib.page_data import image_with_twin, page_data
from chalicelib.routing import blueprint, body_json, query, route
from chalicelib.shapes import job_json
from gt_service.errors import Conflict, InvalidInput, NotFound, quoted
from gt_service.listing import most_results, suspects_wanted, whole_number
from gt_service.objects import S3Uri
from gt_service.records import ImageStatus
from gt_service.records.names import Places
from gt_service.records.states import CampaignState

if TYPE_CHECKING:
    from gt_service.ingest.uploading import Placed


@route("/campaigns/{name}/second-look")
def show_second_look(name: str) -> Any:
    """The labels that seem wrong, worst first, `top` of them."""
    second_look = page_data().second_look(name, suspects_wanted(query().get("top")))
    return {
        "judged": second_look.judged,
        "suspects": [
            {**each.as_dict(), "url": page_data().presigned(S3Uri.parse(each.source))} for each in second_look.worst
        ],
    }


@route("/campaigns/{name}/second-look", "POST")
def send_second_look(name: str) -> Any:
    """Has people look again at the `top` labels that seem wrong most. 409 where that cannot be paid for."""
    job = wiring.chain().review(name, suspects_wanted(query().get("top")))
    wiring.QueueSignals().hint(name)
    return Response(job_json(job), status_code=202)


@route("/campaigns/{name}/images")
def list_images(name: str) -> Any:
    """One status at a time (`status`, rejected unless given), at most `MaxResults`, on from `NextToken`."""
    asked = query()
    status = _status(asked.get("status"))
    images, following = page_data().images(name, status, most_results(asked), asked.get("NextToken"))
    return {"images": images, "NextToken": following}


@route("/campaigns/{name}/uploads", "POST")
def upload_images(name: str) -> Any:
    """How the files can be uploaded, and what is known of those that were. 409 where the campaign is stopped."""
    from gt_service.ingest.uploading import candidates, files_of, placed

    body = body_json()
    files = files_of(body.get("files") if isinstance(body, Mapping) else None)
    store = wiring.store()
    if store.campaigns.get(name).state is CampaignState.STOPPED:
        raise Conflict(f"campaign {name} is stopped", remedy="Begin a new campaign.")
    registered = store.images.get_many((name, key) for key in dict.fromkeys(candidates(name, files)))
    places = placed(name, files, {key: image for (_, key), image in registered.items()})
    return {**page_data().upload_form(name), "files": [_placed_json(each) for each in places]}


def _placed_json(placed: Placed) -> Mapping[str, Any]:
    image, problem = placed.image, placed.problem
    return {
        "path": placed.file.path,
        "key": placed.key,
        "image": None if image is None else image_with_twin(image),
        "reason": None if problem is None else problem.reason,
        "remedy": None if problem is None else problem.remedy,
    }


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
        "url": page_data().presigned(manifest),
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

    asked = {**query(), **({} if job is None else {"job": job["name"]})}
    first = whole_number(asked.get("first", "0"), field="first")
    page = page_data().gallery(campaign, job, Filter.parse(asked), first)
    return {
        "count": page.count,
        "first": page.first,
        "images": [
            {**image.row, "id": image.id, "url": page_data().presigned(S3Uri.parse(image.row["source"]))}
            for image in page.images
        ],
    }


@route("/campaigns/{name}/exports")
def show_exports(name: str) -> Any:
    """How each download stands, with its address for an hour where it is ready; asked for by `format`, it is made."""
    _, downloads = page_data().downloads(name, query().get("format"))
    return {
        "exports": [
            {
                "format": each.form.value,
                "state": each.state,
                "problem": each.problem or None,
                "url": page_data().presigned(each.file) if each.state == "ready" else None,
            }
            for each in downloads
        ]
    }


@route("/campaigns/{name}/corrections", "POST")
def correct_label(name: str) -> Any:
    """Gives an image another label. 409 where it was corrected since the caller saw it."""
    from gt_service.corrections.form import Asked
    from gt_service.gallery.looking import Filter

    asked = Asked.parse(body_json())
    label_now = page_data().gallery_image(name, None, Filter(), asked.image).label_now
    principal = (blueprint.current_request.context.get("authorizer") or {}).get("principalId", "")
    correction = wiring.correcting().correct(
        name, label_now, asked, by=principal, at=wiring.now(), token=secrets.token_hex(4)
    )
    return Response({"name": correction.name, **correction.as_dict()}, status_code=201)


@route("/jobs/{name}/images")
def show_job_images(name: str) -> Any:
    """A job's labeled images that pass a filter, from the place `first` on."""
    job = job_json(wiring.store().jobs.get(name))
    return _labeled_images(job["campaign"], job)


def _status(text: str | None) -> ImageStatus:
    try:
        return ImageStatus(text or ImageStatus.REJECTED)
    except ValueError:
        words = ", ".join(status.value for status in ImageStatus)
        raise InvalidInput(
            f"{quoted(text)} is no image status", remedy=f"Use one of {words}.", field="status"
        ) from None
