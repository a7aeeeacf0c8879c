"""The files of consolidated labels, whoever answered."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime

from gt_engine.jobs.context import JobContext
from gt_engine.jobs.manifest import ManifestLine
from gt_engine.jobs.reviewing import with_review
from gt_engine.jobs.tools import JSON, LINES, created_at
from gt_engine.outputs import records
from gt_engine.outputs.label_form import AnyLabel
from gt_engine.outputs.records import WorkerAnswer
from gt_engine.workforce.files import AnswerFile
from gt_engine.workforce.proposals import Proposal, was_shown
from gt_service.objects import S3Uri

File = tuple[S3Uri, bytes, str]


def human_contents(
    job: JobContext,
    labels: Mapping[str, AnyLabel],
    answers: Mapping[str, Sequence[WorkerAnswer]],
    times: Mapping[str, datetime],
    proposals: Mapping[str, Proposal],
) -> dict[str, dict[str, object]]:
    """The labels of the objects that have answers, as they are written; `times` as in
    `gt_engine.jobs.tools.consolidation_times`, `proposals`: what people saw of the objects."""
    contents = {}
    for place, (object_id, given) in enumerate(answers.items()):
        created, shown = created_at(times[object_id], place), was_shown(proposals.get(object_id))
        content = job.form.content(labels[object_id], human=True, created=created, proposal_shown=shown)
        if job.task.facts.reviews is not None:
            content = with_review(content, job.task, job.form.attribute, (answer.content for answer in given))
        contents[object_id] = content
    return contents


def human_files(
    iteration: int,
    job: JobContext,
    lines: Mapping[str, ManifestLine],
    answers: Mapping[str, Sequence[WorkerAnswer]],
    contents: Mapping[str, Mapping[str, object]],
    times: Mapping[str, datetime],
) -> Iterator[File]:
    """Worker responses, consolidation requests and responses of objects that have answers; `times` as in
    `gt_engine.jobs.tools.consolidation_times`."""
    for object_id, given in answers.items():
        yield job.tree.worker_response(iteration, object_id, times[object_id]), records.worker_response(given), JSON
    together: dict[datetime, list[str]] = {}
    for object_id, time in times.items():
        together.setdefault(time, []).append(object_id)
    data_key = "s3Uri" if job.looks_at_images else "content"
    for time, object_ids in together.items():
        batch = ((object_id, {data_key: lines[object_id].source}, answers[object_id]) for object_id in object_ids)
        yield job.tree.consolidation("request", iteration, time), records.consolidation_request(batch), JSON
    for time, object_ids in together.items():
        pairs = ((object_id, contents[object_id]) for object_id in object_ids)
        yield job.tree.consolidation("response", iteration, time), records.consolidation_response(pairs), JSON


def intermediate_annotations(iteration: int, job: JobContext, lines: Iterable[ManifestLine]) -> File:
    """The objects that people have labeled in an iteration."""
    body = b"".join(records.intermediate_annotation(str(line.number), line.text, line.source) for line in lines)
    return job.tree.intermediate_annotations(iteration), body, LINES


def as_written(job: JobContext, file: AnswerFile) -> WorkerAnswer:
    """The engine is its own user pool, where no identity provider has vouched for the worker."""
    provider = "Cognito" if file.issuer is None else "Oidc"
    issuer = file.issuer or f"urn:gt-engine:{job.region}"
    return WorkerAnswer(
        worker=file.worker_id,
        content=file.content,
        accepted_at=file.accepted_at,
        submitted_at=file.submitted_at,
        active_seconds=file.active_seconds,
        identity={"identityProviderType": provider, "issuer": issuer, "sub": file.sub},
    )
