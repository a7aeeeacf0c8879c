"""The class learner: cross-fitted networks on pooled features, and how probable it is that the class is right."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from gt_engine.autolabel import logistic, network
from gt_engine.autolabel.backbone import TAPS, TOP
from gt_engine.autolabel.certify import Numbers
from gt_engine.autolabel.classes.model import Mix, Model, packed, unpacked
from gt_engine.autolabel.features import FeatureView
from gt_engine.autolabel.folds import CLASS_FOLDS, folds_of
from gt_engine.autolabel.learner import (
    EpochReport,
    Learnt,
    Predictions,
    TrainingSet,
    contents_to_learn_from,
    facts_of_training,
    gathered_examples,
)
from gt_engine.autolabel.own_model.opinions import FEWEST_TO_COMPARE, Shares
from gt_engine.labels import ClassLabel, Floats, Integers, Label, Task

MOST_EXAMPLES = 20_000
HIDDEN = 128
BATCH = 64
CHUNK = 32
EPOCHS = 8
SHARES_OF_OTHERS = (0.5, 1.0)

COLD = network.Schedule(400, 1e-3, decay=3e-2)
WARM = network.Schedule(200, 5e-4, decay=3e-2)
HASTIEST = 100


@dataclass(frozen=True, eq=False)
class _Samples:
    """What is learnt from, n contents in one order.

    x       pooled features [n, inputs], scaled
    y       class of each [n]
    human   whether people say so; the machine guesses it else [n]
    folds   of each [n]
    others  what others say of it, see `_of_others` [n, classes]
    """

    x: Floats
    y: Integers
    human: NDArray[np.bool_]
    folds: Integers
    others: Floats


@dataclass(frozen=True)
class ClassLearner:
    """Learns one class per image; the loss is 1 for a wrong class."""

    threads: int = 2
    shorten_training: int = 1
    """Trainings take one step in so many, but HASTIEST at the least: for tests."""

    @property
    def task(self) -> Task:
        """Image classification."""
        return Task.CLASSES

    def train(self, training: TrainingSet, *, on_epoch: EpochReport | None = None) -> Learnt:
        """See Learner.train."""
        earlier = None if training.initial is None else unpacked(training.initial)
        every = gathered_examples(training, earlier.examples if earlier else {}, _class_id)
        gathered = dict(list(every.items())[-MOST_EXAMPLES:])
        keys = contents_to_learn_from(training.features, gathered)
        x = _pooled(training.features.store.view({key: key for key in keys}), keys)
        mean, spread = (earlier.mean, earlier.spread) if earlier else (x.mean(0), x.std(0) + np.float32(1e-3))
        samples = _Samples(
            np.asarray((x - mean) / spread, np.float32),
            np.array([gathered[key].label for key in keys], np.int64),
            np.array([gathered[key].human for key in keys]),
            folds_of(keys, len(earlier.members) if earlier else CLASS_FOLDS),
            _of_others(training.features, keys),
        )
        members, scores = self._members(samples, training, earlier, on_epoch)
        confidences, mixes = _calibrated(samples, scores, len(members))
        facts = facts_of_training(self.task, training.classes, gathered, earlier.facts if earlier else None)
        model = Model(facts, mean, spread, members, confidences, gathered, mixes)
        return Learnt(packed(model), _left_out(model, training, keys, samples, scores))

    def _members(
        self, samples: _Samples, training: TrainingSet, earlier: Model | None, on_epoch: EpochReport | None
    ) -> tuple[tuple[network.Parameters, ...], Floats]:
        """The members, each trained on all folds but its own, and what each says of its own [n, classes]."""
        schedule = WARM if earlier else COLD
        schedule = schedule.shortened(min(self.shorten_training, schedule.steps // HASTIEST))
        x, y, classes = samples.x, samples.y, len(training.classes)

        def member(fold: int) -> network.Parameters:
            rng = np.random.default_rng([training.seed, fold])
            mine, rows = np.flatnonzero(samples.folds == fold), np.flatnonzero(samples.folds != fold)
            rows = rows if len(rows) else mine
            start = earlier.members[fold] if earlier else _new_member(x.shape[1], classes, rng)
            # To agree with a guess of the machine is no merit, so only people's labels are watched.
            watched = mine[samples.human[mine]]
            watch = _watch(x[watched], y[watched], schedule, on_epoch) if fold == 0 else None
            batches = _batches(x[rows], y[rows], classes)
            return network.train(start, batches, schedule, rng, dropout=0.3, on_step=watch)

        with network.cores(self.threads) as pool:
            members = tuple(pool.map(member, range(len(earlier.members) if earlier else CLASS_FOLDS)))
            said = np.stack([_log_shares(network.predict(one, x)) for one in members])
        return members, said[samples.folds, np.arange(len(x))]

    def predict(
        self, model: bytes, features: FeatureView, ids: Sequence[str], *, together: bool = False
    ) -> Predictions:
        """See Learner.predict."""
        learnt = unpacked(model)
        x = np.asarray((_pooled(features, ids) - learnt.mean) / learnt.spread, np.float32)
        keys = [features.content_key(one) for one in ids]
        folds = folds_of(keys, len(learnt.members))
        alone = np.array([not together or key in learnt.examples for key in keys])
        with network.cores(self.threads) as pool:
            opinions = np.stack(list(pool.map(lambda one: _log_shares(network.predict(one, x)), learnt.members)))
        scores = np.where(alone[:, None], opinions[folds, np.arange(len(ids))], opinions.mean(0))
        return _predictions(learnt, tuple(ids), folds, scores, _of_others(features, keys))

    def losses(self, predicted: Sequence[Label], truth: Sequence[Label]) -> NDArray[np.float64]:
        """See Learner.losses."""
        return np.array([_class_id(p) != _class_id(t) for p, t in zip(predicted, truth, strict=True)], np.float64)


def evidence(scores: Floats) -> Numbers:
    """What speaks for the best class [n, 3]: its log odds, its lead over the second, how undecided the rest is."""
    p = np.exp(scores - scores.max(1, keepdims=True)).astype(np.float64)
    p /= p.sum(1, keepdims=True)
    p = np.clip(p, 1e-5, 1 - 1e-5)
    ordered = np.sort(p, 1)[:, ::-1]
    best, second = ordered[:, 0], ordered[:, min(1, p.shape[1] - 1)]
    return np.column_stack([np.log(best / (1 - best)), best - second, -(p * np.log(p)).sum(1)])


def _calibrated(
    samples: _Samples, scores: Floats, folds: int
) -> tuple[tuple[logistic.Logistic, ...], tuple[Mix | None, ...]]:
    """For each fold the confidence of the learner's own scores, and how others are heeded, by people's labels of the
    other folds."""
    right = (scores.argmax(1) == samples.y).astype(np.float64)
    described = evidence(scores)
    confidences, mixes = [], []
    for fold in range(folds):
        rows = samples.human & (samples.folds != fold)
        rows = rows if rows.any() else samples.human
        confidences.append(logistic.fit(described[rows], right[rows]))
        mixes.append(_mix(scores, samples.others, samples.y, rows))
    return tuple(confidences), tuple(mixes)


def _left_out(
    model: Model, training: TrainingSet, keys: Sequence[str], samples: _Samples, scores: Floats
) -> Predictions:
    """What is said of the examples, each by the member that never saw it."""
    at = {key: i for i, key in enumerate(keys)}
    own_rows = {one: at[key] for one in training.examples if (key := training.features.content_key(one)) in at}
    rows = np.array(list(own_rows.values()), np.int64)
    return _predictions(model, tuple(own_rows), samples.folds[rows], scores[rows], samples.others[rows])


def _predictions(model: Model, ids: tuple[str, ...], folds: Integers, scores: Floats, others: Floats) -> Predictions:
    """The best class of each object, and how sure the calibrator of its fold is. others: see `_of_others`."""
    confidences = np.zeros(len(ids))
    scores = scores.copy()
    for fold, (confidence, mix) in enumerate(zip(model.confidences, model.mixes, strict=True)):
        mine = np.flatnonzero(folds == fold)
        heard = np.isfinite(others[mine]).all(1) if mix is not None else np.zeros(len(mine), bool)
        alone, mixed = mine[~heard], mine[heard]
        if len(alone):
            confidences[alone] = confidence(evidence(scores[alone]))
        if mix is not None and len(mixed):
            scores[mixed] = _mixed(scores[mixed], others[mixed], mix.share)
            confidences[mixed] = mix.confidence(evidence(scores[mixed]))
    labels = tuple(ClassLabel(int(c), float(p)) for c, p in zip(scores.argmax(1), confidences, strict=True))
    return Predictions(ids, labels, confidences)


def _of_others(features: FeatureView, keys: Sequence[str]) -> Floats:
    """What others say of contents, as logarithms [n, classes]; not a number where they say nothing."""
    known = [one.logs if isinstance(one := features.opinions.get(key), Shares) else None for key in keys]
    classes = max((len(one) for one in known if one is not None), default=1)
    nothing = np.full(classes, np.nan, np.float32)
    return np.array([nothing if one is None else one for one in known], np.float32).reshape(len(keys), classes)


def _mixed(own: Floats, others: Floats, share: float) -> Floats:
    return np.asarray((1 - share) * own + share * others, np.float32)


def _mix(scores: Floats, others: Floats, y: Integers, rows: NDArray[np.bool_]) -> Mix | None:
    """The mix with the fewest errors on the labels to go by; None where the learner alone has no more."""
    heard = np.flatnonzero(rows & np.isfinite(others).all(1))
    if len(heard) < FEWEST_TO_COMPARE:
        return None

    def errors(share: float) -> float:
        return float((_mixed(scores[heard], others[heard], share).argmax(1) != y[heard]).mean())

    best = min((0.0, *SHARES_OF_OTHERS), key=errors)
    if best == 0.0:
        return None
    mixed = _mixed(scores[heard], others[heard], best)
    return Mix(best, logistic.fit(evidence(mixed), (mixed.argmax(1) == y[heard]).astype(np.float64)))


def _log_shares(scores: Floats) -> Floats:
    """The logarithms of the probabilities: on these, members can be averaged."""
    moved = scores - scores.max(1, keepdims=True)
    return np.asarray(moved - np.log(np.exp(moved).sum(1, keepdims=True)), np.float32)


def _class_id(label: Label) -> int:
    if not isinstance(label, ClassLabel):
        raise TypeError(f"{label} is no class label")
    return label.class_id


def _pooled(features: FeatureView, ids: Sequence[str]) -> Floats:
    """Mean and maximum of every channel [n, 2 * channels]: means of every map, then maxima."""
    rows = [np.zeros((0, 2 * sum(tap.channels for tap in (*TAPS, TOP))), np.float32)]
    for start in range(0, len(ids), CHUNK):
        some = ids[start : start + CHUNK]
        maps, top = features.read(some), features.top(some)
        means, maxima = [one.mean((1, 2)) for one in maps], [one.max((1, 2)) for one in maps]
        rows.append(np.concatenate([*means, top[:, 0], *maxima, top[:, 1]], 1))
    return np.concatenate(rows)


def _new_member(inputs: int, classes: int, rng: np.random.Generator) -> network.Parameters:
    return network.initial_parameters([inputs, HIDDEN, classes], rng)


def _batches(x: Floats, y: Integers, classes: int) -> network.Batch:
    wanted = np.eye(classes, dtype=np.float32)[y]

    def draw(rng: np.random.Generator) -> tuple[Floats, Callable[[Floats], Floats]]:
        chosen = rng.choice(len(x), min(BATCH, len(x)), replace=False)

        def gradient(output: Floats) -> Floats:
            p = np.exp(output - output.max(1, keepdims=True))
            p /= p.sum(1, keepdims=True)
            return np.asarray((p - wanted[chosen]) / len(chosen), np.float32)

        return x[chosen], gradient

    return draw


def _watch(
    x: Floats, y: Integers, schedule: network.Schedule, on_epoch: EpochReport | None
) -> Callable[[int, network.Parameters], None] | None:
    if on_epoch is None or not len(y):
        return None
    every = schedule.steps // EPOCHS

    def watch(step: int, parameters: network.Parameters) -> None:
        if step % every == 0:
            on_epoch(step // every - 1, float((network.predict(parameters, x).argmax(1) == y).mean()))

    return watch
