"""The portal without a socket, and clients that are signed in."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.portal_client import Client
from tests.portal_world import PortalWorld

ORIGIN = "http://localhost"
Visitor = Callable[..., Client]


@pytest.fixture
def world() -> PortalWorld:
    return PortalWorld()


@pytest.fixture
def visitor(world: PortalWorld) -> Visitor:
    """Clients at the portal; given a name, signed in."""

    def visit(name: str | None = None, *, address: str = "127.0.0.1", **options: Any) -> Client:
        client = Client(world.app(), ORIGIN, address=address)
        if name is not None:
            client.cookies.set("gt-session", world.session(name, **options).id)
        return client

    return visit
