"""The campaign's labels: one manifest over all of its labeling jobs, put right where somebody corrected them, and every
duplicate beside its twin."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from hashlib import sha256
from itertools import chain
from typing import NamedTuple

from gt_service.chain.reviews import kept_spec
from gt_service.corrections.files import (
    Corrections,
    Labeled,
    count_corrections,
    laid_over,
    of_their_pictures,
    read_corrections,
)
from gt_service.gallery.index import Index
from gt_service.gallery.writing import IMPORTS, INDEX, Gallery, campaign_index, read_index, read_indices
from gt_service.imports.imported import held_lines
from gt_service.manifests import CONTENT_TYPE, json_lines
from gt_service.objects import ObjectStore, S3Uri
from gt_service.outputs.labeled import labeled_lines, twin_line
from gt_service.outputs.records import JsonObject, attribute_of, label_record
from gt_service.outputs.tally import LabeledObject
from gt_service.records import Image, Import
from gt_service.records.names import Places
from gt_service.store import Store


class _Source(NamedTuple):
    """What of a job never changes: how it stands besides does not matter to its labels."""

    name: str
    manifest: str
    revision: int


class _Sources(NamedTuple):
    """The jobs and the imports whose labels are the campaign's."""

    jobs: list[_Source]
    imports: tuple[Import, ...]


