"""How many wrong labels a second look finds: mistakes seeded into right labels, and how far up the list they come.

    python -m benchmarks.second_look --scenes 500 --seeds 1-3 --out results.json
    python -m benchmarks.second_look --data DIR --images 500 --seeds 1-3 --out results.json

5 % of the labels are made wrong: a box moved (its IoU with the right one is 0.2 to 0.5), a box left out, a class
swapped, in turn. A model learns from all labels, the wrong ones too, as in the last training of a job, and its members
doubt the labels that each of them never saw (`gt_engine.autolabel.second_look`). Told is what part of the seeded
mistakes is among the worst 5, 10 and 20 % of the list.

base        what the mistakes are seeded into: `right` labels, or `people`'s (three simulated workers each,
            consolidated), which have mistakes of their own; how many of these are found is told beside
list        the labels by suspicion
anew        other mistakes than those of the training, DRAWS times 5 % of the labels that had none then: the members
            that never saw these labels judge them as changed. One training so tells of many more mistakes than 20
by loss     for comparison: by the loss of the whole label times the model's confidence in its own
ceiling     the list of a model that is always right and sure of it: what such mistakes can be told by at all

DIR is a data set with boxes in any form that `gt-service gold` reads; boxes and images may be two paths, BOXES,IMAGES.
With --model what a detector of the user's own (ONNX) sees on them goes along, as in a job.
Drawn scenes have boxes of birds; their habitats, six classes, are swapped in a run of their own.
"""

from __future__ import annotations

import argparse
import json
import tempfile
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.asking import START
from benchmarks.real_photos import add_model, features_of, gold_labels
from benchmarks.three_jobs import prepared, prepared_habitats
from gt_cli.datasets import read_boxes, scenes
from gt_engine.autolabel import FeatureView, TrainingSet, learner_for
from gt_engine.autolabel.boxes.detector import verdicts
from gt_engine.autolabel.boxes.geometry import beside, f1_loss, intersection_over_union
from gt_engine.autolabel.boxes.model import unpacked
from gt_engine.autolabel.folds import fold_of
from gt_engine.autolabel.learner import Predictions
from gt_engine.autolabel.second_look import suspicions
from gt_engine.consolidation import consolidate_batch
from gt_engine.labels import BoxLabel, ClassLabel, Label, Task, box_label
from gt_engine.workforce import SimulatedWorkforce

SEEDED = 0.05
TOPS = (0.05, 0.1, 0.2)
SURE = 0.95
DRAWS = 12

Numbers = NDArray[np.float64]
Rng = np.random.Generator


@dataclass(frozen=True, eq=False)
class Data:
    """A data set with its right labels."""

    name: str
    classes: tuple[str, ...]
    features: FeatureView
    right: Mapping[str, Label]

    @property
    def task(self) -> Task:
        return Task.BOXES if isinstance(next(iter(self.right.values())), BoxLabel) else Task.CLASSES


def moved(label: BoxLabel, rng: Rng) -> BoxLabel:
    """One box is beside its place: an IoU of 0.2 to 0.5."""
    place = int(rng.integers(len(label)))
    box, size = label.boxes[place], np.array(label.image_size[:2], np.float32)
    extent = box[2:] - box[:2]
    for _ in range(1_000):
        angle = rng.uniform(0, 2 * np.pi)
        shift = rng.uniform(0.2, 0.7) * np.array([np.cos(angle), np.sin(angle)]) * extent
        shifted = np.clip(box + np.tile(shift, 2), 0, np.tile(size, 2)).astype(np.float32)
        if 0.2 <= float(intersection_over_union(box[None], shifted[None])[0, 0]) <= 0.5:
            boxes = label.boxes.copy()
            boxes[place] = shifted
            return box_label(boxes, label.class_ids, label.image_size, label.confidences)
    return missed(label, rng)


def missed(label: BoxLabel, rng: Rng) -> BoxLabel:
    """One box is left out."""
    kept = np.arange(len(label)) != int(rng.integers(len(label)))
    return BoxLabel(label.boxes[kept], label.class_ids[kept], label.confidences[kept], label.image_size)


def swapped(label: Label, classes: int, rng: Rng) -> Label:
    """One class is another."""
    if isinstance(label, ClassLabel):
        return ClassLabel(int((label.class_id + rng.integers(1, classes)) % classes), label.confidence)
    place, class_ids = int(rng.integers(len(label))), label.class_ids.copy()
    class_ids[place] = (class_ids[place] + rng.integers(1, classes)) % classes
    return BoxLabel(label.boxes, class_ids, label.confidences, label.image_size)


