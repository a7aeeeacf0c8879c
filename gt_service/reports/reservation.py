"""What is set aside for a labeling job before it starts. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from math import floor

from gt_service.backends import Backend
from gt_service.campaign import CampaignSpec
from gt_service.money import Mills
from gt_service.prices import PriceTable, wages
from gt_service.reports.estimate import worst_case

FEWEST_OBJECTS = 6
"""A job starts with what is left of the budget where that pays at least the worst case of so many of its objects: of
twice as many as gt-engine asks about at the least (`life_cycle.FEWEST_ASKED`)."""


@dataclass(frozen=True)
class Reservation:
    """amount: the most that the job will cost. people_seconds: what its answers together may take so that this holds;
    None where nothing needs to be limited."""

    amount: Mills
    people_seconds: int | None = None


def reservation(
    spec: CampaignSpec, objects: int, headroom: Mills | None, *, backend: Backend, region: str = "us-east-1"
) -> Reservation:
    """The worst case of a job of `objects`; where that is more than the budget has left and the backend can be told to
    stop in time, what is left.

    People who are paid by the hour mostly take a small part of the time that a task allows. Without this a budget
    would have to hold many times what it is spent on. headroom: what is left of the budget, None: there is no end to
    it. Where not even `FEWEST_OBJECTS` can be paid, the least that the job needs: more than the headroom.
    """
    worst = worst_case(spec, objects, prices=PriceTable.of(backend), region=region)
    if headroom is None or worst <= headroom or spec.wage is None or not backend.holds_to_people_seconds:
        return Reservation(worst)
    fixed = worst - _paid(spec, objects)
    least = Mills(fixed + _paid(spec, min(objects, FEWEST_OBJECTS)))
    amount = max(least, headroom)
    if amount == worst:
        return Reservation(worst)
    return Reservation(amount, floor((amount - fixed) * 3600 / spec.wage))


def _paid(spec: CampaignSpec, objects: int) -> Mills:
    """What the answers to so many objects may cost, without those to known objects."""
    return wages(objects * spec.most_workers * spec.task_time_limit_seconds, spec.wage or Mills(0))
