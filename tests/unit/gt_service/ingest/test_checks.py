"""Image checks, before anybody is paid."""

from __future__ import annotations

import io
from typing import Any

import pytest
from PIL import Image as Pillow

from gt_service.campaign import CampaignSpec
from gt_service.ingest.checks import FIRST_BYTES, ImageFacts, Rejection, check_image, limit_problem
from gt_service.regions import MAX_IMAGE_BYTES
from tests.world import spec_document


def encoded(form: str, size: tuple[int, int] = (30, 20), mode: str = "L", **options: Any) -> bytes:
    body = io.BytesIO()
    Pillow.new(mode, size).save(body, form, **options)
    return body.getvalue()


def check(body: bytes) -> ImageFacts | Rejection:
    return check_image(len(body), lambda count: body[:count])


@pytest.mark.parametrize("form", ["JPEG", "PNG"])
def test_size_is_read_from_the_header(form: str) -> None:
    assert check(encoded(form)) == ImageFacts(form, 30, 20, 1)


def test_orientation_is_noted() -> None:
    """Boxes are drawn on the upright image: whoever exports them must know."""
    exif = Pillow.Exif()
    exif[0x0112] = 6
    assert check(encoded("JPEG", exif=exif)) == ImageFacts("JPEG", 30, 20, 6)
    exif[0x0112] = 77
    assert check(encoded("JPEG", exif=exif)) == ImageFacts("JPEG", 30, 20, 1)


def test_only_as_many_bytes_are_read_as_tell() -> None:
    """A million images of 5 MB are 5 TB."""
    asked: list[int] = []
    body = encoded("PNG", (2000, 2000), "RGB") + bytes(500_000)
    assert isinstance(check_image(len(body), lambda count: (asked.append(count), body[:count])[1]), ImageFacts)
    assert asked == [FIRST_BYTES]


def test_a_long_header_is_read_on() -> None:
    """Cameras write colour profiles and previews before the size."""
    asked: list[int] = []
    body = encoded("JPEG", icc_profile=bytes(300_000))
    found = check_image(len(body), lambda count: (asked.append(count), body[:count])[1])
    assert found == ImageFacts("JPEG", 30, 20)
    assert asked == [FIRST_BYTES, len(body)]


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        pytest.param(b"", "empty", id="zero bytes"),
        pytest.param(b"dear diary", "neither JPEG nor PNG", id="a text"),
        pytest.param(encoded("GIF"), "neither JPEG nor PNG", id="another format"),
        pytest.param(encoded("JPEG")[:30], "broken JPEG", id="half a JPEG header"),
        pytest.param(encoded("PNG")[:20], "broken PNG", id="half a PNG header"),
        pytest.param(encoded("PNG", (20_000, 12_000)), "pixels", id="a decompression bomb"),
    ],
)
def test_what_is_no_image_is_rejected_with_a_remedy(body: bytes, reason: str) -> None:
    """Sent on, it fails with every worker, and ten percent of those fail the job."""
    found = check(body)
    assert isinstance(found, Rejection)
    assert reason in found.reason
    assert found.remedy


def test_a_large_file_is_not_even_read() -> None:
    """Ground Truth takes 40 MB."""

    def unread(_: int) -> bytes:
        raise AssertionError("read")

    found = check_image(MAX_IMAGE_BYTES + 1, unread)
    assert isinstance(found, Rejection)
    assert "40 MB" in found.reason


@pytest.mark.parametrize(
    ("task", "auto_labeling", "size", "fits"),
    [
        ("object-detection", True, (3840, 2160), True),
        ("object-detection", True, (3841, 2160), False),
        ("object-detection", False, (10_000, 10_000), True),
        ("object-detection", False, (10_001, 10_000), False),
        ("semantic-segmentation", True, (1920, 1080), True),
        ("semantic-segmentation", True, (1920, 1081), False),
        (None, True, (10_000, 10_000), True),
        (None, True, (10_001, 10_000), False),
    ],
)
def test_pixel_limits_are_the_tasks_own(
    task: str | None, auto_labeling: bool, size: tuple[int, int], fits: bool
) -> None:
    """Ground Truth fails larger images after people were asked."""
    attribute = "mask-ref" if task == "semantic-segmentation" else "category"
    spec = task and CampaignSpec(
        name="birds", **spec_document(task=task, auto_labeling=auto_labeling, label_attribute=attribute)
    )
    problem = limit_problem(ImageFacts("PNG", *size), spec or None)
    assert (problem is None) == fits
