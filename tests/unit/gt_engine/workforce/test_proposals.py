"""Proposals: who stays blind, what is planted, who notices, and what is left of it in a label."""

from __future__ import annotations

import json

import numpy as np
import pytest

from gt_engine.autolabel.boxes.geometry import intersection_over_union
from gt_engine.labels import BoxLabel, box_label
from gt_engine.workforce.proposals import (
    Planted,
    Proposal,
    ProposalRule,
    as_record,
    is_unchanged,
    plant,
    proposal,
    read_record,
    taken_back,
    was_accepted,
)
from gt_engine.workforce.proposed_classes import Mistake

SIZE = (640, 480, 3)
TWO = box_label([[100, 100, 200, 180], [400, 50, 520, 300]], [0, 1], SIZE, [0.6, 0.9])
EMPTY = box_label([], [], SIZE)
BOXES = {Mistake.SHIFTED, Mistake.MISSING, Mistake.EXTRA}
FULL = box_label([[0, 0, 640, 480]], [0], SIZE)


def planted_ones(label: BoxLabel, count: int = 200) -> list[Proposal]:
    rule = ProposalRule(blind=0, wrong=0.999)
    made = [proposal(label, "model", rule, job="job", object_id=str(number)) for number in range(count)]
    return [one for one in made if one.planted]


def test_shares_are_those_of_the_rule_and_the_same_in_every_run() -> None:
    rule = ProposalRule(blind=0.1, wrong=0.05)
    ones = [proposal(TWO, "model", rule, job="job", object_id=str(number)) for number in range(4000)]
    again = [proposal(TWO, "model", rule, job="job", object_id=str(number)) for number in range(4000)]
    assert [one.planted for one in ones] == [one.planted for one in again]
    assert 0.085 < sum(one.label is None for one in ones) / 4000 < 0.115
    assert 0.035 < sum(one.planted is not None for one in ones) / 4000 < 0.055
    assert not any(one.planted for one in ones if one.label is None)


@pytest.mark.parametrize(("label", "kinds"), [(TWO, BOXES), (EMPTY, {Mistake.EXTRA}), (FULL, {Mistake.MISSING})])
def test_who_accepts_everything_is_found_out_and_who_corrects_everything_is_not(
    label: BoxLabel, kinds: set[Mistake]
) -> None:
    """A figure that a careful worker could not get to zero, or a careless one could, would say nothing of them."""
    ones = planted_ones(label)
    assert len(ones) > 150
    for one in ones:
        assert isinstance(one.label, BoxLabel)
        assert isinstance(one.planted, Planted)
        assert was_accepted(one.planted, one.label)
        assert not was_accepted(one.planted, label)
        width, height, _ = SIZE
        assert (one.label.boxes >= 0).all()
        assert (one.label.boxes <= [width, height, width, height]).all()
    assert {one.planted.mistake for one in ones if one.planted} == kinds


def test_a_shifted_box_no_longer_counts_as_the_right_one() -> None:
    """Nobody could be blamed for leaving a box that is off by a few pixels."""
    overlaps = [
        intersection_over_union(np.array([one.planted.box]), np.array([one.planted.right]))[0, 0]
        for one in planted_ones(TWO)
        if isinstance(one.planted, Planted) and one.planted.right
    ]
    assert len(overlaps) > 30
    assert min(overlaps) > 0.3
    assert max(overlaps) <= 0.6


def test_what_was_planted_and_kept_is_not_in_the_label() -> None:
    for one in planted_ones(TWO):
        assert isinstance(one.label, BoxLabel)
        assert isinstance(one.planted, Planted)
        left = taken_back(one.planted, one.label)
        if one.planted.mistake is Mistake.MISSING:
            assert is_unchanged(left, one.label)
        else:
            assert is_unchanged(left, TWO)
        assert is_unchanged(taken_back(one.planted, TWO), TWO)


def test_the_record_holds_all_that_was_shown() -> None:
    for one in [*planted_ones(TWO, 20), Proposal(None, "model"), Proposal(EMPTY, "model"), Proposal(TWO, "theirs")]:
        written = json.loads(json.dumps(as_record("7", "s3://b/7.jpg", one)))
        object_id, again = read_record(written)
        assert (object_id, again.model, again.planted) == ("7", one.model, one.planted)
        assert (again.label is None) == (one.label is None)
        if one.label is not None and again.label is not None:
            assert is_unchanged(one.label, again.label)


def test_of_nothing_to_plant_in_an_extra_box_is_made() -> None:
    shown, planted = plant(EMPTY, np.random.default_rng(1))
    assert planted.mistake is Mistake.EXTRA
    assert len(shown) == 1
