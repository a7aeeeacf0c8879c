"""The store's promises, on moto and on our own DynamoDB in memory."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from gt_service.store import Store
from tests.store_contract import StoreContract
from tests.world import World, a_world


class TestInMemory(StoreContract):
    @pytest.fixture
    def store(self, world: World) -> Store:
        return world.store


class TestOnMoto(StoreContract):
    @pytest.fixture
    def store(self) -> Iterator[Store]:
        with a_world(on_moto=True) as world:
            yield world.store
