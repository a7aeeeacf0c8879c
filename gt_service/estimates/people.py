"""How many answers people give, how long they take, and what they are paid. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import floor
from statistics import fmean
from typing import NamedTuple

from gt_service.campaign import CampaignSpec
from gt_service.estimates.ranges import PastJob
from gt_service.money import Mills
from gt_service.prices import wages
from gt_service.task_types import TaskType

SECONDS_PER_ANSWER: Mapping[TaskType, float] = {
    TaskType.OBJECT_DETECTION: 26,
    TaskType.SEMANTIC_SEGMENTATION: 80,
    TaskType.IMAGE_CLASSIFICATION: 4,
    TaskType.IMAGE_CLASSIFICATION_MULTI_LABEL: 8,
}
"""What people take for an answer until a job has shown it. A box 25.5 s (Konyushkova et al., CVPR 2018), a mask 80 s
(Lin et al., ECCV 2014); classes are assumed."""
_OTHER_SECONDS = 10.0
_SECONDS_BAND = (0.5, 2.0)
"""How far off a prior time may be; a measured one is taken to be a quarter off at most."""
_MEASURED_BAND = (0.75, 1.25)


class AnswerSeconds(NamedTuple):
    """How long an answer takes; never longer than a task allows."""

    fast: float
    usual: float
    slow: float


def answer_seconds(spec: CampaignSpec, history: Sequence[PastJob] = ()) -> AnswerSeconds:
    """As measured in the campaign's finished jobs, where one told; else as assumed."""
    measured = [job.seconds_per_answer for job in history if job.seconds_per_answer is not None]
    usual = fmean(measured) if measured else SECONDS_PER_ANSWER.get(spec.task, _OTHER_SECONDS)
    low, high = _MEASURED_BAND if measured else _SECONDS_BAND
    most = float(spec.task_time_limit_seconds)
    return AnswerSeconds(min(usual * low, most), min(usual, most), min(usual * high, most))


def answers(spec: CampaignSpec, objects: int) -> int:
    """How many answers so many objects get from people, gold items with them."""
    return floor(objects * spec.most_workers * (1 + spec.gold_share))


def pay(spec: CampaignSpec, objects: int, seconds: float) -> Mills:
    """What people get who answer for so many objects, so many seconds an answer."""
    given = answers(spec, objects)
    if spec.wage is not None:
        return wages(given * seconds, spec.wage)
    return Mills(given * spec.worker_price)
