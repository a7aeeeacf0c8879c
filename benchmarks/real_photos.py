"""The three-job experiment on real photos: what the machine labels, what it could, and where the rest is lost.

    python -m benchmarks.real_photos --data DIR --images 1250 --seeds 1-3 --out results.json

DIR is a data set with boxes in any form that `gt-service gold` reads (YOLO, COCO, VOC, …). For each seed the photos
are dealt out anew: half of 2 × --images are labeled in job 1, the other half warm (job 2) and, unless --no-control,
once more without the model of job 1. People are simulated, as in `three_jobs.py`: three to a photo, or --workers.

Beside the share and the true error of the machine's labels each job tells of its first round, as shares of the whole
job: `perfect` is the largest part of the pool whose mean loss meets the target, could somebody pick it; `by_confidence`
the largest that the model's own ranking would give, were the losses known. The gap between the two is the ranking's,
that to `machine_share` the certificate's and the labels' that were asked before it.
"""

from __future__ import annotations

import argparse
import json
import statistics
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.three_jobs import Job, add_job_options, asked, runner
from gt_cli.datasets import LabeledImages, read_boxes
from gt_engine.autolabel import FeatureStore, FeatureView, Learner
from gt_engine.autolabel.own_model.model_file import OwnModel, names
from gt_engine.autolabel.own_model.opinions import Opinion
from gt_engine.autolabel.own_model.runner import Runner
from gt_engine.labels import Label, box_label

Numbers = NDArray[np.float64]


def read(folder: Path) -> LabeledImages:
    """The data set, whose labels lie among its images."""
    return read_boxes(folder, folder)


def gold_labels(photos: LabeledImages) -> dict[str, Label]:
    """The right boxes of every photo, by its name."""
    numbers = {label: number for number, label in enumerate(photos.labels)}
    return {
        image.name: box_label(
            [(b.left, b.top, b.left + b.width, b.top + b.height) for b in image.boxes],
            [numbers[b.label] for b in image.boxes],
            (image.width, image.height, 3),
        )
        for image in photos.images
    }


def add_model(parser: argparse.ArgumentParser) -> None:
    """The options `model` and `model_labels`."""
    parser.add_argument("--model", type=Path, help="a detector of the user's own")
    parser.add_argument("--model-labels", type=Path, help="the names of its classes")


def opinions(
    options: argparse.Namespace, files: Mapping[str, Path], labels: Sequence[str], chosen: Sequence[str]
) -> dict[str, Opinion]:
    """What the user's own detector says of some photos; nothing without one."""
    if options.model is None:
        return {}
    with Runner(OwnModel(options.model.read_bytes(), names(options.model_labels.read_text()))) as runner:
        numbers = runner.facts.numbers(labels)
        said = {one: runner.opinion(files[one].read_bytes(), numbers, len(labels)) for one in chosen}
    return {one: opinion for one, opinion in said.items() if opinion is not None}


def features_of(
    photos: LabeledImages, chosen: Sequence[str], directory: Path, options: argparse.Namespace
) -> tuple[FeatureView, float]:
    """Features of some photos, with what the user's own detector says of them; the seconds that missing ones took."""
    store = FeatureStore(directory, threads=options.threads)
    files = {image.name: image.path for image in photos.images}
    began = time.perf_counter()
    store.prepare((one, files[one].read_bytes) for one in chosen if not store.has(one))
    given = opinions(options, files, photos.labels, chosen)
    return store.view({one: one for one in chosen}, opinions=given), time.perf_counter() - began


def most_within(losses: Numbers, risk: float) -> int:
    """How many objects from the first on have a mean loss of at most `risk`; the losses are in the order of picking."""
    means = np.cumsum(losses) / np.arange(1, len(losses) + 1)
    return int(np.flatnonzero(means <= risk).max(initial=-1)) + 1


def ceilings(
    learner: Learner, model: bytes, features: FeatureView, pool: Sequence[str], gold: Mapping[str, Label], risk: float
) -> dict[str, int]:
    """What a perfect selector and the model's own ranking could take of the pool, were the losses known."""
    predictions = learner.predict(model, features, pool)
    losses = learner.losses(predictions.labels, [gold[name] for name in predictions.ids])
    ranked = losses[np.argsort(-predictions.confidences, kind="stable")]
    return {"perfect": most_within(np.sort(losses), risk), "by_confidence": most_within(ranked, risk)}


def experiment(photos: LabeledImages, seed: int, options: argparse.Namespace, directory: Path) -> list[dict[str, Any]]:
    """The jobs of one seed."""
    gold = gold_labels(photos)
    order = [sorted(gold)[place] for place in np.random.default_rng(seed).permutation(len(gold))][: 2 * options.images]
    features, seconds = features_of(photos, order, directory, options)
    learner, guarantee = asked(options)
    run = runner(seed, features, gold, learner, guarantee, options)
    first, second = order[: len(order) // 2], order[len(order) // 2 :]
    results: list[dict[str, Any]] = []

    def go(name: str, number: int, which: Sequence[str], initial: bytes | None = None) -> Job:
        could: dict[str, int] = {}

        def look(model: bytes, pool: Sequence[str]) -> None:
            if not could:
                could.update(ceilings(learner, model, features, pool, gold, guarantee.risk))

        job = run(name, number, which, initial, classes=photos.labels, before_round=look)
        shares = {key: round(count / len(which), 4) for key, count in could.items()}
        figures = job.figures(gold) | shares | {"seed": seed, "feature_seconds": round(seconds, 1)}
        results.append(figures)
        print(json.dumps({k: v for k, v in figures.items() if k != "rounds"}), flush=True)
        return job

    model = go("first", 1, first).model
    go("warm", 2, second, model)
    if options.control:
        go("control", 3, second)
    return results


def interval(values: Sequence[float]) -> dict[str, float]:
    """Mean, least and most over the seeds."""
    return {"mean": round(statistics.mean(values), 4), "least": min(values), "most": max(values)}


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    add_job_options(parser)
    parser.add_argument("--seeds", default="1-3")
    add_model(parser)
    parser.add_argument("--control", action=argparse.BooleanOptionalAction, default=True)
    parser.add_argument("--out", type=Path)
    options = parser.parse_args()
    low, _, high = options.seeds.partition("-")
    photos = read(options.data)
    results: list[dict[str, Any]] = []
    with tempfile.TemporaryDirectory() as scratch:
        directory = options.features or Path(scratch)
        directory.mkdir(parents=True, exist_ok=True)
        for seed in range(int(low), int(high or low) + 1):
            results += experiment(photos, seed, options, directory)
    keys = ("machine_share", "true_error", "machine_mean_iou", "perfect", "by_confidence", "seconds", "peak_mb")
    for name in dict.fromkeys(row["job"].split("-", 1)[1] for row in results):
        mine = [row for row in results if row["job"].split("-", 1)[1] == name]
        known = {key: [row[key] for row in mine if row.get(key) is not None] for key in keys}
        print(f"{name}: {json.dumps({key: interval(values) for key, values in known.items() if values})}")
    if options.out:
        about = {
            "data": options.data.name,
            "given": options.model is not None,
            "photos": len(photos.images),
            "labels": list(photos.labels),
        }
        wanted = {key: getattr(options, key) for key in ("images", "workers", "loss", "target", "delta", "method")}
        options.out.write_text(json.dumps({**about, **wanted, "jobs": results}, indent=1) + "\n")


if __name__ == "__main__":
    main()
