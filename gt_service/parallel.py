"""Work on many small things at once, in order, with no more than a few of them in memory."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from typing import TypeVar

WORKERS = 8
"""As many as a boto3 client's connection pool serves without waiting (it has 10)."""

Item = TypeVar("Item")
Result = TypeVar("Result")


def in_parallel(work: Callable[[Item], Result], items: Iterable[Item], *, workers: int = WORKERS) -> Iterator[Result]:
    """The results in the order of the items. At most twice `workers` of them wait; errors are raised here."""
    queue = iter(items)
    with ThreadPoolExecutor(workers) as pool:
        waiting = deque(pool.submit(work, item) for item in islice(queue, 2 * workers))
        try:
            while waiting:
                result = waiting.popleft().result()
                waiting.extend(pool.submit(work, item) for item in islice(queue, 1))
                yield result
        finally:
            for future in waiting:
                future.cancel()


def in_groups(items: Iterable[Item], size: int) -> Iterator[list[Item]]:
    """So many items at a time."""
    rest = iter(items)
    while group := list(islice(rest, size)):
        yield group
