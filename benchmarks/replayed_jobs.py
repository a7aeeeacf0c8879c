"""Whole jobs played again and again with one model: what the machine may label, what it could, and whether it holds.

    python -m benchmarks.replayed_jobs --data DIR --images 1200 --loss mean-iou --targets 0.6
    python -m benchmarks.replayed_jobs --data DIR --images 1200 --learnt 700 --loss f1 --targets 0.8,0.9

One model is trained, on the labels that a cold job has when it first decides, or on `--learnt` labels of other images
(a warm job). Then the job is played --plays times, each time with other images asked about first, by the engine's own
rules, but with this model in every round. That costs one training instead of hundreds, shows how much of a result is
luck, and is no more than whole jobs do (benchmarks/real_photos.py), whose model learns on. Whatever the member that
answers says, it has never seen the image. DIR holds boxes, or folders named by classes.

The plays of one job share its images, and so its luck. With --drawn N every play has a job of its own: N images drawn
with replacement from all those predicted. Then it is also known what its labels may be expected to lose.
"""

from __future__ import annotations

import argparse
import json
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.asking import People, least_and_most
from benchmarks.real_photos import Numbers, add_model, gold_labels, most_within, opinions, read
from gt_cli.datasets.classes import read_classes
from gt_engine.autolabel import (
    AskPeople,
    FeatureStore,
    Finish,
    Guarantee,
    JobPlan,
    Predictions,
    Progress,
    TrainingSet,
    learner_for,
    next_step,
)
from gt_engine.autolabel.certify import DELTA
from gt_engine.autolabel.progress import Round
from gt_engine.autolabel.rounds import OPENING_SHARE, decide
from gt_engine.labels import ClassLabel, Integers, Label, Task
from gt_engine.workforce import SimulatedWorkforce


@dataclass(frozen=True)
class Photos:
    """Photos with their right labels: files and gold by name."""

    task: Task
    classes: tuple[str, ...]
    files: Mapping[str, Path]
    gold: Mapping[str, Label]

    @classmethod
    def read(cls, folder: Path, task: Task) -> Photos:
        if task is Task.BOXES:
            photos = read(folder)
            return cls(task, photos.labels, {one.name: one.path for one in photos.images}, gold_labels(photos))
        images = read_classes(folder, folder).images
        classes = tuple(sorted({name for one in images for name in one.classes}))
        gold: dict[str, Label] = {one.name: ClassLabel(classes.index(next(iter(one.classes)))) for one in images}
        return cls(task, classes, {one.name: one.path for one in images}, gold)

    def asked(self, names: Sequence[str], seed: int, workers: tuple[int, int]) -> dict[str, Label]:
        """What simulated people label."""
        people = People(self.task, SimulatedWorkforce(seed, classes=len(self.classes)), workers)
        return people.label({name: self.gold[name] for name in names})


def said_of(photos: Photos, options: argparse.Namespace, directory: Path) -> tuple[Predictions, dict[str, Label]]:
    """What a model says of the images of a job, none of which the member that answers has seen; people's labels."""
    order = [sorted(photos.gold)[i] for i in np.random.default_rng(options.seed).permutation(len(photos.gold))]
    learnt = order[: options.learnt or round(OPENING_SHARE * options.images)]
    job = order[options.learnt : options.learnt + options.images]
    store = FeatureStore(directory, threads=options.threads)
    store.prepare((one, photos.files[one].read_bytes) for one in {*learnt, *job} if not store.has(one))
    chosen = sorted({*learnt, *job})
    given = opinions(options, photos.files, photos.classes, chosen)
    features = store.view({one: one for one in chosen}, opinions=given)
    people = photos.asked([*dict.fromkeys((*learnt, *job))], options.seed, least_and_most(options.workers))
    learner = learner_for(photos.task, loss=options.loss, threads=options.threads)
    examples = {one: people[one] for one in learnt if one in people}
    model = learner.train(TrainingSet(features, examples, classes=photos.classes, seed=options.seed))
    labeled = [one for one in job if one in people]
    if options.learnt:
        return learner.predict(model.model, features, labeled, together=True), people
    known = set(model.left_out.ids)
    return model.left_out + learner.predict(model.model, features, [i for i in labeled if i not in known]), people


@dataclass(frozen=True, eq=False)
class Said:
    """What a model says of the images of a job: confidences, and losses by people's labels and by the right ones."""

    ids: tuple[str, ...]
    confidences: Numbers
    by_people: Numbers
    by_gold: Numbers

    def at(self, ids: Sequence[str]) -> Integers:
        places = {one: i for i, one in enumerate(self.ids)}
        return np.array([places[one] for one in ids], np.int64)

    def drawn(self, images: int, seed: int) -> Said:
        """Another job of the same kind: its images are drawn with replacement."""
        rows = np.random.default_rng([7, seed]).integers(0, len(self.ids), images)
        ids = tuple(str(number) for number in range(images))
        return Said(ids, self.confidences[rows], self.by_people[rows], self.by_gold[rows])

    def expected(self, rounds: Sequence[Round]) -> float:
        """The true loss to be expected of what the machine labeled in the rounds of a job drawn from these images."""
        lost, machine, below = 0.0, 0, np.inf
        for one in rounds:
            if one.threshold is not None and one.machine:
                region = (self.confidences >= one.threshold) & (self.confidences < below)
                lost += len(one.machine) * float(self.by_gold[region].mean())
                machine, below = machine + len(one.machine), one.threshold
        return lost / max(machine, 1)


