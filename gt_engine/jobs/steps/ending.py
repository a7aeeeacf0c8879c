"""The end of a job: its output manifest, the certificate over the files that its promise rests on, and what it has
learnt of the workers for the next one."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict
from hashlib import sha256

from gt_engine.jobs.context import JobContext
from gt_engine.jobs.reading import output_lines, read_own
from gt_engine.jobs.state import JobState
from gt_engine.jobs.steps.gold import write_gold_answers
from gt_engine.jobs.team_record import add_to_record
from gt_engine.jobs.tools import BYTES, JSON, LINES, Outcome, Tools
from gt_engine.jobs.work import End
from gt_engine.outputs.seal import OwnKey, sealed
from gt_engine.own_key import own_key
from gt_engine.store import ModelKind, Phase
from gt_service.objects import S3Uri

SIGNING_KEY = "signing-key"
"""In the engine's folder of state."""


def end(work: End, job: JobContext, state: JobState, tools: Tools) -> Outcome:
    if state.lines is not None:
        digest = sha256()
        lines = _hashed(output_lines(job, state, tools), digest.update)
        tools.objects.write_stream(job.tree.output_manifest, lines, LINES)
        _seal(job, state, digest.hexdigest(), tools)
    shown = write_gold_answers(job, state, tools)
    if state.all_learnt or shown:
        add_to_record(state.all_learnt, shown, job, tools)
    if work.phase is not Phase.FAILED:  # whatever failed may be the model
        _leave_model(job, state, tools)
    counters = state.counters
    log = (
        f"{work.phase.value}: {counters.human} labeled by people, {counters.machine} by machine, "
        f"{counters.failed} failed, {counters.unlabeled} unlabeled." + (f" {work.reason}" if work.reason else ""),
    )
    return Outcome(state, log)


def _seal(job: JobContext, state: JobState, manifest: str, tools: Tools) -> None:
    """Writes `certificate.json`: the SHA-256 of output manifest (`manifest`), models and rounds, and the settings."""
    models = [S3Uri.parse(training.s3_uri) for training in state.trainings]
    rounds = [job.tree.certificate(iteration) for iteration in state.machine]
    hashes = {uri: sha256(read_own(tools, uri)).hexdigest() for uri in dict.fromkeys((*models, *rounds))}
    files = [{"path": _below(job, uri), "sha256": digest} for uri, digest in hashes.items()]
    certificate = {
        "version": 1,
        "job": job.record.arn,
        "guarantee": asdict(job.plan.guarantee),
        "auto-labeling": job.plan.auto_labeling,
        "labels": {"human": state.counters.human, "machine": state.counters.machine},
        "request": dict(job.record.request),  # prices, workers, model and conditions among them
        "tags": dict(job.record.tags),
        "files": [{"path": _below(job, job.tree.output_manifest), "sha256": manifest}, *files],
    }
    signer = tools.signer or OwnKey.of(own_key(tools.settings.state_dir / SIGNING_KEY))
    tools.objects.write(job.tree.job_certificate, sealed(certificate, signer), JSON)


def _below(job: JobContext, uri: S3Uri) -> str:
    return uri.key.removeprefix(f"{job.tree.root.key}/")


def _leave_model(job: JobContext, state: JobState, tools: Tools) -> None:
    """Writes the final model as a file to take away; one that rests on the user's own cannot go without it."""
    if not state.trainings:
        return
    last = state.trainings[-1]
    if tools.store.model(last.model_name).kind is ModelKind.TRAINED:
        body = tools.machine.to_take_away(read_own(tools, S3Uri.parse(last.s3_uri)))
        tools.objects.write(job.tree.model_to_take_away, body, BYTES)


def _hashed(lines: Iterable[bytes], update: Callable[[bytes], object]) -> Iterator[bytes]:
    for line in lines:
        update(line)
        yield line
