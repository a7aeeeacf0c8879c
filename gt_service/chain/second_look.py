"""A second look at people's labels: which seem wrong, which are chosen to be reviewed, and what comes of the review.

gt-engine leaves what its model says of the labels that it never saw (`left-out-predictions/predictions.jsonl`); the
labels that it doubts most are listed, and go to a review job beside the chain. What people correct there replaces the
label, as a correction with its history.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from itertools import islice
from math import ceil
from typing import Any

from gt_service.campaign import CampaignSpec
from gt_service.chain.reviews import review_spec, spec_of
from gt_service.corrections.files import Corrections, label_attribute, read_corrections, write_correction
from gt_service.errors import NotFound
from gt_service.listing import MOST_SUSPECTS
from gt_service.manifests import CONTENT_TYPE, fits, json_lines
from gt_service.objects import ObjectStore, S3Uri, read_json, write_json
from gt_service.outputs.files import left_out_predictions
from gt_service.outputs.labeled import DUPLICATE_OF, labeled_lines
from gt_service.outputs.records import JsonObject, label_record, manifest_objects, metadata_key, source
from gt_service.records import Job
from gt_service.records.names import Places
from gt_service.records.states import JobState
from gt_service.store import Store

_WHY = "second look"


@dataclass(frozen=True)
class Suspect:
    """A label that seems wrong.

    suspicion: how surely, 0 to 1. mistake: missed, spurious, moved or swapped. label, machine: people's label and the
    model's, each in Ground Truth's form.
    """

    source: str
    suspicion: float
    mistake: str
    job: str
    batch: int
    label: JsonObject
    machine: JsonObject

    @property
    def is_reviewable(self) -> bool:
        """Whether a job's manifest can hold it: a label of very many boxes can only be put right by hand."""
        return fits({"source-ref": self.source, **self.label})

    def as_dict(self) -> dict[str, Any]:
        return {**vars(self)}


@dataclass(frozen=True)
class Suspects:
    """judged: people's labels that a model was held against; worst: those that seem wrong, worst first."""

    judged: int
    worst: tuple[Suspect, ...]


