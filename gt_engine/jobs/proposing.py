"""The machine's labels of objects that people are about to be asked about, for them to correct.

Only of objects whose labels certify nothing: which those are is the life cycle's to say (`Offer.certifies`). What is
shown, and to what it stays blind, is a file before anybody is asked.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from typing import Any

from gt_engine.aws import in_parallel
from gt_engine.jobs.context import JobContext
from gt_engine.jobs.crowd import with_size
from gt_engine.jobs.manifest import ManifestLine
from gt_engine.jobs.reading import read_own
from gt_engine.jobs.state import JobState
from gt_engine.jobs.steps.machine import lesson_on, model_name
from gt_engine.jobs.tools import LINES, Tools
from gt_engine.labels import BoxLabel, Label
from gt_engine.outputs import records
from gt_engine.outputs.label_form import NO_LABEL, AnyLabel, MultiClassLabel, read_label
from gt_engine.workforce.proposals import Proposal, as_record, proposal, read_record
from gt_service.outputs.records import PROPOSAL, metadata_key
from gt_service.task_types import TaskType


def propose(
    iteration: int,
    first: int,
    job: JobContext,
    state: JobState,
    lines: Mapping[str, ManifestLine],
    sizes: Mapping[str, tuple[int, int, int]],
    tools: Tools,
) -> dict[str, Proposal]:
    """What people see of these objects, by object id; those that nothing can be said of are left out.

    first: the place of the first of them in the order of asking. Done again it writes the same file.
    """
    if job.proposals is None or not lines:
        return {}
    labels: dict[str, tuple[AnyLabel, str]]
    labels = {
        object_id: label
        for object_id, line in lines.items()
        if (label := _brought(job, line, sizes.get(object_id))) is not None
    }
    rest = [object_id for object_id in lines if object_id not in labels and object_id in sizes]
    labels.update(_predicted(job, state, rest, tools))
    proposals = {
        object_id: proposal(
            records.drawn(label) if isinstance(label, BoxLabel) else label,
            model,
            job.proposals,
            job=job.record.name,
            object_id=object_id,
            classes=len(job.classes),
        )
        for object_id, (label, model) in labels.items()
    }
    if proposals:
        written = (
            records.compact(as_record(object_id, lines[object_id].source, shown, job.classes))
            for object_id, shown in proposals.items()
        )
        tools.objects.write(job.tree.proposals(iteration, first), b"".join(line + b"\n" for line in written), LINES)
    return proposals


def proposals_of(iteration: int, job: JobContext, tools: Tools) -> dict[str, Proposal]:
    """What people saw of the objects of an iteration, by object id."""
    if job.proposals is None:
        return {}
    files = [file.uri for file in tools.objects.list(job.tree.all_proposals(iteration))]
    bodies = in_parallel(lambda uri: read_own(tools, uri), files)
    is_single = job.task is TaskType.IMAGE_CLASSIFICATION
    lines = (json.loads(line) for body in bodies for line in body.splitlines())
    return dict(read_record(line, job.classes, is_single=is_single) for line in lines)


def shown_on_page(job: JobContext, proposal: Proposal | None) -> dict[str, Any] | None:
    """`task.input.proposal` of a page; None where the object stays blind."""
    if proposal is None or proposal.label is None:
        return None
    (value,) = records.answer_content(job.task, proposal.label, job.classes).values()
    return {name: value[name] for name in ("boundingBoxes", "label", "labels") if name in value}


def _brought(job: JobContext, line: ManifestLine, size: tuple[int, int, int] | None) -> tuple[AnyLabel, str] | None:
    """The proposal that came with the manifest, and whose it is; None where there is none that can be used, or it
    chooses nothing of several classes."""
    record, name = json.loads(line.text), job.form.attribute + PROPOSAL
    if name not in record:
        return None
    metadata = record.get(metadata_key(name), {})
    try:
        label = with_size(read_label(job.task, record[name], metadata, job.classes), size)
        is_empty = isinstance(label, MultiClassLabel) and not label.class_ids
        return None if is_empty else (label, str(metadata.get("model", "manifest")))
    except NO_LABEL:
        return None


def _predicted(
    job: JobContext, state: JobState, object_ids: Collection[str], tools: Tools
) -> dict[str, tuple[AnyLabel, str]]:
    """What the job's own model says of them."""
    name = model_name(job, state)
    if name is None or not object_ids:
        return {}
    labels: Mapping[str, Label] = tools.machine.propose(lesson_on(object_ids, job, state, tools), job.plan, object_ids)
    return {object_id: (label, name) for object_id, label in labels.items()}
