"""The stores of people who label: on moto and in memory."""

from __future__ import annotations

from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from gt_engine.store import DynamoStore
from gt_engine.store.workforce import DynamoMembers, DynamoTasks, DynamoTeams
from tests.engine import REGION
from tests.workforce_memory import MemoryMembers, MemoryTasks, MemoryTeams
from tests.workforce_store_contract import MembersContract, TasksContract, TeamsContract


@pytest.fixture
def dynamo(aws: None) -> DynamoStore:
    store = DynamoStore("engine", REGION)
    store.create_tables()
    return store


def test_sessions_that_are_over_leave_the_table(dynamo: DynamoStore) -> None:
    """Every sign-in of years would stay in it; so would those of an engine that made its tables before."""
    client, table = boto3.client("dynamodb", REGION), "engine-sessions"

    def expires() -> Any:
        return client.describe_time_to_live(TableName=table)["TimeToLiveDescription"]

    wanted = {"TimeToLiveStatus": "ENABLED", "AttributeName": "expires"}
    assert expires() == wanted
    dynamo.create_tables()  # it has it
    off = {"Enabled": False, "AttributeName": "expires"}
    client.update_time_to_live(TableName=table, TimeToLiveSpecification=off)
    dynamo.create_tables()
    assert expires() == wanted


def test_an_engine_whose_role_is_from_before_starts_all_the_same(
    dynamo: DynamoStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(**_: Any) -> None:
        raise ClientError({"Error": {"Code": "AccessDeniedException", "Message": "no"}}, "DescribeTimeToLive")

    monkeypatch.setattr(dynamo.tables.connection.client, "describe_time_to_live", refused)
    dynamo.create_tables()


class TestMembersOnMoto(MembersContract):
    @pytest.fixture
    def members(self, dynamo: DynamoStore) -> DynamoMembers:
        return DynamoMembers(dynamo.tables)


class TestTeamsOnMoto(TeamsContract):
    @pytest.fixture
    def teams(self, dynamo: DynamoStore) -> DynamoTeams:
        return DynamoTeams(dynamo.tables)


class TestTasksOnMoto(TasksContract):
    @pytest.fixture
    def tasks(self, dynamo: DynamoStore) -> DynamoTasks:
        return DynamoTasks(dynamo.tables)


class TestMembersInMemory(MembersContract):
    @pytest.fixture
    def members(self) -> MemoryMembers:
        return MemoryMembers()


class TestTeamsInMemory(TeamsContract):
    @pytest.fixture
    def teams(self) -> MemoryTeams:
        return MemoryTeams()


class TestTasksInMemory(TasksContract):
    @pytest.fixture
    def tasks(self) -> MemoryTasks:
        return MemoryTasks()
