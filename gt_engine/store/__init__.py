"""The engine's records in DynamoDB: frozen records out, conditional writes in."""

from gt_engine.store.dynamo import DynamoStore
from gt_engine.store.records import Counters, JobRecord, ModelKind, ModelRecord, Phase

__all__ = ["Counters", "DynamoStore", "JobRecord", "ModelKind", "ModelRecord", "Phase"]