def seeded(labels: Mapping[str, Label], classes: int, rng: Rng) -> tuple[dict[str, Label], dict[str, str]]:
    """The labels with mistakes, and which label has which."""
    able = [one for one, label in labels.items() if isinstance(label, ClassLabel) or len(label)]
    boxes = isinstance(next(iter(labels.values())), BoxLabel)
    kinds = [*(("moved", "missed") if boxes else ()), *(("swapped",) if classes > 1 else ())]
    spoilt, mistakes = dict(labels), dict[str, str]()
    for number, one in enumerate(rng.permutation(able)[: round(SEEDED * len(labels))].tolist()):
        kind, label = kinds[number % len(kinds)], labels[one]
        if kind == "swapped" or not isinstance(label, BoxLabel):
            spoilt[one] = swapped(label, classes, rng)
        else:
            spoilt[one] = (moved if kind == "moved" else missed)(label, rng)
        mistakes[one] = kind
    return spoilt, mistakes


def of_people(data: Data, seed: int) -> dict[str, Label]:
    """Three simulated workers' labels of everything, consolidated."""
    crowd = SimulatedWorkforce(seed, classes=len(data.classes))
    answers = {one: crowd.answer(one, label, 3, START) for one, label in data.right.items()}
    return consolidate_batch(data.task, answers, classes=len(data.classes))


def is_wrong(label: Label, right: Label) -> bool:
    if isinstance(label, BoxLabel) and isinstance(right, BoxLabel):
        return f1_loss(label, right) > 0
    return isinstance(label, ClassLabel) and isinstance(right, ClassLabel) and label.class_id != right.class_id


def sure_of(label: Label) -> Label:
    if isinstance(label, ClassLabel):
        return ClassLabel(label.class_id, SURE)
    return box_label(label.boxes, label.class_ids, label.image_size, np.full(len(label), SURE))


def found(order: Sequence[str], mistakes: Mapping[str, str]) -> dict[str, Any]:
    """What part of the mistakes is at the top of an order, together and by kind."""
    figures: dict[str, Any] = {}
    every = Counter(mistakes.values())
    for top in TOPS:
        chosen = Counter(mistakes[one] for one in order[: round(top * len(order))] if one in mistakes)
        figures[f"top {top:.0%}"] = _told(chosen, every)
    return figures


def _told(chosen: Counter[str], every: Counter[str]) -> dict[str, Any]:
    of_kinds = {kind: f"{chosen[kind]} of {count}" for kind, count in every.items()}
    return {"found": round(chosen.total() / every.total(), 3), **of_kinds}


def ranked(ids: Sequence[str], scores: Sequence[float] | Numbers) -> list[str]:
    """The worst first."""
    return [ids[place] for place in np.argsort(-np.asarray(scores), kind="stable")]


def listed(said: Predictions, labels: Mapping[str, Label], features: FeatureView | None = None) -> list[str]:
    """The objects, the most suspicious label first. features: with what others say."""
    judged = [labels[one] for one in said.ids]
    others = [features.opinions.get(features.content_key(one)) for one in said.ids] if features else []
    found = suspicions(said.labels, said.confidences, judged, said.seen, others)
    return ranked(said.ids, [one.score for one in found])


def asked(features: FeatureView, said: Predictions, model: bytes, labels: Mapping[str, Label]) -> Predictions:
    """What was said of some objects, now that each member was asked about these labels instead."""
    learnt, changed = unpacked(model), list(said.seen)
    for place, one in enumerate(said.ids):
        label, seen = labels.get(one), changed[place]
        if isinstance(label, BoxLabel) and seen is not None:
            sides = np.tile(np.array(label.image_size[:2], np.float32), 2)
            places = np.clip(np.concatenate([label.boxes, *beside(label)]) / sides, 0, 1).astype(np.float32)
            member = learnt.detectors[fold_of(features.content_key(one))]
            verdict, *_ = verdicts(member, learnt.projection(features, [one]), [places])
            changed[place] = replace(seen, verdict=verdict)
    return replace(said, seen=tuple(changed))


def anew(data: Data, said: Predictions, model: bytes, labels: Mapping[str, Label], seed: int) -> dict[str, Any]:
    """What part of other mistakes is in the first tenth. labels: those that had none when the model was trained."""
    said = said.of([one for one in said.ids if one in labels])
    chosen, every = Counter[str](), Counter[str]()
    for draw in range(DRAWS):
        given, mistakes = seeded({one: labels[one] for one in said.ids}, len(data.classes), _rng(seed, 10, draw))
        judged = said
        if data.task is Task.BOXES:
            judged = asked(data.features, said, model, {one: given[one] for one in mistakes})
        top = listed(judged, given, data.features)[: round(0.1 * len(given))]
        chosen += Counter(mistakes[one] for one in top if one in mistakes)
        every += Counter(mistakes.values())
    return _told(chosen, every)


