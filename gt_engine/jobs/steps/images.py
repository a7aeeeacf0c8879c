"""Looking at the images of a job: content keys, sizes, features, and what is wrong with which."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from hashlib import sha256
from typing import Any

from botocore.exceptions import ClientError

from gt_engine.autolabel.images import ImageFacts, ImageProblem, decode
from gt_engine.aws import in_parallel
from gt_engine.jobs.chunks import Chunk
from gt_engine.jobs.context import JobContext
from gt_engine.jobs.faults import is_of_object
from gt_engine.jobs.life_cycle import PREPARE_AT_ONCE
from gt_engine.jobs.own_model import ask_own_model
from gt_engine.jobs.packs import has_packs, write_pack
from gt_engine.jobs.reading import IMAGE_ROW, read_lines, write_facts
from gt_engine.jobs.state import JobState
from gt_engine.jobs.tools import ARCHIVE, Outcome, Tools
from gt_engine.jobs.work import LookAhead, Prepare
from gt_service.errors import AccessDenied, NotFound
from gt_service.objects import ObjectSummary, S3Uri
from gt_service.task_types import MAX_IMAGE_BYTES

LOOK = "look"
"""The verb of these chunks."""
MOST_LOOKS = 3
"""An object that is replaced while it is looked at is looked at again: so many times in all."""


@dataclass(frozen=True)
class ImageVersion:
    """One content of an object. What is read under its key is this content, or nothing."""

    uri: S3Uri
    etag: str

    @property
    def key(self) -> str:
        """The content key: the ETag, or the digest of one that is longer than Amazon's are."""
        longest = IMAGE_ROW["key"].itemsize
        return self.etag if len(self.etag.encode()) <= longest else sha256(self.etag.encode()).hexdigest()

    def read(self, tools: Tools) -> bytes:
        """Errors: `NotFound` where the object is gone or has another content by now; `AccessDenied`."""
        return tools.objects.read(self.uri, etag=self.etag)


@dataclass(frozen=True)
class Image:
    """A readable image of a job."""

    version: ImageVersion
    facts: ImageFacts


def prepare(work: Prepare, job: JobContext, state: JobState, tools: Tools) -> Outcome:
    objects = len(state.images)
    chunk = Chunk(LOOK, work.first, PREPARE_AT_ONCE, objects, job.tree.looked(work.first))
    result = tools.chunks.result(job, chunk, lambda: look_at(work.first, job, state, tools))
    looked = json.loads(result)
    tools.objects.write(job.tree.facts(work.first), _packed(looked["images"]), ARCHIVE)
    after = state.after(prepared=work.first + work.count)
    if after.prepared == objects:
        write_facts(job, state.lines or 0, tools)
        after = after.after(looked_ahead=())
    outcome = _found(looked["problems"], after)
    if after.prepared == objects and after.human:
        outcome = replace(outcome, state=outcome.state.without_unusable())
    return replace(outcome, log=(*outcome.log, *looked.get("notes", ())))


def look_ahead(work: LookAhead, job: JobContext, state: JobState, tools: Tools) -> Outcome:
    """Looks at images before their turn, and makes known what is known of them. Their features are then in the cache,
    where `prepare` finds them."""
    known = {*state.images[: state.prepared]}
    unknown = [object_id for object_id in work.object_ids if object_id not in known]
    looked = _looked(state, _look(job, _sources(job, unknown, tools), tools))
    tools.objects.write(job.tree.facts_ahead(len(state.looked_ahead)), _packed(looked["images"]), ARCHIVE)
    write_facts(job, state.lines or 0, tools)
    return _found(looked["problems"], state.after(looked_ahead=(*state.looked_ahead, *work.object_ids)))


def _found(problems: Mapping[str, str], state: JobState) -> Outcome:
    fresh = {object_id: problem for object_id, problem in problems.items() if object_id not in state.problems}
    log = tuple(f"Data object {object_id} cannot be used: {problem}" for object_id, problem in fresh.items())
    return Outcome(state.after(problems={**state.problems, **fresh}), log)


def _packed(facts: Mapping[str, Any]) -> bytes:
    return gzip.compress(json.dumps(facts).encode(), mtime=0)


def look_at(first: int, job: JobContext, state: JobState, tools: Tools) -> bytes:
    """A chunk: looks at the images from place `first` on, and packs their features where they are packed. What it found
    out, as JSON: key and size of each image that can be used, what is wrong with the others, and notes for the log."""
    wanted = state.images[first : first + PREPARE_AT_ONCE]
    images = _look(job, _sources(job, wanted, tools), tools)
    if job.plan.auto_labeling and _packs(first, job, len(state.images), tools):
        keys = [image.version.key if isinstance(image := images[object_id], Image) else None for object_id in wanted]
        write_pack(job, first, keys, tools)
    notes: tuple[str, ...] = ()
    if job.plan.auto_labeling:
        uris = {object_id: image.version.uri for object_id, image in images.items() if isinstance(image, Image)}
        notes = ask_own_model(first, uris, job, tools)
    return json.dumps({**_looked(state, images), "notes": notes}).encode()


def _sources(job: JobContext, wanted: Sequence[str], tools: Tools) -> dict[str, S3Uri]:
    return {str(line.number): S3Uri.parse(line.source) for line in read_lines(job, tools, wanted)}


