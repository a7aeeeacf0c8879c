"""Does the certificate keep its promise? Many seeded splits, each with a fresh sample of labels and a fresh pool.

    python -m benchmarks.certificate --splits 200 --seeds 1-2 --out certificate.json

boxes      one detector per seed, trained on 400 images as people labeled them; each split draws some of the others for
           validation (people's labels): 100, as many as a warm job has, and 200; and 850 for the pool
classes    everything anew in each split: 200 labels from people, a cross-fitted classifier trained on them, the same
           labels as validation, the rest as pool: the whole of an opening round
ahead      whole jobs in which people are asked on while the machine trains (64 objects before each round), decided by
           the engine's own code about a machine whose errors are drawn. "fair" is what the engine does; "joined" takes
           all that was asked ahead for a sample of what is left; "bias" is how much less error that sample has

"Missed" is the share of the splits whose labels, those of the machine held against gold labels, are worse than the
target: the machine's alone, or (scope "dataset") together with people's, which count as right.
"""

from __future__ import annotations

import argparse
import itertools
import json
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.asking import START
from benchmarks.three_jobs import prepared, prepared_habitats
from gt_cli.datasets.scenes import HABITATS
from gt_engine.autolabel import FeatureView, Guarantee, Learner, Method, TrainingSet, learner_for
from gt_engine.autolabel.certify import Scope, certify
from gt_engine.autolabel.progress import AskPeople, Progress, Purpose
from gt_engine.autolabel.rounds import AutoLabel, Finish, JobPlan, asked_ahead, decide, next_step
from gt_engine.consolidation import consolidate_batch
from gt_engine.labels import Label, Task
from gt_engine.workforce import SimulatedWorkforce

METHODS = (Method.STUDENT_T, Method.FINITE_SAMPLE, Method.PLUG_IN)
TRAINED, WARM, VALIDATION, POOL = 400, 100, 200, 850

Numbers = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Split:
    """What a certificate sees, and the truth that it does not see."""

    pool: Numbers
    pool_errors: Numbers
    validation: Numbers
    losses: Numbers


def people(task: Task, gold: Mapping[str, Label], ids: Sequence[str], seed: int, classes: int) -> dict[str, Label]:
    """The labels of three simulated annotators each, consolidated."""
    crowd = SimulatedWorkforce(seed, classes=classes)
    return consolidate_batch(task, {one: crowd.answer(one, gold[one], 3, START) for one in ids}, classes=classes)


def box_splits(
    features: FeatureView, gold: Mapping[str, Label], seed: int, splits: int, threads: int
) -> Iterator[tuple[int, Split]]:
    """Splits of the images that one detector never saw, each with the number of validation labels."""
    learner = learner_for(Task.BOXES, threads=threads)
    order = [list(gold)[i] for i in np.random.default_rng(seed).permutation(len(gold))]
    labels = people(Task.BOXES, gold, order, seed, 1)
    learnt = {one: labels[one] for one in order[:TRAINED] if one in labels}
    model = learner.train(TrainingSet(features, learnt, classes=("Bird",), seed=seed)).model
    rest = [one for one in order[TRAINED:] if one in labels]
    seen = learner.predict(model, features, rest)
    against_gold = learner.losses(seen.labels, [gold[one] for one in rest])
    against_people = learner.losses(seen.labels, [labels[one] for one in rest])
    for number, labeled in itertools.product(range(splits), (WARM, VALIDATION)):
        rows = np.random.default_rng([seed, number]).permutation(len(rest))
        mine, pool = rows[:labeled], rows[VALIDATION : VALIDATION + POOL]
        yield labeled, Split(seen.confidences[pool], against_gold[pool], seen.confidences[mine], against_people[mine])


