"""Uploads are checked and registered, in whatever order S3 tells of them."""

from __future__ import annotations

import itertools
import json
from collections.abc import Sequence
from dataclasses import replace

import pytest
from PIL import Image as Pillow

from gt_service.backends import GT_ENGINE
from gt_service.ingest.events import Upload
from gt_service.records import Image, ImageStatus
from tests.pictures import painting, saved
from tests.world import World, picture, spec_document

KEY = "birds/images/a.png"


def image(world: World, key: str = KEY) -> Image:
    found = world.store.images.get("birds", key)
    assert found is not None
    return found


def test_an_image_becomes_pending(world: World) -> None:
    world.campaign()
    assert world.upload(KEY, picture()).outcome == "pending"
    found = image(world)
    assert (found.width, found.height, found.media_format, found.status) == (64, 48, "PNG", ImageStatus.PENDING)


def test_a_text_is_rejected_with_reason_and_remedy(world: World) -> None:
    world.campaign()
    world.upload(KEY, b"no image")
    found = image(world)
    assert found.status is ImageStatus.REJECTED
    assert found.reason
    assert found.remedy


def test_a_corrected_upload_heals(world: World) -> None:
    """A remedy that says "upload again" must work."""
    world.campaign()
    world.upload(KEY, b"no image")
    world.upload(KEY, picture())
    assert (image(world).status, image(world).reason) == (ImageStatus.PENDING, None)


def test_images_before_their_campaign_are_kept_and_the_campaign_says_so(world: World) -> None:
    """People upload in any order; S3 tells in any order."""
    world.images(4)
    campaign = world.store.campaigns.get("birds")
    assert campaign.verdict.status == "waiting"
    assert "no campaign spec" in str(campaign.verdict.reason)
    assert campaign.verdict.remedy
    world.advance()
    world.campaign()
    world.advance()
    assert list(world.sagemaker.jobs) == ["birds-0001"]


def test_an_image_too_large_for_a_later_spec_is_put_aside(world: World) -> None:
    """Before the spec nobody knows the task's limit; people must not get it all the same."""
    world.upload(KEY, picture(size=(1921, 1080)))
    world.campaign(task="semantic-segmentation", label_attribute="mask-ref", batch={"size": 1})
    world.advance()
    assert image(world).status is ImageStatus.REJECTED
    assert "1921 × 1080" in str(image(world).reason)
    assert world.sagemaker.jobs == {}


@pytest.mark.parametrize("order", list(itertools.permutations(range(3))))
def test_the_latest_upload_of_a_key_decides(world: World, order: Sequence[int]) -> None:
    """S3 does not promise an order: an old event after a new one must not undo it."""
    world.campaign()
    told = [world.put(KEY, b"broken"), world.put(KEY, picture(1)), world.put(KEY, picture(2))]
    for number in order:
        world.take(told[number])
        world.take(told[number])
    assert image(world).status is ImageStatus.PENDING
    assert image(world).etag == told[2].etag


def test_an_upload_told_twice_is_one_image(world: World) -> None:
    world.campaign()
    upload = world.put(KEY, picture())
    assert [world.take(upload).outcome for _ in range(3)] == ["pending", "known already", "known already"]
    assert world.store.images.count("birds", ImageStatus.PENDING) == 1


def test_a_replaced_image_stays_in_its_batch(world: World) -> None:
    """Its manifest is with people already: moved to another batch, it would be paid twice."""
    world.campaign(batch={"size": 1})
    world.upload(KEY, picture(1))
    world.advance()
    world.upload(KEY, picture(2))
    world.advance()
    assert (image(world).batch, image(world).replaced_after_batch) == (1, True)
    assert list(world.sagemaker.jobs) == ["birds-0001"]


def test_equal_images_are_sent_once(world: World) -> None:
    world.campaign(batch={"size": 2})
    for name in "abc":
        world.upload(f"birds/images/{name}.png", picture(1))
    world.upload("birds/images/d.png", picture(2))
    world.advance()
    assert world.manifest(world.store.batches.get("birds", 1).manifest_uri) == [KEY, "birds/images/d.png"]
    duplicate = image(world, "birds/images/b.png")
    assert (duplicate.status, world.store.images.twin_of(duplicate)) == (ImageStatus.DUPLICATE, KEY)


def test_equal_images_are_sent_once_whatever_their_etags(world: World) -> None:
    """Encrypted with KMS, as the template's inbox is, equal bytes have another ETag in every object."""
    world.objects.is_encrypted = True
    world.campaign(batch={"size": 2})
    for name in "ab":
        world.upload(f"birds/images/{name}.png", picture(1))
    world.upload("birds/images/c.png", picture(2))
    duplicate = image(world, "birds/images/b.png")
    assert image(world, "birds/images/b.png").etag != image(world).etag
    assert (duplicate.status, world.store.images.twin_of(duplicate)) == (ImageStatus.DUPLICATE, KEY)
    assert image(world, "birds/images/c.png").status is ImageStatus.PENDING


def test_the_same_bytes_uploaded_again_replace_nothing(world: World) -> None:
    world.campaign(batch={"size": 1})
    world.upload(KEY, picture(1))
    world.advance()
    again = replace(world.tell(KEY, picture(1)), etag="another")
    world.objects.etag = lambda uri: "another"  # type: ignore[method-assign]
    world.take(again)
    assert not image(world).replaced_after_batch