def _looked(state: JobState, images: Mapping[str, Image | ImageProblem]) -> dict[str, dict[str, Any]]:
    """Key and size of each image that can be used, and what is wrong with the others."""
    # What came with its label is asked of nobody: without its image there is nothing to learn from it, and that is all.
    asked = set(state.progress.objects)
    return {
        "images": {
            object_id: [image.version.key, [image.facts.width, image.facts.height, image.facts.depth]]
            for object_id, image in images.items()
            if isinstance(image, Image)
        },
        "problems": {
            object_id: f"{image.code}: {image.message}"
            for object_id, image in images.items()
            if isinstance(image, ImageProblem) and object_id in asked
        },
    }


def _packs(first: int, job: JobContext, objects: int, tools: Tools) -> bool:
    """Whether features go to S3: no disk here outlives a step, or it is too small for the job, which its first chunk
    decides for all."""
    if tools.settings.packs_features:
        return True
    return has_packs(job, tools) if first else not tools.features.holds(objects)


def _look(job: JobContext, sources: Mapping[str, S3Uri], tools: Tools) -> dict[str, Image | ImageProblem]:
    """Every image, or what is wrong with it."""
    seen: dict[str, Image | ImageProblem] = {}
    left = dict(sources)
    for _ in range(MOST_LOOKS):
        versions = _versions(left, tools)
        seen |= {object_id: version for object_id, version in versions.items() if isinstance(version, ImageProblem)}
        usable = {object_id: version for object_id, version in versions.items() if isinstance(version, ImageVersion)}
        reading = Reading(tools)
        known = (reading.features if job.plan.auto_labeling else reading.sizes)(usable.values())
        limit = job.task.facts.max_pixels
        for object_id, version in usable.items():
            facts = known[version.key]
            if isinstance(facts, ImageFacts) and facts.width * facts.height > limit:
                size = f"{facts.width} x {facts.height}"
                facts = ImageProblem("TooManyPixels", f"The image has {size} pixels; {limit} are allowed.")
            seen[object_id] = facts if isinstance(facts, ImageProblem) else Image(version, facts)
        left = {object_id: sources[object_id] for object_id, version in usable.items() if version.key in reading.gone}
        if not left:
            break
    return seen


def _versions(sources: Mapping[str, S3Uri], tools: Tools) -> dict[str, ImageVersion | ImageProblem]:
    near = _listed(list(sources.values()), tools)
    return dict(zip(sources, in_parallel(lambda uri: _version(uri, near, tools), sources.values()), strict=True))


def _listed(uris: Sequence[S3Uri], tools: Tools) -> dict[S3Uri, ObjectSummary]:
    """Listing is a shortcut: where it is not allowed, each object is asked for by itself."""
    try:
        return tools.objects.heads(uris)
    except ClientError as error:
        if not is_of_object(error):
            raise
        return {}


def _version(uri: S3Uri, near: Mapping[S3Uri, ObjectSummary], tools: Tools) -> ImageVersion | ImageProblem:
    try:
        head = near.get(uri) or tools.objects.head(uri)
    except ClientError as error:
        if not is_of_object(error):
            raise  # S3's trouble, not the object's: the step is done again
        return ImageProblem("UnreadableObject", f"{uri} cannot be read: {error}")
    if head is None:
        return ImageProblem("UnreadableObject", f"there is no object {uri}")
    if head.size > MAX_IMAGE_BYTES:
        return ImageProblem("ObjectTooLarge", f"{uri} has {head.size} bytes; {MAX_IMAGE_BYTES} are allowed")
    return ImageVersion(uri, head.etag)


class Reading:
    """Reads images for those who look at them, and tells the faults of an image from S3's.

    Whoever looks takes whatever a loader raises for a fault of the image. When S3 is in trouble it is not: then the
    whole step is done again. `gone`: the keys of contents that were there no more.
    """

    def __init__(self, tools: Tools) -> None:
        self._tools = tools
        self._troubles: list[Exception] = []
        self.gone: set[str] = set()

    def features(self, images: Iterable[ImageVersion]) -> dict[str, ImageFacts | ImageProblem]:
        """Features of contents, made where they are not there yet; what is known of each content key."""
        known = self._tools.features.prepare((image.key, self._loader(image)) for image in images)
        self._check()
        return known

    def sizes(self, images: Iterable[ImageVersion]) -> dict[str, ImageFacts | ImageProblem]:
        """For jobs that need no features."""
        known = dict(in_parallel(self._size, images))
        self._check()
        return known

    def _size(self, image: ImageVersion) -> tuple[str, ImageFacts | ImageProblem]:
        try:
            decoded = decode(self._loader(image)(), 8)
        except Exception as error:  # noqa: BLE001 - noted by the loader
            return image.key, ImageProblem("UnreadableObject", f"The object could not be read: {error}")
        return image.key, decoded if isinstance(decoded, ImageProblem) else decoded[0]

    def _loader(self, image: ImageVersion) -> Callable[[], bytes]:
        def load() -> bytes:
            try:
                return image.read(self._tools)
            except NotFound:
                self.gone.add(image.key)
                raise
            except AccessDenied:
                raise
            except Exception as trouble:
                self._troubles.append(trouble)
                raise

        return load

    def _check(self) -> None:
        if self._troubles:
            raise self._troubles[0]
