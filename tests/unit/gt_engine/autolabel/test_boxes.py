"""Geometry of boxes: the measures that the guarantee and the reports speak in."""

from __future__ import annotations

import numpy as np
import pytest

from gt_engine.autolabel import logistic
from gt_engine.autolabel.boxes import detector, edges, grid, refine
from gt_engine.autolabel.boxes.confidence import Detections, evidence
from gt_engine.autolabel.boxes.geometry import (
    average_precision,
    f1_loss,
    intersection_over_union,
    matches,
    mean_iou_loss,
    suppressed,
)
from gt_engine.labels import BoxLabel, box_label

SIZE = (100, 100, 3)
A, B, FAR = [10, 10, 30, 30], [12, 10, 32, 30], [60, 60, 90, 90]


def label(*boxes: list[int], classes: list[int] | None = None) -> BoxLabel:
    return box_label(list(boxes), classes or [0] * len(boxes), SIZE)


@pytest.mark.parametrize(
    ("predicted", "truth", "loss"),
    [
        (label(A), label(A), 0.0),
        (label(), label(), 0.0),
        (label(A), label(), 1.0),
        (label(), label(A), 1.0),
        (label(B), label(A), 0.0),
        (label(A, FAR), label(A), 1 / 3),
        (label(A), label(A, FAR), 1 / 3),
        (label(A, A), label(A), 1 / 3),
        (label(A, classes=[1]), label(A), 1.0),
    ],
)
def test_f1_counts_every_missed_false_doubled_or_misnamed_box(
    predicted: BoxLabel, truth: BoxLabel, loss: float
) -> None:
    assert f1_loss(predicted, truth) == pytest.approx(loss)


def test_mean_iou_is_averaged_over_boxes_and_then_over_classes() -> None:
    assert mean_iou_loss(label(A), label(A)) == 0
    assert mean_iou_loss(label(A), label(A, FAR)) == pytest.approx(0.5)
    both = label(A, FAR, classes=[0, 1])
    assert mean_iou_loss(label(A), both) == pytest.approx(0.5)
    assert mean_iou_loss(label(B), label(A)) == pytest.approx(1 - 18 / 22, abs=1e-3)


def test_matching_takes_the_best_pairing_not_the_first() -> None:
    predicted, truth = label([0, 0, 20, 20], [4, 0, 24, 20]), label([3, 0, 23, 20], [-4, 0, 16, 20])
    assert sorted((i, j) for i, j, _ in matches(predicted, truth)) == [(0, 1), (1, 0)]


def test_overlap_of_nothing_is_nothing() -> None:
    assert intersection_over_union(label().boxes, label(A).boxes).shape == (0, 1)


def test_suppression_keeps_the_best_of_each_heap() -> None:
    boxes = np.array([A, B, FAR], np.float32)
    assert suppressed(boxes, np.array([0.5, 0.9, 0.7], np.float32), 0.4, 10).tolist() == [1, 2]


def test_moving_a_box_back_is_the_inverse_of_measuring_the_move() -> None:
    rng = np.random.default_rng(0)
    boxes = refine.moved(
        np.tile(np.array([[0.3, 0.3, 0.6, 0.7]], np.float32), (20, 1)), rng.normal(0, 0.1, (20, 4)).astype(np.float32)
    )
    truth = np.tile(np.array([[0.3, 0.3, 0.6, 0.7]], np.float32), (20, 1))
    np.testing.assert_allclose(refine.moved(boxes, refine.moves(boxes, truth)), truth, atol=1e-5)


def test_a_box_is_never_turned_inside_out() -> None:
    boxes = np.array([[0.4, 0.4, 0.5, 0.5]], np.float32)
    wild = refine.moved(boxes, np.array([[9, 9, -9, -9]], np.float32))
    assert (wild[:, 2:] > wild[:, :2]).all()
    assert wild.min() >= 0
    assert wild.max() <= 1


def test_the_wanted_border_is_where_the_truth_is() -> None:
    boxes = np.array([[0.2, 0.2, 0.6, 0.6]], np.float32)
    truth = np.array([[0.22, 0.18, 0.66, 0.58]], np.float32)
    offset = (edges.wanted(boxes, truth) * edges.OFFSETS).sum(-1) * edges.INWARD
    np.testing.assert_allclose(offset[0], [0.05, -0.05, 0.15, -0.05], atol=0.01)


def test_the_gradient_of_the_edge_network_is_right() -> None:
    # A wrong gradient still trains a little, and nobody would notice but for worse boxes.
    rng = np.random.default_rng(0)
    parameters = [p.astype(np.float64) for p in edges.new_head(rng)]
    parameters[4] *= 20
    x = rng.normal(0, 1, (2, 4, edges.POSITIONS, edges.INPUTS))
    truth = np.full((2, 4, edges.POSITIONS), 1 / edges.POSITIONS)
    truth[0, 1] = np.eye(edges.POSITIONS)[3]

    def loss() -> float:
        return float(-(truth * np.log(edges._forward(parameters, x).probability)).sum() / 8)  # type: ignore[arg-type]

    gradients = edges._backward(parameters, edges._forward(parameters, x), truth)  # type: ignore[arg-type]
    for p, g in zip(parameters, gradients, strict=True):
        at = tuple(int(rng.integers(n)) for n in p.shape)
        kept, step = p[at], 1e-5
        p[at] = kept + step
        up = loss()
        p[at] = kept - step
        down = loss()
        p[at] = kept
        assert g[at] == pytest.approx((up - down) / (2 * step), abs=2e-5)


