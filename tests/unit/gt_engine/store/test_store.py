"""The store on moto, the tests' stand-in for it, and items that no engine of this version wrote."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import boto3
import pytest

from gt_engine.store import DynamoStore
from gt_service.errors import UnknownState
from tests.engine import REGION, MemoryStore, job_record, request
from tests.engine_store_contract import EngineStoreContract


@pytest.fixture
def dynamo(aws: None) -> DynamoStore:
    store = DynamoStore("engine", REGION)
    store.create_tables()
    store.create_tables()  # a second start finds them
    return store


class TestOnMoto(EngineStoreContract):
    @pytest.fixture
    def store(self, dynamo: DynamoStore) -> DynamoStore:
        return dynamo


class TestInMemory(EngineStoreContract):
    @pytest.fixture
    def store(self) -> DynamoStore:
        return MemoryStore()


def raw_item(**changes: Any) -> dict[str, Any]:
    """A job's item as engines have always written it; None takes an attribute away."""
    item: dict[str, Any] = {
        "key": {"S": "birds-1"},
        "name": {"S": "Birds-1"},
        "arn": {"S": "arn"},
        "reference_code": {"S": "code"},
        "request": {"S": '{"LabelingJobName": "Birds-1"}'},
        "created_at": {"S": "2026-03-01T13:00:00+00:00"},
        "modified_at": {"S": "2026-03-01T13:00:00.000005+00:00"},
        "tags": {"M": {"a.b": {"S": "c"}}},
        "version": {"N": "7"},
        "phase": {"S": "InProgress"},
        "counters": {"S": "[1, 2, 3, 4]"},
        "announced": {"BOOL": False},
    }
    return {key: value for key, value in (item | changes).items() if value is not None}


def put(item: dict[str, Any]) -> None:
    boto3.client("dynamodb", REGION).put_item(TableName="engine-jobs", Item=item)


def test_an_item_of_an_earlier_engine_is_read(dynamo: DynamoStore) -> None:
    """The layout of the table is a promise to every engine that was ever deployed: its jobs go on after an upgrade."""
    put(raw_item(stop_requested={"S": "2026-03-01T13:00:01+00:00"}))
    job = dynamo.job("Birds-1")
    assert (job.version, job.counters.unlabeled, job.tags) == (7, 4, {"a.b": "c"})
    assert job.status == "Stopping"
    assert job.created_at == datetime(2026, 3, 1, 13, tzinfo=UTC)


def test_what_is_written_is_what_earlier_engines_read(dynamo: DynamoStore) -> None:
    dynamo.create_job(replace(job_record(request("Birds-1")), created_at=datetime(2026, 3, 1, 13, tzinfo=UTC)))
    item = boto3.client("dynamodb", REGION).get_item(TableName="engine-jobs", Key={"key": {"S": "birds-1"}})["Item"]
    assert {name: next(iter(value)) for name, value in item.items()} == {
        name: next(iter(value)) for name, value in raw_item().items()
    }
    assert item["created_at"] == {"S": "2026-03-01T13:00:00+00:00"}


@pytest.mark.parametrize(
    "strange",
    [
        {"phase": {"S": "Pausing"}},
        {"phase": None},
        {"version": {"S": "seven"}},
        {"version": None},
        {"counters": {"S": "none"}},
        {"counters": {"S": "[1, 2, 3, 4, 5]"}},
        {"counters": {"N": "4"}},
        {"created_at": {"S": "yesterday"}},
        {"request": {"S": "{"}},
        {"request": {"S": "[]"}},
        {"tags": {"M": {"a": {"N": "1"}}}},
        {"tags": {"S": "a"}},
        {"announced": {"S": "yes"}},
        {"name": None},
        {"of_another_version": {"S": "x"}, "phase": {"NULL": True}},
    ],
    ids=str,
)
def test_a_strange_item_is_passed_over_and_named_when_it_is_asked_for(
    dynamo: DynamoStore, strange: dict[str, Any], caplog: pytest.LogCaptureFixture
) -> None:
    """One item that somebody else put into the table must not stop the jobs of all others."""
    good = job_record(request("good"))
    dynamo.create_job(good)
    put(raw_item(**strange))
    assert list(dynamo.jobs()) == [good]
    assert "passed over" in caplog.text
    with pytest.raises(UnknownState, match="birds-1"):
        dynamo.job("birds-1")
