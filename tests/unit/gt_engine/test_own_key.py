"""The engine's own keys: whoever knew one could sign certificates, and pages of tasks, in the engine's name."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from gt_engine.own_key import KEY_BYTES, own_key
from gt_service.errors import UnknownState


def test_a_key_is_made_once_and_only_the_engine_may_read_it(tmp_path: Path) -> None:
    file = tmp_path / "state" / "key"
    with ThreadPoolExecutor(8) as pool:
        keys = set(pool.map(own_key, [file] * 8))
    assert [len(key) for key in keys] == [KEY_BYTES]
    assert list(file.parent.iterdir()) == [file]
    assert file.stat().st_mode & 0o077 == 0


@pytest.mark.parametrize("written", [b"", b"half"])
def test_a_key_that_was_cut_off_signs_nothing(tmp_path: Path, written: bytes) -> None:
    """On a full disk an earlier engine left an empty file, and signed with no key at all from then on."""
    (tmp_path / "key").write_bytes(written)
    with pytest.raises(UnknownState, match="is no key"):
        own_key(tmp_path / "key")
