"""A labeling job's tags: the owner's own come and go; those that say how it is done stay."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import pytest

from gt_engine.api.operations import Operations
from gt_engine.request.errors import ValidationException
from tests.engine import MemoryEngineObjects, MemoryStore, job_record, request, settings

NAME = "birds-0001"
TARGET = "gt-engine:quality-target"


@pytest.fixture
def operations(tmp_path: Path) -> Operations:
    store = MemoryStore()
    record = job_record(request(NAME))
    store.create_job(replace(record, tags={**record.tags, TARGET: "0.9"}))
    return Operations(settings(tmp_path), store, cast(Any, None), MemoryEngineObjects({}), lambda _: None)


def arn(operations: Operations) -> str:
    return operations.store.job(NAME).arn


def test_tags_of_the_owner_come_and_go(operations: Operations) -> None:
    operations.add_tags({"ResourceArn": arn(operations), "Tags": [{"Key": "team", "Value": "birds"}]})
    assert operations.store.job(NAME).tags["team"] == "birds"
    operations.delete_tags({"ResourceArn": arn(operations), "TagKeys": ["team", "never there"]})
    assert "team" not in operations.store.job(NAME).tags


@pytest.mark.parametrize(
    "tag", [(TARGET, "0.5"), ("gt-engine:people-seconds", "nonsense"), ("gt-engine:gold-share", "1")]
)
def test_how_a_job_is_done_is_not_changed_while_it_runs(operations: Operations, tag: tuple[str, str]) -> None:
    """A quality target lowered half-way would stand in the certificate; nonsense would fail the job as the engine's."""
    key, value = tag
    with pytest.raises(ValidationException, match=key):
        operations.add_tags({"ResourceArn": arn(operations), "Tags": [{"Key": key, "Value": value}]})
    operations.add_tags({"ResourceArn": arn(operations), "Tags": [{"Key": TARGET, "Value": "0.9"}]})


@pytest.mark.parametrize("key", [TARGET, "gt-service:gold-labels"])
def test_nor_taken_away(operations: Operations, key: str) -> None:
    with pytest.raises(ValidationException, match=key):
        operations.delete_tags({"ResourceArn": arn(operations), "TagKeys": [key]})
