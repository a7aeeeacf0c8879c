"""What earlier steps of a job wrote, read back.

Rows of a large file are read by where they lie: neighbours with one request, strangers each with its own. So a step
pays for the rows that it needs, and never for more than one pass over the file.
"""

from __future__ import annotations

import gzip
import json
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import TypeAlias

import numpy as np

from gt_engine.aws import EngineObjects, in_parallel
from gt_engine.jobs.context import JobContext
from gt_engine.jobs.faults import MissingFile
from gt_engine.jobs.manifest import ManifestLine, read_line
from gt_engine.jobs.state import JobState
from gt_engine.jobs.tools import BYTES, Tools
from gt_engine.labels import BoxLabel, ClassLabel, Integers, Label
from gt_engine.outputs import records
from gt_engine.outputs.label_form import NO_LABEL
from gt_service.errors import NotFound
from gt_service.objects import S3Uri

IMAGE_ROW = np.dtype([("key", "S64"), ("size", "<u4", 3)])
"""A row of the table of image facts; a line without a usable image has an empty key."""


NEAR_BYTES = 256 * 1024
"""Rows that lie closer are read together: what lies between costs less than another request."""
MOST_BYTES = 4 * 1024 * 1024
"""Of one request: a few of them are in memory at once."""

Span: TypeAlias = tuple[int, int]
"""The first byte of a row, and the first after it."""


@dataclass(frozen=True)
class Facts:
    """What `Prepare` found out of readable images: content keys and sizes by object id."""

    keys: Mapping[str, str] = field(default_factory=dict)
    sizes: Mapping[str, tuple[int, int, int]] = field(default_factory=dict)


@contextmanager
def engine_files() -> Iterator[None]:
    """What the engine wrote and is gone is no fault of whoever asked for the job. Errors: `MissingFile`."""
    try:
        yield
    except NotFound as gone:
        raise MissingFile(f"{gone.message}, which the engine wrote") from gone


def read_own(tools: Tools, uri: S3Uri) -> bytes:
    """A file that the engine wrote. Errors: `MissingFile`."""
    with engine_files():
        return tools.objects.read(uri)


def read_lines(job: JobContext, tools: Tools, wanted: Collection[str] | None) -> Iterator[ManifestLine]:
    """The lines of the wanted objects, in order; None: of all. Costs what the wanted lines cost, however many others
    there are. Errors: `MissingFile`."""
    copy = job.tree.manifest_copy
    numbered: Iterable[tuple[int, bytes]]
    if wanted is None:
        numbered = enumerate(tools.objects.lines(copy))
    else:
        numbers = sorted(map(int, wanted))
        places = _line_places(job, tools) if numbers else np.empty(0, np.int64)
        spans = [(int(places[number]), int(places[number + 1])) for number in numbers]
        numbered = zip(numbers, read_rows(tools.objects, copy, spans), strict=True)
    with engine_files():
        for number, text in numbered:
            yield read_line(number, text.rstrip(b"\n"), facts=job.task.facts, attribute=job.form.attribute)


def _line_places(job: JobContext, tools: Tools) -> Integers:
    """Where each line of the copy begins, and where the last one ends; made again where the file of it is gone."""
    try:
        return np.frombuffer(read_own(tools, job.tree.line_places), "<i8")
    except MissingFile:
        with engine_files():
            sizes = [len(text) + 1 for text in tools.objects.lines(job.tree.manifest_copy)]
        return write_line_places(job, np.cumsum([0, *sizes]), tools)


def write_line_places(job: JobContext, places: Sequence[int] | Integers, tools: Tools) -> Integers:
    table = np.array(places, "<i8")
    tools.objects.write(job.tree.line_places, table.tobytes(), BYTES)
    return table


def human_contents(state: JobState, tools: Tools) -> dict[str, dict[str, object]]:
    """The labels that people gave, by object id, from the consolidation responses that the state lists."""
    names = [name for work in state.human for name in work.responses]
    names += [name for batch in state.open_batches for name in batch.responses]
    files = (S3Uri.parse(name) for name in names)
    contents: dict[str, dict[str, object]] = {}
    for body in in_parallel(partial(read_own, tools), files):
        contents.update(records.read_consolidation_response(body))
    return contents


def all_contents(job: JobContext, state: JobState, tools: Tools) -> dict[str, dict[str, object]]:
    """Every label of the job so far, as written."""
    return human_contents(state, tools) | machine_contents(job, state, tools)


