"""The certificate of a job that has ended, over the files that its promise rests on."""

from __future__ import annotations

import os
from dataclasses import asdict
from hashlib import sha256
from pathlib import Path
from uuid import uuid4

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from gt_engine.jobs.context import JobContext
from gt_engine.jobs.reading import read_own
from gt_engine.jobs.state import JobState
from gt_engine.jobs.tools import JSON, Tools
from gt_engine.outputs.seal import OwnKey, sealed
from gt_service.objects import S3Uri

SIGNING_KEY = "signing-key"
"""In the engine's folder of state: 32 bytes that only its account may read."""


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
    signer = tools.signer or OwnKey(signing_key(tools.settings.state_dir))
    tools.objects.write(job.tree.job_certificate, sealed(certificate, signer), JSON)


def signing_key(folder: Path) -> Ed25519PrivateKey:
    """The engine's own key, made where there is none yet."""
    path = folder / SIGNING_KEY
    if not path.exists():
        folder.mkdir(parents=True, exist_ok=True)
        new = folder / f"{SIGNING_KEY}-{uuid4().hex}"
        with os.fdopen(os.open(new, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "wb") as file:
            file.write(Ed25519PrivateKey.generate().private_bytes_raw())
        try:
            # Closes the race of two processes that make one: the first link stays, both read that.
            os.link(new, path)
        except FileExistsError:
            pass
        finally:
            new.unlink()
    return Ed25519PrivateKey.from_private_bytes(path.read_bytes())


def _below(job: JobContext, uri: S3Uri) -> str:
    return uri.key.removeprefix(f"{job.tree.root.key}/")
