"""Looking at the images of a job: content keys, sizes, features, and what is wrong with which."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable, Iterable, Mapping, Sequence

from botocore.exceptions import ClientError

from gt_engine.autolabel.images import ImageFacts, ImageProblem, decode
from gt_engine.aws import in_parallel
from gt_engine.jobs.context import JobContext
from gt_engine.jobs.faults import is_of_object
from gt_engine.jobs.life_cycle import Prepare
from gt_engine.jobs.reading import read_lines
from gt_engine.jobs.state import JobState
from gt_engine.jobs.tools import ARCHIVE, Outcome, Tools
from gt_service.errors import AccessDenied, NotFound
from gt_service.objects import ObjectSummary, S3Uri
from gt_service.regions import MAX_IMAGE_BYTES


def prepare(work: Prepare, job: JobContext, state: JobState, tools: Tools) -> Outcome:
    wanted = state.progress.objects[work.first : work.first + work.count]
    sources = {str(line.number): line.source for line in read_lines(job, tools, set(wanted))}
    looked = _look(job, {object_id: sources[object_id] for object_id in wanted}, tools)
    problems = {object_id: found for object_id, found in looked.items() if isinstance(found, str)}
    good = {object_id: found for object_id, found in looked.items() if not isinstance(found, str)}
    document = {object_id: [key, size] for object_id, (key, size) in good.items()}
    tools.objects.write(job.tree.facts(work.first), gzip.compress(json.dumps(document).encode(), mtime=0), ARCHIVE)
    log = [f"Data object {object_id} cannot be used: {problem}" for object_id, problem in problems.items()]
    after = state.after(prepared=work.first + work.count, problems={**state.problems, **problems})
    return Outcome(after, tuple(log))


def _look(
    job: JobContext, sources: Mapping[str, str], tools: Tools
) -> dict[str, tuple[str, tuple[int, int, int]] | str]:
    """Content key and size of each image, or what is wrong with it."""
    near = _listed(list(sources.values()), tools)
    heads = dict(zip(sources, in_parallel(lambda text: _head(text, near, tools), sources.values()), strict=True))
    keys = {object_id: head for object_id, head in heads.items() if not head.startswith("!")}
    loaders = [(key, loader(sources[object_id], tools)) for object_id, key in keys.items()]
    known = prepare_features(loaders, tools) if job.plan.auto_labeling else _decode_all(loaders)
    found: dict[str, tuple[str, tuple[int, int, int]] | str] = {}
    limit = job.task.facts.pixel_limit(auto_labeling=job.plan.auto_labeling)
    for object_id, head in heads.items():
        facts = known[head] if object_id in keys else ImageProblem("UnreadableObject", head.removeprefix("!"))
        if isinstance(facts, ImageProblem):
            found[object_id] = f"{facts.code}: {facts.message}"
        elif facts.width * facts.height > limit:
            found[object_id] = f"TooManyPixels: {facts.width} x {facts.height} pixels; {limit:,} are allowed."
        else:
            found[object_id] = (head, (facts.width, facts.height, facts.depth))
    return found


def _listed(sources: Sequence[str], tools: Tools) -> dict[S3Uri, ObjectSummary]:
    """Listing is a shortcut: where it is not allowed, each object is asked for by itself."""
    try:
        return tools.objects.heads([S3Uri.parse(text) for text in sources])
    except ClientError as error:
        if not is_of_object(error):
            raise
        return {}


def _head(text: str, near: Mapping[S3Uri, ObjectSummary], tools: Tools) -> str:
    """The content key of an object; a text that begins with `!` says why there is none."""
    uri = S3Uri.parse(text)
    try:
        head = near.get(uri) or tools.objects.head(uri)
    except ClientError as error:
        if not is_of_object(error):
            raise  # S3's trouble, not the object's: the step is done again
        return f"!{uri} cannot be read: {error}"
    if head is None:
        return f"!there is no object {uri}"
    if head.size > MAX_IMAGE_BYTES:
        return f"!{uri} has {head.size} bytes; {MAX_IMAGE_BYTES} are allowed"
    return head.etag


def loader(source: str, tools: Tools) -> Callable[[], bytes]:
    uri = S3Uri.parse(source)
    return lambda: tools.objects.read(uri)


def prepare_features(
    loaders: Sequence[tuple[str, Callable[[], bytes]]], tools: Tools
) -> dict[str, ImageFacts | ImageProblem]:
    """The feature store takes whatever a loader raises for a fault of the image. When S3 is in trouble it is not: then
    the whole step is done again."""
    troubles: list[Exception] = []

    def noting(load: Callable[[], bytes]) -> Callable[[], bytes]:
        def load_and_note() -> bytes:
            try:
                return load()
            except (NotFound, AccessDenied):
                raise
            except Exception as trouble:
                troubles.append(trouble)
                raise

        return load_and_note

    known = tools.features.prepare((key, noting(load)) for key, load in loaders)
    if troubles:
        raise troubles[0]
    return known


def _decode_all(loaders: Iterable[tuple[str, Callable[[], bytes]]]) -> dict[str, ImageFacts | ImageProblem]:
    """Sizes alone, for jobs that need no features."""

    def one(item: tuple[str, Callable[[], bytes]]) -> tuple[str, ImageFacts | ImageProblem]:
        key, load = item
        try:
            decoded = decode(load(), 8)
        except (NotFound, AccessDenied) as gone:
            return key, ImageProblem("UnreadableObject", gone.message)
        return key, decoded if isinstance(decoded, ImageProblem) else decoded[0]

    return dict(in_parallel(one, loaders))
