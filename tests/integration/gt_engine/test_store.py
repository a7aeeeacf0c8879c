"""The store's promises, on MiniStack."""

from __future__ import annotations

from uuid import uuid4

import pytest

from gt_cli.stack import LocalSession, child_environment
from gt_engine.store import DynamoStore
from gt_engine.store.workforce import DynamoMembers, DynamoTasks, DynamoTeams
from tests.engine import REGION
from tests.engine_store_contract import EngineStoreContract
from tests.workforce_store_contract import MembersContract, TasksContract, TeamsContract

pytestmark = pytest.mark.integration


@pytest.fixture
def dynamo(aws: LocalSession, monkeypatch: pytest.MonkeyPatch) -> DynamoStore:
    for name, value in child_environment(aws.endpoint_url).items():
        if name.startswith("AWS_"):
            monkeypatch.setenv(name, value)
    made = DynamoStore(f"store-{uuid4().hex[:8]}", REGION)
    made.create_tables()
    made.create_tables()  # a second start finds them
    return made


class TestOnMiniStack(EngineStoreContract):
    @pytest.fixture
    def store(self, dynamo: DynamoStore) -> DynamoStore:
        return dynamo


class TestMembersOnMiniStack(MembersContract):
    @pytest.fixture
    def members(self, dynamo: DynamoStore) -> DynamoMembers:
        return DynamoMembers(dynamo.tables)


class TestTeamsOnMiniStack(TeamsContract):
    @pytest.fixture
    def teams(self, dynamo: DynamoStore) -> DynamoTeams:
        return DynamoTeams(dynamo.tables)


class TestTasksOnMiniStack(TasksContract):
    @pytest.fixture
    def tasks(self, dynamo: DynamoStore) -> DynamoTasks:
        return DynamoTasks(dynamo.tables)
