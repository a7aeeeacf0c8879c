"""The campaign for a folder of photos: few images, few people, no fees. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gt_service.backends import GT_ENGINE
from gt_service.campaign.values import TITLE_PATTERN
from gt_service.task_types import TaskType

FEWEST_FOR_THE_MACHINE = GT_ENGINE.fewest_auto_labeled
"""With fewer images it would train for nothing."""
FEWEST_AT_ONCE, MOST_AT_ONCE = 20, 200
LARGEST_BATCH = 2_000
TASK_SECONDS = {TaskType.OBJECT_DETECTION: 3_600}
OTHER_TASKS_SECONDS = 900
OFFER_SECONDS = 30 * 24 * 3_600
"""The longest that a team may take."""


@dataclass(frozen=True)
class Wanted:
    """What the user asked for.

    target  the share that the machine must get right; None is the task's usual one
    wage    US dollars an hour
    model   a detector or classifier of the user's own (ONNX), with the names of its classes in `model_labels`
    is_trial  the folder is of drawn pictures, whose right boxes are known
    """

    folder: Path
    labels: tuple[str, ...]
    task: TaskType
    workers: int = 1
    target: float | None = None
    wage: float | None = None
    model: Path | None = None
    model_labels: Path | None = None
    is_trial: bool = False

    @property
    def campaign(self) -> str:
        """A campaign's name made of the folder's."""
        name = re.sub(r"[^a-z0-9]+", "-", self.folder.resolve().name.lower()).strip("-")[:40].strip("-")
        return name or "photos"


def campaign_spec(
    wanted: Wanted, images: int, *, auto_labeling: bool, team: str, model: str | None = None
) -> dict[str, Any]:
    """The campaign.yaml: all photos in one batch, which is closed once they are in.

    images: how many there are. auto_labeling: whether the machine takes the task. team: the work team's ARN. model:
    where the user's own model lies.
    """
    machine = auto_labeling and images >= FEWEST_FOR_THE_MACHINE
    at_once = max(FEWEST_AT_ONCE, min(MOST_AT_ONCE, images // 3 if machine else images))
    spec = {
        "name": wanted.campaign,
        "task": str(wanted.task),
        "labels": list(wanted.labels),
        "instructions": instructions(wanted.task, wanted.labels),
        "workforce": team,
        "workers_per_object": wanted.workers,
        "batch": {"size": LARGEST_BATCH, "quiet_minutes": 1},
        "auto_labeling": machine,
        "max_concurrent_tasks": at_once,
        "task_time_limit_seconds": TASK_SECONDS.get(wanted.task, OTHER_TASKS_SECONDS),
        "task_availability_seconds": OFFER_SECONDS,
        "follow_ups": 0,  # who has declined an image is not asked the same again
    }
    if wanted.wage is not None:
        spec["wage"] = format(wanted.wage, ".2f")
    if wanted.target is not None and machine:
        spec["quality"] = {"target": wanted.target}
    if model is not None and machine:
        spec["model"] = model
    return spec


def instructions(task: TaskType, labels: Sequence[str]) -> dict[str, str]:
    named = _either(labels)
    match task:
        case TaskType.OBJECT_DETECTION:
            title = f"Draw a box around each {named}"
            short = "Boxes touch what they enclose on all four sides."
        case TaskType.IMAGE_CLASSIFICATION:
            title, short = f"Is it {named}?", "Choose the one that fits best."
        case _:
            title, short = f"Which of these are in the picture: {', '.join(labels)}?", "Choose all that fit."
    texts = {"title": title[:128], "description": title[:255], "header": title, "short": short}
    if not re.fullmatch(TITLE_PATTERN, texts["title"]):
        del texts["title"]  # a label that no title takes, as an emoji: it has a general word instead
    return texts


def _either(names: Sequence[str]) -> str:
    if len(names) > 6:
        names = (*names[:5], "other")
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} or {names[-1]}"