def class_splits(features: FeatureView, gold: Mapping[str, Label], seed: int, splits: int) -> Iterator[Split]:
    """Opening rounds from nothing: the labels that a classifier learns from are its validation, each left out."""
    learner: Learner = learner_for(Task.CLASSES)
    for number in range(splits):
        rng = np.random.default_rng([seed, number])
        order = [list(gold)[i] for i in rng.permutation(len(gold))]
        asked, pool = order[:VALIDATION], order[VALIDATION : VALIDATION + POOL]
        labels = people(Task.CLASSES, gold, asked, seed * 1000 + number, len(HABITATS))
        learnt = learner.train(TrainingSet(features, labels, classes=HABITATS, seed=number))
        checked = learnt.left_out.of(list(labels))
        predicted = learner.predict(learnt.model, features, pool)
        yield Split(
            predicted.confidences,
            learner.losses(predicted.labels, [gold[one] for one in pool]),
            checked.confidences,
            learner.losses(checked.labels, list(labels.values())),
        )


AHEAD = 64
OBJECTS = 1250


def ahead_jobs(seed: int, jobs: int, guarantee: Guarantee) -> list[dict[str, Any]]:
    """Whole jobs, each played on the same objects: nobody asked ahead, fairly, and all simply joined."""
    rows = []
    for mode in ("none", "fair", "joined"):
        played = [_played(seed * 100_000 + number, guarantee, mode) for number in range(jobs)]
        errors, shares = np.array([(one.error, one.share) for one in played]).T
        biases = np.array([bias for one in played for bias in one.biases])
        rows.append(
            {
                "mode": mode,
                "scope": guarantee.scope.value,
                "jobs": jobs,
                "target": guarantee.target,
                "delta": guarantee.delta,
                "missed": round(float(np.mean(errors > guarantee.risk)), 4),
                "mean_share": round(float(np.mean(shares)), 3),
                "mean_error": round(float(np.mean(errors)), 4),
                "bias": round(float(biases.mean()), 4) if len(biases) else None,
                "standard_error": round(float(biases.std() / np.sqrt(len(biases))), 4) if len(biases) else None,
            }
        )
    return rows


@dataclass(frozen=True)
class Played:
    """What became of a job.

    error   that is to be expected of the labels in the guarantee's scope: of the whole data set the largest after any
            of the rounds, as a job may be stopped there
    share   of the job that the machine labeled
    biases  after each round that labeled something, how much less error what was asked ahead and joins the sample has
            than what is left
    """

    error: float
    share: float
    biases: list[float]


def _played(seed: int, guarantee: Guarantee, mode: str) -> Played:
    """A whole job.

    An object has a chance to be labeled rightly, from hopeless to sure, and a luck of its own; a model knows the chance
    dimly, and a little better in each round. Its luck stays with an object: what went wrong once goes wrong again.
    """
    rng = np.random.default_rng(seed)
    chance, luck = rng.beta(3, 0.8, OBJECTS), rng.random(OBJECTS)
    plan = JobPlan(seed=seed, warm=False, max_concurrent=200, guarantee=guarantee)
    progress = Progress(tuple(str(number) for number in range(OBJECTS)))
    wrong: list[float] = []
    biases: list[float] = []
    worst = 0.0
    ahead: tuple[str, ...] = ()
    while not isinstance(step := next_step(plan, replace(progress, ahead=ahead)), Finish) or ahead:
        if isinstance(step, AutoLabel):
            ahead = asked_ahead(plan, progress, 0 if mode == "none" else AHEAD)
            asking = replace(progress, ahead=ahead)
            gain = 0.02 * step.number
            said = np.clip(chance + gain + rng.normal(0, 0.15 / step.number, OBJECTS), 0, 1)
            losses = (luck > chance + gain).astype(float)
            round_ = decide(
                plan,
                asking,
                pool=asking.pool(),
                pool_confidences=said[_rows(asking.pool())],
                validation=asking.validation(),
                validation_confidences=said[_rows(asking.validation())],
                losses=losses[_rows(asking.validation())],
                ahead_confidences=said[_rows(ahead)],
            )
            wrong += np.clip(1 - chance - gain, 0, 1)[_rows(round_.machine)].tolist()
            progress = progress.with_round(replace(round_, passed_over=()) if mode == "joined" else round_)
            if wrong:
                worst = max(worst, sum(wrong) / (len(wrong) + len(progress.human())))
            joins = [one for one in ahead if mode == "joined" or one not in round_.passed_over]
            left = replace(progress, ahead=ahead).pool()
            if joins and left and round_.machine:
                biases.append(float(chance[_rows(joins)].mean() - chance[_rows(left)].mean()))
        else:
            more = step.object_ids if isinstance(step, AskPeople) else ()
            more = tuple(rng.permutation(np.array(more, object))[: max(0, len(more) - len(ahead))])
            asked = AskPeople(Purpose.ROUND, (*ahead, *more))
            progress, ahead = progress.with_human(asked, labeled=asked.object_ids), ()
    error = worst if guarantee.scope is Scope.DATASET else float(np.mean(wrong)) if wrong else 0.0
    return Played(error, len(wrong) / OBJECTS, biases)


