"""The local stack, started once for all tests that need it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from gt_cli.stack import LocalStack, local_stack


@pytest.fixture(scope="session")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalStack]:
    """MiniStack, gt-engine in a hurry and the deployed template; the functions run under their own roles."""
    work = tmp_path_factory.mktemp("stack")
    with local_stack(work, logs=work / "logs", hurry=10) as running:
        yield running
