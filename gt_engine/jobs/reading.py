"""What earlier steps of a job wrote, read back."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field, replace
from functools import partial

from gt_engine.aws import in_parallel
from gt_engine.jobs.context import JobContext
from gt_engine.jobs.faults import MissingFile
from gt_engine.jobs.manifest import ManifestLine, read_manifest
from gt_engine.jobs.state import JobState
from gt_engine.jobs.tools import LINES, Tools
from gt_engine.labels import BoxLabel, ClassLabel, Label
from gt_engine.outputs import records
from gt_service.errors import NotFound
from gt_service.objects import S3Uri


@dataclass(frozen=True)
class Facts:
    """What `Prepare` found out of the readable images: content keys and sizes by object id."""

    keys: Mapping[str, str] = field(default_factory=dict)
    sizes: Mapping[str, tuple[int, int, int]] = field(default_factory=dict)


def read_own(tools: Tools, uri: S3Uri) -> bytes:
    """A file that the engine wrote. Errors: `MissingFile` where it is gone: no fault of whoever asked for the job."""
    try:
        return tools.objects.read(uri)
    except NotFound as gone:
        raise MissingFile(f"{gone.message}, which the engine wrote") from gone


def read_lines(job: JobContext, tools: Tools, wanted: AbstractSet[str] | None) -> Iterator[ManifestLine]:
    """The lines of the wanted objects, in order; None: of all."""
    lines = tools.objects.lines(job.tree.manifest_copy)
    for number, text in enumerate(lines):
        if wanted is None or str(number) in wanted:
            yield from (
                replace(line, number=number)
                for line in read_manifest([text], facts=job.task.facts, attribute=job.form.attribute)
            )


def human_contents(state: JobState, tools: Tools) -> dict[str, dict[str, object]]:
    """The labels that people gave, by object id, from the consolidation responses that the state lists."""
    names = [name for work in state.human for name in work.responses]
    names += [name for batch in state.open_batches for name in batch.responses]
    files = (S3Uri.parse(name) for name in names)
    found: dict[str, dict[str, object]] = {}
    for body in in_parallel(partial(read_own, tools), files):
        found.update(records.read_consolidation_response(body))
    return found


def all_contents(job: JobContext, state: JobState, tools: Tools) -> dict[str, dict[str, object]]:
    """Every label of the job so far, as written."""
    return human_contents(state, tools) | machine_contents(job, state, tools)


def machine_contents(job: JobContext, state: JobState, tools: Tools) -> dict[str, dict[str, object]]:
    """The labels that the machine gave, by object id."""
    found: dict[str, dict[str, object]] = {}
    for iteration, round_ in zip(state.machine, state.progress.rounds, strict=True):
        if round_.machine:
            found.update(records.read_auto_annotations(read_own(tools, job.tree.auto_annotations(iteration))))
    return found


def labels_of(job: JobContext, contents: Mapping[str, Mapping[str, object]]) -> dict[str, Label]:
    """Contents as the machine learns from them."""
    labels: dict[str, Label] = {}
    for object_id, content in contents.items():
        label = job.form.label(content)
        if not isinstance(label, BoxLabel | ClassLabel):
            raise TypeError(f"the machine does not learn from {type(label).__name__}")
        labels[object_id] = label
    return labels


def read_facts(job: JobContext, state: JobState, tools: Tools) -> Facts:
    keys: dict[str, str] = {}
    sizes: dict[str, tuple[int, int, int]] = {}
    files = tools.objects.list(job.tree.all_facts) if job.looks_at_images else ()
    for body in in_parallel(lambda file: read_own(tools, file.uri), files):
        for object_id, (key, size) in json.loads(gzip.decompress(body)).items():
            keys[object_id], sizes[object_id] = key, (size[0], size[1], size[2])
    return Facts(keys, sizes)


def output_lines(job: JobContext, state: JobState, tools: Tools) -> Iterator[bytes]:
    """Every line of the manifest once and in order; lines without a new label as they were."""
    contents = all_contents(job, state, tools)
    for line in read_lines(job, tools, None):
        content = contents.get(str(line.number))
        yield (records.labeled_line(line.text, content) if content else line.text) + b"\n"


def write_intermediate_manifest(iteration: int, job: JobContext, state: JobState, tools: Tools) -> None:
    tools.objects.write_stream(job.tree.intermediate_manifest(iteration), output_lines(job, state, tools), LINES)
