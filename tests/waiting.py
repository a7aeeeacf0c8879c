"""Waiting for what other processes and threads will do."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

PATIENCE = 60
"""Seconds; a machine that runs other things besides is slow, not wrong."""

Found = TypeVar("Found")


def soon(
    look: Callable[[], Found | None],
    seconds: float = PATIENCE,
    *,
    every: float = 0.1,
    known: Callable[[], object] = str,
) -> Found:
    """What `look` finds, as soon as it is something. Fails after some seconds, with what was seen and is `known`."""
    deadline = time.monotonic() + seconds
    while not (found := look()):
        assert time.monotonic() < deadline, f"not within {seconds} s; last seen: {found!r} {known()}"
        time.sleep(every)
    return found