def played(said: Said, plan: JobPlan) -> Progress:
    """The job, done."""
    progress = Progress(said.ids)
    while not isinstance(step := next_step(plan, progress), Finish):
        if isinstance(step, AskPeople):
            progress = progress.with_human(step, labeled=step.object_ids)
            continue
        pool, checked = said.at(progress.pool()), said.at(progress.validation())
        decision = decide(
            plan,
            progress,
            pool=progress.pool(),
            pool_confidences=said.confidences[pool],
            validation=progress.validation(),
            validation_confidences=said.confidences[checked],
            losses=said.by_people[checked],
        )
        progress = progress.with_round(decision)
    return progress


def replayed(said: Said, guarantee: Guarantee, *, warm: bool, plays: int, drawn: int = 0) -> dict[str, float]:
    """Means over the plays, as shares of the job: `machine_share` with its tenth and ninetieth percentile, and the
    ceilings `perfect` and `by_confidence` of the first decision as in `real_photos.py`. `missed`: the share of plays
    whose machine labels miss the target; `missed_expected`, of drawn jobs: of those that may be expected to."""
    size = drawn or len(said.ids)
    shares, missed, expected = [], [], []
    for seed in range(plays):
        job = said.drawn(drawn, seed) if drawn else said
        progress = played(job, JobPlan(seed, warm, guarantee=guarantee))
        machine = job.at(progress.machine())
        shares.append(len(machine) / size)
        missed.append(len(machine) > 0 and float(job.by_gold[machine].mean()) > guarantee.risk)
        expected.append(said.expected(progress.rounds) > guarantee.risk)
    asked = progress.rounds[0].human if progress.rounds else size
    left = 1 - asked / size
    ranked = said.by_gold[np.argsort(-said.confidences, kind="stable")]
    most = {"perfect": np.sort(said.by_gold), "by_confidence": ranked}
    ceilings = {name: left * most_within(losses, guarantee.risk) / len(losses) for name, losses in most.items()}
    figures = ceilings | {
        "machine_share": float(np.mean(shares)),
        "tenth": float(np.quantile(shares, 0.1)),
        "ninetieth": float(np.quantile(shares, 0.9)),
        "missed": float(np.mean(missed)),
    }
    if drawn:
        figures["missed_expected"] = float(np.mean(expected))
    return {"asked_first": asked} | {name: round(value, 4) for name, value in figures.items()}


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--task", type=Task, choices=list(Task), default=Task.BOXES)
    parser.add_argument("--images", type=int, default=1200, help="of the job")
    parser.add_argument("--learnt", type=int, default=0, help="labels that a given model has learnt from (0: cold)")
    parser.add_argument("--workers", default="3", help="to an image; 1-5: as many as needed")
    parser.add_argument("--loss", default="f1")
    parser.add_argument("--targets", default="0.9")
    parser.add_argument("--delta", type=float, default=DELTA)
    parser.add_argument("--plays", type=int, default=200)
    parser.add_argument(
        "--drawn", type=int, default=0, help="images of a job drawn anew in each play (0: the same job)"
    )
    parser.add_argument("--seed", type=int, default=1)
    add_model(parser)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--features", type=Path, help="keep features here")
    parser.add_argument("--out", type=Path, help="a JSON list to which the figures are added")
    options = parser.parse_args()
    photos = Photos.read(options.data, options.task)
    with tempfile.TemporaryDirectory() as scratch:
        said, people = said_of(photos, options, options.features or Path(scratch))
    learner = learner_for(photos.task, loss=options.loss)
    by_people, by_gold = (
        learner.losses(said.labels, [truth[one] for one in said.ids]) for truth in (people, photos.gold)
    )
    job = Said(said.ids, said.confidences, by_people, by_gold)
    asked = {key: getattr(options, key) for key in ("learnt", "workers", "loss", "plays", "drawn", "delta", "seed")}
    rows: list[dict[str, Any]] = []
    for target in (float(one) for one in options.targets.split(",")):
        guarantee = Guarantee(options.loss, target, options.delta)
        found = replayed(job, guarantee, warm=options.learnt > 0, plays=options.plays, drawn=options.drawn)
        score = round(1 - float(job.by_gold.mean()), 4)
        rows.append(
            {
                "data": options.data.name,
                "images": len(said.ids),
                **asked,
                "given": options.model is not None,
                "target": target,
                "score": score,
                **found,
            }
        )
        print(json.dumps(rows[-1]), flush=True)
    if options.out:
        before = json.loads(options.out.read_text()) if options.out.exists() else []
        options.out.write_text(json.dumps([*before, *rows], indent=1) + "\n")


if __name__ == "__main__":
    main()
