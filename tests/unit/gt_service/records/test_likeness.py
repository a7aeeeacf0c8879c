"""Whether two pictures look the same: a copy that is missed is paid for, one that is wrongly found is never labeled."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from gt_service.ingest.checks import ImageFacts, check_image
from gt_service.ingest.pixels import decoded, likeness
from gt_service.records.likeness import BANDS, BITS, NEAR, Likeness, Shape
from gt_service.task_types import TaskType
from tests.pictures import copy_of, painting, saved

SHAPE = Shape(320, 240)
STORED_AS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_90,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_270,
}
"""How a camera turns what its EXIF orientation turns back."""
BOXES, CLASSES, MASKS = (
    TaskType.OBJECT_DETECTION,
    TaskType.IMAGE_CLASSIFICATION,
    TaskType.SEMANTIC_SEGMENTATION,
)


def look(body: bytes) -> Likeness:
    facts = check_image(body)
    assert isinstance(facts, ImageFacts)
    found = likeness(decoded(body), facts)
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
    assert likeness(decoded(saved(image)), ImageFacts("PNG", 64, 64)) is None, why


@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_photo_is_like_its_copy_that_is_stored_upright(orientation: int) -> None:
    """Phones store what they hold; programs that save it anew turn it. Both show people the same picture."""
    upright = painting(1)
    stored = upright if orientation == 1 else upright.transpose(STORED_AS[orientation])
    exif = Image.Exif()
    exif[0x0112] = orientation
    turned = look(saved(stored, "JPEG", exif=exif))
    assert turned.distance(look(saved(upright))) <= NEAR
    assert turned.shape == SHAPE


@pytest.mark.parametrize(
    ("task", "other", "near"),
    [
        (BOXES, Shape(160, 120), True),
        (BOXES, Shape(107, 80), True),
        (BOXES, Shape(160, 90), False),
        (BOXES, Shape(240, 320), False),
        (CLASSES, Shape(160, 90), True),
        (MASKS, Shape(320, 240), True),
        (MASKS, Shape(160, 120), False),
    ],
)
def test_twins_share_a_label_only_where_it_fits_both(task: TaskType, other: Shape, near: bool) -> None:
    assert Likeness(5, SHAPE).is_near(Likeness(5, other), task) is near
