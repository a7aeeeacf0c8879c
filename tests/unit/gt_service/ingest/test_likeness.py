"""Whether two pictures look the same: a copy that is missed is paid for, one that is wrongly found is never labeled."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from gt_service.ingest.likeness import BANDS, BITS, NEAR, Likeness, Shape
from gt_service.ingest.pixels import UnreadablePixels, likeness
from gt_service.regions import TaskType
from tests.pictures import copy_of, painting, saved

SHAPE = Shape(320, 240, 1)
BOXES, CLASSES, MASKS = (
    TaskType.OBJECT_DETECTION,
    TaskType.IMAGE_CLASSIFICATION,
    TaskType.SEMANTIC_SEGMENTATION,
)


def look(body: bytes, shape: Shape = SHAPE) -> Likeness:
    found = likeness(body, shape)
    assert found is not None
    return found


@pytest.mark.parametrize("number", range(10))
def test_copies_are_found_and_other_pictures_are_not(number: int) -> None:
    original = look(saved(painting(number)))
    for body in (copy_of(number, quality=95), copy_of(number, quality=60), copy_of(number, scale=0.5)):
        assert original.distance(look(body)) <= NEAR
    assert original.distance(look(saved(painting(number + 100)))) > 10 * NEAR


def test_a_cut_out_is_another_picture() -> None:
    """Its boxes would be elsewhere."""
    whole = painting(1)
    part = whole.crop((16, 12, 320, 240)).resize(whole.size)
    assert look(saved(whole)).distance(look(saved(part))) > NEAR


@given(st.integers(0, 2**BITS - 1), st.sets(st.integers(0, BITS - 1), max_size=NEAR))
def test_a_near_hash_shares_a_band(bits: int, flipped: set[int]) -> None:
    """Otherwise a lookup by bands would miss what a scan finds."""
    other = bits ^ sum(1 << bit for bit in flipped)
    one, two = Likeness(bits, SHAPE), Likeness(other, SHAPE)
    assert one.distance(two) == len(flipped)
    assert set(one.bands) & set(two.bands)
    assert len(set(one.bands)) == BANDS


@pytest.mark.parametrize(
    ("image", "why"),
    [
        (Image.new("RGB", (64, 64), "white"), "all plain images have one hash"),
        (painting(1).convert("RGBA"), "transparency is not in the hash"),
        (painting(1).convert("I;16"), "16 bits per channel would be cut off"),
    ],
    ids=["plain", "transparent", "16-bit"],
)
def test_what_cannot_be_compared_is_like_nothing(image: Image.Image, why: str) -> None:
    assert likeness(saved(image), SHAPE) is None, why


def test_pixels_that_break_off_are_told() -> None:
    body = copy_of(1)
    with pytest.raises(UnreadablePixels):
        likeness(body[: len(body) // 2], SHAPE)


@pytest.mark.parametrize(
    ("task", "other", "near"),
    [
        (BOXES, Shape(160, 120, 1), True),
        (BOXES, Shape(107, 80, 1), True),
        (BOXES, Shape(160, 90, 1), False),
        (BOXES, Shape(320, 240, 6), False),
        (CLASSES, Shape(160, 90, 6), True),
        (MASKS, Shape(320, 240, 1), True),
        (MASKS, Shape(160, 120, 1), False),
    ],
)
def test_twins_share_a_label_only_where_it_fits_both(task: TaskType, other: Shape, near: bool) -> None:
    assert Likeness(5, SHAPE).is_near(Likeness(5, other), task) is near
