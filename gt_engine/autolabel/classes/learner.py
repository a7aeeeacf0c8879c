"""The class learner: cross-fitted networks on pooled features, and how probable it is that the class is right."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from gt_engine.autolabel import logistic, network
from gt_engine.autolabel.backbone import TAPS, TOP
from gt_engine.autolabel.certify import Numbers
from gt_engine.autolabel.features import FeatureView
from gt_engine.autolabel.folds import CLASS_FOLDS, folds_of
from gt_engine.autolabel.learner import (
    EpochReport,
    Example,
    Learnt,
    Predictions,
    TrainingSet,
    contents_to_learn_from,
    facts_of_training,
    gathered_examples,
)
from gt_engine.autolabel.own_model.opinions import FEWEST_TO_COMPARE, Shares
from gt_engine.autolabel.payload import Arrays, ModelFacts, pack, reading, unpack
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
class Mix:
    """How much the opinion of others counts beside the learner's own (1: it alone), and the confidence then."""

    share: float
    confidence: logistic.Logistic


@dataclass(frozen=True, eq=False)
class Model:
    """A trained model: input scale, one network and one confidence per fold, and the examples it learnt from.

    mixes: for each fold where others know something, how it is heeded.

    A model that learns on keeps its number of folds: with another, members would answer for what they learnt from.
    """

    facts: ModelFacts
    mean: Floats
    spread: Floats
    members: tuple[network.Parameters, ...]
    confidences: tuple[logistic.Logistic, ...]
    examples: Mapping[str, Example[int]]
    mixes: tuple[Mix | None, ...] = (None,) * CLASS_FOLDS


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
        kept = earlier.examples if earlier else {}
        every = gathered_examples(training, kept, _class_id)
        gathered = dict(list(every.items())[-MOST_EXAMPLES:])
        keys = contents_to_learn_from(training.features, gathered)
        x = _pooled(training.features.store.view({key: key for key in keys}), keys)
        mean, spread = (earlier.mean, earlier.spread) if earlier else (x.mean(0), x.std(0) + np.float32(1e-3))
        x = np.asarray((x - mean) / spread, np.float32)
        y = np.array([gathered[key].label for key in keys], np.int64)
        human = np.array([gathered[key].human for key in keys])
        members_in_all = len(earlier.members) if earlier else CLASS_FOLDS
        folds = folds_of(keys, members_in_all)
        schedule = WARM if earlier else COLD
        schedule = schedule.shortened(min(self.shorten_training, schedule.steps // HASTIEST))

        def member(fold: int) -> network.Parameters:
            rng = np.random.default_rng([training.seed, fold])
            mine, others = np.flatnonzero(folds == fold), np.flatnonzero(folds != fold)
            others = others if len(others) else mine
            start = earlier.members[fold] if earlier else _new_member(x.shape[1], len(training.classes), rng)
            # To agree with a guess of the machine is no merit, so only people's labels are watched.
            watched = mine[human[mine]]
            watch = _watch(x[watched], y[watched], schedule, on_epoch) if fold == 0 else None
            batches = _batches(x[others], y[others], len(training.classes))
            return network.train(start, batches, schedule, rng, dropout=0.3, on_step=watch)

        with network.cores(self.threads) as pool:
            members = tuple(pool.map(member, range(members_in_all)))
            scores = np.stack([_log_shares(network.predict(one, x)) for one in members])[folds, np.arange(len(keys))]
        right = (scores.argmax(1) == y).astype(np.float64)
        described = evidence(scores)
        others = _of_others(training.features, keys)
        confidences, mixes = [], []
        for fold in range(members_in_all):
            rows = human & (folds != fold) if (human & (folds != fold)).any() else human
            confidences.append(logistic.fit(described[rows], right[rows]))
            mixes.append(_mix(scores, others, y, rows))
        facts = facts_of_training(self.task, training.classes, gathered, earlier.facts if earlier else None)
        at = {key: i for i, key in enumerate(keys)}
        own_rows = {one: at[key] for one in training.examples if (key := training.features.content_key(one)) in at}
        rows = np.array(list(own_rows.values()), np.int64)
        left_out = _predictions(confidences, mixes, tuple(own_rows), folds[rows], scores[rows], others[rows])
        model = Model(facts, mean, spread, members, tuple(confidences), gathered, tuple(mixes))
        return Learnt(_packed(model), left_out)

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
        return _predictions(learnt.confidences, learnt.mixes, tuple(ids), folds, scores, _of_others(features, keys))

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


def _predictions(
    calibrators: Sequence[logistic.Logistic],
    mixes: Sequence[Mix | None],
    ids: tuple[str, ...],
    folds: Integers,
    scores: Floats,
    others: Floats,
) -> Predictions:
    """The best class of each object, and how sure the calibrator of its fold is. others: see `_of_others`."""
    confidences = np.zeros(len(ids))
    scores = scores.copy()
    for fold in range(len(calibrators)):
        mine = np.flatnonzero(folds == fold)
        mix = mixes[fold]
        heard = np.isfinite(others[mine]).all(1) if mix is not None else np.zeros(len(mine), bool)
        alone, mixed = mine[~heard], mine[heard]
        if len(alone):
            confidences[alone] = calibrators[fold](evidence(scores[alone]))
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


def _packed(model: Model) -> bytes:
    arrays: Arrays = {"mean": model.mean, "spread": model.spread}
    for fold, (member, confidence) in enumerate(zip(model.members, model.confidences, strict=True)):
        arrays.update({f"{fold}.member.{i}": one for i, one in enumerate(member)})
        arrays[f"{fold}.confidence"] = confidence.packed()
        if (mix := model.mixes[fold]) is not None:
            arrays[f"{fold}.mix"] = np.array(mix.share)
            arrays[f"{fold}.mix.confidence"] = mix.confidence.packed()
    arrays["examples.class_ids"] = np.array([one.label for one in model.examples.values()], np.int64)
    arrays["examples.human"] = np.array([one.human for one in model.examples.values()])
    return pack(model.facts, arrays, list(model.examples))


@reading()
def unpacked(payload: bytes) -> Model:
    """The model in a payload. Raises InvalidInput."""
    facts, arrays, keys = unpack(payload)

    members_in_all = sum(name.endswith(".confidence") and name.count(".") == 1 for name in arrays)

    def member(fold: int) -> Iterator[Floats]:
        i = 0
        while f"{fold}.member.{i}" in arrays:
            yield arrays[f"{fold}.member.{i}"]
            i += 1

    members = tuple(list(member(fold)) for fold in range(members_in_all))
    if not members or any(one[-1].shape != (len(facts.classes),) for one in members):
        raise ValueError("its members know other classes")
    return Model(
        facts,
        arrays["mean"],
        arrays["spread"],
        members,
        tuple(logistic.unpacked(arrays[f"{fold}.confidence"]) for fold in range(members_in_all)),
        {
            key: Example(int(class_id), bool(human))
            for key, class_id, human in zip(keys, arrays["examples.class_ids"], arrays["examples.human"], strict=True)
        },
        tuple(
            Mix(float(arrays[f"{fold}.mix"]), logistic.unpacked(arrays[f"{fold}.mix.confidence"]))
            if f"{fold}.mix" in arrays
            else None
            for fold in range(members_in_all)
        ),
    )
