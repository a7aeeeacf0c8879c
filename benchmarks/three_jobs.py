"""The three-job experiment in one process, with the learner, certificate and rounds of the engine.

    python benchmarks/three_jobs.py --seeds 21-25 --out results.json

Draws 2,500 scenes per seed, labels half of them in job 1, the other half warm (job 2) and again without the model of
job 1 (control). Everything is measured against gold boxes that the learner never sees.
"""

from __future__ import annotations

import argparse
import json
import resource
import statistics
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.asking import People, least_and_most
from gt_cli.datasets import scenes
from gt_engine.autolabel import (
    FeatureStore,
    FeatureView,
    Finish,
    Guarantee,
    JobPlan,
    Learner,
    Method,
    Progress,
    learner_for,
    next_step,
)
from gt_engine.autolabel.boxes.geometry import f1_loss, matches
from gt_engine.autolabel.certify import DELTA
from gt_engine.autolabel.labeling import Lesson, run_round, train
from gt_engine.autolabel.progress import AskPeople
from gt_engine.labels import BoxLabel, ClassLabel, Label, Task, box_label
from gt_engine.workforce import SimulatedWorkforce


@dataclass
class Job:
    """What one job did."""

    name: str
    machine: dict[str, Label] = field(default_factory=dict)
    human: dict[str, Label] = field(default_factory=dict)
    log: list[dict[str, Any]] = field(default_factory=list)
    seconds: float = 0.0
    cpu_seconds: float = 0.0
    training_seconds: float = 0.0
    model: bytes = b""
    peak_mb: float = 0.0
    answers: float = 0.0

    def figures(self, gold: Mapping[str, Label]) -> dict[str, Any]:
        """Shares and errors against gold."""
        pairs = [
            (p, t)
            for one, p in self.machine.items()
            if isinstance(p, BoxLabel) and isinstance(t := gold[one], BoxLabel)
        ]
        ious = [iou for p, t in pairs for *_, iou in matches(p, t)]
        people = [
            f1_loss(p, t)
            for one, p in self.human.items()
            if isinstance(p, BoxLabel) and isinstance(t := gold[one], BoxLabel)
        ]
        human_ious = [
            iou
            for one, p in self.human.items()
            if isinstance(p, BoxLabel) and isinstance(t := gold[one], BoxLabel)
            for *_, iou in matches(p, t)
        ]
        objects = len(self.machine) + len(self.human)
        return {
            "job": self.name,
            "objects": objects,
            "machine_share": round(len(self.machine) / objects, 4),
            "true_error": round(float(np.mean([f1_loss(p, t) for p, t in pairs])), 4) if pairs else None,
            "machine_mean_iou": round(float(np.mean(ious)), 4) if ious else None,
            "answers_per_object": round(self.answers, 3),
            "human_error": round(float(np.mean(people)), 4),
            "human_mean_iou": round(float(np.mean(human_ious)), 4),
            "seconds": round(self.seconds, 1),
            "cpu_seconds": round(self.cpu_seconds, 1),
            "training_seconds": round(self.training_seconds, 1),
            "peak_mb": round(self.peak_mb),
            "model_mb": round(len(self.model) / 2**20, 2),
            "rounds": self.log,
        }


