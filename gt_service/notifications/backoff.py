"""When a delivery that failed is tried again. Pure."""

from __future__ import annotations

FIRST_SECONDS = 15
FACTOR = 4
MOST_SECONDS = 3600
TRIES = 12
"""How often in all; the queue's redrive policy says the same number (`maxReceiveCount`)."""


def seconds_until_next_try(tries: int, *, asked: int | None = None) -> int:
    """Seconds to wait after the `tries`-th try failed: 15, 60, 240, 960, then an hour each.

    `asked` is the receiver's own wish (Retry-After), which counts where it is longer, up to the same hour.
    """
    planned: int = FIRST_SECONDS * FACTOR ** min(max(tries, 1) - 1, TRIES)
    return min(MOST_SECONDS, max(planned, asked or 0))
