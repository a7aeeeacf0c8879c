"""Image checks, before anybody is paid."""

from __future__ import annotations

import io
import zlib
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image as Pillow

from gt_engine.autolabel.images import ImageProblem, decode
from gt_service.backends import GROUND_TRUTH, GT_ENGINE, Backend
from gt_service.campaign import CampaignSpec
from gt_service.ingest.checks import ImageFacts, check_image, limit_problem, size_problem
from gt_service.ingest.keys import Rejection
from gt_service.ingest.pixels import UnreadablePixels, decoded
from gt_service.task_types import MAX_IMAGE_BYTES
from tests.pictures import painting, saved
from tests.world import spec_document


def encoded(form: str, size: tuple[int, int] = (30, 20), mode: str = "L", **options: Any) -> bytes:
    body = io.BytesIO()
    Pillow.new(mode, size).save(body, form, **options)
    return body.getvalue()


@pytest.mark.parametrize("form", ["JPEG", "PNG"])
def test_size_is_read_from_the_header(form: str) -> None:
    assert check_image(encoded(form)) == ImageFacts(form, 30, 20, 1)


@pytest.mark.parametrize(
    ("orientation", "size", "noted"),
    [(1, (30, 20), 1), (3, (30, 20), 3), (5, (20, 30), 5), (6, (20, 30), 6), (8, (20, 30), 8), (77, (30, 20), 1)],
)
@pytest.mark.parametrize("form", ["JPEG", "PNG"])
def test_sizes_are_those_of_the_upright_picture(form: str, orientation: int, size: tuple[int, int], noted: int) -> None:
    """Boxes are drawn on what people see: of a photo stored lying they would be cut off at the wrong sides."""
    exif = Pillow.Exif()
    exif[0x0112] = orientation
    assert check_image(encoded(form, exif=exif)) == ImageFacts(form, *size, noted)


def test_a_long_header_is_read() -> None:
    """Cameras write colour profiles and previews before the size."""
    assert check_image(encoded("JPEG", icc_profile=bytes(300_000))) == ImageFacts("JPEG", 30, 20)


def png_with_text(size: int) -> bytes:
    """With a compressed text of so many characters, as editors and generators of images write them."""
    body = encoded("PNG")
    kind, data = b"zTXt", b"prompt\0\0" + zlib.compress(bytes([65]) * size)
    chunk = len(data).to_bytes(4, "big") + kind + data + zlib.crc32(kind + data).to_bytes(4, "big")
    return body[:33] + chunk + body[33:]


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        pytest.param(b"dear diary", "neither JPEG nor PNG", id="a text"),
        pytest.param(encoded("GIF"), "neither JPEG nor PNG", id="another format"),
        pytest.param(encoded("JPEG")[:30], "broken JPEG", id="half a JPEG header"),
        pytest.param(encoded("PNG")[:20], "broken PNG", id="half a PNG header"),
        pytest.param(encoded("PNG", (20_000, 12_000)), "pixels", id="a decompression bomb"),
        pytest.param(png_with_text(3_000_000), "text", id="much text in a good PNG"),
    ],
)
def test_what_is_no_image_is_rejected_with_a_remedy(body: bytes, reason: str) -> None:
    """Sent on, it fails with every worker, and ten percent of those fail the job."""
    found = check_image(body)
    assert isinstance(found, Rejection)
    assert reason in found.reason
    assert found.remedy


def test_some_text_in_a_png_is_no_harm() -> None:
    assert isinstance(check_image(png_with_text(10_000)), ImageFacts)


@pytest.mark.parametrize(("size", "says"), [(0, "empty"), (MAX_IMAGE_BYTES + 1, "40 MB"), (MAX_IMAGE_BYTES, None)])
def test_what_the_number_of_bytes_tells_is_told_before_they_are_read(size: int, says: str | None) -> None:
    """Ground Truth takes 40 MB."""
    found = size_problem(size)
    assert (found is None) if says is None else (found is not None and says in found.reason)


@pytest.mark.parametrize(
    ("task", "auto_labeling", "size", "backend", "fits"),
    [
        ("object-detection", True, (3840, 2160), GROUND_TRUTH, True),
        ("object-detection", True, (3841, 2160), GROUND_TRUTH, False),
        ("object-detection", True, (4032, 3024), GT_ENGINE, True),
        ("object-detection", True, (10_001, 10_000), GT_ENGINE, False),
        ("object-detection", False, (10_000, 10_000), GROUND_TRUTH, True),
        ("object-detection", False, (10_001, 10_000), GROUND_TRUTH, False),
        ("semantic-segmentation", True, (1920, 1080), GROUND_TRUTH, True),
        ("semantic-segmentation", True, (1920, 1081), GROUND_TRUTH, False),
        ("semantic-segmentation", True, (1920, 1081), GT_ENGINE, True),
        (None, True, (10_000, 10_000), GROUND_TRUTH, True),
        (None, True, (10_001, 10_000), GROUND_TRUTH, False),
    ],
)
def test_pixel_limits_are_the_tasks_and_the_backends_own(
    task: str | None, auto_labeling: bool, size: tuple[int, int], backend: Backend, fits: bool
) -> None:
    """Ground Truth fails larger images after people were asked; phones make photos of 12 megapixels and more, and
    gt-engine scales them itself."""
    attribute = "mask-ref" if task == "semantic-segmentation" else "category"
    spec = task and CampaignSpec(
        name="birds", **spec_document(task=task, auto_labeling=auto_labeling, label_attribute=attribute)
    )
    problem = limit_problem(ImageFacts("PNG", *size), spec or None, backend)
    assert (problem is None) == fits


# ---------------------------------------------------------------- whether the pixels are all there

WHOLE = {
    "JPEG": saved(painting(1), "JPEG"),
    "progressive JPEG": saved(painting(1), "JPEG", progressive=True),
    "large JPEG": saved(painting(2, (1200, 900)), "JPEG"),
    "PNG": saved(painting(1)),
    "PNG with 16 bits": saved(painting(1).convert("I;16")),
    "PNG with palette": saved(painting(1).quantize(16)),
}


@pytest.mark.parametrize("kind", WHOLE)
@pytest.mark.parametrize("share", [0.2, 0.5, 0.9, 0.98])
def test_an_image_that_is_cut_off_is_found_out(kind: str, share: float) -> None:
    """An upload that broke off: taken in, it fails in its job, and with a few like it the job fails."""
    body = WHOLE[kind]
    decoded(body)
    with pytest.raises(UnreadablePixels):
        decoded(body[: int(len(body) * share)])


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow], max_examples=200)
@given(st.sampled_from(sorted(WHOLE)), st.floats(0, 1), st.binary(min_size=1, max_size=8), st.floats(0.05, 1))
def test_what_is_taken_at_the_door_the_engine_can_read(kind: str, where: float, what: bytes, kept: float) -> None:
    """Damaged anywhere, an image is refused here, or the engine takes it: never found out when it is paid for."""
    whole = WHOLE[kind]
    place = int(where * len(whole))
    body = (whole[:place] + what + whole[place + len(what) :])[: int(kept * len(whole))]
    if is_taken(body):
        assert not isinstance(decode(body, 64), ImageProblem)


def is_taken(body: bytes) -> bool:
    if size_problem(len(body)) or isinstance(check_image(body), Rejection):
        return False
    try:
        decoded(body)
    except UnreadablePixels:
        return False
    return True