def run_job(
    name: str,
    seed: int,
    ids: Sequence[str],
    features: FeatureView,
    gold: Mapping[str, Label],
    learner: Learner,
    guarantee: Guarantee,
    *,
    initial: bytes | None = None,
    keep_training_batch: bool = False,
    classes: Sequence[str] = ("Bird",),
    before_round: Callable[[bytes, Sequence[str]], None] | None = None,
    workers: tuple[int, int] = (3, 3),
) -> Job:
    """One labeling job. With `keep_training_batch` a warm job asks people as many labels up front as a cold one.

    `before_round` is shown the model of each round and the objects that were left when it decided; its time is not
    counted. workers: answers to an object, at least and at most.
    """
    job, started, cpu = Job(name), time.perf_counter(), time.process_time()
    people = People(Task.BOXES, SimulatedWorkforce(seed, classes=len(classes)), workers)
    warm = (initial is not None and not keep_training_batch) or bool(features.opinions)
    plan = JobPlan(seed, warm, guarantee=guarantee)
    progress, model = Progress(tuple(ids)), initial
    while not isinstance(step := next_step(plan, progress), Finish):
        if isinstance(step, AskPeople):
            names = {f"{name}/{one}": one for one in step.object_ids}
            given = people.label({named: gold[one] for named, one in names.items()})
            labels = {names[named]: label for named, label in given.items()}
            job.human.update(labels)
            progress = progress.with_human(
                step,
                labeled=tuple(one for one in step.object_ids if one in labels),
                unlabeled=tuple(one for one in step.object_ids if one not in labels),
            )
            continue
        began = time.perf_counter()
        lesson = Lesson(learner.task, classes, features, job.human, model)
        outcome = run_round(learner, lesson, plan, progress)
        took = time.perf_counter() - began
        model = outcome.model
        if before_round is not None:
            began, cpu_began = time.perf_counter(), time.process_time()
            before_round(model, progress.pool())
            started, cpu = started + time.perf_counter() - began, cpu + time.process_time() - cpu_began
        job.machine.update(outcome.labels)
        now = outcome.round
        errors = [
            f1_loss(p, t)
            for one, p in outcome.labels.items()
            if isinstance(p, BoxLabel) and isinstance(t := gold[one], BoxLabel)
        ]
        job.log.append(
            {
                "round": now.number,
                "human": len(progress.human()),
                "validation": now.validation,
                "score": round(now.score, 3),
                "pool": len(progress.pool()),
                "machine": len(now.machine),
                "fell_back": now.fell_back,
                "true_error": round(float(np.mean(errors)), 3) if errors else None,
                "seconds": round(took, 1),
            }
        )
        job.training_seconds += took
        progress = progress.with_round(now)
    if step.train:
        began = time.perf_counter()
        lesson = Lesson(learner.task, classes, features, job.human, model, guesses=job.machine)
        model = train(learner, lesson, plan, progress).model
        job.training_seconds += time.perf_counter() - began
    job.model, job.seconds = model or b"", time.perf_counter() - started
    job.answers = people.asked / max(people.objects, 1)
    job.cpu_seconds = time.process_time() - cpu
    job.peak_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return job


def prepared(seed: int, count: int, directory: Path, threads: int) -> tuple[FeatureView, dict[str, Label], float]:
    """Scenes of a seed: their features, their gold labels, and the seconds that the features took."""
    directory.mkdir(parents=True, exist_ok=True)
    store = FeatureStore(directory, threads=threads)
    keys = {f"{seed}/{i}": f"scene-{seed}-{i}" for i in range(count)}
    known = _truth(seed, count, directory)
    seconds = 0.0
    if known is None or not all(store.has(key) for key in keys.values()):
        drawn = list(scenes.generate(seed, range(count)))
        pictures = {f"scene-{seed}-{i}": directory / f"scene-{seed}-{i}.png" for i in range(count)}
        for path, one in zip(pictures.values(), drawn, strict=True):
            path.write_bytes(one.png())
        began = time.perf_counter()
        store.prepare((key, path.read_bytes) for key, path in pictures.items())
        seconds = time.perf_counter() - began
        for path in pictures.values():
            path.unlink()
        known = {
            "boxes": np.concatenate([one.boxes for one in drawn]),
            "count": np.array([len(one.boxes) for one in drawn]),
            "habitats": np.array([one.habitat for one in drawn]),
        }
        np.savez(directory / f"gold-{seed}-{count}.npz", allow_pickle=False, **known)
    boxes = np.split(known["boxes"], np.cumsum(known["count"])[:-1])
    size = (scenes.SIDE, scenes.SIDE, 3)
    gold: dict[str, Label] = {one: box_label(b, np.zeros(len(b)), size) for one, b in zip(keys, boxes, strict=True)}
    return store.view(keys), gold, seconds


def prepared_habitats(seed: int, count: int, directory: Path) -> dict[str, Label]:
    """The habitat of each scene that `prepared` has drawn, as gold labels of image classification."""
    known = _truth(seed, count, directory)
    if known is None:
        raise FileNotFoundError(f"the scenes of seed {seed} have not been drawn")
    return {f"{seed}/{i}": ClassLabel(int(one)) for i, one in enumerate(known["habitats"])}


