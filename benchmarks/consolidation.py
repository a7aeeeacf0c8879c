"""What several workers and the consolidation add to one worker, on simulated annotators with known truth.

    python -m benchmarks.consolidation

Their mistakes are independent of each other; real people share some, so gain less.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Mapping
from datetime import UTC, datetime

import numpy as np

from gt_engine.autolabel.boxes.geometry import f1_loss, matches
from gt_engine.consolidation import consolidate_batch
from gt_engine.labels import BoxLabel, ClassLabel, Label, Task, box_label
from gt_engine.workforce import SimulatedWorkforce

START = datetime(2026, 1, 1, tzinfo=UTC)
CLASSES = 6


def boxes(rng: np.random.Generator) -> BoxLabel:
    """One to three boxes of 20 to 100 pixels in an image of 160."""
    corners = []
    for _ in range(rng.choice([1, 2, 3], p=[0.7, 0.2, 0.1])):
        extent = np.exp(rng.uniform(np.log(20), np.log(100), 2))
        corner = rng.uniform(0, 160 - extent)
        corners.append(np.concatenate([corner, corner + extent]))
    return box_label(np.array(corners), np.zeros(len(corners)), (160, 160, 3))


def of_boxes(gold: Mapping[str, BoxLabel], workers: int, sloppy: float, seed: int) -> tuple[list[float], list[float]]:
    """(loss of each image, IoU of each box found)."""
    crowd = SimulatedWorkforce(seed, sloppy_share=sloppy)
    labels = consolidate_batch(
        Task.BOXES, {key: crowd.answer(key, one, workers, START) for key, one in gold.items()}, classes=1
    )
    pairs = [(label, gold[key]) for key, label in labels.items() if isinstance(label, BoxLabel)]
    return [f1_loss(*pair) for pair in pairs], [iou for pair in pairs for *_, iou in matches(*pair)]


def of_classes(gold: Mapping[str, Label], workers: int, sloppy: float, seed: int) -> tuple[float, float]:
    """Accuracy of (a majority vote, Dawid–Skene)."""
    crowd = SimulatedWorkforce(seed, classes=CLASSES, sloppy_share=sloppy)
    answers = {key: crowd.answer(key, one, workers, START) for key, one in gold.items()}
    labels = consolidate_batch(Task.CLASSES, answers, classes=CLASSES)
    votes = {
        key: int(np.bincount([one.label.class_id for one in given if isinstance(one.label, ClassLabel)]).argmax())
        for key, given in answers.items()
        if given
    }
    true = {key: one.class_id for key, one in gold.items() if isinstance(one, ClassLabel)}
    ours = [label.class_id == true[key] for key, label in labels.items() if isinstance(label, ClassLabel)]
    return float(np.mean([votes[key] == true[key] for key in votes])), float(np.mean(ours))


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--objects", type=int, default=500)
    parser.add_argument("--seeds", type=int, default=3)
    options = parser.parse_args()
    for sloppy in (0.15, 0.4):
        for workers in (1, 2, 3, 5, 7):
            losses: list[float] = []
            ious: list[float] = []
            accuracy = []
            for seed in range(options.seeds):
                rng = np.random.default_rng(seed)
                gold = {str(i): boxes(rng) for i in range(options.objects)}
                found = of_boxes(gold, workers, sloppy, seed)
                losses += found[0]
                ious += found[1]
                kinds: dict[str, Label] = {
                    str(i): ClassLabel(int(rng.integers(CLASSES))) for i in range(options.objects)
                }
                accuracy.append(of_classes(kinds, workers, sloppy, seed))
            majority, ours = np.mean(accuracy, 0)
            row = {
                "sloppy_share": sloppy,
                "workers": workers,
                "box_f1": round(1 - float(np.mean(losses)), 4),
                "images_with_a_mistake": round(float(np.mean(np.array(losses) > 0)), 4),
                "box_mean_iou": round(float(np.mean(ious)), 4),
                "class_majority": round(float(majority), 4),
                "class_dawid_skene": round(float(ours), 4),
            }
            print(json.dumps(row), flush=True)


if __name__ == "__main__":
    main()
