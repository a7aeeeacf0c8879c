"""The box learner: cross-fitted detectors, a score cut, and how probable it is that an image's label is good."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from gt_engine.autolabel import network
from gt_engine.autolabel.boxes import grid
from gt_engine.autolabel.boxes.calibrators import (
    Calibrator,
    Views,
    calibrators_of_others,
    fit_calibrator,
    losses_by_cut,
)
from gt_engine.autolabel.boxes.confidence import CUTS, Detections, evidence
from gt_engine.autolabel.boxes.detector import (
    COLD,
    LAST,
    WARM,
    Detector,
    detect,
    new_detector,
    on_grid,
    propose,
    train_finder,
    train_sides,
)
from gt_engine.autolabel.boxes.geometry import average_precision, beside, f1_loss, mean_iou_loss
from gt_engine.autolabel.boxes.looking import Detecting, detected, detecting
from gt_engine.autolabel.boxes.material import Material, Samples, material_of, others
from gt_engine.autolabel.boxes.model import Model, packed, unpacked
from gt_engine.autolabel.boxes.projection import Projection, fit_projection
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

EPOCHS = 8
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
        gathered = _newest(gathered_examples(training, earlier.examples if earlier else {}, _boxes))
        features = training.features
        samples = Samples.of(gathered, contents_to_learn_from(features, gathered))
        view = features.store.view({key: key for key in samples.keys}, opinions=features.opinions)
        projection = earlier.projection if earlier else fit_projection(view, samples.keys)
        detectors, seen = self._members(samples, view, projection, training, earlier, on_epoch)
        by_others = [_seen_by_others(features, samples.keys[i]) for i in samples.human]
        views = Views([seen[i] for i in samples.human.tolist()], by_others, [samples.labels[i] for i in samples.human])
        calibrators, of_others = self._calibrated(samples, views)
        facts = facts_of_training(self.task, training.classes, gathered, earlier.facts if earlier else None)
        model = Model(facts, projection, detectors, calibrators, gathered, of_others)
        return Learnt(packed(model), _left_out(model, training, {samples.keys[i]: one for i, one in seen.items()}))

    def _members(
        self,
        samples: Samples,
        view: FeatureView,
        projection: Projection,
        training: TrainingSet,
        earlier: Model | None,
        on_epoch: EpochReport | None,
    ) -> tuple[tuple[Detector, ...], dict[int, Detections]]:
        """The members, each trained on all folds but its own, and what each sees in those of its own that people
        labeled, by row."""
        looks_at = grid.grid_for([label.shares for label in samples.labels])
        schedules = WARM if earlier else COLD
        schedules = (schedules if training.guesses is None else LAST).on(looks_at).shortened(self.shorten_training)
        # After a last training people's labels are doubted (`second_look`): it is asked about their boxes as well.
        asked = None if training.guesses is None else [_asked(label) for label in samples.labels]
        with network.cores(self.threads) as pool:
            material = material_of(pool, samples, view, projection, looks_at, training.seed)
            starts = [_start(earlier, fold, looks_at, training) for fold in range(FOLDS)]

            def finder(fold: int) -> Detector:
                # To agree with a guess of the machine is no merit, so only people's labels are watched.
                watch = _watch(material, samples.left_out_of(0), schedules.refiner, on_epoch) if fold == 0 else None
                rng, rows = np.random.default_rng([training.seed, fold, 1]), samples.learnt_by(fold)
                return train_finder(starts[fold], material, rows, rng, schedules=schedules, on_step=watch)

            def sides(fold: int) -> network.Parameters:
                rng, rows = np.random.default_rng([training.seed, fold, 2]), samples.learnt_by(fold)
                return train_sides(starts[fold], material, rows, rng, schedules=schedules)

            # The long pieces first: so the cores end at about the same time.
            finders = [pool.submit(finder, fold) for fold in range(FOLDS)]
            borders = [pool.submit(sides, fold) for fold in range(FOLDS)]
            detectors: list[Detector] = []
            running: list[Detecting] = []
            for fold in range(FOLDS):
                detectors.append(replace(finders[fold].result(), edges=borders[fold].result()))
                # What each member says of the fold that it never saw decides the cut and the confidence of the others.
                rows, likely_from = samples.left_out_of(fold), float(CUTS[0])
                running += detecting(pool, detectors[-1:], projection, view, samples.keys, rows, likely_from, asked)
            return tuple(detectors), detected(running)

    def _calibrated(
        self, samples: Samples, views: Views
    ) -> tuple[tuple[Calibrator, ...], tuple[Calibrator | None, ...]]:
        """For each fold the calibrator of the learner's own view, and that of others where they are better, by people's
        labels of the other folds."""
        folds = samples.folds[samples.human]
        rows_of_folds = [others(folds, fold) for fold in range(FOLDS)]
        losses = losses_by_cut(views.own, views.truth, self.losses)
        own = tuple(fit_calibrator(rows, views.own, losses) for rows in rows_of_folds)
        return own, calibrators_of_others(rows_of_folds, views, losses, self.losses)

    def predict(
        self, model: bytes, features: FeatureView, ids: Sequence[str], *, together: bool = False
    ) -> Predictions:
        """See Learner.predict."""
        learnt = unpacked(model)
        keys = [features.content_key(one) for one in ids]
        asked = np.where([not together or key in learnt.examples for key in keys], folds_of(keys), FOLDS)
        likely_from = min(one.cut for one in learnt.calibrators)
        running: list[Detecting] = []
        with network.cores(self.threads) as pool:
            for who in np.unique(asked):
                members = learnt.detectors if who == FOLDS else learnt.detectors[who : who + 1]
                rows = np.flatnonzero(asked == who)
                running += detecting(pool, members, learnt.projection, features, ids, rows, likely_from)
            found = detected(running)
        detections = [found[i] for i in range(len(ids))]
        return replace(
            _predictions(learnt, features, ids, detections), seen=()
        )  # of many thousand objects it would be too much

    def losses(self, predicted: Sequence[Label], truth: Sequence[Label]) -> NDArray[np.float64]:
        """See Learner.losses."""
        loss = LOSSES[self.loss]
        return np.array([loss(_boxes(p), _boxes(t)) for p, t in zip(predicted, truth, strict=True)], np.float64)


def _start(earlier: Model | None, fold: int, looks_at: grid.Grid, training: TrainingSet) -> Detector:
    """What the member of a fold starts from."""
    rng = np.random.default_rng([training.seed, fold])
    if earlier is None:
        return new_detector(len(training.classes), looks_at, rng)
    return on_grid(earlier.detectors[fold], looks_at, rng)


def _left_out(model: Model, training: TrainingSet, seen: Mapping[str, Detections]) -> Predictions:
    """What is said of the examples, by what the members that never saw them see, by content key."""
    known = {one: key for one in training.examples if (key := training.features.content_key(one)) in seen}
    # Of two objects with one content, the member was asked about the label of one.
    views = [
        seen[key] if model.examples[key].label is training.examples[one] else replace(seen[key], verdict=None)
        for one, key in known.items()
    ]
    return _predictions(model, training.features, list(known), views)


def _predictions(
    model: Model, features: FeatureView, ids: Sequence[str], detections: Sequence[Detections]
) -> Predictions:
    """What the calibrators make of what is seen in each object, by the learner or by others."""
    labels: list[Label] = []
    confidences: list[float] = []
    for one, own in zip(ids, detections, strict=True):
        fold = fold_of(features.content_key(one))
        of_others, by_others = model.calibrators_of_others[fold], _seen_by_others(features, features.content_key(one))
        who, seen = (model.calibrators[fold], own) if of_others is None or by_others is None else (of_others, by_others)
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
