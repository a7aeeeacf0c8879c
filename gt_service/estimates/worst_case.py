"""The most that a labeling job may cost, which is reserved before it starts; and what a running one has cost. Pure."""

from __future__ import annotations

from gt_service.campaign import CampaignSpec
from gt_service.estimates.computing import LATEST, Computing
from gt_service.estimates.people import answer_seconds, pay
from gt_service.estimates.ranges import ShareBand
from gt_service.money import Mills
from gt_service.prices import PriceTable


def worst_case(spec: CampaignSpec, objects: int, *, prices: PriceTable, region: str) -> Mills:
    """The most that one labeling job of `objects` may cost.

    Every object is labeled and answered by all its workers, of whom those with a wage take all the time that a task
    allows, at the first tier of the service fee; and as many trainings run as iterations are possible, each as long as
    assumed at most. On functions: twice what they would use.
    """
    fee = objects * prices.service_fee(spec.task, LATEST).tiers[0].fee
    workers = pay(spec, objects, spec.task_time_limit_seconds)
    computing = Computing(spec, prices, region).of_job(objects, ShareBand.NOTHING)
    return Mills(fee + workers + computing.ceiling)


def so_far(spec: CampaignSpec, *, human: int, machine: int, prices: PriceTable) -> Mills:
    """What a running job's labels have cost, by how many people and the machine made: the service fee and the workers.

    Without computing, which is reckoned when the job has ended; never more than `worst_case`.
    """
    fee = prices.service_fee(spec.task, LATEST).cost(human + machine)
    return Mills(fee + pay(spec, human, answer_seconds(spec).usual))
