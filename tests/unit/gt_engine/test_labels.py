"""Labels as values."""

from __future__ import annotations

from gt_engine.labels import box_label


def test_a_label_without_a_box_is_a_label() -> None:
    """Answers that say "nothing here" were left out where labels are made of several consolidations of one batch."""
    nothing = box_label([], [], (640, 480, 3))
    assert len(nothing) == 0
    assert nothing
