"""The box learner: cross-fitted detectors, a score cut, and how probable it is that an image's label is good."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Executor, Future
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from gt_engine.autolabel import network
from gt_engine.autolabel.boxes import edges, grid
from gt_engine.autolabel.boxes.calibrators import (
    Calibrator,
    Views,
    calibrators_of_others,
    fit_calibrator,
    losses_by_cut,
    proposals_of,
)
from gt_engine.autolabel.boxes.confidence import CUTS, Detections, evidence
from gt_engine.autolabel.boxes.detector import (
    COLD,
    LAST,
    WARM,
    Detector,
    Material,
    detect,
    detect_closely,
    new_detector,
    on_grid,
    propose,
    train_finder,
    train_sides,
    verdicts,
)
from gt_engine.autolabel.boxes.geometry import average_precision, beside, f1_loss, mean_iou_loss
from gt_engine.autolabel.boxes.model import Model, packed, unpacked
from gt_engine.autolabel.boxes.projection import CHANNELS, SIDE, Projection, fit_projection
from gt_engine.autolabel.features import FeatureView
from gt_engine.autolabel.folds import FOLDS, fold_of, folds_of
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
from gt_engine.labels import BoxLabel, Floats, Integers, Label, Task

MOST_EXAMPLES = 700
"""A training looks at no more examples than this (0.6 MB each while it lasts); the newest come first."""

CHUNK = 32
EPOCHS = 8
SHAKEN = 2400
"""Boxes that the third stage learns from, where people gave fewer: each is shaken up to four times."""

MOST_STRIPS = 10_000
"""Of more boxes than this the third stage learns from some, drawn by chance (0.02 MB each while it lasts)."""

WATCHED = 40

LOSSES: Mapping[str, Callable[[BoxLabel, BoxLabel], float]] = {"f1": f1_loss, "mean-iou": mean_iou_loss}


@dataclass(frozen=True, eq=False)
class BoxLearner:
    """Learns boxes; `loss` names what the guarantee bounds."""

    loss: str = "f1"
    threads: int = 2
    shorten_training: int = 1
    """Trainings take one step in so many: for tests."""

    @property
    def task(self) -> Task:
        """Object detection."""
        return Task.BOXES

    def train(self, training: TrainingSet, *, on_epoch: EpochReport | None = None) -> Learnt:
        """See Learner.train."""
        earlier = None if training.initial is None else unpacked(training.initial)
        kept = earlier.examples if earlier else {}
        gathered = _newest(gathered_examples(training, kept, _boxes))
        keys = contents_to_learn_from(training.features, gathered)
        labels = [gathered[key].label for key in keys]
        view = training.features.store.view({key: key for key in keys}, opinions=training.features.opinions)
        projection = earlier.projection if earlier else fit_projection(view, keys)
        folds = folds_of(keys)
        human = np.array([i for i, key in enumerate(keys) if gathered[key].human], np.int64)
        left_out_of = [human[folds[human] == fold] for fold in range(FOLDS)]
        looks_at = grid.grid_for([label.shares for label in labels])
        schedules = (
            (LAST if training.guesses is not None else WARM if earlier else COLD)
            .on(looks_at)
            .shortened(self.shorten_training)
        )
        with network.cores(self.threads) as pool:
            material = _material(pool, projection, view, keys, labels, looks_at, training.seed)
            starts = [
                on_grid(earlier.detectors[fold], looks_at, np.random.default_rng([training.seed, fold]))
                if earlier
                else new_detector(len(training.classes), looks_at, np.random.default_rng([training.seed, fold]))
                for fold in range(FOLDS)
            ]

            def finder(fold: int) -> Detector:
                # To agree with a guess of the machine is no merit, so only people's labels are watched.
                watch = _watch(material, left_out_of[0], schedules.refiner, on_epoch) if fold == 0 else None
                rng, rows = np.random.default_rng([training.seed, fold, 1]), _others(folds, fold)
                return train_finder(starts[fold], material, rows, rng, schedules=schedules, on_step=watch)

            def sides(fold: int) -> network.Parameters:
                rng, rows = np.random.default_rng([training.seed, fold, 2]), _others(folds, fold)
                return train_sides(starts[fold], material, rows, rng, schedules=schedules)

            # The long pieces first: so the cores end at about the same time.
            finders = [pool.submit(finder, fold) for fold in range(FOLDS)]
            borders = [pool.submit(sides, fold) for fold in range(FOLDS)]
            detectors: list[Detector] = []
            running: list[_Detecting] = []
            # After a last training people's labels are doubted (`second_look`): it is asked about their boxes as well.
            asked = None if training.guesses is None else [_asked(label) for label in labels]
            for fold in range(FOLDS):
                detector = replace(finders[fold].result(), edges=borders[fold].result())
                detectors.append(detector)
                # What each member says of the fold that it never saw decides the cut and the confidence of the others.
                rows = left_out_of[fold]
                running += _detecting(pool, [detector], projection, view, keys, rows, float(CUTS[0]), asked)
            found = _detected(running)
        detections = [found[i] for i in human]
        truth = [labels[i] for i in human]
        losses = losses_by_cut(detections, truth, self.losses)
        rows_of_folds = [_others(folds[human], fold) for fold in range(FOLDS)]
        calibrators = tuple(fit_calibrator(rows, detections, losses) for rows in rows_of_folds)
        views = Views(detections, [_seen_by_others(training.features, keys[i]) for i in human], truth)
        others = calibrators_of_others(rows_of_folds, views, losses, self.losses)
        seen = {keys[i]: one for i, one in found.items()}
        known = {one: key for one in training.examples if (key := training.features.content_key(one)) in seen}
        # Of two objects with one content, the member was asked about the label of one.
        views_of = [
            seen[key] if gathered[key].label is training.examples[one] else replace(seen[key], verdict=None)
            for one, key in known.items()
        ]
        left_out = _predictions(calibrators, others, training.features, list(known), views_of)
        facts = facts_of_training(self.task, training.classes, gathered, earlier.facts if earlier else None)
        return Learnt(packed(Model(facts, projection, tuple(detectors), calibrators, gathered, others)), left_out)

    def predict(
        self, model: bytes, features: FeatureView, ids: Sequence[str], *, together: bool = False
    ) -> Predictions:
        """See Learner.predict."""
        learnt = unpacked(model)
        keys = [features.content_key(one) for one in ids]
        asked = np.where([not together or key in learnt.examples for key in keys], folds_of(keys), FOLDS)
        likely_from = min(one.cut for one in learnt.calibrators)
        running: list[_Detecting] = []
        with network.cores(self.threads) as pool:
            for who in np.unique(asked):
                members = learnt.detectors if who == FOLDS else learnt.detectors[who : who + 1]
                rows = np.flatnonzero(asked == who)
                running += _detecting(pool, members, learnt.projection, features, ids, rows, likely_from)
            found = _detected(running)
        detections = [found[i] for i in range(len(ids))]
        predictions = _predictions(learnt.calibrators, learnt.calibrators_of_others, features, ids, detections)
        return replace(predictions, seen=())  # of many thousand objects it would be too much

    def losses(self, predicted: Sequence[Label], truth: Sequence[Label]) -> NDArray[np.float64]:
        """See Learner.losses."""
        loss = LOSSES[self.loss]
        return np.array([loss(_boxes(p), _boxes(t)) for p, t in zip(predicted, truth, strict=True)], np.float64)


def _predictions(
    calibrators: Sequence[Calibrator],
    others: Sequence[Calibrator | None],
    features: FeatureView,
    ids: Sequence[str],
    detections: Sequence[Detections],
) -> Predictions:
    """What the calibrators make of what is seen in each object, by the learner or by others."""
    labels: list[Label] = []
    confidences: list[float] = []
    for one, own in zip(ids, detections, strict=True):
        fold = fold_of(features.content_key(one))
        of_others, by_others = others[fold], _seen_by_others(features, features.content_key(one))
        who, seen = (calibrators[fold], own) if of_others is None or by_others is None else (of_others, by_others)
        labels.append(seen.label(who.cut, features.image_size(one)))
        confidences.append(float(who.confidence(evidence(seen, who.cut)[None])[0]))
    return Predictions(tuple(ids), tuple(labels), np.array(confidences, np.float64), tuple(detections))


def _seen_by_others(features: FeatureView, key: str) -> Detections | None:
    opinion = features.opinions.get(key)
    return opinion if isinstance(opinion, Detections) else None


def _newest(examples: Mapping[str, Example[BoxLabel]]) -> dict[str, Example[BoxLabel]]:
    """The newest MOST_EXAMPLES, people's before guesses."""
    human = [key for key, one in examples.items() if one.human][-MOST_EXAMPLES:]
    guesses = [key for key, one in examples.items() if not one.human]
    guesses = guesses[max(0, len(guesses) + len(human) - MOST_EXAMPLES) :]
    return {key: examples[key] for key in (*guesses, *human)}


