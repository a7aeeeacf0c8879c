"""Bounded reads: pages of jobs, counts that stop."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from gt_service.chain.names import Role
from gt_service.chain.states import BatchState, JobState
from gt_service.money import Mills
from gt_service.store.browsing import Browsing, Count
from gt_service.store.records import Batch, ImageStatus, Job
from tests.world import START, World


def job(number: int, **changes: Any) -> Job:
    values: dict[str, Any] = {
        "name": f"birds-{number:04}",
        "campaign": "birds",
        "batch": number,
        "role": Role.WARM,
        "attempt": 0,
        "state": JobState.COMPLETED,
        "objects": 10,
        "revision": 1,
        "task": "object-detection",
        "labels": ("Bird",),
        "manifest_uri": "s3://r/m",
        "output_uri": "s3://r/o",
        "reserved": Mills(1),
        "reserved_at": START,
    }
    return Job(**{**values, **changes})


@pytest.fixture
def browsing(world: World) -> Browsing:
    return Browsing(world.store.tables)


def test_jobs_come_page_by_page_the_newest_first_and_none_twice(world: World, browsing: Browsing) -> None:
    for number in range(1, 8):
        world.store.jobs._item(job(number)).save()
    world.store.jobs._item(job(7, name="birds-0007-control", role=Role.CONTROL)).save()
    pages, after = [], None
    while True:
        found, after = browsing.jobs("birds", 3, after)
        pages.append([one.name for one in found])
        if after is None:
            break
    assert pages[0] == ["birds-0007-control", "birds-0007", "birds-0006"]
    names = [name for page in pages for name in page]
    assert names == sorted(names, reverse=True)
    assert len(names) == 8


def test_batches_count_their_images(world: World, browsing: Browsing) -> None:
    for number in (1, 2, 3):
        world.store.batches.create(Batch("birds", number, BatchState.LABELED, "full", 1250, "s3://r/m", None, START))
    assert browsing.in_batches("birds") == 3750
    assert [batch.number for batch in browsing.batches("birds", 2)] == [3, 2]


def test_open_images_are_counted_by_status_without_those_in_batches(world: World, browsing: Browsing) -> None:
    world.campaign(batch={"size": 5, "quiet_minutes": 30, "minimum": 1})
    world.images(7)
    world.upload("birds/images/notes.txt", b"not an image")
    world.chain.advance("birds")
    counts = browsing.open_images("birds", most=1_000)
    assert counts[ImageStatus.PENDING] == Count(2)
    assert counts[ImageStatus.REJECTED] == Count(1)
    assert browsing.in_batches("birds") == 5


def test_counting_stops_and_says_so(world: World, browsing: Browsing) -> None:
    """A page about a million rejected images must not read a million items."""
    world.campaign(batch={"size": 1000, "quiet_minutes": 30, "minimum": 1})
    world.images(40)
    count = browsing.open_images("birds", most=16)[ImageStatus.PENDING]
    assert count.more
    assert count.number <= 16


def test_campaigns_are_paged(world: World, browsing: Browsing) -> None:
    for name in ("a", "b", "c"):
        world.store.campaigns.ensure(name, START + timedelta(days=1))
    first, after = browsing.campaigns(2, None)
    rest, end = browsing.campaigns(2, after)
    assert {one.name for one in (*first, *rest)} == {"a", "b", "c"}
    assert end is None