def machine_contents(job: JobContext, state: JobState, tools: Tools) -> dict[str, dict[str, object]]:
    """The labels that the machine gave, by object id."""
    contents: dict[str, dict[str, object]] = {}
    for iteration, round_ in zip(state.machine, state.progress.rounds, strict=True):
        if round_.machine:
            contents.update(records.read_auto_annotations(read_own(tools, job.tree.auto_annotations(iteration))))
    return contents


def labels_of(job: JobContext, contents: Mapping[str, Mapping[str, object]]) -> dict[str, Label]:
    """Contents as the machine learns from them."""
    labels: dict[str, Label] = {}
    for object_id, content in contents.items():
        label = job.form.label(content)
        if not isinstance(label, BoxLabel | ClassLabel):
            raise TypeError(f"the machine does not learn from {type(label).__name__}")
        labels[object_id] = label
    return labels


def label_before(job: JobContext, line: ManifestLine) -> Label | None:
    """The label that an object came with; None where the machine cannot learn from it: it is of another form, or of
    classes that the job does not have."""
    try:
        label = job.form.label(json.loads(line.text.removeprefix(b"\xef\xbb\xbf")))
    except NO_LABEL:
        return None
    return label if isinstance(label, BoxLabel | ClassLabel) else None


def read_facts(job: JobContext, tools: Tools, wanted: Collection[str]) -> Facts:
    """What is known of the wanted objects' images; those that cannot be used are left out.

    The table is made again where it is gone.
    """
    if not job.looks_at_images or not wanted:
        return Facts()
    numbers, width = sorted(map(int, wanted)), IMAGE_ROW.itemsize
    spans = [(number * width, (number + 1) * width) for number in numbers]
    try:
        rows = list(read_rows(tools.objects, job.tree.image_facts, spans))
    except NotFound:
        write_facts(job, len(_line_places(job, tools)) - 1, tools)
        rows = list(read_rows(tools.objects, job.tree.image_facts, spans))
    table = np.frombuffer(b"".join(rows), IMAGE_ROW)
    keys: dict[str, str] = {}
    sizes: dict[str, tuple[int, int, int]] = {}
    for number, (key, size) in zip(numbers, table, strict=True):
        if key:
            keys[str(number)] = key.decode()
            sizes[str(number)] = (int(size[0]), int(size[1]), int(size[2]))
    return Facts(keys, sizes)


def write_facts(job: JobContext, lines: int, tools: Tools) -> None:
    """Puts what the steps of `Prepare` found out into one table, once, so that later steps read only their rows."""
    table = np.zeros(lines, IMAGE_ROW)
    parts = [part.uri for part in tools.objects.list(job.tree.all_facts)]
    for body in in_parallel(partial(read_own, tools), parts):
        for object_id, (key, size) in json.loads(gzip.decompress(body)).items():
            table[int(object_id)] = (key.encode(), size)
    tools.objects.write(job.tree.image_facts, table.tobytes(), BYTES)


def output_lines(job: JobContext, state: JobState, tools: Tools) -> Iterator[bytes]:
    """Every line of the manifest once and in order: with its new label, or with the reason why it has none, or as it
    was where nobody has tried."""
    contents, reasons = all_contents(job, state, tools), state.reasons
    for line in read_lines(job, tools, None):
        object_id = str(line.number)
        if object_id in contents:
            yield records.labeled_line(line.text, contents[object_id]) + b"\n"
        elif object_id in reasons and not line.is_labeled:
            yield records.failed_line(line.text, job.form.attribute, reasons[object_id]) + b"\n"
        else:
            yield line.text + b"\n"


def read_rows(objects: EngineObjects, uri: S3Uri, spans: Sequence[Span]) -> Iterator[bytes]:
    """The rows at these places, which ascend. Errors: `NotFound`."""
    groups = together(spans)
    bodies = in_parallel(lambda group: objects.read_range(uri, group[0][0], group[-1][1]), groups)
    for group, body in zip(groups, bodies, strict=True):
        start = group[0][0]
        for first, end in group:
            yield body[first - start : end - start]


def together(spans: Sequence[Span]) -> list[list[Span]]:
    """Spans in groups that are worth one request each. Pure."""
    groups: list[list[Span]] = []
    for first, end in spans:
        group = groups[-1] if groups else None
        if group and first - group[-1][1] <= NEAR_BYTES and end - group[0][0] <= MOST_BYTES:
            group.append((first, end))
        else:
            groups.append([(first, end)])
    return groups
