"""The store's promises, on MiniStack."""

from __future__ import annotations

from uuid import uuid4

import pytest

from gt_cli.stack import LocalSession, child_environment
from gt_engine.store import DynamoStore, Store
from tests.engine import REGION
from tests.engine_store_contract import EngineStoreContract

pytestmark = pytest.mark.integration


class TestOnMiniStack(EngineStoreContract):
    @pytest.fixture
    def store(self, aws: LocalSession, monkeypatch: pytest.MonkeyPatch) -> Store:
        for name, value in child_environment(aws.endpoint_url).items():
            if name.startswith("AWS_"):
                monkeypatch.setenv(name, value)
        made = DynamoStore(f"store-{uuid4().hex[:8]}", REGION)
        made.create_tables()
        made.create_tables()  # a second start finds them
        return made
