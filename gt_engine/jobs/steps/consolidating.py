"""Labels that people have given, real ones or simulated: their files, what they teach, what the job's log says."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from gt_engine.autolabel.progress import Purpose
from gt_engine.consolidation import Skills
from gt_engine.jobs.context import JobContext
from gt_engine.jobs.life_cycle import CONSOLIDATE_AT_ONCE
from gt_engine.jobs.manifest import ManifestLine
from gt_engine.jobs.reviewing import with_review
from gt_engine.jobs.tools import JSON, LINES, ONE_SECOND, Tools, created_at, write_all
from gt_engine.outputs import records
from gt_engine.outputs.label_form import AnyLabel
from gt_engine.outputs.records import WorkerAnswer
from gt_engine.workforce import Answer
from gt_engine.workforce.files import AnswerFile
from gt_engine.workforce.proposals import Proposal, was_shown


@dataclass(frozen=True)
class LabelFiles:
    """Names of the consolidation files, in order; when the last of them was made; what the answers took."""

    requests: tuple[str, ...]
    responses: tuple[str, ...]
    ended: datetime
    people_seconds: float


def write_labels(
    iteration: int,
    job: JobContext,
    lines: Mapping[str, ManifestLine],
    labels: Mapping[str, AnyLabel],
    answers: Mapping[str, Sequence[WorkerAnswer]],
    proposals: Mapping[str, Proposal],
    first: datetime,
    tools: Tools,
) -> LabelFiles:
    """Worker responses, consolidation requests and responses of the objects that have answers.

    proposals: what people saw of the objects. Some are consolidated at a time, from `first` on, a second apart: files
    are named by the second, and would overwrite each other.
    """
    data_key = "s3Uri" if job.looks_at_images else "content"
    object_ids, time = tuple(answers), first
    requests, responses = [], []
    for start in range(0, len(object_ids), CONSOLIDATE_AT_ONCE):
        time = first + start // CONSOLIDATE_AT_ONCE * ONE_SECOND
        some = object_ids[start : start + CONSOLIDATE_AT_ONCE]
        given = ((job.tree.worker_response(iteration, it, time), records.worker_response(answers[it])) for it in some)
        write_all(tools, ((uri, body, JSON) for uri, body in given))
        request = job.tree.consolidation("request", iteration, time)
        asked = ((it, {data_key: lines[it].source}, answers[it]) for it in some)
        tools.objects.write(request, records.consolidation_request(asked), JSON)
        response = job.tree.consolidation("response", iteration, time)
        contents = (
            (it, _content(job, labels[it], answers[it], created_at(time, place), proposals.get(it)))
            for place, it in enumerate(some)
        )
        tools.objects.write(response, records.consolidation_response(contents), JSON)
        requests.append(str(request))
        responses.append(str(response))
    seconds = sum(answer.seconds for given in answers.values() for answer in given)
    return LabelFiles(tuple(requests), tuple(responses), time, seconds)


def _content(
    job: JobContext,
    label: AnyLabel,
    answers: Sequence[WorkerAnswer],
    created: datetime,
    proposal: Proposal | None,
) -> dict[str, object]:
    content = job.form.content(label, human=True, created=created, proposal_shown=was_shown(proposal))
    if job.task.facts.reviews is None:
        return content
    return with_review(content, job.task, job.form.attribute, (answer.content for answer in answers))


def write_intermediate(iteration: int, job: JobContext, lines: Iterator[ManifestLine], tools: Tools) -> None:
    """The objects that people have labeled in an iteration."""
    body = b"".join(records.intermediate_annotation(str(line.number), line.text, line.source) for line in lines)
    tools.objects.write(job.tree.intermediate_annotations(iteration), body, LINES)


def learnt(
    job: JobContext,
    answers: Mapping[str, Sequence[Answer]],
    labels: Mapping[str, AnyLabel],
    proposals: Mapping[str, Proposal],
) -> Skills:
    """What the answers show of the workers. Two who were shown the same proposal agree with it, whatever their care."""
    blind = {object_id: given for object_id, given in answers.items() if not was_shown(proposals.get(object_id))}
    return job.crowd.learn(blind, labels)


def told(
    iteration: int, purpose: Purpose, answers: Mapping[str, Sequence[object]], failed: Mapping[str, str], more: str = ""
) -> tuple[str, ...]:
    """What the job's log says of some objects that people were asked about."""
    count = sum(map(len, answers.values()))
    labeled = f"Iteration {iteration}: people labeled {len(answers)} data objects ({purpose.value})"
    return (f"{labeled}, {count} answers, {len(failed)} failed{more}.", *each_failed(failed))


def each_failed(failed: Mapping[str, str]) -> tuple[str, ...]:
    return tuple(f"Data object {object_id} failed: {reason}" for object_id, reason in failed.items())


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
