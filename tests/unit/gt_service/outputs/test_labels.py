"""Labels compared: what counts as the same box or class."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gt_engine.autolabel.boxes.geometry import f1_loss
from gt_engine.labels import BoxLabel
from gt_engine.labels import box_label as engine_label
from gt_service.errors import UnknownState
from gt_service.outputs.labels import (
    Box,
    Boxes,
    Classes,
    agreement,
    iou,
    label_of,
    label_of_answer,
    match_boxes,
)
from gt_service.outputs.records import label_record
from tests.factories import box_label, class_label

BIRD = Box("Bird", 0, 0, 100, 100)


@pytest.mark.parametrize(
    ("other", "expected"),
    [
        pytest.param(Box("Bird", 0, 0, 100, 100), 1.0, id="same"),
        pytest.param(Box("Bird", 50, 0, 100, 100), 1 / 3, id="half over"),
        pytest.param(Box("Bird", 100, 0, 100, 100), 0.0, id="touching"),
        pytest.param(Box("Bird", 25, 25, 50, 50), 0.25, id="inside"),
        pytest.param(Box("Bird", 0, 0, 0, 0), 0.0, id="without area"),
    ],
)
def test_iou(other: Box, expected: float) -> None:
    """Every score of the audit would be wrong."""
    assert iou(BIRD, other) == pytest.approx(expected)
    assert iou(other, BIRD) == pytest.approx(expected)


def test_each_box_is_matched_once_and_to_the_best() -> None:
    """Two boxes on one bird would both count as right."""
    found = [Box("Bird", 10, 0, 100, 100), Box("Bird", 2, 0, 100, 100)]
    match = match_boxes(found, [BIRD])
    assert (match.matched, match.unmatched, match.missed) == (1, 1, 0)
    assert match.ious == (pytest.approx(98 / 102),)
    assert match.f1 == pytest.approx(2 / 3)


def test_as_many_boxes_are_paired_as_can_be() -> None:
    """The certificate counts so: the report would call labels bad that it was right to let through."""
    right = [Box("Bird", 0, 0, 30, 30), Box("Bird", 8, 0, 30, 30)]
    # The first fits both, the second one better; what is left over fits the second alone.
    match = match_boxes([Box("Bird", 7, 0, 30, 30), Box("Bird", 17, 0, 30, 30)], right)
    assert (match.matched, match.unmatched, match.missed, match.f1) == (2, 0, 0, 1.0)


@given(st.lists(st.tuples(st.integers(0, 40), st.integers(0, 40)), min_size=1, max_size=7), st.randoms())
def test_the_reports_f1_is_the_certificates(corners: list[tuple[int, int]], random: Random) -> None:
    """A target that the certificate promised would be missed in the report on the very same labels."""
    right = [(x, y, x + 30, y + 30) for x, y in corners]
    found = [tuple(side + random.randint(-6, 6) for side in box) for box in right]

    def of_engine(boxes: Sequence[tuple[int, ...]]) -> BoxLabel:
        return engine_label(boxes, [0] * len(boxes), (200, 200, 3))

    def of_report(boxes: Sequence[tuple[int, ...]]) -> list[Box]:
        return [Box("Bird", left, top, r - left, b - top) for left, top, r, b in boxes]

    assert match_boxes(of_report(found), of_report(right)).f1 == pytest.approx(
        1 - f1_loss(of_engine(found), of_engine(right)), abs=1e-6
    )


@pytest.mark.parametrize("number", [float("nan"), float("inf"), 10**400, "7", None])
def test_a_box_that_has_no_numbers_is_no_label(number: object) -> None:
    """Whoever calculates with it would fail, each time anew: a job that is never settled."""
    value = {"annotations": [{"class_id": 0, "left": number, "top": 1, "width": 2, "height": 3}]}
    record = label_record({"a": value, "a-metadata": {"class-map": {"0": "Bird"}}}, "a")
    assert record is not None
    with pytest.raises(UnknownState):
        label_of(record)


def test_a_box_of_another_class_is_no_match() -> None:
    """Wrong classes would not be counted as errors."""
    match = match_boxes([Box("Cat", 0, 0, 100, 100)], [BIRD])
    assert (match.matched, match.unmatched, match.missed, match.f1) == (0, 1, 1, 0.0)


def test_an_empty_image_found_empty_is_right() -> None:
    """Images without any bird would count as failures."""
    assert match_boxes([], []).f1 == 1.0


def test_a_labels_classes_are_named_by_its_own_class_map() -> None:
    """Class maps hold only the classes of that image, so numbers alone would name the wrong class."""
    value = box_label([(1, 2, 3, 4)], job="j", human=True, labels=["Cat", "Bird"], class_ids=[1])
    record = label_record(value, "category")
    assert record is not None
    assert label_of(record) == Boxes((Box("Bird", 1, 2, 3, 4),), (320, 240, 3), (0.21,))


def test_class_labels_and_several_classes() -> None:
    """Classification audits would compare numbers with names."""
    record = label_record(class_label("Owl", 3, job="j", human=True), "category")
    assert record is not None
    assert label_of(record) == Classes(("Owl",))
    several = label_record(
        {"a": [6, 0], "a-metadata": {"class-map": {"6": "clouds", "0": "Canyon"}, "human-annotated": "yes"}}, "a"
    )
    assert several is not None
    assert label_of(several) == Classes(("Canyon", "clouds"))


def test_masks_and_text_spans_are_not_compared() -> None:
    """A segmentation job would crash the audit instead of going without one."""
    for value in ("s3://b/mask.png", {"annotations": {"entities": []}, "entities": []}):
        record = label_record({"a": value, "a-metadata": {}}, "a")
        assert record is not None
        assert label_of(record) is None


@pytest.mark.parametrize(
    ("content", "label"),
    [
        ({"label": "Owl"}, Classes(("Owl",))),
        ({"labels": ["b", "a"]}, Classes(("a", "b"))),
        ({"boundingBoxes": None, "inputImageProperties": {}}, Boxes(())),
        ({"labeledImage": {}}, None),
        ("nonsense", None),
        ({"boundingBoxes": [{"label": "Owl"}]}, None),
        ({"boundingBoxes": [{"label": "Owl", "left": "0", "top": 0, "width": 1, "height": 1}]}, None),
        ({"boundingBoxes": ["Owl"]}, None),
        ({"boundingBoxes": 7}, None),
    ],
)
def test_what_each_crowd_element_submits(content: object, label: object) -> None:
    """A worker's agreement would be missing or wrong for a task type."""
    assert label_of_answer(content) == label


def test_agreement_of_unlike_labels_is_none() -> None:
    """Comparing boxes with a class would pass as agreement."""
    assert agreement(Boxes(()), Classes(("Owl",))) == 0.0
