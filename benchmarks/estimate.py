"""Does the actual cost fall inside the estimate's band? Over seeded simulated chains of labeling jobs.

    python benchmarks/estimate.py [--chains 200] [--batches 4] [--out estimate.json]

Each chain is a campaign with an object kind and a model of its own making: how hard its images are, how fast its model
learns and how honest its confidence is are drawn per chain. What people and the machine label then follows from
gt-engine's own plan of a job and its own certificate (`next_step`, `decide`); only the learner is replaced by numbers.
Before every job the estimate is asked for that job, and for all that is left of the campaign, with the history so
far. The price of each job is that of the notebook's request: three workers at $0.036, $0.08 an object, training time.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections import defaultdict
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

sys.path.insert(0, str(Path(__file__).parent.parent))

from gt_engine.autolabel.progress import AskPeople, Progress
from gt_engine.autolabel.rounds import AutoLabel, Finish, JobPlan, decide, next_step
from gt_service.campaign import CampaignSpec
from gt_service.estimates.estimate import estimate
from gt_service.estimates.ranges import PastJob
from gt_service.money import Mills
from gt_service.prices import PriceTable

BATCH = 1250
FEE, ANSWER, WORKERS = 80, 36, 3
DAY = date(2026, 11, 1)
LOWEST_TRAINING_SECONDS, HIGHEST_TRAINING_SECONDS = 240, 1500

SPEC = CampaignSpec.model_validate(
    {
        "name": "birds",
        "task": "object-detection",
        "labels": ["Bird"],
        "workforce": "public",
        "workers_per_object": WORKERS,
        "price_per_task": "0.036",
        "content_classifiers": ["FreeOfPersonallyIdentifiableInformation"],
        "batch": {"size": BATCH},
    }
)


@dataclass(frozen=True)
class Kind:
    """What a campaign's images and its model are like.

    hardness   how skilled a model must be to get the median image right; drawn so that first jobs label about 40 %
               by machine and warm ones about 60 %, what trials of the engine's learner on real and drawn images gave
    spread     how much images differ
    learning   skill gained with each doubling of the training labels over 200
    noise      how far the confidence is from the truth
    """

    hardness: float
    spread: float
    learning: float
    noise: float

    @classmethod
    def draw(cls, rng: np.random.Generator) -> Kind:
        return cls(
            hardness=rng.normal(-0.15, 0.45),
            spread=rng.uniform(0.9, 1.6),
            learning=rng.uniform(0.15, 0.6),
            noise=rng.uniform(0.25, 0.8),
        )

    def skill(self, labels: int) -> float:
        return self.learning * np.log2(max(labels, 20) / 200)


@dataclass(frozen=True)
class Outcome:
    human: int
    machine: int
    compute: Mills

    @property
    def cost(self) -> int:
        return FEE * (self.human + self.machine) + ANSWER * WORKERS * self.human + self.compute


def simulate_job(kind: Kind, seed: int, size: int, *, warm: bool, earlier_labels: int) -> Outcome:
    """One job by gt-engine's plan; the model's losses and confidences are drawn instead of computed."""
    rng = np.random.default_rng([seed, size, earlier_labels])
    ids = tuple(map(str, range(size)))
    difficulty = rng.normal(kind.hardness, kind.spread, size)
    luck = rng.normal(0, kind.noise, size)
    plan = JobPlan(seed=seed, warm=warm)
    progress = Progress(ids)
    trainings = 0
    while not isinstance(step := next_step(plan, progress), Finish):
        if isinstance(step, AskPeople):
            progress = progress.with_human(step, labeled=step.object_ids)
            continue
        assert isinstance(step, AutoLabel)
        first_warm = warm and not progress.rounds
        labels = earlier_labels + (0 if first_warm else len(progress.human()))
        trainings += 0 if first_warm else 1
        loss, confidence = _model(kind, labels, difficulty, luck, rng)
        pool, validation = progress.pool(), progress.validation()
        own = np.array([int(one) for one in validation])
        left = np.array([int(one) for one in pool])
        progress = progress.with_round(
            decide(
                plan,
                progress,
                pool=pool,
                pool_confidences=confidence[left],
                validation=validation,
                validation_confidences=confidence[own],
                losses=loss[own],
            )
        )
    trainings += int(step.train)
    rate = PriceTable.current().instance("ml.p3.2xlarge", DAY)
    seconds = rng.integers(LOWEST_TRAINING_SECONDS, HIGHEST_TRAINING_SECONDS, trainings)
    return Outcome(len(progress.human()), len(progress.machine()), Mills(sum(rate.cost(int(one)) for one in seconds)))


def _model(
    kind: Kind, labels: int, difficulty: NDArray[Any], luck: NDArray[Any], rng: np.random.Generator
) -> tuple[NDArray[Any], NDArray[Any]]:
    """Loss (1 - F1 of an image) and confidence of every image."""
    margin = kind.skill(labels) - difficulty
    wrong = 1 / (1 + np.exp(2.2 * margin))
    failed = rng.random(len(difficulty)) < wrong
    loss = np.where(failed, rng.choice([1 / 3, 1 / 2, 1.0], len(difficulty), p=[0.4, 0.3, 0.3]), 0.0)
    return loss, margin + luck


def simulate_chain(seed: int, batches: int) -> list[Outcome]:
    rng = np.random.default_rng(seed)
    kind = Kind.draw(rng)
    outcomes: list[Outcome] = []
    for number in range(batches):
        labels = sum(one.human for one in outcomes)
        warm = any(one.machine for one in outcomes)
        outcomes.append(simulate_job(kind, seed * 100 + number, BATCH, warm=warm, earlier_labels=labels))
    return outcomes


def check_chain(seed: int, batches: int, found: dict[str, list[bool]], widths: dict[str, list[float]]) -> list[Outcome]:
    """Whether each estimate that would have been printed holds."""
    outcomes = simulate_chain(seed, batches)
    history: list[PastJob] = []
    for number, outcome in enumerate(outcomes):
        has_model = any(job.machine_images for job in history)
        rest = sum(one.cost for one in outcomes[number:])
        for name, objects, actual in (
            (f"job {number + 1}", BATCH, outcome.cost),
            (f"all from job {number + 1}", BATCH * (batches - number), rest),
        ):
            band = estimate(SPEC, objects, prices=PriceTable.current(), region="us-east-1", history=history)
            found[name].append(band.low <= actual <= band.high)
            widths[name].append((band.high - band.low) / band.all_human)
            assert actual <= band.ceiling, "the worst case was not the worst"
        role = "warm" if has_model else "first"
        history.append(PastJob(role, BATCH, outcome.machine, outcome.compute))
    return outcomes


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--chains", type=int, default=200)
    parser.add_argument("--batches", type=int, default=4)
    parser.add_argument("--first-seed", type=int, default=1)
    parser.add_argument("--out", type=Path)
    options = parser.parse_args()
    found: dict[str, list[bool]] = defaultdict(list)
    widths: dict[str, list[float]] = defaultdict(list)
    shares: dict[int, list[float]] = defaultdict(list)
    for seed in range(options.first_seed, options.first_seed + options.chains):
        for number, outcome in enumerate(check_chain(seed, options.batches, found, widths)):
            shares[number + 1].append(outcome.machine / BATCH)
    result = {
        "chains": options.chains,
        "inside": {name: round(float(np.mean(held)), 3) for name, held in found.items()},
        "inside_all": round(float(np.mean([one for held in found.values() for one in held])), 3),
        "band_width_of_all_human": {name: round(float(np.mean(each)), 3) for name, each in widths.items()},
        "machine_share": {
            f"job {number}": {
                "mean": round(float(np.mean(each)), 3),
                "5 %": round(float(np.quantile(each, 0.05)), 3),
                "95 %": round(float(np.quantile(each, 0.95)), 3),
            }
            for number, each in shares.items()
        },
    }
    print(json.dumps(result, indent=1))
    if options.out:
        options.out.write_text(json.dumps(result, indent=1) + "\n")


if __name__ == "__main__":
    main()
