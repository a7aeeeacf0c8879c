"""Reading thousands of files: in order, never more than a few at a time."""

from __future__ import annotations

import threading
import time

import pytest

from gt_service.parallel import in_parallel


def test_results_come_in_the_order_of_the_items() -> None:
    """Iterations would be mixed up."""

    def slow_at_first(number: int) -> int:
        time.sleep(0.02 if number == 0 else 0)
        return -number

    assert list(in_parallel(slow_at_first, range(50))) == [-n for n in range(50)]


def test_no_more_than_a_window_of_results_waits() -> None:
    """A job of 100,000 objects would fill the memory of the function that reports it."""
    begun = 0
    lock = threading.Lock()

    def count(_: int) -> None:
        nonlocal begun
        with lock:
            begun += 1

    results = in_parallel(count, range(10_000), workers=4)
    for _ in range(10):
        next(results)
    assert begun <= 10 + 2 * 4 + 1
    results.close()


def test_reads_overlap() -> None:
    """Reading one by one takes minutes where it could take seconds."""
    together = threading.Barrier(4, timeout=5)
    assert len(list(in_parallel(lambda _: together.wait(), range(4), workers=4))) == 4


def test_an_error_is_raised_to_the_caller() -> None:
    """A file that cannot be read would go missing without a word."""

    def fail(number: int) -> int:
        if number == 3:
            raise OSError("lost")
        return number

    with pytest.raises(OSError, match="lost"):
        list(in_parallel(fail, range(10)))
