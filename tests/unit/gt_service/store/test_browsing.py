"""Bounded reads: pages of jobs, counts that stop."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from gt_service.money import Mills
from gt_service.records import Batch, ImageStatus, Job
from gt_service.records.names import Role
from gt_service.records.states import BatchState, JobState
from gt_service.store.browsing import Browsing, Count
from gt_service.store.shards import SHARDS, shard_of
from tests.world import START, World, picture


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
    newest = browsing.batches("birds", 2)
    assert [batch.number for batch in newest] == [3, 2]
    assert browsing.in_batches("birds", newest) == 3750


def test_a_batch_is_counted_as_it_is_when_it_closes(world: World, browsing: Browsing) -> None:
    """What a process remembers of batches must not keep a number that was still to change."""
    batches = world.store.batches

    def shown(limit: int = 2) -> int:
        return browsing.in_batches("birds", browsing.batches("birds", limit))

    assert shown() == 0
    for number in range(1, 5):
        batches.create(Batch("birds", number, BatchState.FILLING, "full", 1250, "s3://r/m", None, START))
        assert shown() == 1250 + 1200 * (number - 1)
        filling = batches.get("birds", number)
        batches.close(filling, objects=1200, manifest_uri="s3://r/m", now=START)
        assert shown() == 1200 * number
    for number in range(5, 9):  # behind its back: the newest two do not reach back to what it knows
        batches.create(Batch("birds", number, BatchState.LABELED, "full", 10, "s3://r/m", None, START))
    assert shown() == 4 * 1200 + 40
    assert Browsing(world.store.tables).in_batches("birds", batches.of("birds")[::-1]) == 4 * 1200 + 40


def test_a_read_that_lags_behind_is_not_remembered(world: World, browsing: Browsing) -> None:
    """Tables may answer with what was there a second ago: a batch that is missing must be counted when it is seen."""
    for number in (1, 2, 3):
        world.store.batches.create(Batch("birds", number, BatchState.LABELED, "full", 10, "s3://r/m", None, START))
    newest = browsing.batches("birds", 50)
    assert browsing.in_batches("birds", [one for one in newest if one.number != 2]) == 20
    assert browsing.in_batches("birds", newest) == 30


def test_open_images_are_counted_by_status_without_those_in_batches(world: World, browsing: Browsing) -> None:
    world.campaign(batch={"size": 5, "quiet_minutes": 30, "minimum": 1})
    world.images(7)
    world.upload("birds/images/notes.txt", b"not an image")
    world.chain.advance("birds")
    counts = browsing.open_images("birds", most=1_000)
    assert counts[ImageStatus.PENDING] == Count(2)
    assert counts[ImageStatus.REJECTED] == Count(1)
    assert browsing.in_batches("birds", browsing.batches("birds", 50)) == 5


def test_images_of_a_filling_batch_are_counted_once(world: World, browsing: Browsing) -> None:
    """The page and the API told another number of the same campaign while a batch filled, one of them twice as many."""
    world.campaign(batch={"size": 1000, "quiet_minutes": 30, "minimum": 1})
    world.images(7)
    world.store.batches.create(Batch("birds", 1, BatchState.FILLING, "full", 5, "s3://r/members", None, START))
    assert browsing.open_images("birds", most=1_000)[ImageStatus.PENDING] == Count(2)
    assert browsing.in_batches("birds", browsing.batches("birds", 50)) == 5


def test_images_replaced_after_their_batch_are_listed(world: World, browsing: Browsing) -> None:
    """Whoever corrects a photo and uploads it again would never learn that it came too late."""
    world.campaign(batch={"size": 5, "quiet_minutes": 30, "minimum": 1})
    keys = world.images(5)
    world.chain.advance("birds")
    for key in keys[:3]:
        world.upload(key, picture(99))
    assert browsing.open_images("birds", most=1_000)[ImageStatus.REPLACED] == Count(3)
    assert world.store.images.count("birds", ImageStatus.REPLACED) == 3
    shown, after = list[str](), None
    for _ in range(3):
        page = world.store.images.page("birds", ImageStatus.REPLACED, limit=1, after=after)
        shown, after = [*shown, *(image.key for image in page.images)], page.next_after
    assert (sorted(shown), after) == (keys[:3], None)
    image = world.store.images.get("birds", keys[0])
    assert image is not None
    assert (image.batch, "after its batch" in str(image.reason), bool(image.remedy)) == (1, True, True)
    assert world.store.images.page("birds", ImageStatus.BATCH, limit=9).next_after is None


def test_counting_stops_and_says_so(world: World, browsing: Browsing) -> None:
    """A page about a million rejected images must not read a million items."""
    world.campaign(batch={"size": 1000, "quiet_minutes": 30, "minimum": 1})
    world.images(40)
    count = browsing.open_images("birds", most=16)[ImageStatus.PENDING]
    assert count.more
    assert count.number <= 16


@pytest.mark.parametrize("rejected", [100, 1000])
def test_a_page_of_images_reads_no_more_than_it_shows(world: World, rejected: int) -> None:
    """Paging through a hundred thousand rejected images must cost the same a page as through a hundred."""
    read: list[int] = []

    def count(parsed: Any, **_: Any) -> None:
        read.append(parsed["ScannedCount"])

    with world.store.tables.images.batch_write() as written:
        for number in range(rejected):
            key = f"birds/images/{number}.jpg"
            item = world.store.tables.images(shard=shard_of("birds", key), key=key, place="rejected", etag="e", size=1)
            item.open_place, item.event_time, item.sequencer = "rejected", "2026-05-01T08:00:00.000Z", "0"
            written.save(item)
    world.store.tables.connection.client.meta.events.register("after-call.dynamodb.Query", count)
    shown, after, pages = 0, None, 0
    while pages == 0 or after is not None:
        read.clear()
        page = world.store.images.page("birds", ImageStatus.REJECTED, limit=20, after=after)
        shown, after, pages = shown + len(page.images), page.next_after, pages + 1
        assert sum(read) <= 21
        assert len(read) <= SHARDS
    assert (shown, pages) == (rejected, rejected / 20)


def test_campaigns_are_paged(world: World, browsing: Browsing) -> None:
    for name in ("a", "b", "c"):
        world.store.campaigns.ensure(name, START + timedelta(days=1))
    first, after = browsing.campaigns(2, None)
    rest, end = browsing.campaigns(2, after)
    assert {one.name for one in (*first, *rest)} == {"a", "b", "c"}
    assert end is None
