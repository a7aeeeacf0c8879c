"""Pending images become batches: which, in which order, and each once."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ClientError
from pynamodb.exceptions import UpdateError

from gt_service.ingest.batching import Batching
from gt_service.records import Batch, ImageStatus, Member
from gt_service.records.states import BatchState
from gt_service.store.models import ImageItem
from tests.world import INBOX, World, picture


def batching(world: World) -> Batching:
    return Batching(world.store, world.objects, world.deployment)


def choose(world: World, number: int, size: int) -> bool:
    campaign = world.store.campaigns.get("birds")
    assert campaign.spec is not None
    return batching(world).choose(campaign, campaign.spec, number, size, "full", world.now())


def fill(world: World, number: int) -> Batch:
    batching(world).fill(world.store.batches.get("birds", number), world.now())
    return world.store.batches.get("birds", number)


def test_the_oldest_images_go_first(world: World) -> None:
    """Under a steady stream of uploads an early image would never get its turn."""
    world.campaign()
    for name in "dcba":
        world.later(seconds=1)
        world.upload(f"birds/images/{name}.png", picture(ord(name)))
    assert choose(world, 1, 2)
    assert world.manifest(fill(world, 1).manifest_uri) == ["birds/images/c.png", "birds/images/d.png"]


def test_of_the_same_moment_the_keys_decide(world: World) -> None:
    """The same uploads must make the same manifests, wherever their shards are."""
    world.campaign()
    for number in (5, 3, 9, 1, 7):
        world.upload(f"birds/images/{number}.png", picture(number))
    assert choose(world, 1, 3)
    assert world.manifest(fill(world, 1).manifest_uri) == [f"birds/images/{number}.png" for number in (1, 3, 5)]


def test_of_two_choices_one_counts(world: World) -> None:
    """Two handlers choose batch 1 from different pending images."""
    world.campaign()
    world.images(2)
    assert choose(world, 1, 2)
    world.images(2, first=2)
    assert not choose(world, 1, 4)
    assert world.manifest(fill(world, 1).manifest_uri) == ["birds/images/0000.png", "birds/images/0001.png"]


def test_filling_goes_on_where_it_stopped(world: World) -> None:
    """Killed half way, the batch must end with the members it was given, and no others."""
    world.campaign()
    keys = world.images(4)
    choose(world, 1, 4)
    batch = world.store.batches.get("birds", 1)
    world.store.images.take("birds", list(batching(world)._members(batch))[:2], 1)
    world.images(2, first=4)
    filled = fill(world, 1)
    assert world.manifest(filled.manifest_uri) == keys
    assert (filled.state, filled.objects) == (BatchState.CLOSED, 4)


def test_an_image_that_changed_after_it_was_chosen_stays_for_the_next_batch(world: World) -> None:
    """A slow handler could otherwise take it into a batch whose manifest is written already."""
    world.campaign()
    keys = world.images(3)
    choose(world, 1, 3)
    slow = list(batching(world)._members(world.store.batches.get("birds", 1)))
    world.upload(keys[0], b"broken")
    assert world.manifest(fill(world, 1).manifest_uri) == keys[1:]
    world.upload(keys[0], picture(99))
    world.store.images.take("birds", slow, 1)
    found = world.store.images.get("birds", keys[0])
    assert found is not None
    assert found.status is ImageStatus.PENDING


@pytest.mark.parametrize("count", [0, 1, 7])
def test_counts(world: World, count: int) -> None:
    """The planner closes batches by these numbers."""
    world.campaign()
    for number in range(count):
        world.later(seconds=1)
        world.upload(f"birds/images/{number}.png", picture(number))
    summary = world.store.images.pending_summary("birds")
    assert summary.count == count
    assert world.store.images.pending_summary("birds", most=4).count == min(count, 4)
    assert (summary.newest is None) == (count == 0)
    if count:
        assert summary.newest == max(image.event_time for image in world.store.images.pending("birds"))


def test_a_backlog_closes_no_small_batches(world: World) -> None:
    """Uploaded an hour ago, and only now come to: the next of them follows in a moment."""
    world.campaign()
    backlog = [world.put(f"birds/images/{number}.png", picture(number)) for number in range(4)]
    world.later(hours=1)
    world.take(backlog[0])
    world.advance()
    assert world.store.batches.of("birds") == ()
    for upload in backlog[1:]:
        world.take(upload)
    world.advance()
    assert [(batch.objects, batch.reason) for batch in world.store.batches.of("birds")] == [(4, "full")]


def test_a_batch_that_was_half_taken_goes_on_where_it_stopped(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Taking a large batch from the start again would end no sooner than the first try: never."""
    world.campaign()
    keys = world.images(4)
    assert choose(world, 1, 4)
    batch = world.store.batches.get("birds", 1)
    members = {image.key: Member(image.key, image.place) for image in world.store.images.pending("birds")}
    world.store.images.take("birds", [members[key] for key in keys[:3]], 1)
    asked: list[str] = []
    take = world.store.images.take

    def counted(campaign: str, some: Any, number: int) -> None:
        left = list(some)
        asked.extend(member.key for member in left)
        take(campaign, left, number)

    monkeypatch.setattr(world.store.images, "take", counted)
    batching(world).fill(batch, world.now())
    assert asked == keys[3:]
    assert world.manifest(world.store.batches.get("birds", 1).manifest_uri) == keys


