"""The cores of this machine, shared out by ourselves."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import Executor, ThreadPoolExecutor
from contextlib import contextmanager

from threadpoolctl import threadpool_limits


@contextmanager
def cores(count: int) -> Iterator[Executor]:
    """`count` threads for numpy work, each of which is one core: numpy's own threads are off meanwhile.

    Left on, they would wait for each other in loops, which takes twice the processor time for nothing; and results
    would differ in the last digits with the number of cores.
    """
    with (
        threadpool_limits(1, user_api="blas"),
        ThreadPoolExecutor(count, thread_name_prefix="learner") as pool,
    ):
        yield pool
