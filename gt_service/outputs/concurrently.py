"""Many small objects read at once, in order, with no more than a few of them in memory."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import islice
from typing import TypeVar

READERS = 8
"""As many as a boto3 client's connection pool serves without waiting (it has 10)."""

Item = TypeVar("Item")
Result = TypeVar("Result")


def concurrently(
    work: Callable[[Item], Result], items: Iterable[Item], *, workers: int = READERS
) -> Iterator[tuple[Item, Result]]:
    """`(item, work(item))` in the order of the items. At most twice `workers` results wait; errors are raised here."""
    queue = iter(items)
    with ThreadPoolExecutor(max_workers=workers) as pool:
        waiting: deque[tuple[Item, Future[Result]]] = deque()

        def submit(count: int) -> None:
            waiting.extend((item, pool.submit(work, item)) for item in islice(queue, count))

        try:
            submit(2 * workers)
            while waiting:
                item, future = waiting.popleft()
                result = future.result()
                submit(1)
                yield item, result
        finally:
            for _, future in waiting:
                future.cancel()
