"""The picture of examples: workers see the right box in the right place."""

import io
import json
import subprocess
import sys

import numpy as np
import pytest
from PIL import Image

from gt_service.campaign import CampaignSpec
from gt_service.chain.sample_boxes import Example, draw, examples_picture, read_examples
from gt_service.errors import InvalidInput, NotFound
from gt_service.objects import S3Uri
from gt_service.outputs.labels import Box
from tests.fakes import MemoryObjects

MANIFEST = S3Uri("inbox", "birds/examples/examples.manifest")
BLUE = (0, 0x72, 0xB2)


def photo(width: int = 300, height: int = 200, *, orientation: int = 1) -> bytes:
    image, written = Image.new("RGB", (width, height), (230, 230, 230)), io.BytesIO()
    exif = Image.Exif()
    exif[274] = orientation
    image.save(written, "jpeg", exif=exif)
    return written.getvalue()


def line(image: str, label: object = None, **metadata: object) -> str:
    boxes = {
        "image_size": [{"width": 300, "height": 200, "depth": 3}],
        "annotations": [{"class_id": 0, "left": 60, "top": 40, "width": 120, "height": 80}],
    }
    return json.dumps(
        {
            "source-ref": image,
            "right": boxes if label is None else label,
            "right-metadata": metadata or {"class-map": {"0": "Bird"}, "objects": [{"confidence": 1}]},
        }
    )


def pixels(png: bytes) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(png)).convert("RGB")).astype(int)


def is_blue(png: bytes) -> np.ndarray:
    return np.abs(pixels(png) - BLUE).sum(axis=2) < 90


def test_the_box_is_drawn_where_it_is() -> None:
    drawn = is_blue(draw([Example(photo(), (Box("Bird", 60, 40, 120, 80),))], heading="Box the birds"))
    rows, columns = np.nonzero(drawn)
    bottom = drawn.shape[0] - 6 - 200  # the photo is 200 pixels high and stands on a gap of 6
    assert columns.min() == pytest.approx(60, abs=3)
    assert columns.max() == pytest.approx(180, abs=3)
    assert rows.min() - bottom == pytest.approx(40, abs=4)
    assert rows.max() - bottom == pytest.approx(120, abs=4)


def test_large_photos_shrink_and_their_boxes_with_them() -> None:
    small = draw([Example(photo(300, 200), (Box("Bird", 60, 40, 120, 80),))], heading="x")
    large = draw([Example(photo(3000, 2000), (Box("Bird", 600, 400, 1200, 800),))], heading="x")
    assert pixels(small).shape == pixels(large).shape
    assert (is_blue(small) == is_blue(large)).mean() > 0.99


def test_a_photo_taken_sideways_is_shown_upright() -> None:
    upright = pixels(draw([Example(photo(200, 100, orientation=6))], heading="x"))
    assert upright.shape[0] > upright.shape[1]


def test_an_image_of_16_bits_is_shown_as_bright_as_it_is() -> None:
    """Cut off at 8 bits, nearly all of it would be white."""
    written = io.BytesIO()
    Image.new("I;16", (300, 200), 128 * 256).save(written, "png")
    shown = pixels(draw([Example(written.getvalue())], heading="x"))
    assert np.abs(shown[-100, 150] - 128).max() < 10


@pytest.mark.parametrize("size", [(1, 5000), (5000, 1), (4000, 3000)])
def test_no_shape_of_image_makes_a_huge_picture(size: tuple[int, int]) -> None:
    assert pixels(draw([Example(photo(*size))], heading="x")).shape[0] < 500


def test_dollar_signs_are_no_formula() -> None:
    """What matplotlib cannot read as one would keep the campaign from starting, without a word of why."""
    name = "$\\price{$"
    boxes = (Box(name, 60, 40, 120, 80), Box("Bird", 0, 0, 9, 9))
    assert draw([Example(photo(), boxes), Example(photo(), caption=name)], heading=name)


def test_the_same_examples_give_the_same_bytes() -> None:
    example = Example(photo(), (Box("Bird", 60, 40, 120, 80), Box("Cat", 1, 1, 20, 20)))
    assert draw([example], heading="x") == draw([example], heading="x")


def test_a_manifest_of_examples_becomes_boxes_and_captions() -> None:
    text = "\n".join([line("s3://inbox/a.jpg"), line("s3://inbox/b.jpg", 1, **{"class-name": "Owl"})])
    objects = MemoryObjects(
        {str(MANIFEST): text.encode(), "s3://inbox/a.jpg": photo(), "s3://inbox/b.jpg": photo()},
    )
    boxed, classed = read_examples(MANIFEST, objects)
    assert boxed.boxes == (Box("Bird", 60, 40, 120, 80),)
    assert classed.caption == "Owl"


def test_a_long_manifest_gives_its_first_four() -> None:
    objects = MemoryObjects({"s3://inbox/a.jpg": photo()})
    objects.contents[str(MANIFEST)] = "\n".join([line("s3://inbox/a.jpg")] * 20_000).encode()
    assert len(read_examples(MANIFEST, objects)) == 4


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "empty"),
        ("{", "line 1"),
        ("[]", "line 1"),
        ('{"source-ref": "s3://inbox/a.jpg"}', "line 1"),
        (line("a.jpg"), "S3 URI"),
        (line("s3://inbox/a.jpg", {"annotations": [{"class_id": 7}]}), "line 1"),
        (line("s3://inbox/broken.jpg"), "cannot be read"),
    ],
)
def test_examples_that_cannot_be_shown_name_the_field(text: str, says: str) -> None:
    objects = MemoryObjects(
        {str(MANIFEST): text.encode(), "s3://inbox/a.jpg": photo(), "s3://inbox/broken.jpg": b"\xff\xd8\xff"}
    )
    with pytest.raises(InvalidInput) as refusal:
        examples_picture(spec(), objects)
    assert refusal.value.field == "instructions.examples"
    assert says in refusal.value.message


def test_a_missing_example_image_is_named() -> None:
    objects = MemoryObjects({str(MANIFEST): line("s3://inbox/gone.jpg").encode()})
    with pytest.raises(NotFound, match=r"gone\.jpg"):
        examples_picture(spec(), objects)


def spec(examples: str | None = str(MANIFEST)) -> CampaignSpec:
    return CampaignSpec.model_validate(
        {
            "name": "birds",
            "task": "object-detection",
            "labels": ["Bird"],
            "workforce": "arn:aws:sagemaker:us-east-1:111122223333:workteam/private-crowd/birders",
            "instructions": {"examples": examples},
        }
    )


def test_a_spec_without_examples_has_no_picture() -> None:
    assert examples_picture(spec(None), MemoryObjects()) is None


def test_matplotlib_is_not_loaded_by_handlers_that_draw_nothing() -> None:
    code = "import sys, gt_service.chain.sample_boxes; sys.exit('matplotlib' in sys.modules or 'PIL' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