class CampaignLabels:
    """Writes `labels/output.manifest`: the lines of every import and of every job of the chain that has ended, and
    corrections laid over them. What reads a campaign's labels reads this file.

    Held in memory: what is known of the duplicates, some 300 bytes each, and the corrections. All else is streamed.
    """

    def __init__(self, store: Store, objects: ObjectStore, results_bucket: str) -> None:
        self._store, self._objects, self._bucket = store, objects, results_bucket

    def write(self, campaign: str) -> dict[str, int]:
        """How many images were never sent to people: exact duplicates and near ones, and of both those whose twin is
        `labeled` by now.

        Safe to repeat, and for two to do at the same time: the last to end has seen every job that had ended, and
        every correction but those for which it says that the labels have changed."""
        written = read_corrections(self._objects, Places(self._bucket, campaign).root)
        corrections = self._of_their_pictures(campaign, written)
        while True:
            sources = self._sources(campaign)
            duplicates = self._write(campaign, sources, corrections)
            # Closes: one who began before another job ended or labels were imported writes over what came of it.
            if self._sources(campaign) == sources:
                break
        # Closes the same for labels that were corrected meanwhile. Those may keep coming: they have their turn later.
        if count_corrections(self._objects, Places(self._bucket, campaign).root) != sum(map(len, written.values())):
            self._store.campaigns.labels_changed(campaign)
        return duplicates

    def _sources(self, campaign: str) -> _Sources:
        jobs = (job for job in self._store.jobs.of(campaign) if job.has_ended and not job.is_beside_chain)
        record = self._store.campaigns.find(campaign)
        return _Sources(
            [_Source(job.name, job.manifest_uri, job.revision) for job in jobs], record.imports if record else ()
        )

    def _of_their_pictures(self, campaign: str, corrections: Corrections) -> Corrections:
        keys = {source: S3Uri.parse(source).key for source in corrections}
        images = self._store.images.get_many({(campaign, key) for key in keys.values()})
        known = {source: images.get((campaign, key)) for source, key in keys.items()}
        pictures = {source: image.fingerprint for source, image in known.items() if image is not None}
        return of_their_pictures(corrections, pictures)

    def _write(self, campaign: str, sources: _Sources, corrections: Corrections) -> dict[str, int]:
        places = Places(self._bucket, campaign)
        self._write_images(places, sources, corrections)
        twins, exact = defaultdict[str, list[Image]](list), 0
        for duplicate, owner in self._store.images.duplicates(campaign):
            twins[owner].append(duplicate)
            exact += duplicate.near_to is None
        counts = Counter[str]()
        labeled = chain(self._imported(places, sources.imports), self._labeled(places, sources.jobs))
        lines = self._lines(labeled, twins, counts, corrections)
        self._objects.write_stream(places.labels, json_lines(lines), CONTENT_TYPE)
        near = sum(map(len, twins.values())) - exact
        return {"exact": exact, "near": near, "labeled": counts["twins"]}

    def _write_images(self, places: Places, sources: _Sources, corrections: Corrections) -> None:
        """The index of all labeled images. A job has its own from its report; one that has none gets it here."""
        jobs, imports = sources
        spec = self._store.campaigns.get(places.campaign).spec
        labels = () if spec is None else spec.labels
        known = read_indices(self._objects, [places.job_images(job.name) / INDEX for job in jobs])
        indices = [
            index or self._index(job.name, self._labeled(places, [job]), labels, places.job_images(job.name))
            for job, index in zip(jobs, known, strict=True)
        ]
        if any(each.held for each in imports):
            # Imports grow when their images come: each state of them has a folder of its own.
            state = sha256(json.dumps([(each.name, each.order, each.held) for each in imports]).encode()).hexdigest()
            folder = places.imported(f"-images/{state[:16]}")
            index = read_index(self._objects, folder / INDEX)
            indices.insert(0, index or self._index(IMPORTS, self._imported(places, imports), labels, folder))
        content = campaign_index(indices, corrections, labels)
        self._objects.write(places.images, content, "application/octet-stream")

    def _index(
        self, name: str, labeled: Iterable[tuple[JsonObject, str]], labels: Sequence[str], folder: S3Uri
    ) -> Index:
        gallery = Gallery(name, labels)
        for number, (line, attribute) in enumerate(labeled):
            record = label_record(line, attribute)
            human = record is not None and record.human is not False
            gallery.add(LabeledObject(str(number), line, record, human))
        return gallery.write(self._objects, folder)

    def _lines(
        self,
        labeled: Iterable[tuple[JsonObject, str]],
        twins: Mapping[str, list[Image]],
        counts: Counter[str],
        corrections: Corrections,
    ) -> Iterator[JsonObject]:
        """A correction of an image is its duplicates' label too, unless they have one of their own. counts: the
        twins that were written, as the lines go by."""
        waiting = set(corrections)
        for line, attribute in labeled:
            source = S3Uri.parse(line["source-ref"])
            waiting.discard(str(source))
            right = laid_over(line, attribute, corrections)
            if right is not None:
                yield right.line
            for twin in twins.get(source.key, ()):
                uri = S3Uri(source.bucket, twin.key)
                waiting.discard(str(uri))
                if right is None and str(uri) not in corrections:
                    continue
                model = right or Labeled(line, attribute)
                copied = twin_line(model.line, model.attribute, uri, (twin.width, twin.height))
                own = laid_over(copied, model.attribute, corrections)
                if own is not None:
                    counts["twins"] += 1
                    yield own.line
        for source_ref in sorted(waiting):
            # No job gave it a label; a person did.
            alone = laid_over({"source-ref": source_ref}, "", corrections)
            if alone is not None:
                yield alone.line

    def _imported(self, places: Places, imports: tuple[Import, ...]) -> Iterator[tuple[JsonObject, str]]:
        """What was labeled before, each line with its label attribute."""
        for line in held_lines(self._objects, places, imports):
            yield line, attribute_of(line)

    def _labeled(self, places: Places, jobs: list[_Source]) -> Iterator[tuple[JsonObject, str]]:
        """What the jobs labeled, each line with its label attribute."""
        attributes = dict[int, str]()
        for name, manifest, revision in jobs:
            if revision not in attributes:
                attributes[revision] = kept_spec(revision, self._objects, places).label_attribute
            attribute = attributes[revision]
            for line in labeled_lines(self._objects, S3Uri.parse(manifest), places.description(name, attribute)):
                yield line, attribute