def test_a_photo_as_phones_take_them_is_taken_by_the_engine_alone(world: World) -> None:
    """12 megapixels are what people have; Ground Truth's models take 8.3."""
    photo = saved(painting(1, (4032, 3024)), "JPEG")
    world.campaign()
    assert world.upload(KEY, photo).outcome == "rejected"
    assert "8,294,400" in str(image(world).reason)
    world.backend = GT_ENGINE
    world.later(seconds=1)
    assert world.upload(KEY, photo).outcome == "pending"
    world.advance()
    assert image(world).status is ImageStatus.PENDING


def test_an_image_that_is_cut_off_is_rejected_though_its_header_is_whole(world: World) -> None:
    world.campaign()
    body = saved(painting(1), "JPEG")
    assert world.upload(KEY, body[: len(body) // 2]).outcome == "rejected"
    assert "cut off" in str(image(world).reason)


def test_a_photo_that_is_stored_lying_is_as_large_as_people_see_it(world: World) -> None:
    exif = Pillow.Exif()
    exif[0x0112] = 6
    world.campaign()
    world.upload(KEY, saved(painting(1, (320, 240)), "JPEG", exif=exif))
    assert (image(world).width, image(world).height, image(world).orientation) == (240, 320, 6)


def test_equal_images_are_sent_each_where_the_spec_says_so(world: World) -> None:
    world.campaign(batch={"size": 2}, skip_duplicates=False)
    for name in "ab":
        world.upload(f"birds/images/{name}.png", picture(1))
    world.advance()
    assert len(world.manifest(world.store.batches.get("birds", 1).manifest_uri)) == 2


def test_a_duplicate_takes_over_when_the_first_is_replaced(world: World) -> None:
    """Its twin no longer shows what it shows: it would be labeled by nobody."""
    world.campaign(batch={"size": 2})
    world.upload(KEY, picture(1))
    world.upload("birds/images/b.png", picture(1))
    world.upload("birds/images/c.png", picture(1))
    world.upload(KEY, b"broken by mistake")
    assert image(world).status is ImageStatus.REJECTED
    assert image(world, "birds/images/b.png").status is ImageStatus.PENDING
    assert world.store.images.twin_of(image(world, "birds/images/c.png")) == "birds/images/b.png"


# ---------------------------------------------------------------- specs


def test_a_bad_spec_shows_its_errors_by_field_and_changes_nothing_else(world: World) -> None:
    """A typo must not stop a campaign that runs."""
    world.campaign()
    before = world.store.campaigns.get("birds")
    document = spec_document(task="bird-watching", workers_per_object=77)
    world.upload("birds/campaign.json", json.dumps(document).encode())
    after = world.store.campaigns.get("birds")
    assert {error["field"] for error in after.spec_errors} == {"task", "workers_per_object"}
    assert (after.spec, after.revision, after.verdict) == (before.spec, before.revision, before.verdict)


@pytest.mark.parametrize("body", [b"", b"   ", b"- a list", b"task: [", bytes([0xFF, 0xFE, 0x00])])
def test_an_unreadable_spec_is_shown_where_the_user_looks(world: World, body: bytes) -> None:
    world.upload("birds/campaign.yaml", body)
    campaign = world.store.campaigns.get("birds")
    assert campaign.verdict.status == "waiting"
    assert campaign.spec_errors
    world.campaign()
    campaign = world.store.campaigns.get("birds")
    assert (campaign.verdict.status, campaign.spec_errors) == ("active", ())


@pytest.mark.parametrize("order", list(itertools.permutations(range(3))))
def test_the_latest_spec_decides(world: World, order: Sequence[int]) -> None:
    """Told in another order, an old spec would take the budget back."""
    told: list[tuple[Upload, bytes]] = []
    for budget in ("100", "nothing", "300"):
        world.later(seconds=1)
        body = json.dumps(spec_document(budget=budget)).encode()
        told.append((world.put("birds/campaign.json", body), body))
    for number in order:
        upload, body = told[number]
        # As if each were read just before the next one came.
        world.objects.contents["s3://inbox/birds/campaign.json"] = body
        world.take(upload)
    campaign = world.store.campaigns.get("birds")
    assert (campaign.cap, campaign.spec_errors) == (300_000, ())


# ---------------------------------------------------------------- elsewhere


def test_files_outside_of_campaigns_are_listed(world: World) -> None:
    """An image dropped in the wrong place must not vanish."""
    world.upload("lost.png", picture())
    world.upload("My Photos/a.png", picture())
    found = world.store.images.page("-", ImageStatus.REJECTED, limit=10).images
    assert {image.key for image in found} == {"lost.png", "My Photos/a.png"}
    assert all(image.reason and image.remedy for image in found)


def test_gold_labels_and_examples_are_left_alone(world: World) -> None:
    world.campaign()
    assert world.upload("birds/gold/gold.manifest", b"{}").outcome == "not ingested"
    assert world.upload("birds/examples/1.png", picture()).outcome == "not ingested"
    assert world.store.images.count("birds", ImageStatus.PENDING) == 0


def test_an_image_deleted_before_it_was_checked_is_listed(world: World) -> None:
    world.campaign()
    upload = world.put(KEY, picture())
    del world.objects.contents[f"s3://inbox/{KEY}"]
    world.take(upload)
    assert "deleted" in str(image(world).reason)