def _rows(ids: Sequence[str]) -> NDArray[np.int64]:
    return np.array([int(one) for one in ids], np.int64)


def judged(splits: Sequence[Split], loss: str, target: float, delta: float) -> list[dict[str, Any]]:
    """For each scope and method: how often the target is missed, and how much the machine labels."""
    rows = []
    for scope, method in itertools.product(Scope, METHODS):
        guarantee = Guarantee(loss, target, delta, method, scope)
        errors, machine_errors, shares = [], [], []
        for one in splits:
            human = len(one.validation)
            threshold = certify(one.pool, one.validation, one.losses, [], guarantee, number=1, human=human)
            chosen = one.pool >= (np.inf if threshold is None else threshold)
            count, lost = int(chosen.sum()), float(one.pool_errors[chosen].sum())
            shares.append(count / len(one.pool))
            machine_errors.append(lost / max(count, 1))
            errors.append(lost / max(count + human * (scope is Scope.DATASET), 1))
        rows.append(
            {
                "scope": scope.value,
                "method": method.value,
                "splits": len(splits),
                "target": target,
                "delta": delta,
                "missed": round(float(np.mean(np.array(errors) > 1 - target)), 3),
                "mean_share": round(float(np.mean(shares)), 3),
                "labels_nothing": round(float(np.mean(np.array(shares) == 0)), 3),
                "mean_error": round(float(np.mean(errors)), 4),
                "mean_machine_error": round(float(np.mean(machine_errors)), 4),
            }
        )
    return rows


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--splits", type=int, default=100, help="per seed and task")
    parser.add_argument("--seeds", default="1")
    parser.add_argument("--delta", type=float, default=0.1)
    parser.add_argument("--task", choices=["boxes", "classes", "both", "ahead"], default="both")
    parser.add_argument("--features", type=Path)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--out", type=Path)
    options = parser.parse_args()
    low, _, high = options.seeds.partition("-")
    results: list[dict[str, Any]] = []
    if options.task == "ahead":
        for scope in Scope:
            rows = ahead_jobs(int(low), options.splits, Guarantee("error", 0.9, options.delta, scope=scope))
            results += [{"task": "ahead"} | row for row in rows]
        _tell(results, options.out)
        return
    with tempfile.TemporaryDirectory() as scratch:
        directory = options.features or Path(scratch)
        boxes: list[tuple[int, Split]] = []
        classes: list[Split] = []
        for seed in range(int(low), int(high or low) + 1):
            features, gold, _ = prepared(seed, 2500, directory, options.threads)
            if options.task != "classes":
                boxes += box_splits(features, gold, seed, options.splits, options.threads)
            if options.task != "boxes":
                classes += class_splits(features, prepared_habitats(seed, 2500, directory), seed, options.splits)
        # Targets around what the learner reaches on everything: where a threshold has to decide.
        for labeled, target in itertools.product((WARM, VALIDATION), (0.9, 0.93)) if boxes else ():
            mine = [split for count, split in boxes if count == labeled]
            rows = judged(mine, "f1", target, options.delta)
            results += [{"task": "boxes", "labels": labeled} | row for row in rows]
        for target in (0.9, 0.95) if classes else ():
            results += [{"task": "classes"} | row for row in judged(classes, "error", target, options.delta)]
    _tell(results, options.out)


def _tell(results: Sequence[Mapping[str, Any]], out: Path | None) -> None:
    for row in results:
        print(json.dumps(row))
    if out:
        out.write_text(json.dumps(results, indent=1))


if __name__ == "__main__":
    main()
