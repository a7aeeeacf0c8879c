"""Proposed classes: what is planted, who notices, and what is left of it in a label."""

from __future__ import annotations

import json

import pytest

from gt_engine.labels import ClassLabel
from gt_engine.outputs.label_form import AnyLabel, MultiClassLabel
from gt_engine.workforce.proposals import Proposal, ProposalRule, as_record, proposal, read_record, without_planted
from gt_engine.workforce.proposed_classes import Mistake, PlantedClass, class_was_accepted

NAMES = ("Cat", "Dog", "Cow")


def several(*ids: int) -> MultiClassLabel:
    return MultiClassLabel(ids, (1.0,) * len(ids))


def made(label: AnyLabel, classes: int = 3, *, wrong: float = 0.999) -> list[Proposal]:
    rule = ProposalRule(blind=0, wrong=wrong)
    return [proposal(label, "m", rule, job="j", object_id=str(number), classes=classes) for number in range(100)]


@pytest.mark.parametrize(
    ("label", "kinds", "left"),
    [
        (ClassLabel(1), {Mistake.SWAPPED}, {Mistake.SWAPPED: ClassLabel(1)}),
        (several(0, 1), {Mistake.EXTRA, Mistake.MISSING}, {Mistake.EXTRA: several(0, 1)}),
        (several(0, 1, 2), {Mistake.MISSING}, {}),
        (several(2), {Mistake.EXTRA}, {Mistake.EXTRA: several(2)}),
    ],
)
def test_who_accepts_everything_is_found_out_and_no_label_holds_what_was_planted(
    label: AnyLabel, kinds: set[Mistake], left: dict[Mistake, AnyLabel]
) -> None:
    ones = made(label)
    for one in ones:
        assert isinstance(one.planted, PlantedClass)
        assert isinstance(one.label, ClassLabel | MultiClassLabel)
        assert isinstance(label, ClassLabel | MultiClassLabel)
        assert one.label != label
        assert class_was_accepted(one.planted, one.label)
        assert not class_was_accepted(one.planted, label)
        assert without_planted(one, one.label) == left.get(one.planted.mistake, one.label)
        assert without_planted(one, label) == label
    assert {one.planted.mistake for one in ones if one.planted} == kinds


def test_where_there_is_no_room_for_a_mistake_none_is_planted() -> None:
    assert not any(one.planted for one in [*made(ClassLabel(0), 1), *made(several(0), 1)])


def test_the_record_holds_all_that_was_shown() -> None:
    """What people saw is read from it when their answers become labels."""
    for label, is_single in ((ClassLabel(1), True), (several(0, 2), False)):
        for one in [*made(label)[:20], *made(label, wrong=0)[:5], Proposal(None, "m")]:
            written = json.loads(json.dumps(as_record("7", "s3://b/7.jpg", one, NAMES)))
            assert read_record(written, NAMES, is_single=is_single) == ("7", one)
