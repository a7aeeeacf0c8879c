"""Takes in what was uploaded: specs are put in force, images are checked and registered."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime

from gt_service.backends import Backend
from gt_service.campaign import MAX_SPEC_BYTES, CampaignSpec, parse_spec
from gt_service.campaign.document import FileError, document, written_in_json
from gt_service.errors import NotFound, SpecErrors
from gt_service.ingest.checks import check_image, limit_problem, size_problem
from gt_service.ingest.events import Upload, event_time
from gt_service.ingest.keys import Key, Purpose, Rejection, classify, import_name
from gt_service.ingest.pixels import UnreadablePixels, decoded, likeness
from gt_service.objects import ObjectStore, S3Uri
from gt_service.records import NOWHERE, Campaign, Image, ImageStatus, Import, Verdict
from gt_service.records.placement import Search, pending_place
from gt_service.records.states import CampaignStatus
from gt_service.store import Store
from gt_service.store.campaigns import MOST_IMPORTS

_LOST = Verdict(
    CampaignStatus.WAITING,
    "files lie outside of any campaign's folder",
    "Upload them again below the folder of a campaign, such as birds/images/; GET /campaigns/-/images lists them.",
)
_GONE = Rejection("it was deleted or replaced before it could be checked", "Upload it again.")
_BROKEN = Rejection("its pixels cannot be decoded: the file is cut off or damaged", "Save it anew and upload it again.")
_TAKEN_NAME = Rejection(
    "other labels were imported under this name, and they stay",
    "Upload it again under another name; of two labels of an image, the one that was dropped later holds.",
)

_TOO_MANY = Rejection(
    f"the campaign holds {MOST_IMPORTS} imports of labels, as many as it can",
    "Put these labels and others that are still to come into one manifest, in a campaign of their own.",
)

KNOWN = "known already"
"""The outcome where the same upload, or a later one of its key, was registered before."""


@dataclass(frozen=True)
class Taken:
    """What became of an upload, for the log. campaign: whose state changed; None where nobody's did."""

    key: str
    campaign: str | None
    outcome: str
    reason: str | None = None

    @property
    def may_be_duplicate(self) -> bool:
        """Also of what is known already: the handler that registered it may have been killed before it could tell."""
        return self.outcome in {ImageStatus.DUPLICATE, KNOWN}