class SecondLook:
    """Held in memory: what a model says of the labels of people, some 500 bytes each."""

    def __init__(self, store: Store, objects: ObjectStore, results_bucket: str) -> None:
        self._store, self._objects, self._bucket = store, objects, results_bucket

    def write_list(self, campaign: str) -> None:
        """Writes which of the campaign's labels seem wrong, as its labels stand; nothing where no model judged any."""
        places = Places(self._bucket, campaign)
        labels = manifest_objects(self._objects.lines(places.labels))
        suspects = self._judged(places, self._chain_jobs(campaign), labels, MOST_SUSPECTS)
        if not suspects.judged:
            return
        document = {"judged": suspects.judged, "suspects": [each.as_dict() for each in suspects.worst]}
        write_json(self._objects, places.suspects, document)

    def listed(self, campaign: str, most: int) -> Suspects:
        """The worst of the list as it was last written, without what was sent to be reviewed since.

        Errors: `NotFound`.
        """
        judged, left = self._left(campaign)
        return Suspects(judged, tuple(islice(left, most)))

    def to_review(self, campaign: str, most: int) -> Sequence[Suspect]:
        """Of `listed`, those that a review job can be made of. Errors: `NotFound`."""
        _, left = self._left(campaign)
        return tuple(islice((each for each in left if each.is_reviewable), most))

    def _left(self, campaign: str) -> tuple[int, Iterator[Suspect]]:
        places = Places(self._bucket, campaign)
        document = read_json(self._objects, places.suspects)
        if document is None:
            raise NotFound(
                f"nothing is known of the labels of campaign {campaign} yet",
                remedy="They are looked through when a job of gt-engine has ended that trained a model.",
                field="name",
            )
        reviewed = self._reviewed(campaign)
        left = (Suspect(**each) for each in document["suspects"] if each["source"] not in reviewed)
        return document["judged"], left

    def share_of(self, campaign: str, batch: int, share: float) -> Sequence[Suspect]:
        """That share of a batch's labels, of those that seem wrong most."""
        jobs = [job for job in self._chain_jobs(campaign) if job.batch == batch]
        places = Places(self._bucket, campaign)
        # From the jobs' own files: the campaign's labels may be written a moment later than the jobs are settled.
        suspects = self._judged(places, jobs, self._labeled(places, jobs), None)
        worst = (each for each in suspects.worst if each.is_reviewable)
        return tuple(islice(worst, ceil(share * suspects.judged)))

    def write_manifest(self, campaign: str, batch: int, chosen: Sequence[Suspect], attribute: str) -> S3Uri:
        """The manifest of a review job: each image with the label that is under review, and nothing else."""
        places = Places(self._bucket, campaign)
        lines = [
            {"source-ref": each.source, **_named(each.label, label_attribute(each.label), attribute)} for each in chosen
        ]
        body = b"".join(json_lines(lines))
        uri = places.review_manifest(batch, sha256(body).hexdigest()[:12])
        self._objects.write(uri, body, CONTENT_TYPE)
        return uri

    def put_right(self, job: Job, spec: CampaignSpec, now: datetime) -> int:
        """Keeps what a review has changed as corrections of the campaign's labels; how many. Safe to repeat.

        spec: the campaign's. What somebody put right after the review was sent stays as they left it. Of an image whose
        file was replaced nothing is kept: nobody knows which of the two people saw.
        """
        places = Places(self._bucket, job.campaign)
        corrections = read_corrections(self._objects, places.root)
        reviewed = review_spec(spec).label_attribute
        description = places.description(job.name, reviewed)
        count = 0
        for line in labeled_lines(self._objects, S3Uri.parse(job.manifest_uri), description):
            image = source(line)
            if image is None or not _is_changed(line, spec.label_attribute, reviewed):
                continue
            if any(each.by == job.name or each.at >= job.reserved_at for each in corrections.get(image, ())):
                continue
            seen = self._store.images.get(job.campaign, S3Uri.parse(image).key)
            if seen is not None and seen.replaced_after_batch:
                continue
            given = line[metadata_key(spec.label_attribute)]
            write_correction(
                self._objects,
                places.root,
                source=image,
                label=_named(line, reviewed, spec.label_attribute),
                by=job.name,
                at=now,
                token=sha256(job.name.encode()).hexdigest()[:8],
                why=_WHY,
                replaces={
                    "job": str(given["job-name"]).removeprefix("labeling-job/") if "job-name" in given else "",
                    "label": _named(line, spec.label_attribute, spec.label_attribute),
                },
                picture="" if seen is None else seen.fingerprint,
            )
            count += 1
        return count

    def _chain_jobs(self, campaign: str) -> list[Job]:
        return [job for job in self._store.jobs.of(campaign) if job.has_ended and not job.is_beside_chain]

    def _reviewed(self, campaign: str) -> set[str]:
        """The images of all review jobs, whatever has become of them, and of those that a batch's own review waits to
        send: nothing is paid twice."""
        jobs = [job for job in self._store.jobs.of(campaign) if job.is_review]
        manifests = {job.manifest_uri for job in jobs if job.state is not JobState.WITHDRAWN}
        spec = self._store.campaigns.get(campaign).spec
        if spec is not None and spec.review.share is not None:
            chosen = (batch.review_manifest_uri for batch in self._store.batches.of(campaign))
            manifests |= {uri for uri in chosen if uri} - {job.manifest_uri for job in jobs}
        bodies = self._objects.read_many(map(S3Uri.parse, sorted(manifests)))
        lines = manifest_objects(line for body in bodies for line in body.splitlines())
        return {image for line in lines if (image := source(line)) is not None}

    def _judged(self, places: Places, jobs: Sequence[Job], lines: Iterator[JsonObject], most: int | None) -> Suspects:
        """The labels of some jobs that seem wrong, worst first; those that were reviewed or put right are not."""
        predictions = dict(self._predictions(jobs))
        done = self._reviewed(places.campaign) if predictions else set()
        corrections: Corrections = read_corrections(self._objects, places.root) if predictions else {}
        replaced = self._store.images.replaced(places.campaign) if predictions else frozenset()
        suspects: list[Suspect] = []
        judged = 0
        for line in lines if predictions else ():
            image = source(line)
            if image not in predictions or DUPLICATE_OF in line:
                continue
            judged += 1
            job, prediction = predictions.pop(image)
            attribute = label_attribute(prediction["label"])
            if not prediction["mistake"] or image in done or image in corrections or attribute not in line:
                continue
            if S3Uri.parse(image).key in replaced:  # people would be shown another picture
                continue
            label = _named(line, attribute, attribute)
            doubt, mistake = prediction["suspicion"], prediction["mistake"]
            suspects.append(Suspect(image, doubt, mistake, job.name, job.batch, label, prediction["label"]))
        worst = sorted(suspects, key=lambda each: (-each.suspicion, each.source))
        return Suspects(judged, tuple(worst[:most]))

    def _predictions(self, jobs: Iterable[Job]) -> Iterator[tuple[str, tuple[Job, JsonObject]]]:
        """Jobs without a model, and those of Ground Truth, have left none."""
        for job in jobs:
            for prediction in left_out_predictions(self._objects, S3Uri.parse(job.output_uri)):
                yield prediction["source-ref"], (job, prediction)

    def _labeled(self, places: Places, jobs: Sequence[Job]) -> Iterator[JsonObject]:
        for job in jobs:
            attribute = spec_of(job, self._objects, places).label_attribute
            description = places.description(job.name, attribute)
            yield from labeled_lines(self._objects, S3Uri.parse(job.manifest_uri), description)


def _named(line: JsonObject, attribute: str, name: str) -> dict[str, Any]:
    """A line's label in Ground Truth's form, under another attribute's name."""
    return {name: line[attribute], metadata_key(name): line[metadata_key(attribute)]}


def _is_changed(line: JsonObject, attribute: str, reviewed: str) -> bool:
    record = label_record(line, reviewed)
    if record is None or attribute not in line:
        return False
    status = record.metadata.get("adjustment-status")
    return bool(record.value != line[attribute]) if status is None else status == "adjusted"
