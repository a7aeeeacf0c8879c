"""The store's promises, on moto."""

from __future__ import annotations

import pytest

from gt_service.store import Store
from tests.store_contract import StoreContract
from tests.world import World


class TestOnMoto(StoreContract):
    @pytest.fixture
    def store(self, world: World) -> Store:
        return world.store