def _rng(*seeds: int) -> Rng:
    return np.random.default_rng(seeds)


def experiment(data: Data, seed: int, base: str, threads: int) -> dict[str, Any]:
    """One data set with mistakes of one seed."""
    labels = dict(data.right) if base == "right" else of_people(data, seed)
    given, mistakes = seeded(labels, len(data.classes), _rng(seed, 9))
    learner = learner_for(data.task, threads=threads)
    learnt = learner.train(TrainingSet(data.features, given, classes=data.classes, seed=seed, guesses={}))
    said = learnt.left_out
    order = listed(said, given, data.features)
    own = {one for one in said.ids if one not in mistakes and is_wrong(given[one], data.right[one])}
    top = order[: round(0.1 * len(order))]
    losses = learner.losses(said.labels, [given[one] for one in said.ids])
    perfect = tuple(sure_of(data.right[one]) for one in said.ids)
    always_right = Predictions(said.ids, perfect, np.full(len(perfect), SURE))
    return {
        "data": data.name,
        "seed": seed,
        "base": base,
        "labels": len(said.ids),
        "classes": len(data.classes),
        "seeded": dict(Counter(mistakes.values())),
        "model_loss": round(float(learner.losses(said.labels, [data.right[one] for one in said.ids]).mean()), 3),
        "list": found(order, mistakes),
        "anew": anew(data, said, learnt.model, {one: labels[one] for one in labels if one not in mistakes}, seed),
        "by loss": found(ranked(said.ids, losses * said.confidences), mistakes),
        "ceiling": found(listed(always_right, given), mistakes),
        "own mistakes": {"all": len(own), "in top 10%": len(own & set(top))},
        "wrong in top 10%": round(sum(one in mistakes or one in own for one in top) / len(top), 3),
    }


def drawn(seed: int, count: int, directory: Path, threads: int) -> list[Data]:
    """Scenes: the boxes of their birds, and their habitats."""
    features, gold, _ = prepared(seed, count, directory, threads)
    habitats = prepared_habitats(seed, count, directory)
    return [
        Data("scenes, boxes", ("Bird",), features, gold),
        Data("scenes, habitats", scenes.HABITATS, features, habitats),
    ]


def photographed(where: str, count: int, seed: int, directory: Path, options: argparse.Namespace) -> Data:
    """Some photos of a data set; where: as the command line takes it."""
    name, _, place = where.rpartition("=")
    boxes, _, images = place.partition(",")
    photos = read_boxes(Path(boxes), Path(images or boxes))
    gold = gold_labels(photos)
    chosen = [sorted(gold)[place] for place in np.random.default_rng(seed).permutation(len(gold))[:count]]
    features, _ = features_of(photos, chosen, directory, options)
    return Data(name or Path(boxes).stem, photos.labels, features, {one: gold[one] for one in chosen})


def data_sets(seed: int, options: argparse.Namespace, directory: Path) -> Iterator[Data]:
    if options.scenes:
        yield from drawn(seed, options.scenes, directory, options.threads)
    for where in options.data:
        yield photographed(where, options.images, seed, directory, options)


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--scenes", type=int, default=0, help="how many scenes to draw")
    parser.add_argument("--data", action="append", default=[], help="a folder, or BOXES,IMAGES; NAME= before it")
    parser.add_argument("--images", type=int, default=500, help="of each --data at most")
    add_model(parser)
    parser.add_argument("--seeds", default="1")
    parser.add_argument("--base", action="append", choices=("right", "people"))
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--features", type=Path, help="keep features here")
    parser.add_argument("--out", type=Path)
    options = parser.parse_args()
    low, _, high = options.seeds.partition("-")
    results: list[dict[str, Any]] = []
    with tempfile.TemporaryDirectory() as scratch:
        directory: Path = options.features or Path(scratch)
        directory.mkdir(parents=True, exist_ok=True)
        for seed in range(int(low), int(high or low) + 1):
            for data in data_sets(seed, options, directory):
                for base in options.base or ("right", "people"):
                    results.append(experiment(data, seed, base, options.threads))
                    print(json.dumps(results[-1]), flush=True)
                    if options.out:
                        options.out.write_text(json.dumps(results, indent=1) + "\n")


if __name__ == "__main__":
    main()