def test_an_image_that_a_transaction_is_at_is_taken_all_the_same(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Passed over, it could be moved by a slower handler after the manifest is written, and never be labeled."""
    world.campaign()
    world.images(3)
    assert choose(world, 1, 3)
    update, conflicts = ImageItem.update, iter([True])

    def in_conflict_once(self: ImageItem, *given: Any, **options: Any) -> Any:
        if next(conflicts, False):
            code = {"Error": {"Code": "TransactionConflictException", "Message": "a transaction is at the item"}}
            raise UpdateError(cause=ClientError(code, "UpdateItem"))  # type: ignore[arg-type]
        return update(self, *given, **options)

    monkeypatch.setattr(ImageItem, "update", in_conflict_once)
    assert len(world.manifest(fill(world, 1).manifest_uri)) == 3


def test_nothing_pending_makes_no_batch(world: World) -> None:
    world.campaign()
    assert not choose(world, 1, 4)
    assert world.store.batches.of("birds") == ()


@pytest.mark.parametrize("page", [1, 2, 3, 1000])
@pytest.mark.parametrize("gone", [[0], [3], [1, 2], [0, 1, 2, 3, 4], []])
def test_an_image_deleted_while_it_waited_is_left_out_and_listed(
    world: World, monkeypatch: pytest.MonkeyPatch, gone: list[int], page: int
) -> None:
    """A job fails on images that are not there, and its follow-up too; the campaign waited for somebody."""
    monkeypatch.setattr("gt_service.ingest.batching._PAGE", page)
    world.campaign()
    keys = world.images(5)
    for number in gone:
        del world.objects.contents[f"s3://{INBOX}/{keys[number]}"]
    assert choose(world, 1, 5) is (len(gone) < 5)
    left = [key for number, key in enumerate(keys) if number not in gone]
    if left:
        assert world.manifest(fill(world, 1).manifest_uri) == left
    for number in gone:
        image = world.store.images.get("birds", keys[number])
        assert image is not None
        assert (image.status, image.reason) == (ImageStatus.REJECTED, "it was deleted before its batch was closed")
    assert world.store.images.count("birds", ImageStatus.PENDING) == 0


def test_a_batch_is_full_without_those_that_were_deleted(world: World) -> None:
    world.campaign()
    keys = world.images(6)
    for key in keys[:2]:
        del world.objects.contents[f"s3://{INBOX}/{key}"]
    assert choose(world, 1, 4)
    assert world.manifest(fill(world, 1).manifest_uri) == keys[2:]


def test_the_twin_of_a_deleted_image_takes_its_place(world: World) -> None:
    """It is the same picture, and it is still there."""
    world.campaign()
    world.upload("birds/images/a.png", picture(1))
    world.upload("birds/images/b.png", picture(1))
    del world.objects.contents[f"s3://{INBOX}/birds/images/a.png"]
    world.later(minutes=31)
    world.advance()
    assert world.manifest(world.store.batches.get("birds", 1).manifest_uri) == ["birds/images/b.png"]


def test_a_deleted_image_that_is_uploaded_again_is_labeled(world: World) -> None:
    world.campaign()
    (key,) = world.images(1)
    del world.objects.contents[f"s3://{INBOX}/{key}"]
    assert not choose(world, 1, 4)
    world.upload(key, picture(7))
    assert choose(world, 1, 4)
    assert world.manifest(fill(world, 1).manifest_uri) == [key]