def _boxes(label: Label) -> BoxLabel:
    if not isinstance(label, BoxLabel):
        raise TypeError(f"{label} is no box label")
    return label


def _asked(label: BoxLabel) -> Floats:
    """The boxes of a label and those beside them, in units of the image's side."""
    return np.concatenate([label.shares, *(replace(label, boxes=one).shares for one in beside(label))])


def _others(folds: NDArray[np.int64], fold: int) -> Integers:
    """The rows that the member of a fold learns from: those of the other folds, or all where there are none."""
    others = np.flatnonzero(folds != fold)
    return others if len(others) else np.arange(len(folds))


def _material(
    pool: Executor,
    projection: Projection,
    view: FeatureView,
    keys: Sequence[str],
    labels: Sequence[BoxLabel],
    looks_at: grid.Grid,
    seed: int,
) -> Material:
    """What the members learn from; the fine maps are looked at once and not kept."""
    boxes = [label.shares for label in labels]
    shakes = max(1, min(4, SHAKEN // max(sum(len(one) for one in boxes), 1)))
    looked_at = _thinned(boxes, np.random.default_rng([seed, FOLDS + 1]))
    maps = np.empty((len(keys), SIDE, SIDE, CHANNELS), np.float32)

    def look(start: int) -> tuple[NDArray[np.int8], Floats, Integers]:
        chunk = range(start, min(start + CHUNK, len(keys)))
        seen = projection(view, [keys[i] for i in chunk])
        maps[chunk.start : chunk.stop] = seen.coarse
        image = np.repeat(np.arange(len(chunk)), [shakes * len(looked_at[i]) for i in chunk])
        wanted = [np.tile(looked_at[i], (shakes, 1)) for i in chunk]
        # Each image by chance of its own: how many boxes one has changes nothing for members that never see it.
        chances = (np.random.default_rng([seed, FOLDS, i]) for i in chunk)
        shaken = np.concatenate([edges.shaken(one, chance) for one, chance in zip(wanted, chances, strict=True)])
        parts = edges.together(len(shaken))
        strips = np.concatenate([edges.packed(edges.strips(seen, image[part], shaken[part])) for part in parts])
        return strips, edges.wanted(shaken, np.concatenate(wanted)), image + start

    strips, borders, owners = zip(*pool.map(look, range(0, len(keys), CHUNK)), strict=True)
    return Material(
        maps,
        looks_at,
        boxes,
        [label.class_ids for label in labels],
        np.concatenate(strips),
        np.concatenate(borders),
        np.concatenate(owners),
        [proposals_of(view.opinions.get(key)) for key in keys],
    )


def _thinned(boxes: Sequence[Floats], rng: np.random.Generator) -> Sequence[Floats]:
    """The boxes of each image, MOST_STRIPS of all of them at most."""
    ends = np.cumsum([len(one) for one in boxes])
    if ends[-1] <= MOST_STRIPS:
        return boxes
    kept = np.zeros(ends[-1], bool)
    kept[rng.choice(ends[-1], MOST_STRIPS, replace=False)] = True
    return [one[some] for one, some in zip(boxes, np.split(kept, ends[:-1]), strict=True)]


def _watch(
    material: Material, left_out: Integers, schedule: network.Schedule, on_epoch: EpochReport | None
) -> Callable[[int, Detector], None] | None:
    """Reports the mean average precision on some left-out images, EPOCHS times in a training."""
    rows = left_out[:WATCHED]
    if on_epoch is None or not len(rows):
        return None
    every = max(1, schedule.steps // EPOCHS)
    maps, by_others = material.maps[rows], [material.proposed[i] for i in rows]
    truth = [material.boxes[i] for i in rows], [material.class_ids[i] for i in rows]
    proposals: list[Floats] = []

    def watch(step: int, detector: Detector) -> None:
        if step % every == 0:
            if not proposals:  # the first stage is trained by now: what it proposes will not change
                proposals.extend(propose(detector, maps, by_others))
            on_epoch(step // every - 1, average_precision(detect(detector, maps, proposals), *truth))

    return watch


_Detecting = tuple[Integers, Future[list[Detections]]]
"""Some rows, and what will be seen in them."""


def _detecting(
    pool: Executor,
    members: Sequence[Detector],
    projection: Projection,
    features: FeatureView,
    ids: Sequence[str],
    rows: Integers,
    likely_from: float,
    asked: Sequence[Floats] | None = None,
) -> list[_Detecting]:
    """Sets some members to look at some of the objects; asked: about which boxes of each, of one member alone."""

    def look(chunk: Integers) -> list[Detections]:
        names = [ids[i] for i in chunk]
        by_others = [proposals_of(features.opinions.get(features.content_key(one))) for one in names]
        maps = projection(features, names)
        found = detect_closely(members, maps, by_others, likely_from)
        if asked is None:
            return found
        said = verdicts(members[0], maps, [asked[i] for i in chunk])
        return [replace(one, verdict=verdict) for one, verdict in zip(found, said, strict=True)]

    chunks = (rows[start : start + CHUNK] for start in range(0, len(rows), CHUNK))
    return [(chunk, pool.submit(look, chunk)) for chunk in chunks]


def _detected(running: Sequence[_Detecting]) -> dict[int, Detections]:
    """What was seen in each row, once everyone has looked."""
    return {i: one for rows, seen in running for i, one in zip(rows.tolist(), seen.result(), strict=True)}
