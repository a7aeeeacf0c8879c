"""Gives up what takes too long, also where it waits for others."""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager


class OutOfTime(Exception):
    """A message took longer than its share of the function's time, or there was none left for it to begin.

    No `GtServiceError`: nobody waits for an answer who could be told a remedy. The queue brings the message again.
    """


@contextmanager
def time_limit(seconds: float) -> Iterator[None]:
    """Raises `OutOfTime` in what takes longer. By the process's alarm clock, which rings in its main thread alone;
    functions are called there."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def stop(*_: object) -> None:
        raise OutOfTime(f"it took more than {seconds} seconds")

    former, begun = signal.signal(signal.SIGALRM, stop), time.monotonic()
    left, _ = signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        # Whose clock it was goes on waiting, for what is left of its time.
        signal.setitimer(signal.ITIMER_REAL, max(left - (time.monotonic() - begun), 0.001) if left else 0)
        signal.signal(signal.SIGALRM, former)
