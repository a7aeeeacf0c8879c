"""The learners: what a model promises must hold for boxes and classes alike."""

from __future__ import annotations

import gzip
import io
import pickle
import tarfile
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from gt_cli.datasets.scenes import HABITATS
from gt_engine.autolabel import FeatureView, Learner, Predictions, TrainingSet, learner_for, model_facts
from gt_engine.autolabel.boxes import edges, material
from gt_engine.autolabel.boxes.grid import FINE, ROUGH
from gt_engine.autolabel.boxes.model import unpacked
from gt_engine.autolabel.boxes.projection import Seen
from gt_engine.autolabel.classes.model import unpacked as classes_unpacked
from gt_engine.autolabel.folds import CLASS_FOLDS, FOLDS, fold_of
from gt_engine.autolabel.learner import NothingToLearn
from gt_engine.autolabel.network import Parameters
from gt_engine.autolabel.own_model.opinions import of_label
from gt_engine.autolabel.payload import pack, unpack
from gt_engine.labels import BoxLabel, ClassLabel, Floats, Integers, Label, Task, box_label
from gt_service.errors import InvalidInput

SHORTENING = 20


@dataclass(frozen=True)
class Lesson:
    """A task to learn: the labeled objects, and a model trained on two thirds of them."""

    learner: Learner
    classes: tuple[str, ...]
    labels: Mapping[str, Label]
    model: bytes
    left_out: Predictions
    scores: tuple[tuple[int, float], ...]

    @property
    def learnt(self) -> list[str]:
        return list(self.labels)[:40]

    @property
    def unseen(self) -> list[str]:
        return list(self.labels)[40:]


@pytest.fixture(scope="module", params=list(Task), ids=lambda task: task.value)
def lesson(
    request: pytest.FixtureRequest,
    features: FeatureView,
    boxes: dict[str, BoxLabel],
    habitats: dict[str, ClassLabel],
) -> Lesson:
    learner = learner_for(request.param, threads=1, shorten_training=SHORTENING)
    labels: Mapping[str, Label] = boxes if request.param is Task.BOXES else habitats
    classes = ("sparrow", "other") if request.param is Task.BOXES else HABITATS
    scores: list[tuple[int, float]] = []
    examples = dict(list(labels.items())[:40])
    learnt = learner.train(
        TrainingSet(features, examples, classes=classes, seed=3),
        on_epoch=lambda epoch, score: scores.append((epoch, score)),
    )
    return Lesson(learner, classes, labels, learnt.model, learnt.left_out, tuple(scores))


def test_a_model_says_what_it_is(lesson: Lesson) -> None:
    # CreateLabelingJob refuses a model of another task or with other classes by these facts.
    facts = model_facts(lesson.model)
    assert (facts.task, facts.classes, facts.examples, facts.generation) == (lesson.learner.task, lesson.classes, 40, 1)


def test_training_again_gives_the_same_bytes(lesson: Lesson, features: FeatureView) -> None:
    # A killed engine trains again; another model would give the job another output manifest.
    examples = {one: lesson.labels[one] for one in lesson.learnt}
    again = lesson.learner.train(TrainingSet(features, examples, classes=lesson.classes, seed=3)).model
    assert again == lesson.model


def test_what_is_said_of_the_examples_is_what_would_be_predicted(lesson: Lesson, features: FeatureView) -> None:
    # The certificate compares the confidences of examples with those of the others: both must be of one kind.
    predicted = lesson.learner.predict(lesson.model, features, lesson.learnt)
    assert lesson.left_out.ids == predicted.ids
    np.testing.assert_allclose(lesson.left_out.confidences, predicted.confidences, rtol=1e-3, atol=1e-4)
    assert not lesson.learner.losses(lesson.left_out.labels, predicted.labels).any()


