"""What training and predicting of a job cost: on Ground Truth's instances, or as functions of the account. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from math import ceil, floor
from statistics import fmean

from gt_service.campaign import CampaignSpec
from gt_service.computing import SAFETY, USUAL_ROUNDS, Work, computing, looked_at, most_rounds
from gt_service.estimates.people import answers
from gt_service.estimates.ranges import PastJob, Range, ShareBand
from gt_service.money import Mills
from gt_service.prices import Compute, PriceTable

LATEST = date.max
"""Estimates are for what comes: the price table's newest rows."""

TRAINING_SECONDS = 600
INFERENCE_SECONDS = 300
MAX_TRAINING_SECONDS = 1800
MAX_INFERENCE_SECONDS = 900
MAX_SECONDS_PER_SAMPLE = 0.1
"""Assumed: how long one training and one batch transform take, typically and at most. AWS documents no limit."""


@dataclass(frozen=True)
class Computing:
    """The computing of a campaign's jobs. history: its finished ones."""

    spec: CampaignSpec
    prices: PriceTable
    region: str
    history: Sequence[PastJob] = ()

    def of_job(self, objects: int, share: ShareBand) -> Range:
        """share: of the objects, by the machine."""
        if not objects:
            return Range.NOTHING
        if self.prices.bills_functions:
            return self._functions(objects, share)
        instances = self.prices.compute(self.spec.task, self.region) if self.spec.uses_auto_labeling else None
        return Range.NOTHING if instances is None else self._instances(objects, instances)

    def by_people_alone(self, objects: int) -> Mills:
        """Where no machine learns: what shows people their tasks."""
        return self._used(objects, objects, 0)

    def _instances(self, objects: int, instances: Compute) -> Range:
        training = self.prices.instance(instances.training, LATEST)
        inference = self.prices.instance(instances.inference, LATEST)
        at_once = self.spec.max_concurrent_tasks
        rounds = ceil(objects / at_once)
        samples = sum(min(objects, at_once * number) for number in range(1, rounds + 1))
        ceiling = Mills(
            training.cost(rounds * MAX_TRAINING_SECONDS + ceil(samples * MAX_SECONDS_PER_SAMPLE))
            + inference.cost(rounds * MAX_INFERENCE_SECONDS)
        )
        typical = Mills(
            training.cost(ceil(rounds / 2) * TRAINING_SECONDS) + inference.cost(ceil(rounds / 2) * INFERENCE_SECONDS)
        )
        if self.history:
            typical = Mills(round(fmean(job.compute for job in self.history)))
        return Range(Mills(0), min(typical, ceiling), ceiling, ceiling)

    def _functions(self, objects: int, share: ShareBand) -> Range:
        """The fewer rounds and answers of people, the less."""
        most = most_rounds(objects)

        def cost(rounds: int, machine_share: float) -> Mills:
            return self._used(objects, objects - floor(machine_share * objects), rounds)

        return Range(
            low=cost(1, share.high),
            likely=cost(min(USUAL_ROUNDS, most), share.likely),
            high=cost(most, share.low),
            ceiling=Mills(SAFETY * cost(most, 0.0)),
        )

    def _used(self, objects: int, by_people: int, rounds: int) -> Mills:
        """What functions use where people label so many of the objects; without rounds: where no machine learns."""
        learns = self.spec.uses_auto_labeling and rounds > 0
        work = Work(
            objects=objects,
            images=looked_at(objects, self.spec.task),
            trainings=rounds if learns else 0,
            last_trainings=1 if learns else 0,
            predictions=rounds * objects if learns else 0,
            answers=0 if self.spec.is_public else answers(self.spec, by_people),
        )
        return computing(work, self.prices, LATEST)
