"""What the pages show, read from the tables and from S3 in the API's own JSON."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import datetime
from functools import cache
from typing import TYPE_CHECKING, Any

from botocore.exceptions import BotoCoreError, ClientError

from chalicelib import estimates, wiring
from chalicelib.observability import logger
from chalicelib.shapes import batch_json, campaign_json, cursor_of, image_json, job_json
from gt_service.backends import GROUND_TRUTH, Backend
from gt_service.errors import InvalidInput, NotFound, quoted
from gt_service.estimates.worst_case import so_far
from gt_service.listing import page_token
from gt_service.notifications.due import Delivery
from gt_service.objects import S3Uri, is_there
from gt_service.prices import PriceTable
from gt_service.records import Image, ImageStatus, Job, Token
from gt_service.records.names import Places, Role, images_folder
from gt_service.store.browsing import Browsing
from gt_service.task_types import MAX_IMAGE_BYTES

if TYPE_CHECKING:
    from gt_service.chain.second_look import Suspects
    from gt_service.exports.downloads import Download
    from gt_service.gallery.index import Index
    from gt_service.gallery.looking import Filter, GalleryImage, GalleryPage, OneImage

Json = Mapping[str, Any]
Page = tuple[Sequence[Json], str | None]
"""Some rows, and the token of the next page of them."""

RUNNING_SHOWN = 5
TEAMS_SHOWN = 100
COUNTED = 1_000
"""Images beyond so many are shown as "1,000+": counting on would take longer than anybody waits."""

FORM_SECONDS = 900
URL_SECONDS = 3600
"""How long presigned addresses live. A page that has some is kept by its ETag for half of it."""


class PageData:
    """What the pages ask for, from the deployment's tables and buckets. Errors: `NotFound`."""

    def __init__(self) -> None:
        self._browsing = Browsing(wiring.store().tables)

    @property
    def fewest_auto_labeled(self) -> int:
        """Of fewer images in a batch people label every one."""
        return self._backend.fewest_auto_labeled

    @property
    def _backend(self) -> Backend:
        return wiring.settings().deployment.backend

    @property
    def inbox(self) -> str:
        return wiring.settings().deployment.inbox_bucket

    def campaigns(self, limit: int, after: str | None) -> Page:
        campaigns, following = self._browsing.campaigns(limit, after)
        return [campaign_json(campaign, {}, 0, backend=self._backend) for campaign in campaigns], following

    def campaign(self, name: str) -> Json:
        campaign = wiring.store().campaigns.get(name)
        counts = self._browsing.open_images(name, most=COUNTED)
        images = {
            **{status.value: count.number for status, count in counts.items()},
            "more": [status.value for status, count in counts.items() if count.more],
        }
        return campaign_json(campaign, images, 0, backend=self._backend)

    def spec_file(self, name: str) -> tuple[Json, int]:
        """The file of the spec in force, and how many images wait for a batch."""
        campaign = wiring.store().campaigns.get(name)
        return campaign.spec_file, wiring.store().images.pending_summary(name, most=COUNTED).count

    def teams(self) -> Sequence[str]:
        """The ARNs of the work teams that the backend has; none where it does not tell: a form takes any."""
        try:
            teams = wiring.sagemaker().list_workteams(MaxResults=TEAMS_SHOWN)["Workteams"]
        except (BotoCoreError, ClientError):
            logger.exception("work teams not listed")
            return ()
        return [team["WorkteamArn"] for team in teams]

    def batches(self, campaign: str, limit: int) -> tuple[Sequence[Json], int]:
        """The newest first, and how many images are in all of them, older ones too."""
        newest = self._browsing.batches(campaign, limit)
        return [batch_json(batch) for batch in newest], self._browsing.in_batches(campaign, newest)

    def jobs(self, campaign: str, limit: int, after: str | None) -> Page:
        """The newest first."""
        jobs, following = self._browsing.jobs(campaign, limit, after)
        return [job_json(wiring.chain().look(job)) for job in jobs], following

    def people(self, jobs: Sequence[Json]) -> Sequence[tuple[Json, Json]] | None:
        """The running ones of these jobs that people work on, with how they are getting on; None where nobody tells."""
        from gt_service.outputs.layout import PEOPLE_NOW
        from gt_service.pages.status import job_status

        if not self._backend.tells_who_works:
            return None
        figures = []
        for job in [job for job in jobs if not job_status(job["status"]).ended][:RUNNING_SHOWN]:
            with suppress(NotFound):  # simulated people, or none yet
                body = wiring.objects().read(self._places(job["campaign"]).job_output(job["name"]) / PEOPLE_NOW)
                figures.append((job, json.loads(body)))
        return figures

    def job(self, name: str) -> Json:
        """With `so_far_mills`: what a running job's labels have cost; None where that is not known."""
        job = wiring.chain().look(wiring.store().jobs.get(name))
        return {**job_json(job), "so_far_mills": self._so_far(job)}

    def _so_far(self, job: Job) -> int | None:
        if job.has_ended:
            return None
        campaign = wiring.store().campaigns.get(job.campaign)
        if campaign.spec is None or campaign.revision != job.revision:
            return None  # the job goes by an earlier spec, which may name another price
        counters = job.counters
        return so_far(
            campaign.spec,
            human=counters.get("HumanLabeled", 0),
            machine=counters.get("MachineLabeled", 0),
            prices=PriceTable.of(self._backend),
        )

    def report(self, job: Json) -> Json | None:
        if not job["report_s3_uri"]:
            return None
        report: Json = json.loads(wiring.objects().read(S3Uri.parse(job["report_s3_uri"]) / "report.json"))
        return report

    def campaign_report_page(self, campaign: str) -> str:
        return wiring.campaign_report(campaign, "html").decode()

    def report_page(self, name: str) -> str:
        return wiring.job_report(wiring.store().jobs.get(name), "html").decode()

    def samples(self, job: Json, each: int) -> Sequence[GalleryImage]:
        """Some of a job's images; none before they are listed."""
        from gt_service.gallery.looking import gallery_samples

        if not job["report_s3_uri"]:
            return ()
        try:
            index = self._index(job["campaign"], job)
        except NotFound:
            return ()
        return gallery_samples(wiring.objects(), index, job["name"], each)

    def taken_away(self, job: Json) -> Mapping[str, S3Uri]:
        """What an ended job of gt-engine left to take away, by what it is."""
        from gt_service.outputs.layout import CERTIFICATE, ONNX_MODEL

        if not job["report_s3_uri"] or self._backend is GROUND_TRUTH:
            return {}
        output = S3Uri.parse(job["output_s3_uri"])
        files = {"Model (ONNX)": output / ONNX_MODEL, "Certificate": output / CERTIFICATE}
        return {name: file for name, file in files.items() if is_there(wiring.objects(), file)}

    def gallery(self, campaign: str, job: Json | None, wanted: Filter, first: int) -> GalleryPage:
        """Of the campaign's images, or of a job's."""
        from gt_service.gallery.looking import gallery_page

        return gallery_page(wiring.objects(), self._index(campaign, job), wanted, first)

    def gallery_image(self, campaign: str, job: Json | None, wanted: Filter, image: str) -> OneImage:
        from gt_service.gallery.looking import one_image

        return one_image(wiring.objects(), self._index(campaign, job), wanted, image, self._places(campaign))

    def _places(self, campaign: str) -> Places:
        return Places(wiring.settings().deployment.results_bucket, campaign)

    def _index(self, campaign: str, job: Json | None) -> Index:
        """Of all images of the campaign; of a control or a review, which are beside the chain, its own."""
        from gt_service.gallery.writing import INDEX, read_index

        wiring.store().campaigns.get(campaign)
        places = self._places(campaign)
        is_apart = job is not None and Role(job["role"]).is_beside_chain
        index = read_index(
            wiring.objects(), places.job_images(job["name"]) / INDEX if job and is_apart else places.images
        )
        if index is None:
            raise NotFound(
                f"campaign {campaign} has no labeled images yet",
                remedy="They are listed when a job has ended.",
                field="name",
            )
        return index

    def downloads(self, campaign: str, wanted: str | None) -> tuple[S3Uri, Sequence[Download]]:
        """The labels' manifest, and how each download of them stands; one that is wanted is asked for."""
        from gt_service.exports.downloads import Downloads, forms_of

        spec = wiring.store().campaigns.get(campaign).demanded_spec
        now, places = wiring.now(), self._places(campaign)
        forms, downloads = forms_of(spec.task), Downloads(wiring.objects(), places)
        if wanted is not None:
            form = next((form for form in forms if form.value == wanted), None)
            if form is None:
                names = ", ".join(form.value for form in forms)
                raise InvalidInput(f"{quoted(wanted)} is no format here", remedy=f"Use one of {names}.", field="format")
            if downloads.ask(form, now):
                wiring.QueueSignals().ask_export(campaign, form.value)
        return places.labels, downloads.states(forms, now)

    def images(self, campaign: str, status: str, limit: int, after: str | None) -> Page:
        wiring.store().campaigns.get(campaign)
        page = wiring.store().images.page(
            campaign, ImageStatus(status), limit=limit, after=cursor_of(after, ImageStatus(status))
        )
        return [image_with_twin(image) for image in page.images], page_token(page.next_after)

    def second_look(self, campaign: str, most: int) -> Suspects:
        return wiring.chain().suspects(campaign, most)

    def deliveries(self, campaign: str, limit: int) -> Sequence[Json]:
        return [delivery_json(delivery) for delivery in wiring.notifications().latest(campaign, limit=limit)]

    def estimate(self, form: Mapping[str, str]) -> Json:
        from gt_service.pages.estimates import objects_of_form, spec_of_form

        objects, campaign = objects_of_form(form), form.get("campaign", "")
        if campaign:
            return estimates.of_campaign(campaign, objects).as_dict()
        return estimates.of_settings(spec_of_form(form), objects).as_dict()

    def presigned(self, uri: S3Uri) -> str:
        """Where a file can be read for an hour, by whoever has the address."""
        place = {"Bucket": uri.bucket, "Key": uri.key}
        return str(wiring.signer().generate_presigned_url("get_object", Params=place, ExpiresIn=URL_SECONDS))

    def upload_form(self, campaign: str) -> Json:
        """A form that uploads images of a campaign into the inbox, for a quarter of an hour. Whatever else lies there,
        specs and gold labels too, is out of its reach: S3 checks the key that it is sent with."""
        form = wiring.signer().generate_presigned_post(
            self.inbox,
            images_folder(campaign) + "${filename}",
            Conditions=[["content-length-range", 1, MAX_IMAGE_BYTES]],
            ExpiresIn=FORM_SECONDS,
        )
        return {**form, "seconds": FORM_SECONDS, "most_bytes": MAX_IMAGE_BYTES}

    def token(self, bearer: str, now: datetime) -> Token | None:
        return wiring.store().tokens.find(bearer, now)


def image_with_twin(image: Image) -> Json:
    """An image as it is shown; of a duplicate, with the key that is labeled in its stead."""
    is_duplicate = image.status is ImageStatus.DUPLICATE
    return image_json(image, wiring.store().images.twin_of(image) if is_duplicate else None)


@cache
def page_data() -> PageData:
    return PageData()


def delivery_json(delivery: Delivery) -> Json:
    """One line of the delivery log."""
    notification = delivery.notification
    return {
        "at": notification.at.isoformat(),
        "kind": notification.kind.value,
        "subject": notification.subject,
        "channel": ", ".join(sorted(delivery.sent_to)) or ("none" if delivery.state == "sent" else ""),
        "state": delivery.state,
        "tries": delivery.tries,
        "error": delivery.error,
    }
