"""How far people agree: figures that owners act on, against numbers worked out by hand and published ones."""

from __future__ import annotations

import pytest

from gt_engine.labels import ClassLabel, box_label
from gt_engine.outputs.label_form import MultiClassLabel
from gt_engine.workforce.agreement import agreement, alike, alpha

SIZE = (100, 100, 3)


def test_boxes_agree_by_those_that_match() -> None:
    a, b = box_label([(0, 0, 10, 10), (20, 20, 40, 40)], [0, 0], SIZE), box_label([(1, 0, 10, 10)], [0], SIZE)
    assert alike(a, b) == pytest.approx(2 / 3)
    assert alike(a, box_label([(0, 0, 10, 10), (20, 20, 40, 40)], [0, 1], SIZE)) == pytest.approx(0.5)
    assert alike(box_label([], [], SIZE), box_label([], [], SIZE)) == 1


def test_several_classes_agree_by_what_both_chose() -> None:
    assert alike(MultiClassLabel((1, 2), (1, 1)), MultiClassLabel((2, 3), (1, 1))) == pytest.approx(1 / 3)
    assert alike(MultiClassLabel((), ()), MultiClassLabel((), ())) == 1


def test_alpha_is_krippendorff_s() -> None:
    """The example of "Computing Krippendorff's Alpha-Reliability", C: nominal data, four observers, missing values."""
    rows = [
        [1, 2, 3, 3, 2, 1, 4, 1, 2, None, None, None],
        [1, 2, 3, 3, 2, 2, 4, 1, 2, 5, None, 3],
        [None, 3, 3, 3, 2, 3, 4, 2, 2, 5, 1, None],
        [1, 2, 3, 3, 2, 4, 4, 1, 2, 5, 1, None],
    ]
    units = [[row[place] for row in rows if row[place] is not None] for place in range(12)]
    assert alpha(units) == pytest.approx(0.743, abs=0.0005)  # type: ignore[arg-type]


def test_alpha_says_nothing_where_there_is_nothing_to_say() -> None:
    assert alpha([]) is None
    assert alpha([[1], [2]]) is None
    assert alpha([[1, 1], [1, 1]]) is None


def test_who_disagrees_is_seen() -> None:
    found = agreement(
        [
            {"ada": ClassLabel(0), "ben": ClassLabel(0), "eve": ClassLabel(1)},
            {"ada": ClassLabel(1), "ben": ClassLabel(1), "eve": ClassLabel(1)},
            {"ada": ClassLabel(1)},
        ]
    )
    assert found.objects == 2
    assert found.score == pytest.approx((1 / 3 + 1) / 2)
    assert found.workers == {"ada": 0.75, "ben": 0.75, "eve": 0.5}
