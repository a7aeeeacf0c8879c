"""How large the demo's batches are, decided before anything starts."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from gt_cli.stack import REGION
from gt_service.backends import GT_ENGINE
from gt_service.campaign import parse_spec
from gt_service.estimates.worst_case import worst_case
from gt_service.money import MILLS_PER_DOLLAR
from gt_service.prices import PriceTable
from gt_service.task_types import MIN_AUTO_LABELING_OBJECTS

FULL_SCENES = 2500  # the notebook's: two batches of 1,250, the least that Ground Truth auto-labels
QUICK_SCENES = 480
NOTEBOOK_CONCURRENT_TASKS = 200
FEWEST_CONCURRENT_TASKS = 10
JOBS = 3
FEWEST_IMAGES = 20
SIMULATED_TEAM = "arn:aws:sagemaker:us-east-1:000000000000:workteam/private-crowd/simulated"
"""A team that nobody has made: gt-engine simulates its workers."""
WAGE = "18"
"""Dollars an hour, to have a sum to compare; nobody is paid."""
TIME_LIMIT_SECONDS = 120


@dataclass(frozen=True)
class Plan:
    """Two batches of `batch_size` images, labeled by three jobs."""

    images: int
    batch_size: int
    max_concurrent_tasks: int
    notes: tuple[str, ...]

    @classmethod
    def of(cls, images: int, *, left_out: int = 0) -> Plan:
        """Halves whatever there is; as many tasks at a time as in the notebook, but at most a third of a batch.

        left_out: images that are there but that nothing is known of.
        """
        half = (images + 1) // 2
        tasks = max(FEWEST_CONCURRENT_TASKS, min(NOTEBOOK_CONCURRENT_TASKS, half // 3))
        return cls(images, half, min(tasks, half), tuple(_notes(half, left_out)))


def _notes(half: int, left_out: int) -> Iterator[str]:
    if half < MIN_AUTO_LABELING_OBJECTS:
        yield (
            f"Batches of {half:,} are small: Ground Truth auto-labels from {MIN_AUTO_LABELING_OBJECTS:,} on. With so "
            "few validation labels little can be shown to be good enough: expect a lower machine share than in the "
            "full demo."
        )
    if left_out:
        yield f"{left_out:,} images are left out: the file of boxes says nothing of them."


def campaign_spec(name: str, labels: Sequence[str], plan: Plan, inbox: str) -> dict[str, Any]:
    """The campaign.yaml that the demo drops: what a user would write."""
    wanted = labels[0].lower() if len(labels) == 1 else "object"
    spec = {
        "name": name,
        "task": "object-detection",
        "labels": list(labels),
        "instructions": {
            "title": f"Please draw a box around each {wanted}",
            "description": f"Dear annotator, please draw a tight box around each {wanted} you see. Thank you!",
            "keywords": ["image", "object", "detection"],
            "examples": f"s3://{inbox}/{name}/examples/examples.manifest",
        },
        "workforce": SIMULATED_TEAM,
        "workers_per_object": 3,
        "wage": WAGE,
        "task_time_limit_seconds": TIME_LIMIT_SECONDS,
        "batch": {"size": plan.batch_size, "quiet_minutes": 30},
        "max_concurrent_tasks": plan.max_concurrent_tasks,
        "control_batches": [2],
        "gold_labels": f"s3://{inbox}/{name}/gold/gold.manifest",
    }
    return {**spec, "budget": str(_budget(spec, plan))}


def _budget(spec: dict[str, Any], plan: Plan) -> int:
    """Dollars that hold the worst case of all jobs and, for the follow-up jobs that there may be, half as much."""
    written = parse_spec(json.dumps(spec), filename="campaign.json")
    worst = worst_case(written, plan.batch_size, prices=PriceTable.of(GT_ENGINE), region=REGION)
    return -(-JOBS * worst * 3 // 2 // MILLS_PER_DOLLAR)
