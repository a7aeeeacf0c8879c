"""People who label from other machines: the engine's API wants keys then, and only addresses of this machine do."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from gt_cli.exposure import KEYS, exposure
from gt_service.errors import InvalidInput


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "::1", "127.0.0.2"])
def test_this_machine_alone_needs_no_keys(tmp_path: Path, host: str) -> None:
    assert exposure(host, tmp_path) is None
    assert not (tmp_path / KEYS).exists()


def test_beyond_it_the_api_gets_a_pair_that_only_its_owner_reads(tmp_path: Path) -> None:
    """Without one everybody in the network could create labeling jobs."""
    first = exposure("0.0.0.0", tmp_path)
    assert first is not None
    assert len(first.secret) > 40
    assert (tmp_path / KEYS).stat().st_mode & 0o077 == 0
    assert json.loads((tmp_path / KEYS).read_text()) == {first.key_id: first.secret}
    assert exposure("0.0.0.0", tmp_path) == first
    arguments = first.arguments(8080)
    assert arguments[arguments.index("--access-keys") + 1] == str(tmp_path / KEYS)
    assert "--insecure-sign-in" in arguments
    assert first.url(8080) in arguments
    assert "0.0.0.0" not in first.url(8080)


@pytest.mark.parametrize("host", ["192.0.2.55", "my-laptop", "300.1.1.1"])
def test_an_address_of_another_machine_is_told_before_anything_starts(tmp_path: Path, host: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        exposure(host, tmp_path)
    assert refused.value.field == "host"
