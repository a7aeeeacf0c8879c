"""What the machine's labels save people, and what they cost: the same images labeled blind and with proposals.

    python -m benchmarks.proposals --seeds 1-5 --out benchmarks/results/proposals.json

For each seed a model is trained on 400 labels of drawn scenes: boxes of their birds, and one of six habitats. Of 400
others it proposes labels for 100 taken by chance, and for the 100 that it is least sure of: those are what is left
after the last certificate, and what people are really shown. Simulated workers (gt_engine/workforce/simulated.py says
what is assumed of them) label them blind and with proposals, by one to five workers an image,
consolidated as the engine does. Everything is measured against gold labels. A twentieth of the proposals is wrong on
purpose, as in a job; what was planted is taken back.

A class that is chosen already spares one key and tempts to spare the look: whoever accepts it unseen, as often as a
box, is through in 2 s; everybody else looks as long as without it and answers as without it.
"""

from __future__ import annotations

import argparse
import json
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.asking import START
from benchmarks.three_jobs import prepared, prepared_habitats
from gt_cli.datasets import scenes
from gt_engine.autolabel import FeatureView, Learner, TrainingSet, learner_for
from gt_engine.autolabel.boxes.geometry import matches
from gt_engine.consolidation import consolidate_batch
from gt_engine.jobs.crowd import seed_of
from gt_engine.labels import BoxLabel, ClassLabel, Label, Task
from gt_engine.outputs.records import drawn
from gt_engine.workforce import Answer, SimulatedWorkforce
from gt_engine.workforce.proposals import (
    Planted,
    Proposal,
    ProposalRule,
    is_unchanged,
    proposal,
    was_accepted,
    without_planted,
)
from gt_engine.workforce.proposed_classes import PlantedClass, class_was_accepted
from gt_engine.workforce.simulated import LOOK_SECONDS

