"""What unit tests share."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest
from moto import mock_aws

from tests.world import World, a_world


@pytest.fixture(autouse=True)
def no_aws_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    """Another test's stack, which this process may have at hand, must not be taken for this test's."""
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)


@pytest.fixture
def credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    """What boto3 asks for before it calls anybody."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")


@pytest.fixture
def aws(credentials: None) -> Iterator[None]:
    """An empty account, in memory."""
    with mock_aws():
        yield


@pytest.fixture
def world() -> Iterator[World]:
    """A deployment in memory."""
    with a_world() as world:
        yield world
