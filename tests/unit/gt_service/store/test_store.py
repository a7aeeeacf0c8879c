"""The store's promises, on moto and on our own DynamoDB in memory."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest
from pynamodb.exceptions import PynamoDBException

from gt_service.store import Store
from tests.store_contract import StoreContract, an_image
from tests.world import World, a_world


class TestInMemory(StoreContract):
    @pytest.fixture
    def store(self, world: World) -> Store:
        return world.store

    @pytest.mark.parametrize("number", [10**38 + 1, -(10**38) - 1])
    def test_numbers_that_aws_refuses_are_refused(self, store: Store, number: int) -> None:
        """MiniStack takes them: nobody would know before it is somebody's account."""
        image = replace(an_image("a.png"), size=number)
        with pytest.raises(PynamoDBException, match="38 significant digits"):
            store.images.register(image, skip_duplicates=False)

    def test_items_that_aws_refuses_are_refused(self, store: Store) -> None:
        image = replace(an_image("a.png"), reason="é" * 205_000)
        with pytest.raises(PynamoDBException, match="maximum allowed size"):
            store.images.register(image, skip_duplicates=False)


class TestOnMoto(StoreContract):
    @pytest.fixture
    def store(self) -> Iterator[Store]:
        with a_world(on_moto=True) as world:
            yield world.store
