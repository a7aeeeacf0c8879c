"""The certificate of a job that has ended, over the files that its promise rests on."""

from __future__ import annotations

from dataclasses import asdict
from hashlib import sha256

from gt_engine.jobs.context import JobContext
from gt_engine.jobs.reading import read_own
from gt_engine.jobs.state import JobState
from gt_engine.jobs.tools import JSON, Tools
from gt_engine.outputs.seal import OwnKey, sealed
from gt_engine.own_key import own_key
from gt_service.objects import S3Uri

SIGNING_KEY = "signing-key"
"""In the engine's folder of state."""


def seal(job: JobContext, state: JobState, manifest: str, tools: Tools) -> None:
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
