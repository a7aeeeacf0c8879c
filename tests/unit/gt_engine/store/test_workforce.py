"""The stores of people who label: on moto and in memory."""

from __future__ import annotations

import pytest

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
