"""The simulated annotators: a demo that cannot be replayed, or whose workers are all alike, proves nothing."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from gt_engine.labels import BoxLabel, ClassLabel, box_label
from gt_engine.workforce import SimulatedWorkforce

START = datetime(2026, 1, 1, tzinfo=UTC)
SIZE = (160, 160, 3)


def gold(boxes: int = 1) -> BoxLabel:
    return box_label([[20 + 30 * i, 20, 45 + 30 * i, 90] for i in range(boxes)], [0] * boxes, SIZE)


def test_a_replay_gives_the_same_answers_in_any_order() -> None:
    # A killed engine that asks again must not see other answers: the job would end with another output manifest.
    one, other = SimulatedWorkforce(7), SimulatedWorkforce(7)
    first = {key: one.answer(key, gold(), 3, START) for key in ("a", "b", "c")}
    for key in ("c", "a", "b"):
        again = other.answer(key, gold(), 3, START)
        assert [(x.worker_id, x.submitted_at) for x in again] == [(x.worker_id, x.submitted_at) for x in first[key]]
        for x, y in zip(again, first[key], strict=True):
            assert isinstance(x.label, BoxLabel)
            assert isinstance(y.label, BoxLabel)
            np.testing.assert_array_equal(x.label.boxes, y.label.boxes)


def test_another_seed_is_another_crowd() -> None:
    assert [w.spread for w in SimulatedWorkforce(1).crowd] != [w.spread for w in SimulatedWorkforce(2).crowd]


@pytest.mark.parametrize("wanted", [1, 3, 9])
def test_each_object_is_answered_by_as_many_different_workers_as_asked(wanted: int) -> None:
    for i in range(50):
        answers = SimulatedWorkforce(3).answer(str(i), gold(), wanted, START)
        assert len({one.worker_id for one in answers}) == len(answers) == wanted
        assert all(START <= one.accepted_at < one.submitted_at for one in answers)


def test_absent_workers_never_take_part_and_too_few_workers_give_too_few_answers() -> None:
    crowd = SimulatedWorkforce(5, workers=10, absent_share=0.5)
    present = {one.worker_id for one in crowd.crowd if not one.absent}
    answers = crowd.answer("x", gold(), 10, START)
    assert {one.worker_id for one in answers} <= present
    assert len(answers) < 10
    assert SimulatedWorkforce(5, absent_share=1.0).answer("x", gold(), 3, START) == []


def test_declined_and_expired_tasks_are_given_to_someone_else() -> None:
    crowd = SimulatedWorkforce(11, declining_share=0.3, expiring_share=0.2, time_limit_seconds=120)
    answers = [crowd.answer(str(i), gold(), 3, START) for i in range(100)]
    assert {len(given) for given in answers} == {3}
    assert all((one.submitted_at - one.accepted_at).total_seconds() <= 120 for given in answers for one in given)
    late = sum(one.accepted_at >= START + timedelta(seconds=120) for given in answers for one in given)
    assert late > 60, "tasks that expired were offered again when their time was over"
    nobody = SimulatedWorkforce(11, declining_share=0.5, expiring_share=0.5)
    assert nobody.answer("x", gold(), 3, START) == []


def test_sloppy_workers_draw_worse_and_everyone_sometimes_misses() -> None:
    def offsets(sloppy: float) -> tuple[float, float]:
        crowd, errors, found, total = SimulatedWorkforce(2, sloppy_share=sloppy), [], 0, 0
        for i in range(300):
            for one in crowd.answer(str(i), gold(2), 1, START):
                assert isinstance(one.label, BoxLabel)
                total += 2
                found += min(len(one.label), 2)
                errors += [float(np.abs(b - gold(2).boxes).mean(1).min()) for b in one.label.boxes]
        return float(np.median(errors)), found / total

    careful, careless = offsets(0.0), offsets(1.0)
    assert careless[0] > 2 * careful[0]
    assert careless[1] < careful[1] < 1


def test_boxes_are_whole_pixels_inside_the_image() -> None:
    crowd = SimulatedWorkforce(4, sloppy_share=1.0)
    edge = box_label([[0, 0, 40, 160]], [0], SIZE)
    for i in range(100):
        for one in crowd.answer(str(i), edge, 3, START):
            assert isinstance(one.label, BoxLabel)
            assert (one.label.boxes == np.round(one.label.boxes)).all()
            assert one.label.boxes.min(initial=0) >= 0
            assert one.label.boxes.max(initial=0) <= 160


def test_confused_workers_pick_an_existing_wrong_class() -> None:
    crowd = SimulatedWorkforce(9, classes=4, sloppy_share=1.0)
    given = [one.label for i in range(200) for one in crowd.answer(str(i), ClassLabel(3), 3, START)]
    wrong = [one.class_id for one in given if isinstance(one, ClassLabel) and one.class_id != 3]
    assert 0.05 < len(wrong) / len(given) < 0.5
    assert set(wrong) == {0, 1, 2}