def test_a_label_that_is_made_of_an_own_detectors_boxes_is_judged_by_the_learner_too(
    features: FeatureView, boxes: Mapping[str, BoxLabel]
) -> None:
    # The second look asks the learner about people's boxes; what the detector sees it has from the view.
    given = {features.content_key(one): of_label(boxes[one], 2) for one in features.ids()}
    view = features.store.view({one: features.content_key(one) for one in features.ids()}, opinions=given)
    examples = dict(list(boxes.items())[:24])
    learner = learner_for(Task.BOXES, threads=1, shorten_training=10 * SHORTENING)
    said = learner.train(TrainingSet(view, examples, classes=("sparrow", "other"), seed=3, guesses={})).left_out
    assert not learner.losses(said.labels, [examples[one] for one in said.ids]).any()
    assert all(one is not None and one.verdict is not None for one in said.seen)


def test_each_prediction_is_valid_and_in_the_order_asked(lesson: Lesson, features: FeatureView) -> None:
    ids = lesson.unseen[::-1]
    predictions = lesson.learner.predict(lesson.model, features, ids)
    assert predictions.ids == tuple(ids)
    assert predictions.confidences.shape == (len(ids),)
    assert ((predictions.confidences >= 0) & (predictions.confidences <= 1)).all()
    for label in predictions.labels:
        if isinstance(label, BoxLabel):
            assert (label.boxes[:, 2:] > label.boxes[:, :2]).all()
            assert label.boxes.min(initial=0) >= 0
            assert label.boxes.max(initial=0) <= 160
            assert set(label.class_ids) <= {0, 1}
        else:
            assert 0 <= label.class_id < len(HABITATS)


def test_a_prediction_does_not_depend_on_what_else_is_asked(lesson: Lesson, features: FeatureView) -> None:
    some = lesson.unseen[:3]
    together = lesson.learner.predict(lesson.model, features, lesson.unseen).confidences[:3]
    alone = [lesson.learner.predict(lesson.model, features, [one]).confidences[0] for one in some]
    np.testing.assert_allclose(together, alone, rtol=1e-3, atol=1e-4)


def test_a_label_never_reaches_the_member_that_answers_for_its_own_object(
    lesson: Lesson, features: FeatureView
) -> None:
    # The certificate counts losses on labeled objects: they are fair only if the answer did not know the label.
    folds = FOLDS if lesson.learner.task is Task.BOXES else CLASS_FOLDS
    chosen = next(one for one in lesson.learnt if fold_of(features.content_key(one), folds) == 0)
    wrong: Label = (
        box_label([[0, 0, 20, 20]], [0], (160, 160, 3)) if lesson.learner.task is Task.BOXES else ClassLabel(5)
    )
    examples = {one: lesson.labels[one] for one in lesson.learnt} | {chosen: wrong}
    spoilt = lesson.learner.train(TrainingSet(features, examples, classes=lesson.classes, seed=3)).model
    before, after = (lesson.learner.predict(m, features, [chosen]).labels[0] for m in (lesson.model, spoilt))
    if isinstance(before, BoxLabel) and isinstance(after, BoxLabel):
        shared = min(len(before), len(after))  # the cut may move with the label; where the boxes are may not
        np.testing.assert_allclose(after.boxes[:shared], before.boxes[:shared], atol=1e-3)
    else:
        assert isinstance(before, ClassLabel)
        assert isinstance(after, ClassLabel)
        assert before.class_id == after.class_id


def test_a_warm_start_replays_the_earlier_examples(lesson: Lesson, features: FeatureView) -> None:
    """But for one whose label was put right: the next job would learn the wrong one again."""
    chosen = lesson.learnt[0]
    right = next(one for one in lesson.labels.values() if str(one) != str(lesson.labels[chosen]))
    new = {one: lesson.labels[one] for one in lesson.unseen[:10]} | {chosen: right}
    warm = lesson.learner.train(TrainingSet(features, new, classes=lesson.classes, seed=4, initial=lesson.model)).model
    facts = model_facts(warm)
    assert (facts.examples, facts.generation) == (50, 2)
    if isinstance(right, BoxLabel):
        boxes = unpacked(warm).examples[features.content_key(chosen)].label.boxes
        assert boxes.tolist() == right.boxes.tolist()
    elif isinstance(right, ClassLabel):
        assert classes_unpacked(warm).examples[features.content_key(chosen)].label == right.class_id


