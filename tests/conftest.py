"""The local stack, started once for all tests that need it, and an environment without the user's AWS settings."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest
from hypothesis import settings

from gt_cli.stack import LocalStack, local_stack


def pytest_configure() -> None:
    """Nothing of the user's own AWS settings reaches a test, and none fails because the machine is busy."""
    settings.register_profile("unhurried", settings(), deadline=None)
    settings.load_profile("unhurried")
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        del os.environ[name]


@pytest.fixture(scope="session")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalStack]:
    """MiniStack, gt-engine in a hurry and the deployed template; the functions run under their own roles."""
    work = tmp_path_factory.mktemp("stack")
    with local_stack(work, logs=work / "logs", shorten_training=10) as running:
        yield running
