"""Suspicions of labels: who has people look again pays for what is at the top, so it must be what is wrong."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from gt_engine.autolabel.boxes.confidence import Detections, Verdict
from gt_engine.autolabel.boxes.geometry import beside
from gt_engine.autolabel.own_model.opinions import of_label
from gt_engine.autolabel.second_look import Mistake, Suspicion, suspicions
from gt_engine.labels import BoxLabel, ClassLabel, Label, box_label

SIZE = (100, 100, 3)
IMAGES = 40


def people(image: int) -> BoxLabel:
    """What people drew: two boxes of different classes."""
    left = 2 + image % 5
    return box_label([[left, 5, left + 30, 40], [60, 50, 95, 95]], [0, 1], SIZE)


def model(image: int) -> BoxLabel:
    """What the model sees there: the same, not quite as sharply."""
    return box_label(people(image).boxes + 1, [0, 1], SIZE, [0.9 - image % 3 / 20, 0.85])


def without(label: BoxLabel, place: int) -> BoxLabel:
    kept = [i for i in range(len(label)) if i != place]
    return BoxLabel(label.boxes[kept], label.class_ids[kept], label.confidences[kept], label.image_size)


def moved(label: BoxLabel) -> BoxLabel:
    return box_label(label.boxes + np.array([[18, 0, 18, 0], [0, 0, 0, 0]]), label.class_ids, SIZE)


def swapped(label: BoxLabel) -> BoxLabel:
    return box_label(label.boxes, label.class_ids[::-1].copy(), SIZE)


def spurious(label: BoxLabel) -> BoxLabel:
    return box_label([*label.boxes, [5, 60, 35, 95]], [*label.class_ids, 0], SIZE)


WRONG = {
    Mistake.MISSED: lambda label: without(label, 0),
    Mistake.MOVED: moved,
    Mistake.SWAPPED: swapped,
    Mistake.SPURIOUS: spurious,
}


def judged(given: Sequence[Label], predicted: Sequence[Label] | None = None) -> list[Suspicion]:
    predicted = [model(image) for image in range(len(given))] if predicted is None else predicted
    return suspicions(predicted, np.full(len(given), 0.9), given)


@pytest.mark.parametrize("mistake", WRONG)
def test_a_wrong_label_is_the_most_suspicious_and_named(mistake: Mistake) -> None:
    given = [people(image) for image in range(IMAGES)]
    given[17] = WRONG[mistake](given[17])
    found = judged(given)
    assert max(range(IMAGES), key=lambda image: found[image].score) == 17
    assert found[17].mistake is mistake
    assert found[17].score > 5 * max(one.score for image, one in enumerate(found) if image != 17)
    assert all(one.mistake is None for image, one in enumerate(found) if image != 17)


def test_what_the_model_often_gets_wrong_is_less_suspicious() -> None:
    """Of two disagreements alike, that about small objects, which it overlooks in half of the images, counts less."""
    given = [spurious(people(image)) if image == 0 else people(image) for image in range(IMAGES)]
    small = [[40, 2, 44, 6]]
    given = [box_label([*label.boxes, *small], [*label.class_ids, 0], SIZE) for label in given]
    predicted = [
        box_label([*model(image).boxes, *small], [0, 1, 0], SIZE, [0.9, 0.85, 0.6]) if image % 2 else model(image)
        for image in range(IMAGES)
    ]
    found = judged(given, predicted)
    assert found[0].score > max(one.score for one in found[1:])


def test_two_views_of_one_object_are_no_overlooked_one() -> None:
    given = [people(image) for image in range(IMAGES)]
    doubled = model(3)
    again = box_label([*doubled.boxes, doubled.boxes[0] + 2], [*doubled.class_ids, 1], SIZE, [0.9, 0.85, 0.8])
    found = judged(given, [again if image == 3 else model(image) for image in range(IMAGES)])
    assert found[3].mistake is None


@pytest.mark.parametrize(
    ("predicted", "given"),
    [
        (box_label([], [], SIZE), box_label([], [], SIZE)),
        (box_label([], [], SIZE), people(0)),
        (model(0), box_label([], [], SIZE)),
    ],
    ids=["nothing", "nothing seen", "nothing drawn"],
)
def test_where_there_is_nothing_to_compare_with_nobody_is_suspected(predicted: BoxLabel, given: BoxLabel) -> None:
    """Of a model that never sees anything, or sees what nobody draws, nothing follows about a label."""
    assert all(one.score < 0.5 for one in judged([given] * IMAGES, [predicted] * IMAGES))


def asked(label: BoxLabel, class_ids: Sequence[int]) -> Detections:
    """A model that sees nothing of its own accord, and when asked about a box knows what is there, and where."""
    ids = np.array(class_ids)
    places = [label.boxes, *beside(label)]
    probabilities = np.full((len(places) * len(ids), 2), 0.05, np.float32)
    probabilities[np.arange(len(ids)), ids] = 0.9
    agreement = np.concatenate(
        [np.full((len(one), 4), 0.9 if not at else 0.5, np.float32) for at, one in enumerate(places)]
    )
    nothing = np.zeros((0, 4), np.float32)
    verdict = Verdict(probabilities, agreement)
    return Detections(nothing, np.zeros(0, np.int64), np.zeros(0, np.float32), verdict=verdict)


def test_an_object_that_the_model_overlooks_is_judged_by_what_it_says_when_asked() -> None:
    """Objects of a tenth of the side are proposed by no model of a few hundred labels; half of their mistakes hid."""
    given = [people(image) for image in range(IMAGES)]
    given[17] = swapped(given[17])
    nothing = box_label([], [], SIZE)
    seen = [asked(label, [0, 1]) for label in given]
    found = suspicions([nothing] * IMAGES, np.full(IMAGES, 0.5), given, seen)
    assert max(range(IMAGES), key=lambda image: found[image].score) == 17
    assert found[17].score > 5 * max(one.score for image, one in enumerate(found) if image != 17)


def test_an_object_that_only_a_detector_of_the_users_own_sees_is_missed() -> None:
    """A learner of a few hundred labels is blind to small objects; the detector that the user brought is not."""
    given = [people(image) for image in range(IMAGES)]
    given[17] = without(given[17], 0)
    blind = [box_label([], [], SIZE)] * IMAGES
    seen = [asked(label, label.class_ids.tolist()) for label in given]
    others = [of_label(model(image), 2) for image in range(IMAGES)]
    alone = suspicions(blind, np.full(IMAGES, 0.5), given, seen)
    assert max(one.score for one in alone) < 0.1
    found = suspicions(blind, np.full(IMAGES, 0.5), given, seen, others)
    assert max(range(IMAGES), key=lambda image: found[image].score) == 17
    assert found[17].mistake is Mistake.MISSED
    half = suspicions(blind, np.full(IMAGES, 0.5), given, seen, others[:20])
    assert [image for image, one in enumerate(half) if one.mistake] == [17]


def test_a_class_is_as_suspicious_as_the_model_is_sure_of_another() -> None:
    given = [ClassLabel(0), ClassLabel(0), ClassLabel(1)]
    predicted = [ClassLabel(0), ClassLabel(1), ClassLabel(0)]
    found = suspicions(predicted, np.array([0.9, 0.8, 0.4]), given)
    assert [one.mistake for one in found] == [None, Mistake.SWAPPED, Mistake.SWAPPED]
    assert [round(one.score, 6) for one in found] == [0, 0.8, 0.4]
