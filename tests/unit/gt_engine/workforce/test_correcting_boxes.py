"""Simulated people who correct boxes: what they keep, correct, add and overlook, and the time that it takes them."""

from __future__ import annotations

from datetime import UTC, datetime

import numpy as np

from gt_engine.autolabel.boxes.geometry import f1_loss
from gt_engine.labels import BoxLabel, box_label
from gt_engine.workforce import SimulatedWorkforce
from gt_engine.workforce.simulated import Trust, correct

SIZE = (640, 480, 3)
START = datetime(2026, 1, 1, tzinfo=UTC)
CAREFUL, CARELESS = Trust(0.0, 0.8), Trust(1.0, 0.5)
TRUTH = box_label([[100, 100, 200, 180], [400, 50, 520, 300], [300, 320, 420, 460]], [0, 1, 0], SIZE)
SHOWN = box_label([[101, 100, 200, 181], [430, 80, 550, 330], [20, 20, 90, 90]], [0, 1, 0], SIZE)  # right, off, extra


def seconds(shown: BoxLabel | None, objects: int = 150) -> tuple[float, float]:
    """Mean seconds of an answer and its mean loss."""
    crowd = SimulatedWorkforce(1, classes=2)
    answers = [a for i in range(objects) for a in crowd.answer(str(i), TRUTH, 3, START, to_correct=shown)]
    took = [(a.submitted_at - a.accepted_at).total_seconds() for a in answers]
    losses = [f1_loss(a.label, TRUTH) for a in answers if isinstance(a.label, BoxLabel)]
    return float(np.mean(took)), float(np.mean(losses))


def test_who_looks_corrects_what_is_off_deletes_what_is_extra_and_adds_what_is_missing() -> None:
    done = correct(SHOWN, TRUTH, CAREFUL, np.random.default_rng(1))
    assert (done.kept, done.corrected, done.missing) == ((0,), (1,), (2,))
    assert done.seconds == 3 * 2 + 1


def test_who_does_not_look_keeps_all_of_it_and_needs_no_time() -> None:
    done = correct(SHOWN, TRUTH, CARELESS, np.random.default_rng(1))
    assert (done.kept, done.corrected, done.missing, done.seconds) == ((0, 1, 2), (), (2,), 0)


def test_a_box_of_the_wrong_class_is_corrected_and_not_kept() -> None:
    other = box_label(TRUTH.boxes, [1, 1, 0], SIZE)
    assert correct(other, TRUTH, CAREFUL, np.random.default_rng(1)).corrected == (0,)


def test_right_boxes_save_time_and_wrong_ones_cost_labels() -> None:
    """What the whole is for, and its price: else the benchmark of proposals would measure nothing."""
    blind, blind_loss = seconds(None)
    right, right_loss = seconds(TRUTH)
    wrong, wrong_loss = seconds(SHOWN)
    assert right < 0.85 * blind
    assert right < wrong
    assert right_loss < blind_loss < wrong_loss


def test_people_who_draw_answer_as_they_did_before_there_were_proposals() -> None:
    """Kept results of benchmarks rest on it."""
    [answer] = SimulatedWorkforce(7, classes=2).answer("a", TRUTH, 1, START)
    assert isinstance(answer.label, BoxLabel)
    kept = [[101, 99, 206, 182], [401, 44, 521, 304], [303, 314, 416, 461]]
    assert answer.label.boxes.astype(int).tolist() == kept
