"""Closes batches: which pending images become one manifest.

Three steps, each safe to repeat and to go on with by anybody after a crash:

    choose   the members are written to S3 and named in the batch's item, in one conditional write: from here on the
             batch's members are fixed
    take     each member is moved from the very place it was chosen from to the batch
    close    the manifest is written from those that moved, and the batch gets its count

Members are chosen only while no batch is filling, and a pending image's place is another with every upload; so no
image is ever chosen into two manifests, and one that changed after it was chosen stays for the next batch.
"""

from __future__ import annotations

import hashlib
import json
from collections import deque
from collections.abc import Iterator, Mapping
from datetime import datetime
from itertools import islice

from gt_service.campaign import CampaignSpec
from gt_service.deployment import Deployment
from gt_service.imports.imported import ImportedLabels
from gt_service.ingest.checks import ImageFacts, limit_problem
from gt_service.manifests import CONTENT_TYPE, write_manifest
from gt_service.objects import ObjectStore, S3Uri
from gt_service.outputs.records import JsonObject
from gt_service.parallel import in_groups
from gt_service.records import Batch, Campaign, Image, Member
from gt_service.records.names import Places
from gt_service.records.states import BatchState
from gt_service.store import Store

_PAGE = 1_000
"""Keys of one page of a listing."""


class Batching:
    def __init__(self, store: Store, objects: ObjectStore, deployment: Deployment) -> None:
        self._store, self._objects, self._backend = store, objects, deployment.backend
        self._inbox, self._results = deployment.inbox_bucket, deployment.results_bucket
        self._imported = ImportedLabels(store, objects, deployment)

    def choose(self, campaign: Campaign, spec: CampaignSpec, number: int, size: int, why: str, now: datetime) -> bool:
        """Fixes up to `size` of the pending images as batch `number`; False where it is taken or there are none."""
        awaited = self._imported.awaited(campaign)
        fitting = (image for image in self._fitting(campaign.name, spec) if image.key not in awaited)
        present = self._present(campaign.name, fitting, size)
        members = [Member(image.key, image.place) for image in islice(present, size)]
        if not members:
            return False
        body = "".join(json.dumps([member.key, member.place]) + "\n" for member in members).encode()
        # Named by its content: what a loser of the race wrote is never taken for the winner's.
        uri = Places(self._results, campaign.name).members(number, hashlib.sha256(body).hexdigest()[:16])
        self._objects.write(uri, body, CONTENT_TYPE)
        batch = Batch(campaign.name, number, BatchState.FILLING, why, len(members), str(uri), None, now)
        return self._store.batches.create(batch)

    def fill(self, batch: Batch, now: datetime) -> None:
        """Takes the members and writes the manifest; goes on where another handler stopped."""
        images, members = self._store.images, list(self._members(batch))
        taken = set(images.taken(batch.campaign, members, batch.number))
        images.take(batch.campaign, (member for member in members if member.key not in taken), batch.number)
        keys = images.taken(batch.campaign, members, batch.number)
        places, campaign = Places(self._results, batch.campaign), self._store.campaigns.get(batch.campaign)
        manifest, more = places.manifest(batch.number), self._brought(campaign, keys)
        write_manifest(self._objects, manifest, self._inbox, keys, passed_on=more)
        labeled, given = None, self._to_learn_from(campaign, batch) if keys else []
        if given:
            labeled = places.labeled_manifest(batch.number)
            write_manifest(self._objects, labeled, self._inbox, keys, passed_on=more, labeled=given)
        self._store.batches.close(
            batch,
            objects=len(keys),
            manifest_uri=str(manifest),
            labeled_manifest_uri=None if labeled is None else str(labeled),
            now=now,
        )

    def _brought(self, campaign: Campaign, keys: list[str]) -> Mapping[str, JsonObject]:
        """What somebody had of these images before: predictions, and labels that are to be checked."""
        if campaign.spec is None or not campaign.imports:
            return {}
        attribute, wanted = campaign.spec.label_attribute, frozenset(keys)
        predicted = self._imported.proposals(campaign, attribute, wanted)
        checked = self._imported.to_check(campaign, attribute, wanted)
        return {key: {**predicted.get(key, {}), **checked.get(key, {})} for key in {*predicted, *checked}}

    def _to_learn_from(self, campaign: Campaign, batch: Batch) -> list[JsonObject]:
        """Imported labels that the chain has not seen: those that came after the batch before was closed."""
        learns = self._backend.learns_from_labeled_lines
        if not learns or not campaign.imports or campaign.spec is None or not campaign.spec.uses_auto_labeling:
            return []
        earlier = [each for each in self._store.batches.of(batch.campaign) if each.number < batch.number]
        closed = [each.closed_at for each in earlier if each.objects and each.closed_at is not None]
        return self._imported.to_learn_from(campaign, max(closed, default=None))

    def _members(self, batch: Batch) -> Iterator[Member]:
        for line in self._objects.lines(S3Uri.parse(batch.members_uri)):
            key, place = json.loads(line)
            yield Member(key, place)

    def _fitting(self, campaign: str, spec: CampaignSpec) -> Iterator[Image]:
        """Pending images, without those that came before the spec and are too large for its task."""
        for image in self._store.images.pending(campaign):
            facts = ImageFacts(image.media_format, image.width, image.height, image.orientation)
            problem = limit_problem(facts, spec, self._backend)
            if problem is None:
                yield image
            else:
                self._store.images.reject(image, problem.reason, problem.remedy)

    def _present(self, campaign: str, images: Iterator[Image], size: int) -> Iterator[Image]:
        """Without those that were deleted while they waited; a job would fail on them. size: looked up together."""
        for some in in_groups(images, size):
            present = self._there(campaign, [image.key for image in some])
            for image in some:
                if image.key in present:
                    yield image
                else:
                    self._store.images.reject(image, "it was deleted before its batch was closed", "Upload it again.")

    def _there(self, campaign: str, keys: list[str]) -> set[str]:
        """Which of the keys the inbox holds. Neighbours come with one page of a listing: in a large batch, most do."""
        wanted, present, reached = deque(sorted(keys)), set[str](), ""
        while wanted:
            # Less its last character: what is listed begins behind it, and so with the key itself or shortly before.
            after = max(reached, wanted[0][:-1])
            page = list(islice(self._objects.list(S3Uri(self._inbox, f"{campaign}/"), after=after), _PAGE))
            held = {item.uri.key for item in page}
            is_last = len(page) < _PAGE
            reached = page[-1].uri.key if page else reached
            while wanted and (is_last or wanted[0] <= reached):
                present |= {wanted.popleft()} & held
        return present
