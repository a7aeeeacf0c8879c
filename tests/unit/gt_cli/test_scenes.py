"""`gt-service scenes`: what the tutorial goes on with, where the reader has no photos."""

from __future__ import annotations

from pathlib import Path

from click.testing import CliRunner

from gt_cli.datasets import read_boxes
from gt_cli.main import cli


def test_its_boxes_are_read_as_the_reader_s_own_would_be(tmp_path: Path) -> None:
    """Else the next command of the tutorial refuses what this one has written."""
    done = CliRunner().invoke(cli, ["scenes", str(tmp_path / "birds"), "--count", "3"], catch_exceptions=False)
    assert done.exit_code == 0, done.output
    dataset = read_boxes(tmp_path / "birds/boxes.csv", tmp_path / "birds/images")
    assert (len(dataset.images), dataset.labels, dataset.left_out) == (3, ("Bird",), ())
    assert all(image.boxes for image in dataset.images)


def test_again_it_draws_the_same(tmp_path: Path) -> None:
    """Gold labels that were made of the first would fit no picture of the second."""
    for name in ("one", "two"):
        CliRunner().invoke(cli, ["scenes", str(tmp_path / name), "--count", "2"], catch_exceptions=False)
    assert (tmp_path / "one/boxes.csv").read_bytes() == (tmp_path / "two/boxes.csv").read_bytes()