def test_average_precision_of_a_perfect_and_of_a_blind_detector() -> None:
    boxes = np.array([[0.1, 0.1, 0.3, 0.3]], np.float32)
    kinds = np.zeros(1, np.int64)
    perfect = Detections(boxes, kinds, np.ones(1, np.float32))
    blind = Detections(boxes[:0], kinds[:0], np.ones(0, np.float32))
    false_first = Detections(
        np.array([[0.6, 0.6, 0.9, 0.9], *boxes], np.float32), np.zeros(2, np.int64), np.array([0.9, 0.8], np.float32)
    )
    assert average_precision([perfect], [boxes], [kinds]) == 1
    assert average_precision([blind], [boxes], [kinds]) == 0
    assert average_precision([false_first], [boxes], [kinds]) == pytest.approx(0.5)


def squares(*sides: float) -> list[np.ndarray]:  # type: ignore[type-arg]
    return [np.array([[0.4, 0.4, 0.4 + side, 0.4 + side]], np.float32) for side in sides]


@pytest.mark.parametrize(
    ("boxes", "wanted"),
    [
        (squares(*[0.05] * 2, *[0.3] * 8), grid.FINE),
        (squares(*[0.05] * 1, *[0.3] * 19), grid.ROUGH),
        (squares(*[0.15] * 10), grid.ROUGH),
        (squares(), grid.ROUGH),
        ([np.zeros((0, 4), np.float32)], grid.ROUGH),
    ],
)
def test_the_first_labels_choose_the_grid(boxes: list[np.ndarray], wanted: grid.Grid) -> None:  # type: ignore[type-arg]
    # Small objects would all go to people on a rough grid; large ones would cost twice the time on a fine one.
    assert grid.grid_for(boxes) is wanted


def test_a_fine_grid_tells_small_neighbours_apart() -> None:
    pair = np.array([[0.500, 0.5, 0.524, 0.54], [0.526, 0.5, 0.55, 0.54]], np.float32)
    told = []
    for g in (grid.ROUGH.side, grid.FINE.side):
        kind, distances = grid.targets(pair, g)
        cells = np.flatnonzero(kind == 1)
        told.append((intersection_over_union(grid.decode(distances[cells], cells, g), pair).max(0) > 0.9).sum())
    assert told == [0, 2]  # two cells of the rough one would have to say where both are


def test_a_box_around_two_objects_that_touch_looks_less_certain_than_one_around_a_single_object() -> None:
    # Nothing else tells a machine label with one box for two animals, and people would find it among certified ones.
    around, left, right = [0.1, 0.1, 0.9, 0.9], [0.1, 0.1, 0.5, 0.9], [0.48, 0.1, 0.9, 0.9]
    double = [0.12, 0.1, 0.9, 0.88]
    kinds = np.zeros(3, np.int64)

    def seen(*boxes: list[float]) -> Detections:
        scores = np.array([0.9, 0.6, 0.5], np.float32)[: len(boxes)]
        return detector._distinct(np.array(boxes, np.float32), kinds[: len(boxes)], scores, 20)

    two, one = seen(around, left, right), seen(around, double)
    assert len(two.scores) == len(one.scores) == 1
    assert two.rivals is not None
    assert one.rivals is not None
    assert two.rivals[0].tolist() == pytest.approx([0.6, 1.1])
    assert one.rivals[0].tolist() == [0, 0]
    together = detector._agreed([two, one], 20)
    assert together.rivals is not None
    assert together.rivals[0].tolist() == pytest.approx([0.3, 0.55])
    assert (evidence(two, 0.5)[10:] > evidence(one, 0.5)[10:]).all()


def test_what_others_see_says_nothing_of_what_was_pushed_out() -> None:
    theirs = Detections(np.array([[0.1, 0.1, 0.9, 0.9]], np.float32), np.zeros(1, np.int64), np.ones(1, np.float32))
    ours = detector._distinct(theirs.boxes, theirs.class_ids, theirs.scores, 20)
    assert evidence(theirs, 0.5).tolist() == evidence(ours, 0.5).tolist()


def test_a_confidence_of_an_earlier_model_reads_what_it_was_fitted_on() -> None:
    # Jobs start from models that were made before there was as much evidence.
    rng = np.random.default_rng(1)
    x, y = rng.random((40, 10)), (rng.random(40) > 0.5).astype(np.float64)
    earlier = logistic.unpacked(logistic.fit(x, y).packed())
    assert earlier(np.column_stack([x, rng.random((40, 2))])).tolist() == earlier(x).tolist()