LEARNT, POOL, SHOWN = 400, 400, 100
WORKERS = (1, 2, 3, 4, 5)
USUAL_WORKERS = 3
CROWDS: Mapping[str, Mapping[str, float]] = {
    "usual": {},
    "draws slowly": {"draw_seconds": 7.0},
    "careless": {"sloppy_share": 1.0},
}
"""The engine's usual crowd; one that needs 7 s a box (extreme clicks, Papadopoulos et al., ICCV 2017) instead of 4 s;
one of careless people only."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--seeds", default="1-5")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--features", type=Path, help="keep features here")
    parser.add_argument("--out", type=Path)
    options = parser.parse_args()
    low, _, high = options.seeds.partition("-")
    rows: list[dict[str, Any]] = []
    with tempfile.TemporaryDirectory() as scratch:
        directory = options.features or Path(scratch)
        directory.mkdir(parents=True, exist_ok=True)
        for seed in range(int(low), int(high or low) + 1):
            features, birds, _ = prepared(seed, LEARNT + POOL, directory, options.threads)
            habitats = prepared_habitats(seed, LEARNT + POOL, directory)
            rows += of_seed(seed, "boxes", features, birds, ("Bird",), options.threads)
            rows += of_seed(seed, "classes", features, habitats, scenes.HABITATS, options.threads)
    kinds = dict.fromkeys((row["labels"], row["images"], row["crowd"]) for row in rows)
    results = [summary(rows, *kind) for kind in kinds]
    for one in results:
        print(json.dumps({name: value for name, value in one.items() if name != "curve"}))
    if options.out:
        options.out.write_text(json.dumps(results, indent=1) + "\n")


def of_seed(
    seed: int,
    kind: str,
    features: FeatureView,
    gold: Mapping[str, Label],
    classes: tuple[str, ...],
    threads: int,
) -> list[dict[str, Any]]:
    order = [f"{seed}/{i}" for i in np.random.default_rng(seed).permutation(LEARNT + POOL)]
    learner = learner_for(Task.BOXES if kind == "boxes" else Task.CLASSES, threads=threads)
    crowd = SimulatedWorkforce(seed, classes=len(classes))
    answers = {one: crowd.answer(f"learnt/{one}", gold[one], USUAL_WORKERS, START) for one in order[:LEARNT]}
    labels = consolidate_batch(learner.task, answers, classes=len(classes))
    learnt = learner.train(TrainingSet(features, labels, classes=classes, seed=seed))
    said = learner.predict(learnt.model, features, order[LEARNT:], together=True)
    machine = {one: as_written(label) for one, label in zip(said.ids, said.labels, strict=True)}
    sure = [said.ids[i] for i in np.argsort(said.confidences, kind="stable")]
    rows = []
    for images, ids in (("by chance", order[LEARNT : LEARNT + SHOWN]), ("least sure", sure[:SHOWN])):
        quality = right(learner, machine, gold, ids)
        for name, crowd_facts in CROWDS.items():
            if kind == "classes" and "draw_seconds" in crowd_facts:
                continue
            for workers in WORKERS:
                for arm in ("blind", "proposed"):
                    rule = ProposalRule(blind=float(arm == "blind"), wrong=0.05)
                    people = SimulatedWorkforce(seed + 1000, classes=len(classes), **crowd_facts)  # type: ignore[arg-type]
                    figures = labeled(f"{seed}/{arm}", ids, machine, gold, rule, people, workers, learner)
                    facts = {"labels": kind, "images": images, "crowd": name, "workers": workers, "arm": arm}
                    rows.append(facts | {"seed": seed, "machine_f1": quality} | figures)
    return rows


def labeled(
    job: str,
    ids: Sequence[str],
    machine: Mapping[str, Label],
    gold: Mapping[str, Label],
    rule: ProposalRule,
    people: SimulatedWorkforce,
    workers: int,
    learner: Learner,
) -> dict[str, Any]:
    """What a crowd makes of some images: its time, its labels, and what it accepted."""
    shown: dict[str, Proposal] = {
        one: Proposal(None)
        if rule.blind == 1
        else proposal(machine[one], "", rule, job=job, object_id=one, classes=people.classes)
        for one in ids
    }
    seconds, unchanged, answered, planted, accepted = 0.0, 0, 0, 0, 0
    for_labels: dict[str, list[Answer]] = {}
    for one in ids:
        seen = shown[one]
        # The same people and the same chance for both arms: what differs is what they were shown.
        for answer in answered_by(people, f"{workers}/{one}", gold[one], workers, seen):
            label = as_written(answer.label)
            seconds += (answer.submitted_at - answer.accepted_at).total_seconds()
            answered += 1
            if seen.label is not None and seen.planted is None:
                unchanged += is_unchanged(seen.label, label)
            if seen.planted is not None:
                planted += 1
                accepted += passed(seen, label)
            meant = without_planted(seen, label)
            assert isinstance(meant, BoxLabel | ClassLabel)
            for_labels.setdefault(one, []).append(replace(answer, label=meant))
    labels = consolidate_batch(learner.task, for_labels, classes=people.classes)
    pairs = [(label, gold[one]) for one, label in labels.items()]
    ious = [
        iou
        for label, truth in pairs
        if isinstance(label, BoxLabel) and isinstance(truth, BoxLabel)
        for *_, iou in matches(label, truth)
    ]
    return {
        "seconds": seconds / len(ids),
        "f1": right(learner, labels, gold, list(labels)),
        "mean_iou": float(np.mean(ious)) if ious else None,
        "answers": answered,
        "planted": planted,
        "accepted": accepted,
        "unchanged": unchanged,
    }


def answered_by(people: SimulatedWorkforce, key: str, gold: Label, workers: int, seen: Proposal) -> list[Answer]:
    chosen = seen.label
    given = people.answer(key, gold, workers, START, to_correct=chosen if isinstance(chosen, BoxLabel) else None)
    if not isinstance(chosen, ClassLabel):
        return given
    unseen = [people.accepts_unseen(one.worker_id) > seed_of(f"{key}/{one.worker_id}") / 2**32 for one in given]
    soon = timedelta(seconds=LOOK_SECONDS)
    return [
        replace(one, label=chosen, submitted_at=one.accepted_at + soon) if kept else one
        for one, kept in zip(given, unseen, strict=True)
    ]


def as_written(label: Label) -> Label:
    return drawn(label) if isinstance(label, BoxLabel) else ClassLabel(label.class_id)


def right(learner: Learner, labels: Mapping[str, Label], gold: Mapping[str, Label], ids: Sequence[str]) -> float:
    """Mean F1 of boxes; of classes, the share that is right."""
    return 1 - float(learner.losses([labels[one] for one in ids], [gold[one] for one in ids]).mean())


def passed(seen: Proposal, label: Label) -> bool:
    """Whether what was planted stayed."""
    if isinstance(label, BoxLabel):
        return isinstance(seen.planted, Planted) and was_accepted(seen.planted, label)
    return isinstance(seen.planted, PlantedClass) and class_was_accepted(seen.planted, label)


def summary(rows: Sequence[Mapping[str, Any]], kind: str, images: str, crowd: str) -> dict[str, Any]:
    """Over the seeds: both arms with the usual number of workers, and how few workers of each make labels as good as
    that number makes blind."""
    mine = [row for row in rows if (row["labels"], row["images"], row["crowd"]) == (kind, images, crowd)]
    curve = {
        arm: [
            {name: _mean(mine, arm, workers, name) for name in ("seconds", "f1", "mean_iou")} | {"workers": workers}
            for workers in WORKERS
        ]
        for arm in ("blind", "proposed")
    }
    usual = {arm: points[WORKERS.index(USUAL_WORKERS)] for arm, points in curve.items()}
    proposed = [row for row in mine if row["arm"] == "proposed" and row["workers"] == USUAL_WORKERS]
    planted, accepted = (sum(row[name] for row in proposed) for name in ("planted", "accepted"))
    others = sum(row["answers"] for row in proposed) - planted
    target = usual["blind"]["f1"]
    return {
        "labels": kind,
        "images": images,
        "crowd": crowd,
        "seeds": sorted({row["seed"] for row in mine}),
        "machine_f1": round(float(np.mean([row["machine_f1"] for row in mine])), 4),
        "blind": usual["blind"],
        "proposed": usual["proposed"],
        "accepted_unchanged": round(sum(row["unchanged"] for row in proposed) / others, 4),
        "planted": planted,
        "planted_accepted": accepted,
        "equal_f1": target,
        "for_equal_f1": {arm: _least(target, points) for arm, points in curve.items()},
        "curve": curve,
    }


def _mean(rows: Sequence[Mapping[str, Any]], arm: str, workers: int, name: str) -> float | None:
    values = [row[name] for row in rows if row["arm"] == arm and row["workers"] == workers]
    return None if None in values else round(float(np.mean(values)), 4)


def _least(target: float, points: Sequence[Mapping[str, float]]) -> Mapping[str, float] | None:
    """The fewest workers whose labels are so good, and their seconds an image; None where no number's are."""
    enough = next((point for point in points if point["f1"] >= target), None)
    return None if enough is None else {"workers": enough["workers"], "seconds": enough["seconds"]}


if __name__ == "__main__":
    main()
