"""Consolidation: what customers pay three workers for is a better label than one worker's."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import numpy as np

from gt_engine.autolabel.boxes.geometry import f1_loss, matches
from gt_engine.consolidation import consolidate_batch
from gt_engine.labels import BoxLabel, ClassLabel, Label, Task, box_label
from gt_engine.workforce import Answer, SimulatedWorkforce

START = datetime(2026, 1, 1, tzinfo=UTC)
SIZE = (160, 160, 3)


def answer(worker: str, label: Label) -> Answer:
    return Answer(worker, label, START, START + timedelta(seconds=5))


def boxes(*corners: Sequence[float], classes: Sequence[int] | None = None) -> BoxLabel:
    return box_label(list(corners), classes or [0] * len(corners), SIZE)


def consolidated(*labels: BoxLabel) -> BoxLabel:
    given = [answer(f"w{i}", label) for i, label in enumerate(labels)]
    label = consolidate_batch(Task.BOXES, {"x": given}, classes=3)["x"]
    assert isinstance(label, BoxLabel)
    return label


def test_a_box_of_a_minority_is_dropped_and_one_of_a_majority_kept() -> None:
    a, spurious = [10, 10, 60, 60], [100, 100, 140, 140]
    label = consolidated(boxes(a), boxes(a, spurious), boxes([12, 10, 62, 60]))
    assert len(label) == 1
    np.testing.assert_allclose(label.boxes[0], [10.5, 10, 60.5, 60], atol=1)
    assert label.confidences[0] == 1


def test_confidence_is_the_share_of_the_workers_who_drew_the_box() -> None:
    a = [10, 10, 60, 60]
    np.testing.assert_allclose(consolidated(boxes(a), boxes(a), boxes()).confidences, [2 / 3])


def test_careful_answers_are_averaged_and_a_wild_one_hardly_counts() -> None:
    # The median of three throws two answers away; the mean lets one slip of the hand spoil the box.
    near = consolidated(boxes([10, 10, 60, 60]), boxes([11, 10, 60, 60]), boxes([13, 10, 60, 60]))
    np.testing.assert_allclose(near.boxes[0], [34 / 3, 10, 60, 60], atol=0.01)
    wild = consolidated(boxes([10, 10, 60, 60]), boxes([10, 10, 60, 60]), boxes([10, 10, 60, 95]))
    assert 60 <= wild.boxes[0][3] < 64 < (60 + 60 + 95) / 3


def test_one_worker_is_taken_at_her_word() -> None:
    label = consolidated(boxes([1, 2, 30, 40], classes=[2]))
    np.testing.assert_array_equal(label.boxes, [[1, 2, 30, 40]])
    assert list(label.class_ids) == [2]


def test_everyone_finding_nothing_is_an_empty_label_and_nobody_answering_is_none() -> None:
    assert len(consolidated(boxes(), boxes(), boxes())) == 0
    assert consolidate_batch(Task.BOXES, {"x": []}, classes=1) == {}
    assert consolidate_batch(Task.CLASSES, {"x": []}, classes=2) == {}


def test_the_class_of_a_box_is_that_of_most_workers() -> None:
    a = [10, 10, 60, 60]
    label = consolidated(boxes(a, classes=[1]), boxes(a, classes=[2]), boxes(a, classes=[1]))
    assert list(label.class_ids) == [1]


def test_the_order_of_the_answers_does_not_matter() -> None:
    crowd = SimulatedWorkforce(1, sloppy_share=0.5)
    gold = boxes([10, 10, 60, 60], [50, 40, 110, 120], [100, 100, 150, 140])
    given = crowd.answer("x", gold, 5, START)
    forth = consolidate_batch(Task.BOXES, {"x": given}, classes=1)["x"]
    back = consolidate_batch(Task.BOXES, {"x": given[::-1]}, classes=1)["x"]
    assert isinstance(forth, BoxLabel)
    assert isinstance(back, BoxLabel)
    np.testing.assert_array_equal(forth.boxes, back.boxes)


def test_three_simulated_workers_beat_one_and_five_beat_three() -> None:
    rng = np.random.default_rng(0)
    golds: dict[str, BoxLabel] = {}
    for i in range(150):
        corner, extent = rng.uniform(0, 80, 2), rng.uniform(25, 75, 2)
        golds[str(i)] = boxes([*corner, *(corner + extent)])

    def quality(workers: int) -> tuple[float, float]:
        crowd = SimulatedWorkforce(3)
        answers = {key: crowd.answer(key, gold, workers, START) for key, gold in golds.items()}
        labels = consolidate_batch(Task.BOXES, answers, classes=1)
        pairs = [(label, golds[key]) for key, label in labels.items() if isinstance(label, BoxLabel)]
        ious = [iou for p, t in pairs for *_, iou in matches(p, t)]
        return float(np.mean([f1_loss(p, t) for p, t in pairs])), float(np.mean(ious))

    one, three, five = quality(1), quality(3), quality(5)
    assert one[0] > three[0] >= five[0]
    assert one[1] < three[1] < five[1]


def test_dawid_skene_trusts_the_worker_who_is_usually_right() -> None:
    # Two careless workers who agree by chance must not outvote a careful one whose record is known.
    rng = np.random.default_rng(4)
    truth = rng.integers(0, 4, 600)
    skill = {"careful": 0.97, "careless-1": 0.4, "careless-2": 0.4}
    answers = {
        str(i): [
            answer(name, ClassLabel(int(t if rng.random() < right else rng.integers(0, 4))))
            for name, right in skill.items()
        ]
        for i, t in enumerate(truth)
    }
    labels = consolidate_batch(Task.CLASSES, answers, classes=4)

    def share(chosen: dict[str, int]) -> float:
        return float(np.mean([chosen[str(i)] == t for i, t in enumerate(truth)]))

    ours = {key: label.class_id for key, label in labels.items() if isinstance(label, ClassLabel)}
    votes = {
        key: int(np.bincount([one.label.class_id for one in given if isinstance(one.label, ClassLabel)]).argmax())
        for key, given in answers.items()
    }
    assert share(ours) > share(votes) + 0.1
    assert share(ours) > 0.93


def test_the_confidence_of_a_class_grows_with_agreement() -> None:
    answers = {
        "agreed": [answer(f"w{i}", ClassLabel(1)) for i in range(3)],
        "split": [answer(f"w{i}", ClassLabel(int(i == 0))) for i in range(3)],
    }
    labels = consolidate_batch(Task.CLASSES, answers, classes=2)
    agreed, split = labels["agreed"], labels["split"]
    assert isinstance(agreed, ClassLabel)
    assert isinstance(split, ClassLabel)
    assert (agreed.class_id, split.class_id) == (1, 0)
    assert agreed.confidence > split.confidence
