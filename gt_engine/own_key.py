"""Keys of the engine's own, in its folder of state: made at its first start, and the same at every later one."""

from __future__ import annotations

import os
import secrets
from contextlib import suppress
from pathlib import Path
from uuid import uuid4

from gt_service.errors import UnknownState

KEY_BYTES = 32


def own_key(file: Path) -> bytes:
    """The bytes of a key that only the engine's account may read, made where there is none yet.

    Errors: `UnknownState` for a file that is no key: whatever was signed with half of one, others could sign.
    """
    if not file.exists():
        file.parent.mkdir(parents=True, exist_ok=True)
        new = file.with_name(f"{file.name}-{uuid4().hex}")
        with os.fdopen(os.open(new, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "wb") as made:
            made.write(secrets.token_bytes(KEY_BYTES))
        # Closes the race of two processes that make one: the first link stays, both read that.
        with suppress(FileExistsError):
            os.link(new, file)
        new.unlink()
    key = file.read_bytes()
    if len(key) != KEY_BYTES:
        raise UnknownState(
            f"{file} is no key: it has {len(key)} bytes, not {KEY_BYTES}",
            remedy="Put it back from a backup, or delete it: a new one is made.",
        )
    return key
