"""As many workers as needed: too few answers cost labels, too many cost money."""

from __future__ import annotations

import json

import numpy as np
import pytest

from benchmarks.enough import Tally, play
from gt_engine.consolidation import dump_skills, handed_on, is_checked, is_enough, learn, load_skills, together
from gt_engine.consolidation.classes import consolidate_classes
from gt_engine.consolidation.skills import MOST_REMEMBERED, Skill, Skills
from gt_engine.labels import BoxLabel, ClassLabel, Label, Task, box_label
from gt_engine.workforce import SimulatedWorkforce

SIZE = (160, 160, 3)
BOX = (10, 10, 60, 60)
EXPERT = {"a": Skill(right={"0": 400, "1": 400}, wrong={"0": 1, "1": 1}, sides=1600, overlooked=1)}
CARELESS = Skill(right={"0": 50, "1": 50}, wrong={"0": 50, "1": 50})


def boxes(*corners: tuple[float, float, float, float], class_id: int = 0) -> BoxLabel:
    return box_label(list(corners), [class_id] * len(corners), SIZE)


def enough(*labels: Label, most: int = 3, skills: Skills | None = None, checked: bool = False) -> bool:
    given = list(zip("abcdefghi", labels, strict=False))
    # Boxes of nobody knows whom have one class here: two would need votes of their own.
    several = 2 if most == 3 or isinstance(labels[0], ClassLabel) else 1
    return is_enough(given, most=most, classes=several, skills=skills or {}, is_checked=checked)


def classes(*ids: int) -> list[Label]:
    return [ClassLabel(one) for one in ids]


def test_classes_that_agree_need_no_third_and_those_that_do_not_do() -> None:
    assert enough(*classes(0, 0))
    assert not enough(*classes(0, 1))
    assert not enough(*classes(0))
    assert not enough(*classes(0, 0, 1), most=5)
    assert enough(*classes(0, 0, 1, 0), most=5)


def test_as_many_as_may_be_asked_are_enough_however_they_answer() -> None:
    assert enough(*classes(0, 1, 1))
    assert enough(boxes(BOX), boxes(), boxes((90, 90, 99, 99)))


@pytest.mark.parametrize("label", [ClassLabel(0), boxes(BOX)])
def test_one_answer_is_enough_only_of_a_worker_who_is_known_and_not_where_it_is_checked(label: Label) -> None:
    assert enough(label, skills=EXPERT)
    assert not enough(label)
    assert not enough(label, skills=EXPERT, checked=True)


def test_three_careless_workers_who_agree_against_a_careful_one_are_not_enough() -> None:
    careful = Skill(right={"0": 40, "1": 40}, wrong={"0": 1, "1": 1})
    skills = {"a": careful, "b": CARELESS, "c": CARELESS, "d": CARELESS}
    assert not enough(*classes(0, 1, 1, 1), most=5, skills=skills)


def test_boxes_agree_one_to_one_close_by_and_with_one_class() -> None:
    near, loose = (12, 10, 60, 61), (10, 10, 60, 92)
    assert enough(boxes(BOX), boxes(near))
    assert enough(boxes(), boxes())
    assert not enough(boxes(BOX), boxes())  # in or out, the third decides
    assert not enough(boxes(BOX), boxes(BOX, (100, 100, 140, 140)))
    assert not enough(boxes(BOX), boxes(loose))
    assert not enough(boxes(BOX), boxes(BOX, class_id=1))


def test_a_box_that_one_of_three_drew_is_asked_about_until_it_is_sure() -> None:
    """Most things that are missing in labels were drawn by one worker of three: there a fourth answer is worth it."""
    assert enough(boxes(BOX), boxes(BOX), most=5)
    assert not enough(boxes(BOX), boxes(), most=5)
    assert not enough(boxes(BOX), boxes(), boxes(), most=5)
    assert enough(boxes(BOX), boxes(), boxes(), boxes(), most=5)
    assert not enough(boxes(BOX), boxes(BOX), boxes(), most=5)  # two may share a mistake
    assert enough(boxes(BOX), boxes(BOX), boxes(), boxes(BOX), most=5)
    assert not enough(boxes(BOX), boxes(BOX), boxes(), boxes(), most=5)


def test_who_overlooks_much_does_not_speak_against_a_box_and_who_draws_much_not_for_it() -> None:
    blind = {name: Skill(sides=240, overlooked=40) for name in "bcd"}
    assert not enough(boxes(BOX), boxes(), boxes(), boxes(), most=7, skills=blind)
    assert not enough(boxes(), boxes(), most=7, skills={name: Skill(sides=240, overlooked=40) for name in "ab"})
    eager = {name: Skill(sides=160, mistaken=40) for name in "ab"}
    assert not enough(boxes(BOX), boxes(BOX), most=5, skills=eager)


def test_a_place_that_two_draw_differently_needs_a_third_and_no_more() -> None:
    loose = (10, 10, 60, 92)
    assert not enough(boxes(BOX), boxes(loose), most=5)
    assert enough(boxes(BOX), boxes(loose), boxes(BOX), most=5)


