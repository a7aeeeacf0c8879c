"""What labels that were there before are worth to a job: the scenes of the three-job experiment, labeled by a job that
starts from nothing, one that starts from imported labels, and one whose imported labels are wrong.

    python benchmarks/imported_labels.py --seeds 31 --imported 400 --out results.json

As the engine does it: a model is trained on the imported labels, and the job starts from it as from another job's.
Wrong labels are those of other images.
"""

from __future__ import annotations

import argparse
import json
import tempfile
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.three_jobs import prepared, run_job
from gt_engine.autolabel import Guarantee, TrainingSet, learner_for
from gt_engine.autolabel.labeling import FIRST_TRAINING
from gt_engine.labels import Task


def experiment(seed: int, options: argparse.Namespace, directory: Path) -> list[dict[str, Any]]:
    """The three jobs of one seed, on the same images."""
    features, gold, _ = prepared(seed, options.images + options.imported, directory, options.threads)
    learner, guarantee = learner_for(Task.BOXES, loss="f1", threads=options.threads), Guarantee("f1", 0.9)
    ids = [f"{seed}/{i}" for i in np.random.default_rng(seed).permutation(options.images + options.imported)]
    objects, before = ids[: options.images], ids[options.images :]
    imports = {"none": {}, "right": {one: gold[one] for one in before}}
    imports["wrong"] = dict(zip(before, (gold[one] for one in before[1:] + before[:1]), strict=True))
    found = []
    for name, labels in imports.items():
        model = None
        if labels:
            model = learner.train(
                TrainingSet(features, labels, classes=("Bird",), seed=seed * 1000 + FIRST_TRAINING)
            ).model
        job = run_job(f"{seed}-{name}", seed * 10, objects, features, gold, learner, guarantee, initial=model)
        figures = job.figures(gold) | {"seed": seed, "imported": name, "labels": len(labels)}
        print(json.dumps({key: value for key, value in figures.items() if key != "rounds"}), flush=True)
        found.append(figures)
    return found


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, nargs="+", default=[31])
    parser.add_argument("--images", type=int, default=1250, help="that are to be labeled")
    parser.add_argument("--imported", type=int, default=400, help="images with labels")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--out", type=Path)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as directory:
        found = [figures for seed in options.seeds for figures in experiment(seed, options, Path(directory))]
    if options.out is not None:
        options.out.write_text(json.dumps({"jobs": found}, indent=1) + "\n")


if __name__ == "__main__":
    main()
