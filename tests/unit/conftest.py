"""What unit tests share."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.world import World, a_world


@pytest.fixture
def world() -> Iterator[World]:
    """A deployment in memory."""
    with a_world() as world:
        yield world