def test_guesses_are_learnt_from_but_count_as_no_human_label(lesson: Lesson, features: FeatureView) -> None:
    # The labels that a model has cost are a figure of the report: a machine's own guesses cost nothing. And none takes
    # the place of what people said of the same picture in an earlier job.
    new = {one: lesson.labels[one] for one in lesson.unseen[:5]}
    guesses = {one: lesson.labels[one] for one in (*lesson.unseen[5:], *lesson.learnt[:3])}
    with_guesses, without = (
        lesson.learner.train(
            TrainingSet(features, new, classes=lesson.classes, seed=4, initial=lesson.model, guesses=some)
        ).model
        for some in (guesses, None)
    )
    assert with_guesses != without
    assert model_facts(with_guesses).examples == model_facts(without).examples == 45


def test_of_nothing_nothing_is_said(lesson: Lesson, features: FeatureView) -> None:
    assert lesson.learner.predict(lesson.model, features, ()).ids == ()


def test_a_label_that_was_taken_out_is_in_no_model_after(lesson: Lesson, features: FeatureView) -> None:
    """A model hands its examples on: what an owner threw out would be learnt again in every job to come."""
    out = dict.fromkeys(lesson.learnt[:4])
    after = lesson.learner.train(TrainingSet(features, out, classes=lesson.classes, seed=4, initial=lesson.model))
    assert model_facts(after.model).examples == 36
    assert not {features.content_key(one) for one in out} & set(unpack(after.model)[2])
    assert after.left_out.ids == ()
    everything = dict.fromkeys(lesson.learnt)
    with pytest.raises(NothingToLearn):
        lesson.learner.train(TrainingSet(features, everything, classes=lesson.classes, seed=4, initial=lesson.model))


def test_a_warm_start_works_where_the_earlier_pictures_are_gone(
    lesson: Lesson, features: FeatureView, tmp_path_factory: pytest.TempPathFactory, drawn: dict[str, object]
) -> None:
    # The model may come from an engine on another machine, whose features are not here.
    from gt_engine.autolabel import FeatureStore

    store = FeatureStore(tmp_path_factory.mktemp("elsewhere"))
    new = lesson.unseen[:10]
    store.prepare((f"content-{one}", drawn[one].png) for one in new)  # type: ignore[attr-defined]
    view = store.view({one: f"content-{one}" for one in new})
    examples = {one: lesson.labels[one] for one in new}
    with pytest.raises(NothingToLearn):
        lesson.learner.train(TrainingSet(view, {new[0]: None}, classes=lesson.classes, seed=4, initial=lesson.model))
    warm = lesson.learner.train(TrainingSet(view, examples, classes=lesson.classes, seed=4, initial=lesson.model)).model
    assert len(lesson.learner.predict(warm, view, new).labels) == 10


def test_the_training_curve_counts_epochs_from_zero(lesson: Lesson) -> None:
    assert [epoch for epoch, _ in lesson.scores] == list(range(len(lesson.scores)))
    assert len(lesson.scores) >= 5
    assert all(0 <= score <= 1 for _, score in lesson.scores)


def test_training_without_examples_is_refused(lesson: Lesson, features: FeatureView) -> None:
    with pytest.raises(ValueError, match="no examples"):
        lesson.learner.train(TrainingSet(features, {}, classes=lesson.classes, seed=1))


def test_a_perfect_label_has_no_loss(lesson: Lesson) -> None:
    labels = list(lesson.labels.values())
    assert lesson.learner.losses(labels, labels).tolist() == [0.0] * len(labels)


def test_an_unknown_loss_is_refused() -> None:
    with pytest.raises(ValueError, match="one of f1, mean-iou"):
        learner_for(Task.BOXES, loss="error")


def test_the_learned_classifier_is_better_than_guessing(features: FeatureView, habitats: dict[str, ClassLabel]) -> None:
    learner = learner_for(Task.CLASSES)
    learnt = dict(list(habitats.items())[:40])
    model = learner.train(TrainingSet(features, learnt, classes=HABITATS, seed=1)).model
    rest = list(habitats)[40:]
    predictions = learner.predict(model, features, rest)
    assert learner.losses(predictions.labels, [habitats[one] for one in rest]).mean() < 0.5


