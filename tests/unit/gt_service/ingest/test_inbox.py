"""Uploads whose messages were lost: found in the inbox, and taken in as if S3 had just told of them."""

from __future__ import annotations

import json

import pytest

from gt_service.ingest import inbox
from gt_service.ingest.inbox import GRACE, REST
from gt_service.records import Image, ImageStatus
from tests.world import World, picture, spec_document

KEY = "birds/images/0001.png"


def image(world: World, key: str = KEY) -> Image:
    found = world.store.images.get("birds", key)
    assert found is not None, f"{key} is lost"
    return found


def walked(world: World) -> list[str]:
    """The keys of what the next walk finds."""
    world.time += max(GRACE, REST)
    return [taken.key for taken in world.walk()]


def test_an_image_is_found_whose_message_is_gone(world: World) -> None:
    """Forgotten in the dead letters, it would lie in the inbox for good, and its owner would wait."""
    world.campaign()
    world.put(KEY, picture(1))
    assert walked(world) == [KEY]
    assert image(world).status is ImageStatus.PENDING
    assert walked(world) == []


def test_a_spec_is_found_whose_message_is_gone(world: World) -> None:
    world.put("birds/campaign.json", json.dumps(spec_document()).encode())
    world.put(KEY, picture(1))
    assert walked(world) == ["birds/campaign.json", KEY]
    assert world.store.campaigns.get("birds").spec is not None
    world.put("birds/campaign.json", json.dumps(spec_document(budget="7")).encode())
    assert walked(world) == ["birds/campaign.json"]
    assert walked(world) == []


def test_bad_files_and_specs_are_found_once(world: World) -> None:
    """Taken in at every walk, they would be work and noise for ever."""
    world.put("birds/campaign.json", b"{}")
    world.put("birds/images/x.png", b"no image")
    world.put("nowhere.png", picture(2))
    assert len(walked(world)) == 3
    assert walked(world) == []


def test_a_spec_over_the_api_is_not_undone_by_the_file(world: World) -> None:
    """The file is older, and its message never came."""
    world.put("birds/campaign.json", json.dumps(spec_document(budget="1")).encode())
    world.later(minutes=1)
    from gt_service.ingest.intake import Intake

    Intake(world.store, world.objects, world.backend).put_spec(
        "birds", json.dumps(spec_document(budget="7")), "c.json", world.now()
    )
    assert walked(world) == []
    assert world.store.campaigns.get("birds").cap == 7000


def test_what_is_known_is_left_alone(world: World) -> None:
    world.campaign()
    world.images(4)
    world.put("birds/gold/gold.manifest", b"{}")
    assert walked(world) == []
    world.advance()
    assert walked(world) == []


def test_what_may_still_be_told_is_waited_for(world: World) -> None:
    """A million uploads take their time through the queue; found here as well, each would be looked at twice."""
    world.campaign()
    world.put(KEY, picture(1))
    assert world.walk() == []


@pytest.mark.parametrize("body", [picture(2), b"no image"])
def test_a_replaced_image_is_found(world: World, body: bytes) -> None:
    world.campaign()
    world.upload(KEY, picture(1))
    world.put(KEY, body)
    assert walked(world) == [KEY]
    assert image(world).status is (ImageStatus.PENDING if body != b"no image" else ImageStatus.REJECTED)
    assert walked(world) == []


def test_a_replacement_after_its_batch_is_told_once(world: World) -> None:
    world.campaign()
    keys = world.images(4)
    world.advance()
    world.put(keys[0], picture(9))
    assert walked(world) == [keys[0]]
    assert image(world, keys[0]).replaced_after_batch
    assert walked(world) == []


@pytest.mark.parametrize("first", [True, False])
def test_the_message_may_come_all_the_same(world: World, first: bool) -> None:
    """Redriven from the dead letters, days later: the same image, once."""
    world.campaign()
    upload = world.put(KEY, picture(1))
    replaced = None if first else world.put(KEY, picture(2))
    walked(world)
    world.take(upload)
    if replaced:
        world.take(replaced)
    assert image(world).status is ImageStatus.PENDING
    assert world.store.images.count("birds", ImageStatus.PENDING) == 1
    assert walked(world) == []


def test_equal_images_are_found_as_duplicates(world: World) -> None:
    world.campaign()
    world.upload(KEY, picture(1))
    world.put("birds/images/twin.png", picture(1))
    walked(world)
    assert image(world, "birds/images/twin.png").status is ImageStatus.DUPLICATE


def test_a_walk_goes_on_where_it_stopped(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Ten million keys take longer than a function may run."""
    monkeypatch.setattr(inbox, "STRETCH", 2)
    monkeypatch.setattr(inbox, "STRETCHES", 1)
    world.campaign()
    for number in range(7):
        world.put(f"birds/images/{number}.png", picture(number))
    world.time += GRACE
    found = [[taken.key[-5] for taken in world.walk()] for _ in range(5)]
    assert found == [["0"], ["1", "2"], ["3", "4"], ["5", "6"], []]
    world.put("birds/images/8.png", picture(8))
    assert walked(world) == [], "the first stretch of the next walk"


def test_an_upload_that_kills_the_function_is_passed_by_the_next_run(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Tried first at every tick, it would keep all that come behind it from being found."""
    world.campaign()
    world.put("birds/images/0.png", picture(0))
    world.put("birds/images/1.png", picture(1))
    world.time += GRACE
    with monkeypatch.context() as patched:
        patched.setattr(world.store.images, "register", _dies)
        with pytest.raises(SystemExit):
            world.walk()
    assert [taken.key for taken in world.walk()] == ["birds/images/1.png"]
    assert walked(world) == ["birds/images/0.png"], "once more, at the next walk"


def _dies(*_: object, **__: object) -> None:
    raise SystemExit


def test_time_runs_out_in_a_stretch(world: World) -> None:
    world.campaign()
    for number in range(3):
        world.put(f"birds/images/{number}.png", picture(number))
    world.time += GRACE
    intake = inbox.Intake(world.store, world.objects, world.backend)
    walk = inbox.InboxWalk(world.store, world.objects, intake, "inbox")
    assert len(list(walk.go_on(world.now(), may_go_on=lambda: False))) == 1
    assert len(world.walk()) == 2
