"""The pages, each as what it shows: from the API's own answers, before it is HTML."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode

from chalice.app import Request

from chalicelib.page_data import Json, PageData
from chalicelib.sign_in import query
from gt_service.campaign.form import NEW
from gt_service.errors import AccessDenied, InvalidInput, NotFound, SpecErrors
from gt_service.listing import suspects_wanted, whole_number
from gt_service.objects import S3Uri
from gt_service.task_types import TaskType

Address = Callable[[S3Uri], str]

CAMPAIGNS_SHOWN = 50
JOBS_SHOWN = 50
BATCHES_SHOWN = 50
IMAGES_SHOWN = 100
DELIVERIES_SHOWN = 20
SAMPLES_EACH = 4
IMAGE_STATUSES = ("rejected", "replaced", "duplicate", "imported", "pending")


@dataclass(frozen=True)
class View:
    """A page before it is HTML. `values` takes the function that makes an image's address. uploads_to: where the page
    may send files, besides to the API."""

    template: str
    values: Callable[[Address], Mapping[str, Any]]
    section: str = "campaigns"
    status: int = 200
    images: tuple[S3Uri, ...] = ()
    uploads_to: str | None = None


@dataclass(frozen=True)
class Visit:
    """One request for a page."""

    request: Request
    data: PageData
    may_operate: bool

    @property
    def name(self) -> str:
        return str((self.request.uri_params or {})["name"])

    def asked(self, name: str) -> str | None:
        return query(self.request).get(name)


def _campaigns(visit: Visit) -> View:
    from gt_service.pages.status import campaign_status

    after = visit.asked("NextToken")
    campaigns, following = visit.data.campaigns(CAMPAIGNS_SHOWN, after)
    values = {
        "rows": campaigns,
        "live": any(not campaign_status(each["status"]).ended for each in campaigns) or not campaigns,
        "inbox": visit.data.inbox,
        **_paging(after, following),
    }
    return View("campaigns.html", lambda _: values)


def _campaign(visit: Visit) -> View:
    from gt_service.pages.campaigns import campaign_page

    after = visit.asked("NextToken")
    campaign = visit.data.campaign(visit.name)
    jobs, following = visit.data.jobs(visit.name, JOBS_SHOWN, after)
    batches, in_batches = visit.data.batches(visit.name, BATCHES_SHOWN)
    page = campaign_page(
        campaign,
        batches=batches,
        in_batches=in_batches,
        jobs=jobs,
        people=visit.data.people(jobs),
        deliveries=visit.data.deliveries(visit.name, DELIVERIES_SHOWN),
        may_operate=visit.may_operate,
        fewest_auto_labeled=visit.data.fewest_auto_labeled,
    )
    uploads_to = visit.data.upload_form(visit.name)["url"] if page["may_change"] else None
    return View("campaign.html", lambda _: {**page, **_paging(after, following)}, uploads_to=uploads_to)


def _job(visit: Visit) -> View:
    from gt_service.pages.jobs import job_page
    from gt_service.pages.samples import drawn, shown

    job = visit.data.job(visit.name)
    report = visit.data.report(job)
    images = [shown(image.row) for image in visit.data.samples(job, SAMPLES_EACH)]
    files, now = visit.data.taken_away(job), datetime.now(UTC)

    def values(address: Address) -> Mapping[str, Any]:
        samples = drawn(images, address=address)
        page = job_page(job, report=report, samples=samples, now=now, may_operate=visit.may_operate)
        return {**page, "files": {name: address(file) for name, file in files.items()}}

    return View("job.html", values, images=(*(image.source for image in images), *files.values()))


def _labeled_images(visit: Visit) -> View:
    return _gallery(visit, visit.name, None)


def _job_images(visit: Visit) -> View:
    job = visit.data.job(visit.name)
    return _gallery(visit, job["campaign"], job)


def _gallery(visit: Visit, campaign: str, job: Json | None) -> View:
    """The grid, or one image large where the address says which."""
    from gt_service.gallery.looking import Filter
    from gt_service.pages.gallery import grid_values, image_values

    wanted = Filter.parse({**query(visit.request), **({} if job is None else {"job": job["name"]})})
    name = None if job is None else job["name"]
    image = visit.asked("image")
    if image is None:
        first = whole_number(visit.asked("first") or "0", field="first")
        page = visit.data.gallery(campaign, job, wanted, first)
        sources = tuple(S3Uri.parse(each.row["source"]) for each in page.images)
        return View(
            "gallery.html", lambda address: grid_values(campaign, page, job=name, address=address), images=sources
        )
    shown = visit.data.gallery_image(campaign, job, wanted, image)
    spec = visit.data.campaign(campaign)["spec"] or {}

    def values(address: Address) -> Mapping[str, Any]:
        return image_values(
            campaign,
            shown,
            wanted,
            job=name,
            labels=spec.get("labels") or (),
            is_multi_label=spec.get("task") == "image-classification-multilabel",
            may_operate=visit.may_operate,
            address=address,
        )

    return View("labeled_image.html", values, images=(S3Uri.parse(shown.image.row["source"]),))


def _exports(visit: Visit) -> View:
    manifest, downloads = visit.data.downloads(visit.name, visit.asked("format"))

    def values(address: Address) -> Mapping[str, Any]:
        shown = [
            (each.form.value, each.state, address(each.file) if each.state == "ready" else "", each.problem)
            for each in downloads
        ]
        live = any(each.state == "making" for each in downloads)
        return {"name": visit.name, "manifest": address(manifest), "downloads": shown, "live": live}

    return View("exports.html", values, images=(manifest,))


def _images(visit: Visit) -> View:
    status, after = visit.asked("status") or "rejected", visit.asked("NextToken")
    if status not in IMAGE_STATUSES:
        raise InvalidInput(f"{status!r} is no status; choose from {', '.join(IMAGE_STATUSES)}", field="status")
    images, following = visit.data.images(visit.name, status, IMAGES_SHOWN, after)
    values = {
        "name": visit.name,
        "status": status,
        "statuses": IMAGE_STATUSES,
        "rows": images,
        **_paging(after, following, status=status),
    }
    return View("images.html", lambda _: values)


def _second_look(visit: Visit) -> View:
    from gt_service.pages.second_look import compared, second_look_values

    count = suspects_wanted(visit.asked("top"))
    suspects = visit.data.second_look(visit.name, count)
    images = [compared(each) for each in suspects.worst]

    def values(address: Address) -> Mapping[str, Any]:
        return second_look_values(
            visit.name, suspects, images, count=count, address=address, may_operate=visit.may_operate
        )

    return View("second-look.html", values, images=tuple(people.source for people, _ in images))


def _estimates(visit: Visit) -> View:
    from gt_service.pages.estimates import estimate_page

    form = {name: value.strip() for name, value in query(visit.request).items()}
    estimate, errors, status = None, [], 200
    if "objects" in form:
        try:
            estimate = visit.data.estimate(form)
        except (InvalidInput, NotFound) as error:
            status = error.status
            errors = [each.as_dict() for each in (error.errors if isinstance(error, SpecErrors) else (error,))]
    page = estimate_page(form, tasks=[task.value for task in TaskType], estimate=estimate, errors=errors)
    return View("estimates.html", lambda _: page, section="estimates", status=status)


def _spec(visit: Visit) -> View:
    """The form in which a campaign's spec is changed."""
    file, pending = visit.data.spec_file(visit.name)
    return _spec_form(visit, visit.name, file, pending)