class Intake:
    """Safe to repeat for the same upload, and in any order: the latest upload of a key decides.

    Made for one invocation: it reads each campaign once. An image that is judged by a spec which has just been
    replaced is judged again when its batch is chosen.
    """

    def __init__(self, store: Store, objects: ObjectStore, backend: Backend) -> None:
        self._store, self._objects, self._backend = store, objects, backend
        self._campaigns: dict[str, Campaign] = {}

    def take(self, upload: Upload, now: datetime) -> Taken:
        key = classify(upload.key, upload.size)
        if key.purpose is Purpose.OTHER:
            return Taken(upload.key, None, "not ingested")
        if key.purpose is Purpose.SPEC:
            return self._take_spec(upload, key.campaign, now)
        if key.purpose is Purpose.LABELS:
            return self._take_labels(upload, key.campaign, now)
        return self._take_image(upload, key, now)

    def _take_spec(self, upload: Upload, campaign: str, now: datetime) -> Taken:
        filename = upload.key.rpartition("/")[2]
        try:
            text = self._objects.read(_uri(upload), first_bytes=MAX_SPEC_BYTES + 1) if upload.size else b""
            spec = parse_spec(text, filename=filename, campaign=campaign)
            self._campaigns[campaign] = self._store.campaigns.accept_spec(
                campaign, spec, upload.order, now, text=_as_written(text, filename)
            )
        except NotFound:
            return Taken(upload.key, None, "gone before it was read")
        except SpecErrors as errors:
            self._store.campaigns.record_spec_errors(
                campaign, errors.errors, upload.order, now, text=_as_written(text, filename)
            )
            return Taken(upload.key, campaign, "spec refused", errors.message)
        return Taken(upload.key, campaign, "spec accepted")

    def _take_labels(self, upload: Upload, campaign: str, now: datetime) -> Taken:
        """Written down; they are read when the campaign moves, by the spec that is in force then."""
        self.campaign(campaign, now)
        dropped = Import(import_name(upload.key), upload.key, upload.etag, upload.order)
        kept = self._store.campaigns.add_import(campaign, dropped, now)
        if kept is not None and kept.etag == dropped.etag:
            return Taken(upload.key, campaign, "labels")
        refused = _rejected(_uploaded(upload, campaign), _TOO_MANY if kept is None else _TAKEN_NAME)
        self._store.images.register(replace(refused, registered_at=event_time(now)), skip_duplicates=False)
        return Taken(upload.key, campaign, refused.status.value, refused.reason)

    def put_spec(
        self,
        campaign: str,
        text: str | bytes,
        filename: str,
        now: datetime,
        may_replace: Callable[[Campaign], None] = lambda _: None,
    ) -> Campaign:
        """Puts a spec in force that somebody waits for an answer to. may_replace: see `Campaigns.accept_spec`.

        Errors: `SpecErrors`, and nothing has changed.
        """
        spec = parse_spec(text, filename=filename, campaign=campaign)
        # Specs are ordered by when they were given, whichever way; a drop within the same millisecond comes first.
        order = f"{event_time(now)}#~"
        return self._store.campaigns.accept_spec(
            campaign,
            spec,
            order,
            now,
            text=_as_written(text, filename),
            is_dropped=False,
            may_replace=may_replace,
        )

    def _take_image(self, upload: Upload, key: Key, now: datetime) -> Taken:
        spec = self.campaign(key.campaign, now).spec
        checked, search = self._checked(upload, key, spec)
        checked = replace(checked, registered_at=event_time(now))
        image = self._store.images.register(
            checked, skip_duplicates=spec is None or spec.skip_duplicates, search=search
        )
        if image is None:
            return Taken(upload.key, key.campaign, KNOWN)
        return Taken(upload.key, key.campaign, image.status.value, image.reason)

    def campaign(self, name: str, now: datetime) -> Campaign:
        """The campaign, waiting for its spec where its images came first."""
        if name not in self._campaigns:
            verdict = (_LOST,) if name == NOWHERE else ()
            self._campaigns[name] = self._store.campaigns.ensure(name, now, *verdict)
        return self._campaigns[name]

    def _checked(self, upload: Upload, key: Key, spec: CampaignSpec | None) -> tuple[Image, Search | None]:
        """The image as its bytes show it, and what to compare with others where near-duplicates are looked for."""
        image = _uploaded(upload, key.campaign)
        problem = key.problem or size_problem(upload.size)
        if problem is not None:
            return _rejected(image, problem), None
        try:
            # Only what was uploaded, by its ETag. What replaced it in the meantime has an upload of its own; looked at
            # in this one's stead, it would lend its looks to this one's content.
            body = self._objects.read(_uri(upload), etag=upload.etag)
        except NotFound:
            return _rejected(image, _GONE), None
        return self._looked_at(replace(image, digest=hashlib.sha256(body).hexdigest()), body, spec)

    def _looked_at(self, image: Image, body: bytes, spec: CampaignSpec | None) -> tuple[Image, Search | None]:
        facts = check_image(body)
        if isinstance(facts, Rejection):
            return _rejected(image, facts), None
        image = replace(
            image,
            width=facts.width,
            height=facts.height,
            media_format=facts.media_format,
            orientation=facts.orientation,
        )
        problem = limit_problem(facts, spec, self._backend)
        if problem is not None:
            return _rejected(image, problem), None
        try:
            pixels = decoded(body)
        except UnreadablePixels:
            return _rejected(image, _BROKEN), None
        look = likeness(pixels, facts) if spec is not None and spec.skip_near_duplicates else None
        search = None if spec is None or look is None else Search(look, spec.task)
        return replace(image, place=pending_place(image)), search


def _as_written(text: str | bytes, filename: str) -> str | None:
    """Whatever its owner wrote around the fields is theirs to keep. JSON in one line, as programs write it, is laid out
    for people."""
    if len(text) > MAX_SPEC_BYTES:
        return None
    whole = text if isinstance(text, str) else text.decode("utf-8-sig", "replace")
    if filename.endswith(".json") and "\n" not in whole.strip():
        with suppress(FileError):  # told where it is read
            laid_out = written_in_json(document(whole, filename))
            return laid_out if len(laid_out) <= MAX_SPEC_BYTES else whole
    return whole


def _uploaded(upload: Upload, campaign: str) -> Image:
    return Image(
        campaign=campaign,
        key=upload.key,
        place=ImageStatus.REJECTED.value,
        event_time=upload.event_time,
        sequencer=upload.sequencer,
        etag=upload.etag,
        size=upload.size,
    )


def _rejected(image: Image, why: Rejection) -> Image:
    return replace(image, place=ImageStatus.REJECTED.value, reason=why.reason, remedy=why.remedy)


def _uri(upload: Upload) -> S3Uri:
    return S3Uri(upload.bucket, upload.key)