def test_what_no_more_answers_could_change_is_settled_and_nothing_before() -> None:
    """Whatever the rest answers: the label of the first answers is that of all of them."""
    rng = np.random.default_rng(5)
    for _ in range(300):
        first = [int(rng.integers(2)) for _ in range(3)]
        if not enough(*classes(*first), most=5):
            continue
        for rest in ([0, 0], [0, 1], [1, 1]):
            votes = {"x": list(zip("abcde", first + rest, strict=True))}
            short = {"x": list(zip("abc", first, strict=True))}
            assert consolidate_classes(votes, 2)["x"].class_id == consolidate_classes(short, 2)["x"].class_id


def test_an_object_is_checked_or_not_whenever_it_is_asked_and_one_in_ten_is() -> None:
    checked = [is_checked(f"birds-0001/{number}") for number in range(2000)]
    assert checked == [is_checked(f"birds-0001/{number}") for number in range(2000)]
    assert 0.07 < np.mean(checked) < 0.13


@pytest.mark.parametrize("task", [Task.CLASSES, Task.BOXES])
def test_a_fifth_of_the_answers_is_saved_and_the_decisions_are_the_same(task: Task) -> None:
    """benchmarks/enough.py, small: what the documentation promises."""
    rng = np.random.default_rng(11)
    gold: list[dict[str, Label]] = []
    for _ in range(2):
        corners = {str(i): rng.uniform(0, 60, 2) for i in range(150)}
        gold.append(
            {
                key: boxes((at[0], at[1], at[0] + 60, at[1] + 60))
                if task is Task.BOXES
                else ClassLabel(int(rng.integers(6)))
                for key, at in corners.items()
            }
        )
    tallies = [Tally(), Tally()]
    play(task, gold, SimulatedWorkforce(3, classes=1 if task is Task.BOXES else 6), 1, 3, tallies)
    assert all(tally.asked < 0.8 * tally.fixed for tally in tallies)
    assert all(np.mean(tally.same) >= 0.98 for tally in tallies)


def test_workers_are_known_by_their_answers_where_others_answered_too() -> None:
    answers = {
        "x": [("ann", ClassLabel(1)), ("bob", ClassLabel(1))],
        "y": [("ann", ClassLabel(0)), ("bob", ClassLabel(1))],
        "alone": [("ann", ClassLabel(1))],
    }
    labels = {"x": ClassLabel(1, 0.9), "y": ClassLabel(0, 1.0), "alone": ClassLabel(1, 1.0)}
    skills = learn(answers, labels)
    assert skills["ann"].of("1") == (0.9, 0.0)
    assert (skills["ann"].of("0"), skills["bob"].of("0")) == ((1.0, 0.0), (0.0, 1.0))
    drawn = learn({"x": [("ann", boxes(BOX)), ("bob", boxes())]}, {"x": boxes(BOX)})
    assert (drawn["ann"].of("0"), drawn["bob"].of("0")) == ((1, 0), (0, 0))
    assert (drawn["ann"].sides, drawn["ann"].squares) == (4, 0)
    assert [(one.found, one.overlooked) for one in (drawn["ann"], drawn["bob"])] == [(1, 0), (0, 1)]
    beside = learn({"x": [("ann", boxes(BOX, (90, 90, 99, 99))), ("bob", boxes(BOX, class_id=1))]}, {"x": boxes(BOX)})
    assert (beside["ann"].mistaken, beside["bob"].mistaken) == (1, 0)
    assert (beside["bob"].found, beside["bob"].of("0")) == (1, (0, 1))  # the thing was seen, for something else


def test_a_record_survives_its_file_adds_up_and_does_not_grow_for_ever() -> None:
    skills = {"ann": Skill({"0": 3.25}, {"1": 1.0}, 8, 0.5, 2, 1)}
    assert load_skills(json.loads(json.dumps(dump_skills(skills)))) == skills
    assert together([skills, skills])["ann"] == Skill({"0": 6.5}, {"1": 2.0}, 16, 1.0, 4, 2)
    written_before = {"ann": {"right": {"whole": 3.0}, "wrong": {}, "sides": 8, "squares": 0.5}}
    assert load_skills(written_before)["ann"].overlooked == 0
    many = handed_on({"ann": Skill({"0": 3000.0}, {"0": 1000.0}, 12000, 6, 1000, 0)})["ann"]
    assert many.of("0") == (MOST_REMEMBERED * 0.75, MOST_REMEMBERED * 0.25)
    assert (many.found, many.overlooked, many.squares) == (
        MOST_REMEMBERED * 0.75,
        MOST_REMEMBERED * 0.25,
        pytest.approx(0.6),
    )


def test_what_is_known_of_workers_decides_between_two_who_disagree() -> None:
    votes = {"x": [("ann", 0), ("bob", 1)]}
    skills = {"ann": CARELESS, "bob": EXPERT["a"]}
    assert consolidate_classes(votes, 2, skills)["x"].class_id == 1
    assert consolidate_classes(votes, 2, {"ann": EXPERT["a"], "bob": CARELESS})["x"].class_id == 0
