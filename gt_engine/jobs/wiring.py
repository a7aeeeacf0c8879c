"""What a step works with, made of the settings: clients, stores, the machine. Made once in a process and kept."""

from __future__ import annotations

from functools import cache, lru_cache

from gt_engine.autolabel import FeatureStore
from gt_engine.aws import CloudWatchLogs, EngineObjects, EventBridge, KmsKey, SnsTopics, client, s3_client
from gt_engine.jobs.chunks import Chunks, ChunksHere, MappedChunks
from gt_engine.jobs.machine import LearningMachine
from gt_engine.jobs.tools import Tools
from gt_engine.settings import Settings
from gt_engine.store import DynamoStore
from gt_engine.store.workforce import DynamoMembers, DynamoTasks, DynamoTeams


def tools_for(settings: Settings, name: str) -> tuple[Tools, EventBridge]:
    """What a step of this job works with: its files are written with its own key."""
    kms_key = _store(settings.table_prefix, settings.region).job(name).kms_key
    return _tools_with_key(settings, kms_key), EventBridge(_client("events", settings.region))


@lru_cache(maxsize=8)
def _tools_with_key(settings: Settings, kms_key: str | None) -> Tools:
    """One set of tools per key and process: clients, the feature store and what it has loaded are kept."""
    region = settings.region
    store = _store(settings.table_prefix, region)
    objects = EngineObjects(_s3(region, settings.buckets), kms_key)
    chunks: Chunks = ChunksHere()
    if settings.chunks_arn:
        machine = _client("stepfunctions", region)
        chunks = MappedChunks(machine, settings.chunks_arn, objects, at_least=settings.chunks_from)
    return Tools(
        settings=settings,
        store=store,
        objects=objects,
        logs=CloudWatchLogs(_client("logs", region)),
        features=FeatureStore(
            settings.state_dir / "features",
            threads=settings.processes,
            most_bytes=settings.cache_bytes,
            providers=settings.onnx_providers,
        ),
        machine=LearningMachine(threads=settings.processes, shorten_training=settings.shorten_training),
        people=DynamoTasks(store.tables),
        teams=DynamoTeams(store.tables),
        members=DynamoMembers(store.tables),
        topics=SnsTopics(_client("sns", region)),
        chunks=chunks,
        signer=KmsKey(_client("kms", region), settings.certificate_key) if settings.certificate_key else None,
    )


_client, _s3, _store = cache(client), cache(s3_client), cache(DynamoStore)
"""One of each kind per process: to make one takes as long as a hundred calls."""
