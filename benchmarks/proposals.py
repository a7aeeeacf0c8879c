"""What the machine's boxes save people, and what they cost: the same images drawn blind and mended.

    python -m benchmarks.proposals --seeds 1-5 --out benchmarks/results/proposals.json

For each seed a detector is trained on 400 labels of drawn scenes. Of 400 others it proposes boxes for 100 taken by
chance, and for the 100 that it is least sure of: those are what is left after the last certificate, and what people
are really shown. Simulated workers (gt_engine/workforce/simulated.py and mending.py say what is assumed of them) label
them blind and with proposals, by one to five workers an image, consolidated as the engine does. Everything is measured
against gold boxes. A twentieth of the proposals is wrong on purpose, as in a job; what was planted is taken back.
"""

from __future__ import annotations

import argparse
import json
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.three_jobs import START, prepared
from gt_engine.autolabel import learner_for
from gt_engine.autolabel.boxes.geometry import f1_loss, matches
from gt_engine.consolidation import consolidate_batch
from gt_engine.labels import BoxLabel, Label, Task
from gt_engine.outputs.records import drawn
from gt_engine.workforce import Answer, SimulatedWorkforce
from gt_engine.workforce.proposals import (
    Proposal,
    ProposalRule,
    is_unchanged,
    proposal,
    taken_back,
    was_accepted,
)

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
            rows += of_seed(seed, directory, options.threads)
    results = [summary(rows, images, crowd) for images in ("by chance", "least sure") for crowd in CROWDS]
    for one in results:
        print(json.dumps({name: value for name, value in one.items() if name != "curve"}))
    if options.out:
        options.out.write_text(json.dumps(results, indent=1) + "\n")


def of_seed(seed: int, directory: Path, threads: int) -> list[dict[str, Any]]:
    features, gold, _ = prepared(seed, LEARNT + POOL, directory, threads)
    order = [f"{seed}/{i}" for i in np.random.default_rng(seed).permutation(LEARNT + POOL)]
    learner = learner_for(Task.BOXES, threads=threads)
    crowd = SimulatedWorkforce(seed)
    answers = {one: crowd.answer(f"learnt/{one}", gold[one], USUAL_WORKERS, START) for one in order[:LEARNT]}
    learnt = learner.train(features, consolidate_batch(Task.BOXES, answers, classes=1), classes=("Bird",), seed=seed)
    said = learner.predict(learnt.model, features, order[LEARNT:], together=True)
    labels = {
        one: drawn(label) for one, label in zip(said.ids, said.labels, strict=True) if isinstance(label, BoxLabel)
    }
    sure = [said.ids[i] for i in np.argsort(said.confidences, kind="stable")]
    rows = []
    for images, ids in (("by chance", order[LEARNT : LEARNT + SHOWN]), ("least sure", sure[:SHOWN])):
        machine = float(np.mean([1 - f1_loss(labels[one], boxes(gold[one])) for one in ids]))
        for name, crowd_facts in CROWDS.items():
            for workers in WORKERS:
                for arm in ("blind", "proposed"):
                    rule = ProposalRule(blind=float(arm == "blind"), wrong=0.05)
                    people = SimulatedWorkforce(seed + 1000, **crowd_facts)  # type: ignore[arg-type]
                    figures = labeled(f"{seed}/{arm}", ids, labels, gold, rule, people, workers)
                    facts = {"images": images, "crowd": name, "workers": workers, "arm": arm, "machine_f1": machine}
                    rows.append(facts | {"seed": seed} | figures)
    return rows


def labeled(
    job: str,
    ids: Sequence[str],
    machine: Mapping[str, BoxLabel],
    gold: Mapping[str, Label],
    rule: ProposalRule,
    people: SimulatedWorkforce,
    workers: int,
) -> dict[str, Any]:
    """What a crowd makes of some images: its time, its labels, and what it accepted."""
    shown: dict[str, Proposal] = {
        one: Proposal(None) if rule.blind == 1 else proposal(machine[one], "", rule, job=job, object_id=one)
        for one in ids
    }
    seconds, unchanged, answered, planted, accepted = 0.0, 0, 0, 0, 0
    for_labels: dict[str, list[Answer]] = {}
    for one in ids:
        seen = shown[one]
        # The same people and the same chance for both arms: what differs is what they were shown.
        for answer in people.answer(f"{workers}/{one}", gold[one], workers, START, to_mend=seen.label):
            label = drawn(boxes(answer.label))
            seconds += (answer.submitted_at - answer.accepted_at).total_seconds()
            answered += 1
            if seen.label is not None and seen.planted is None:
                unchanged += is_unchanged(seen.label, label)
            if seen.planted is not None:
                planted += 1
                accepted += was_accepted(seen.planted, label)
            for_labels.setdefault(one, []).append(replace(answer, label=taken_back(seen.planted, label)))
    labels = consolidate_batch(Task.BOXES, for_labels, classes=1)
    pairs = [(boxes(labels[one]), boxes(gold[one])) for one in labels]
    ious = [iou for label, truth in pairs for *_, iou in matches(label, truth)]
    return {
        "seconds": seconds / len(ids),
        "f1": float(np.mean([1 - f1_loss(label, truth) for label, truth in pairs])),
        "mean_iou": float(np.mean(ious)),
        "answers": answered,
        "planted": planted,
        "accepted": accepted,
        "unchanged": unchanged,
    }


def boxes(label: Label) -> BoxLabel:
    if not isinstance(label, BoxLabel):
        raise TypeError(f"{label} is no box label")
    return label


def summary(rows: Sequence[Mapping[str, Any]], images: str, crowd: str) -> dict[str, Any]:
    """Over the seeds: both arms with the usual number of workers, and how few workers of each make labels as good as
    that number makes blind."""
    mine = [row for row in rows if (row["images"], row["crowd"]) == (images, crowd)]
    curve = {
        arm: [
            {name: round(_mean(mine, arm, workers, name), 4) for name in ("seconds", "f1", "mean_iou")}
            | {"workers": workers}
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


def _mean(rows: Sequence[Mapping[str, Any]], arm: str, workers: int, name: str) -> float:
    return float(np.mean([row[name] for row in rows if row["arm"] == arm and row["workers"] == workers]))


def _least(target: float, points: Sequence[Mapping[str, float]]) -> Mapping[str, float] | None:
    """The fewest workers whose labels are so good, and their seconds an image; None where no number's are."""
    enough = next((point for point in points if point["f1"] >= target), None)
    return None if enough is None else {"workers": enough["workers"], "seconds": enough["seconds"]}


if __name__ == "__main__":
    main()
