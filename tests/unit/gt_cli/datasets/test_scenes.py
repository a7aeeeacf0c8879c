"""The demo's pictures: reports on different machines are comparable only when the pictures are the same."""

from __future__ import annotations

import hashlib
import io

import numpy as np
from PIL import Image

from gt_cli.datasets.scenes import HABITATS, SIDE, SPECIES, generate, scene


def test_a_scene_depends_on_seed_and_index_alone() -> None:
    one, again, other = scene(1, 5), scene(1, 5), scene(1, 6)
    np.testing.assert_array_equal(one.pixels, again.pixels)
    np.testing.assert_array_equal(one.boxes, again.boxes)
    assert hashlib.sha256(one.png()).digest() != hashlib.sha256(other.png()).digest()


def test_several_processes_draw_what_one_draws() -> None:
    indices = range(24)
    for several, one in zip(generate(2, indices, processes=2), generate(2, indices, processes=1), strict=True):
        np.testing.assert_array_equal(several.pixels, one.pixels)
        np.testing.assert_array_equal(several.species, one.species)


def test_every_scene_has_a_bird_inside_the_picture() -> None:
    for one in generate(3, range(40), processes=1):
        assert one.pixels.shape == (SIDE, SIDE, 3)
        assert 1 <= len(one.boxes) == len(one.species) <= 5
        assert one.boxes.min() >= 0
        assert one.boxes.max() <= SIDE
        assert (one.boxes[:, 2:] - one.boxes[:, :2] >= 8).all()
        assert one.species.max() < len(SPECIES)
        assert 0 <= one.habitat < len(HABITATS)


def test_the_files_are_real_images() -> None:
    one = scene(4, 0)
    np.testing.assert_array_equal(np.asarray(Image.open(io.BytesIO(one.png()))), one.pixels)
    assert Image.open(io.BytesIO(one.jpeg())).size == (SIDE, SIDE)