def _truth(seed: int, count: int, directory: Path) -> dict[str, Any] | None:
    path = directory / f"gold-{seed}-{count}.npz"
    if not path.exists():
        return None
    with np.load(path) as stored:
        return {name: stored[name] for name in stored.files} if "habitats" in stored.files else None


def add_job_options(parser: argparse.ArgumentParser) -> None:
    """What the jobs are to be like."""
    parser.add_argument("--images", type=int, default=1250, help="per job")
    parser.add_argument("--loss", default="f1")
    parser.add_argument("--target", type=float, default=0.9)
    parser.add_argument("--delta", type=float, default=DELTA)
    parser.add_argument("--method", default="student-t")
    parser.add_argument("--workers", type=least_and_most, default=(3, 3), help="to an image; 1-5: as many as needed")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--features", type=Path, help="keep features here")


def runner(
    seed: int,
    features: FeatureView,
    gold: Mapping[str, Label],
    learner: Learner,
    guarantee: Guarantee,
    options: argparse.Namespace,
) -> Callable[..., Job]:
    """Runs a job of a seed, by its name, its number and its objects; what `run_job` takes besides may be added."""

    def run(name: str, number: int, ids: Sequence[str], initial: bytes | None, **more: Any) -> Job:
        more = {"initial": initial, "workers": options.workers, **more}
        return run_job(f"{seed}-{name}", seed * 10 + number, ids, features, gold, learner, guarantee, **more)

    return run


def asked(options: argparse.Namespace) -> tuple[Learner, Guarantee]:
    """The learner, and what its labels must meet."""
    learner = learner_for(Task.BOXES, loss=options.loss, threads=options.threads)
    return learner, Guarantee(options.loss, options.target, options.delta, Method(options.method))


def experiment(seed: int, options: argparse.Namespace, directory: Path) -> list[dict[str, Any]]:
    """The three jobs (and with --ablation the warm job that keeps its training batch) of one seed."""
    features, gold, seconds = prepared(seed, 2 * options.images, directory, options.threads)
    run = runner(seed, features, gold, *asked(options), options)
    order = np.random.default_rng(seed).permutation(2 * options.images)
    ids = [f"{seed}/{i}" for i in order]
    first, second = ids[: options.images], ids[options.images :]
    results = []

    def go(name: str, number: int, which: Sequence[str], initial: bytes | None = None, **more: bool) -> bytes:
        job = run(name, number, which, initial, **more)
        figures = job.figures(gold) | {"seed": seed, "feature_seconds": round(seconds, 1)}
        results.append(figures)
        print(json.dumps({k: v for k, v in figures.items() if k != "rounds"}), flush=True)
        for one in job.log:
            print("   ", json.dumps(one), flush=True)
        return job.model

    model = go("first", 1, first)
    if not options.first_only:
        go("warm", 2, second, model)
        go("control", 3, second)
    if options.ablation:
        go("warm-with-training-batch", 3, second, model, keep_training_batch=True)
    return results


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", default="1")
    add_job_options(parser)
    parser.add_argument("--first-only", action="store_true")
    parser.add_argument("--ablation", action="store_true")
    parser.add_argument("--out", type=Path)
    options = parser.parse_args()
    low, _, high = options.seeds.partition("-")
    results: list[dict[str, Any]] = []
    with tempfile.TemporaryDirectory() as scratch:
        directory = options.features or Path(scratch)
        for seed in range(int(low), int(high or low) + 1):
            began = time.perf_counter()
            results += experiment(seed, options, directory)
            print(f"seed {seed}: {time.perf_counter() - began:.0f} s", flush=True)
    for name in dict.fromkeys(one["job"].split("-", 1)[1] for one in results):
        mine = [one for one in results if one["job"].split("-", 1)[1] == name]
        mean = {
            key: round(statistics.mean(one[key] for one in mine if one[key] is not None), 4)
            for key in ("machine_share", "true_error", "machine_mean_iou", "seconds", "peak_mb")
        }
        print(f"{name}: {json.dumps(mean)}")
    if options.out:
        options.out.write_text(json.dumps(results, indent=1))


if __name__ == "__main__":
    main()