@pytest.mark.parametrize("folds", [FOLDS, CLASS_FOLDS])
def test_folds_are_even_and_belong_to_the_content(folds: int) -> None:
    counts = np.bincount([fold_of(str(i), folds) for i in range(3000)], minlength=folds)
    assert counts.min() > 2600 / folds
    assert fold_of("a") == fold_of("a")


def _archive(**members: bytes) -> bytes:
    out = io.BytesIO()
    with gzip.GzipFile(fileobj=out, mode="wb") as zipped, tarfile.open(fileobj=zipped, mode="w") as tar:
        for name, data in members.items():
            info = tarfile.TarInfo(name.replace("_", "."))
            info.size = len(data)
            tar.addfile(info, io.BytesIO(data))
    return out.getvalue()


@pytest.mark.parametrize(
    "model",
    [
        pytest.param(b"", id="empty"),
        pytest.param(b"not a model", id="text"),
        pytest.param(_archive(other=b"1"), id="another archive"),
        pytest.param(_archive(model_json=b"[]", arrays_npz=b""), id="no facts"),
        pytest.param(
            _archive(
                model_json=b'{"version":2,"task":"object-detection","classes":["a"],"examples":1,"generation":1,"keys":[]}',
                arrays_npz=pickle.dumps({"x": 1}),
            ),
            id="pickle",
        ),
    ],
)
def test_what_is_no_model_is_refused(model: bytes) -> None:
    with pytest.raises(InvalidInput, match="not one that this engine has trained"):
        model_facts(model)


def test_an_archive_that_unpacks_without_end_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gt_engine.autolabel.payload.MAX_BYTES", 2**20)
    with pytest.raises(InvalidInput):
        model_facts(gzip.compress(b"\0" * 2**22))


_FACTS = b'{"version":2,"task":"object-detection","classes":["a"],"examples":1,"generation":1,"keys":[]}'


def _npz(*, compressed: bool = False, **arrays: NDArray[Any]) -> bytes:
    out = io.BytesIO()
    (np.savez_compressed if compressed else np.savez)(out, **arrays)  # type: ignore[operator]
    return out.getvalue()


def test_a_bomb_inside_the_arrays_is_never_unpacked(monkeypatch: pytest.MonkeyPatch) -> None:
    """A megabyte became a gigabyte, in the process that labels for everybody."""
    monkeypatch.setattr("gt_engine.autolabel.payload.MAX_BYTES", 2**20)
    bomb = _npz(compressed=True, a=np.zeros(2**22, np.uint8))
    assert len(bomb) < 10_000
    with pytest.raises(InvalidInput):
        model_facts(_archive(model_json=_FACTS, arrays_npz=bomb))


def test_whatever_is_wrong_with_a_model_it_is_the_callers() -> None:
    """zlib, tokenize, struct and memory all have errors of their own: each was a failure of the engine's."""
    rng = np.random.default_rng(11)
    good = _archive(model_json=_FACTS, arrays_npz=_npz(compressed=True, a=np.arange(100), b=np.ones((3, 4))))
    plain = gzip.decompress(good)
    for _ in range(400):
        damaged = bytearray(plain)
        for place in rng.integers(0, len(plain), rng.integers(1, 20)):
            damaged[place] = rng.integers(256)
        with suppress(InvalidInput):  # some changes hurt nobody
            model_facts(gzip.compress(bytes(damaged), 1))
    deep = _archive(model_json=b'{"version":' + b"[" * 200_000, arrays_npz=_npz(a=np.ones(1)))
    with pytest.raises(InvalidInput):
        model_facts(deep)


def test_whatever_is_missing_from_a_model_it_is_the_callers(lesson: Lesson, features: FeatureView) -> None:
    """Its facts alone are looked at where it is registered; a job that began with it failed as the engine's failure."""
    facts, arrays, keys = unpack(lesson.model)
    read = unpacked if lesson.learner.task is Task.BOXES else classes_unpacked
    for name in arrays:
        with suppress(InvalidInput):
            read(pack(facts, {other: one for other, one in arrays.items() if other != name}, keys))
    with pytest.raises(InvalidInput):
        lesson.learner.predict(pack(facts, {}, keys), features, lesson.unseen)
    other = replace(facts, classes=("a", "b", "c", "d", "e", "f", "g"))
    with pytest.raises(InvalidInput):
        lesson.learner.predict(pack(other, arrays, keys), features, lesson.unseen)


