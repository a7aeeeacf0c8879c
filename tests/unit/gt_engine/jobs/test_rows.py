"""A step pays for the rows that it needs: never for all that lie between, never with a request for each neighbour."""

from __future__ import annotations

import random

import pytest

from gt_engine.jobs.reading import MOST_BYTES, NEAR_BYTES, read_rows, together
from gt_service.objects import S3Uri
from tests.engine import MemoryEngineObjects

FILE = S3Uri("b", "rows")


class Counting(MemoryEngineObjects):
    requests = 0
    carried = 0

    def read_range(self, uri: S3Uri, first: int, end: int) -> bytes:
        self.requests += 1
        self.carried += end - first
        return super().read_range(uri, first, end)


@pytest.mark.parametrize("share", [0.0005, 0.01, 0.3, 1.0])
@pytest.mark.parametrize("width", [76, 5_000])
def test_the_rows_that_were_asked_for_come_in_order(width: int, share: float) -> None:
    rng = random.Random(share)
    rows = [bytes([number % 251]) * width for number in range(4_000)]
    wanted = sorted(rng.sample(range(len(rows)), max(1, int(share * len(rows)))))
    objects = Counting({str(FILE): b"".join(rows)})
    read = list(read_rows(objects, FILE, [(number * width, (number + 1) * width) for number in wanted]))
    assert read == [rows[number] for number in wanted]
    assert objects.requests <= len(wanted)
    assert objects.carried <= len(wanted) * (width + NEAR_BYTES)


def test_neighbours_share_a_request_and_strangers_do_not() -> None:
    assert together([(0, 10), (10, 20), (20 + NEAR_BYTES, 30 + NEAR_BYTES)]) == [
        [(0, 10), (10, 20), (20 + NEAR_BYTES, 30 + NEAR_BYTES)]
    ]
    assert together([(0, 10), (11 + NEAR_BYTES, 12 + NEAR_BYTES)]) == [[(0, 10)], [(11 + NEAR_BYTES, 12 + NEAR_BYTES)]]


def test_no_request_carries_more_than_memory_should_hold() -> None:
    groups = together([(first, first + 1000) for first in range(0, 20_000_000, 1000)])
    assert max(group[-1][1] - group[0][0] for group in groups) <= MOST_BYTES


def test_nothing_asked_is_nothing_read() -> None:
    objects = Counting({})
    assert list(read_rows(objects, FILE, [])) == []
    assert objects.requests == 0
