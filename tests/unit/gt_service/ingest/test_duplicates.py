"""Duplicates, exact and near: each content goes to people once, whatever happens to the key that stands for it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from gt_service.ingest.intake import Intake
from gt_service.records import Image, ImageStatus
from tests.pictures import copy_of, painting, saved
from tests.world import World, a_world, picture


@pytest.fixture
def world() -> Iterator[World]:
    with a_world() as world:
        world.campaign(skip_near_duplicates=True)
        yield world


def image(world: World, name: str) -> Image:
    found = world.store.images.get("birds", key(name))
    assert found is not None
    return found


def key(name: str) -> str:
    return f"birds/images/{name}"


def status(world: World, name: str) -> ImageStatus:
    return image(world, name).status


def twin(world: World, name: str) -> str | None:
    return world.store.images.twin_of(image(world, name))


def test_a_copy_saved_anew_is_not_sent_to_people(world: World) -> None:
    world.upload(key("a.png"), saved(painting(1)))
    world.upload(key("b.jpg"), copy_of(1))
    world.upload(key("c.jpg"), copy_of(1, scale=0.5))
    world.upload(key("d.png"), saved(painting(2)))
    assert [status(world, name).value for name in ("a.png", "b.jpg", "c.jpg", "d.png")] == [
        "pending",
        "duplicate",
        "duplicate",
        "pending",
    ]
    assert twin(world, "b.jpg") == twin(world, "c.jpg") == key("a.png")


def test_pictures_are_not_compared_unless_asked_for(world: World) -> None:
    """Frames of a film are alike, and each is to be labeled."""
    world.campaign(skip_near_duplicates=False)
    world.upload(key("a.png"), saved(painting(1)))
    world.upload(key("b.jpg"), copy_of(1))
    assert status(world, "b.jpg") is ImageStatus.PENDING


def test_a_copy_of_a_copy_names_the_one_that_is_labeled(world: World) -> None:
    world.upload(key("a.png"), saved(painting(1)))
    world.upload(key("b.jpg"), copy_of(1))
    world.upload(key("c.jpg"), copy_of(1))
    assert twin(world, "c.jpg") == key("a.png")


def test_of_two_twins_at_the_same_time_one_is_sent(world: World) -> None:
    """Each handler has looked before the other has written."""
    first, second = world.put(key("a.png"), saved(painting(1))), world.put(key("b.jpg"), copy_of(1))
    images = world.store.images
    look, met = images._look, []

    def looking(*arguments: Any) -> Any:
        seen = look(*arguments)
        if not met:
            met.append("b.jpg")
            Intake(world.store, world.objects, world.backend).take(second, world.now())
        return seen

    images._look = looking  # type: ignore[method-assign]
    world.take(first)
    assert status(world, "b.jpg") is ImageStatus.PENDING
    assert status(world, "a.png") is ImageStatus.DUPLICATE
    assert twin(world, "a.png") == key("b.jpg")


def test_a_picture_that_was_replaced_before_it_was_looked_at_lends_nobody_its_looks(world: World) -> None:
    """Or who uploads the first picture again gets the label of the second."""
    replaced = world.put(key("a.png"), saved(painting(1)))
    later = world.put(key("a.png"), saved(painting(2)))
    world.take(replaced)
    world.take(later)
    world.upload(key("b.png"), saved(painting(1)))
    assert status(world, "a.png") is status(world, "b.png") is ImageStatus.PENDING


def test_the_same_upload_twice_changes_nothing(world: World) -> None:
    upload = world.put(key("a.png"), saved(painting(1)))
    world.take(upload)
    before = image(world, "a.png")
    assert world.take(upload).outcome == "known already"
    assert image(world, "a.png") == before


def test_a_corrected_key_stays_the_one_that_is_labeled(world: World) -> None:
    """Saved anew under its own key, a picture is not a duplicate of itself."""
    world.upload(key("a.png"), saved(painting(1)))
    world.upload(key("b.jpg"), copy_of(1))
    world.upload(key("a.png"), saved(painting(1), optimize=True))
    assert status(world, "a.png") is ImageStatus.PENDING
    assert twin(world, "b.jpg") == key("a.png")


@pytest.mark.parametrize("near", [True, False], ids=["near", "exact"])
def test_a_twin_takes_over_where_the_first_is_replaced(world: World, near: bool) -> None:
    """Otherwise nobody would label either of them."""
    world.upload(key("a.png"), saved(painting(1)))
    world.upload(key("b.jpg"), copy_of(1) if near else saved(painting(1)))
    world.upload(key("c.jpg"), copy_of(1, quality=70))
    world.upload(key("a.png"), saved(painting(2)))
    assert status(world, "a.png") is status(world, "b.jpg") is ImageStatus.PENDING
    assert status(world, "c.jpg") is ImageStatus.DUPLICATE
    assert twin(world, "c.jpg") == key("b.jpg")
    world.upload(key("d.jpg"), copy_of(1, quality=90))
    assert twin(world, "d.jpg") == key("b.jpg")


def test_a_twin_takes_over_where_the_first_is_too_large_for_the_spec(world: World) -> None:
    """A spec may come after the images; what is rejected then was somebody's twin."""
    world.campaign(skip_near_duplicates=True, auto_labeling=False)
    size = (4000, 3000)  # 12 million pixels: too many with auto-labeling
    world.upload(key("a.jpg"), copy_of(1, size=size, quality=95))
    world.upload(key("b.jpg"), copy_of(1, size=size, scale=0.5, quality=90))
    assert status(world, "b.jpg") is ImageStatus.DUPLICATE
    world.campaign(skip_near_duplicates=True, auto_labeling=True)
    world.store.campaigns.request_close("birds", world.now())
    world.advance()
    assert status(world, "a.jpg") is ImageStatus.REJECTED
    assert status(world, "b.jpg") is ImageStatus.BATCH


def test_a_late_copy_of_what_is_labeled_already_is_not_paid_for(world: World) -> None:
    world.upload(key("a.png"), saved(painting(1)))
    world.store.campaigns.request_close("birds", world.now())
    world.advance()
    world.finish("birds-0001")
    world.upload(key("b.jpg"), copy_of(1))
    assert status(world, "b.jpg") is ImageStatus.DUPLICATE
    assert dict((twin.key, owner) for twin, owner in world.store.images.duplicates("birds")) == {
        key("b.jpg"): key("a.png")
    }


def test_a_broken_picture_is_refused_before_it_is_paid_for(world: World) -> None:
    body = copy_of(1)
    world.upload(key("a.jpg"), body[: len(body) // 2])
    assert status(world, "a.jpg") is ImageStatus.REJECTED
    assert "damaged" in (image(world, "a.jpg").reason or "")
    world.upload(key("a.jpg"), body)
    assert status(world, "a.jpg") is ImageStatus.PENDING


def test_plain_images_are_compared_by_their_content_alone(world: World) -> None:
    for number in (1, 2):
        world.upload(key(f"{number}.png"), picture(number))
    assert status(world, "1.png") is status(world, "2.png") is ImageStatus.PENDING