def test_images_with_very_many_boxes_take_no_more_memory(
    features: FeatureView, boxes: dict[str, BoxLabel], monkeypatch: pytest.MonkeyPatch
) -> None:
    """People may draw 5,000 boxes in an image; each took 0.2 MB at once, and 0.02 MB for as long as the training."""
    learner = learner_for(Task.BOXES, threads=1, shorten_training=10 * SHORTENING)
    examples = dict(list(boxes.items())[:12])
    real, made, kept = edges.strips, list[int](), list[int]()

    def watched(seen: Seen, image: Integers, some: Floats) -> Floats:
        made.append(len(some))
        return real(seen, image, some)

    def train_head(parameters: Parameters, samples: NDArray[np.int8], *_: object) -> Parameters:
        kept.append(len(samples))
        return parameters

    monkeypatch.setattr(edges, "strips", watched)
    monkeypatch.setattr(edges, "train_head", train_head)
    whole = learner.train(TrainingSet(features, examples, classes=("sparrow", "other"), seed=3, guesses={})).left_out
    assert max(made) > 20
    assert kept == [4 * sum(map(len, examples.values()))] * FOLDS
    made.clear()
    kept.clear()
    monkeypatch.setattr(edges, "TOGETHER", 7)
    monkeypatch.setattr(material, "SHAKEN", 0)
    monkeypatch.setattr(material, "MOST_STRIPS", 10)
    parts = learner.train(TrainingSet(features, examples, classes=("sparrow", "other"), seed=3, guesses={})).left_out
    assert kept == [10] * FOLDS
    assert parts.ids == whole.ids
    for one, other in zip(parts.seen, whole.seen, strict=True):
        assert one is not None
        assert other is not None
        assert one.verdict is not None
        assert other.verdict is not None
        np.testing.assert_allclose(one.verdict.probabilities, other.verdict.probabilities, atol=1e-4)
        np.testing.assert_allclose(one.verdict.agreement, other.verdict.agreement, atol=1e-3)


def test_labels_of_small_objects_move_a_model_to_the_fine_grid(
    features: FeatureView, boxes: dict[str, BoxLabel]
) -> None:
    # A campaign whose first job had large objects only must still learn the small ones of its next.
    learner = learner_for(Task.BOXES, threads=1, shorten_training=SHORTENING)
    large, small = (
        dict(list(boxes.items())[:6]),
        {
            one: box_label(label.boxes[:, [0, 1, 0, 1]] + [0, 0, 12, 12], label.class_ids, label.image_size)
            for one, label in list(boxes.items())[6:12]
        },
    )
    rough = learner.train(TrainingSet(features, large, classes=("sparrow", "other"), seed=3)).model
    fine = learner.train(TrainingSet(features, small, classes=("sparrow", "other"), seed=4, initial=rough)).model
    assert [one.grid for one in unpacked(rough).detectors] == [ROUGH] * FOLDS
    assert [one.grid for one in unpacked(fine).detectors] == [FINE] * FOLDS
    assert len(learner.predict(fine, features, list(boxes)[12:14]).labels) == 2


def test_a_model_of_fewer_members_learns_on_with_as_many(
    features: FeatureView, habitats: dict[str, ClassLabel], monkeypatch: pytest.MonkeyPatch
) -> None:
    # A model of an earlier version: with other folds, its members would answer for what they have learnt.
    learner, labels = learner_for(Task.CLASSES, threads=1, shorten_training=SHORTENING), list(habitats.items())
    with monkeypatch.context() as earlier:
        earlier.setattr("gt_engine.autolabel.classes.learner.CLASS_FOLDS", 3)
        first = learner.train(TrainingSet(features, dict(labels[:20]), classes=HABITATS, seed=3)).model
    second = learner.train(TrainingSet(features, dict(labels[20:40]), classes=HABITATS, seed=4, initial=first)).model
    assert len(classes_unpacked(second).members) == 3
    assert len(learner.predict(second, features, [one for one, _ in labels[40:]], together=True).ids) == 20