def _new_campaign(visit: Visit) -> View:
    return _spec_form(visit, None, {"text": NEW, "revision": 0}, 0)


def _spec_form(visit: Visit, name: str | None, file: Json, pending: int) -> View:
    from gt_service.pages.campaigns import spec_page

    if not visit.may_operate:
        raise AccessDenied("viewers may look, not change", remedy="Ask for a token with the role operator.")
    page = spec_page(name, file, teams=visit.data.teams(), pending=pending)
    return View("spec.html", lambda _: page)


VIEWS: Mapping[str, Callable[[Visit], View]] = {
    "/campaigns": _campaigns,
    "/campaigns/{name}": _campaign,
    "/campaigns/{name}/spec": _spec,
    "/new-campaign": _new_campaign,
    "/campaigns/{name}/images": _images,
    "/campaigns/{name}/labeled-images": _labeled_images,
    "/campaigns/{name}/exports": _exports,
    "/campaigns/{name}/second-look": _second_look,
    "/jobs/{name}": _job,
    "/jobs/{name}/images": _job_images,
    "/estimates": _estimates,
}
"""The API's routes that are pages too."""
REPORTS: Mapping[str, Callable[[Visit], str]] = {
    "/campaigns/{name}/report": lambda visit: visit.data.campaign_report_page(visit.name),
    "/jobs/{name}/report": lambda visit: visit.data.report_page(visit.name),
}
"""Those that are files of the results bucket."""


def _paging(after: str | None, following: str | None, **kept: str) -> dict[str, str | None]:
    return {
        "next": f"?{urlencode({**kept, 'NextToken': following})}" if following else None,
        "first": f"?{urlencode(kept)}" if after else None,
    }
