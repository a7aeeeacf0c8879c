"""Files that browsers load: what anybody may ask for must neither fail the engine nor fill its memory."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from gt_engine.portal import assets
from tests.portal_client import Client


def test_a_file_has_one_address(visitor: Callable[..., Client]) -> None:
    """Each other way of writing it was kept in memory as a file of its own, for as long as the engine ran."""
    version, client = assets.version(assets.STATIC), visitor()
    assert client.get(f"/static/{version}/task.js").status_code == 200
    assert client.get(f"/static/{version}/icon.svg").headers["Content-Type"] == "image/svg+xml"
    for other in ("%2e/task.js", "x/%2e%2e/task.js", "%2e%2e/elements/base.js", "%2e%2e/app.py"):
        assert client.get(f"/static/{version}/{other}").status_code == 404


@pytest.mark.parametrize("path", ["a%00b.js", "x" * 300 + ".js", "vendor", "vendor/LICENCES.md"])
@pytest.mark.parametrize("folder", ["static", "elements"])
def test_what_is_no_file_is_not_found(visitor: Callable[..., Client], folder: str, path: str) -> None:
    assert visitor().get(f"/{folder}/0/{path}").status_code == 404
