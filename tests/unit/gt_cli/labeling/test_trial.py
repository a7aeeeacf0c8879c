"""The try without photos: pictures with known boxes, and words on how right people's are."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from PIL import Image

from gt_cli.labeling import trial


def line(index: int, *, first: int = 0, wide: float = 1.0) -> dict[str, Any]:
    """A label of the true boxes from `first` on, each so much wider."""
    boxes = trial.truth(index).boxes.tolist()[first:]
    annotations = [
        {"left": left, "top": top, "width": wide * (right - left), "height": bottom - top}
        for left, top, right, bottom in boxes
    ]
    return {"source-ref": f"s3://inbox/drawn-birds/images/{index:02}.jpg", "category": {"annotations": annotations}}


def test_right_boxes_are_counted_against_those_that_are_known() -> None:
    birds = sum(len(trial.truth(index)) for index in (3, 7))
    [counted, overlap] = trial.rightness([line(3), line(7)], "category")
    assert counted.startswith(f"Of {birds} birds in 2 pictures {birds} have a box that is right")
    assert "0 have none; 0 other boxes" in counted
    assert "100 %" in overlap
    [counted, overlap] = trial.rightness([line(3, first=1, wide=4), line(7, wide=1.25)], "category")
    assert "100 %" not in overlap
    assert "0 other boxes" not in counted
    assert trial.rightness([], "category") == []
    [nothing] = trial.rightness([line(3, wide=0.01)], "category")
    assert "0 have a box that is right" in nothing


def test_pictures_are_drawn_once(tmp_path: Path) -> None:
    """Drawn anew they would be new photos to label."""
    trial.draw(tmp_path / "drawn-birds", count=2)
    [first, second] = sorted((tmp_path / "drawn-birds").iterdir())
    with Image.open(second) as picture:
        assert picture.size == (trial.SIDE, trial.SIDE)
    first.write_bytes(b"mine")
    trial.draw(tmp_path / "drawn-birds", count=2)
    assert first.read_bytes() == b"mine"
