"""As many workers as needed against a fixed number: how many answers it saves, and what it changes.

    python -m benchmarks.enough

The same simulated people give the same answers both ways, job after job, and what is known of them is handed on. The
truth is drawn, so both can be held against it. A decision is the same where the class is, or where the boxes are one
to one (same class, IoU 0.5).
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from benchmarks.asking import People
from benchmarks.consolidation import CLASSES, boxes
from gt_engine.autolabel.boxes.geometry import f1_loss, matches
from gt_engine.labels import BoxLabel, ClassLabel, Label, Task
from gt_engine.workforce import SimulatedWorkforce


@dataclass
class Tally:
    """Over objects: answers asked for, decisions that are the same, mistakes against the truth."""

    fixed: int = 0
    asked: int = 0
    same: list[bool] = field(default_factory=list)
    wrong_fixed: list[float] = field(default_factory=list)
    wrong_asked: list[float] = field(default_factory=list)
    ious: tuple[list[float], list[float]] = field(default_factory=lambda: ([], []))

    def row(self) -> dict[str, float]:
        found = {
            "answers_per_object": round(self.asked / max(len(self.same), 1), 3),
            "fewer_answers": round(1 - self.asked / max(self.fixed, 1), 4),
            "same_decision": round(float(np.mean(self.same)), 4),
            "loss_fixed": round(float(np.mean(self.wrong_fixed)), 4),
            "loss_as_needed": round(float(np.mean(self.wrong_asked)), 4),
        }
        if self.ious[0]:
            found["iou_fixed"], found["iou_as_needed"] = (round(float(np.mean(one)), 4) for one in self.ious)
        return found


def loss(label: Label, truth: Label) -> float:
    if isinstance(label, BoxLabel) and isinstance(truth, BoxLabel):
        return f1_loss(label, truth)
    return (
        float(label.class_id != truth.class_id)
        if isinstance(label, ClassLabel) and isinstance(truth, ClassLabel)
        else 1
    )


def play(
    task: Task,
    gold: Sequence[Mapping[str, Label]],
    crowd: SimulatedWorkforce,
    least: int,
    most: int,
    tallies: Sequence[Tally],
) -> None:
    """A chain of jobs, one after the other, a tally for each."""
    always, people = People(task, crowd, (most, most)), People(task, crowd, (least, most))
    for job, (named, tally) in enumerate(zip(gold, tallies, strict=True)):
        truth = {f"{job}/{key}": one for key, one in named.items()}
        before = always.asked, people.asked
        fixed, labels = always.label(truth), people.label(truth)
        tally.fixed += always.asked - before[0]
        tally.asked += people.asked - before[1]
        for key in fixed:
            tally.same.append(loss(labels[key], fixed[key]) == 0)
            tally.wrong_fixed.append(loss(fixed[key], truth[key]))
            tally.wrong_asked.append(loss(labels[key], truth[key]))
            for label, ious in ((fixed[key], tally.ious[0]), (labels[key], tally.ious[1])):
                if isinstance(label, BoxLabel):
                    seen = truth[key]
                    assert isinstance(seen, BoxLabel)
                    ious += [iou for *_, iou in matches(label, seen)]


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--objects", type=int, default=400, help="in a job")
    parser.add_argument("--jobs", type=int, default=3)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--most", type=int, default=3)
    options = parser.parse_args()
    for task in (Task.CLASSES, Task.BOXES):
        for least in (1, 2):
            tallies = [Tally() for _ in range(options.jobs)]
            for seed in range(options.seeds):
                rng = np.random.default_rng(seed)
                gold: list[dict[str, Label]] = [
                    {
                        str(i): boxes(rng) if task is Task.BOXES else ClassLabel(int(rng.integers(CLASSES)))
                        for i in range(options.objects)
                    }
                    for _ in range(options.jobs)
                ]
                crowd = SimulatedWorkforce(seed, classes=1 if task is Task.BOXES else CLASSES)
                play(task, gold, crowd, least, options.most, tallies)
            for job, tally in enumerate(tallies, 1):
                print(json.dumps({"task": task.value, "least": least, "job": job, **tally.row()}), flush=True)


if __name__ == "__main__":
    main()
