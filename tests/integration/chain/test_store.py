"""The store's promises, on MiniStack: another implementation of DynamoDB, and the one that people try first."""

from __future__ import annotations

from uuid import uuid4

import pytest

from gt_cli.stack import REGION, LocalStack, child_environment
from gt_service.store import Store, TableNames
from tests.store_contract import StoreContract

pytestmark = pytest.mark.integration


class TestOnMiniStack(StoreContract):
    @pytest.fixture
    def store(self, stack: LocalStack, monkeypatch: pytest.MonkeyPatch) -> Store:
        for name, value in child_environment(stack.endpoint_url).items():
            if name.startswith("AWS_"):
                monkeypatch.setenv(name, value)
        kinds = ("campaigns", "images", "batches", "jobs", "tokens")
        names = TableNames(*(f"{kind}-{uuid4().hex[:8]}" for kind in kinds))
        store = Store(names, REGION)
        store.tables.create()
        return store
