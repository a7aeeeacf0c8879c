"""How an engine is set up: one frozen value, read once from arguments and environment."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from ipaddress import ip_address
from pathlib import Path

from gt_service.errors import InvalidInput

DEFAULT_REGION = "us-east-1"


@dataclass(frozen=True)
class Settings:
    """An engine's settings.

    region, account            where its labeling jobs live, as their ARNs say
    state_dir                  local cache: image features; nothing that cannot be made again
    table_prefix               of its DynamoDB tables: `<prefix>-jobs`, `<prefix>-models`, … (gt_engine/store/tables.py)
    processes                  steps of jobs that run at the same time
    max_active_jobs            CreateLabelingJob answers ResourceLimitExceeded above it
    min_auto_labeling_objects  a job with automated data labeling and fewer objects fails; Ground Truth: 1,250
    secrets                    access key id → secret key; with any, every call must be signed with one of them
    buckets                    the only buckets that jobs may name; None: all that the engine's own role may use
    cache_bytes                how large the cache may grow; None: four fifths of the disk
    shorten_training                      trainings take one step in so many: for tests and for the quick demo
    correction_seconds         so long after the last answer to an object a worker may take an answer back
    public_url                 where browsers reach the engine, without a slash at the end; the address that it listens
                               on where nothing else is said
    onnx_providers             what onnxruntime computes on, in its own names (gt_engine/autolabel/providers.py)
    insecure_sign_in           people may sign in from other machines without TLS: for a network that is trusted
    chunks_arn                 state machine that works on chunks of images; empty: the step that asks does
    certificate_key            ARN of a key in AWS KMS that signs certificates; empty: one of the engine's own does
    chunks_from                so many objects must a job have for that
    packs_features             features of every job lie in S3, packed, because no disk outlives a step
    """

    region: str
    account: str
    state_dir: Path
    table_prefix: str = "gt-engine"
    processes: int = 2
    max_active_jobs: int = 100
    min_auto_labeling_objects: int = 0
    secrets: Mapping[str, str] = field(default_factory=dict, repr=False, hash=False)
    buckets: frozenset[str] | None = None
    cache_bytes: int | None = None
    shorten_training: int = 1
    correction_seconds: int = 30
    public_url: str = ""
    insecure_sign_in: bool = False
    onnx_providers: tuple[str, ...] = ("CPUExecutionProvider",)
    packs_features: bool = False
    chunks_arn: str = ""
    chunks_from: int = 2000
    certificate_key: str = ""

    @property
    def correction_window(self) -> timedelta:
        return timedelta(seconds=self.correction_seconds)


def region_from_environment() -> str:
    return os.environ.get("AWS_REGION") or os.environ.get("AWS_DEFAULT_REGION") or DEFAULT_REGION


def read_secrets(file: Path | None) -> dict[str, str]:
    """The keys that callers may sign with: a JSON object of access key id → secret key.

    From the file, or from the environment variable GT_ENGINE_ACCESS_KEYS; neither means no keys.
    """
    text = file.read_text() if file else os.environ.get("GT_ENGINE_ACCESS_KEYS", "")
    if not text.strip():
        return {}
    keys = parse_secrets(text)
    if keys is None:
        raise InvalidInput(
            "access keys must be a JSON object of access key id to secret key",
            field=str(file) if file else "GT_ENGINE_ACCESS_KEYS",
        )
    return keys


def parse_secrets(text: str) -> dict[str, str] | None:
    """A JSON object of access key id → secret key; None for anything else."""
    try:
        keys = json.loads(text)
    except ValueError:
        return None
    return keys if isinstance(keys, dict) and all(isinstance(v, str) and v for v in keys.values()) else None


def check_exposure(host: str, secrets: Mapping[str, str]) -> None:
    """Unsigned calls are taken on the loopback interface only."""
    try:
        local = host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        local = False
    if not local and not secrets:
        raise InvalidInput(
            f"{host} can be reached from other machines and no access keys are set",
            remedy="Give --access-keys FILE (or GT_ENGINE_ACCESS_KEYS), or bind to 127.0.0.1.",
            field="--host",
        )
