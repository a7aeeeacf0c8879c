"""What labeling will cost, before it starts: low, likely and high, the worst case, and what people alone would cost.

How much a machine labels is not known before. The prior is the notebook's: 48 % in a first job, 60 % without and 80 %
with a pre-trained model, with a band as wide as what auto-labelers were seen to do on other data. A campaign's own
jobs take its place as they end. Bands of several jobs are added, not averaged: jobs of a campaign share their data, so
they are good or bad together.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import ceil, floor, sqrt
from statistics import fmean

from gt_service.campaign import CampaignSpec
from gt_service.errors import InvalidInput
from gt_service.estimates.computing import LATEST, Computing
from gt_service.estimates.people import answer_seconds, pay
from gt_service.estimates.ranges import Estimate, JobEstimate, PastJob, Range, ShareBand
from gt_service.estimates.worst_case import worst_case
from gt_service.money import Mills, usd
from gt_service.prices import PriceTable
from gt_service.records.names import Role
from gt_service.task_types import MIN_AUTO_LABELING_OBJECTS

MOST_OBJECTS = 10_000_000
MOST_JOBS = 2_000
"""Each is listed in an estimate, and each is reckoned."""

PRIORS: Mapping[Role, ShareBand] = {
    Role.FIRST: ShareBand(0.15, 0.48, 0.68),
    Role.CONTROL: ShareBand(0.15, 0.60, 0.68),
    Role.WARM: ShareBand(0.25, 0.80, 0.84),
}
"""`likely` from the notebook's conclusion, the bands from trials of auto-labelers on other data."""
_PRIOR_WEIGHT = 1.0
_NARROWEST = 0.12
"""However many jobs agree, the next one may differ by so much: its validation labels are a new draw of 200."""

_CHEAPER = "people alone likely cost less money here: auto_labeling: false in the spec has them label everything"


def count_of_objects(number: object, *, field: str = "objects", least: int = 1) -> int:
    """How many objects an estimate is asked about. Errors: `InvalidInput`."""
    if isinstance(number, bool) or not isinstance(number, int) or not least <= number <= MOST_OBJECTS:
        raise InvalidInput(f"give a number of images from {least} to {MOST_OBJECTS:,}", field=field)
    return number


def estimate(
    spec: CampaignSpec,
    objects: int,
    *,
    prices: PriceTable,
    region: str,
    history: Sequence[PastJob] = (),
    first_batch: int = 1,
    imported: int = 0,
) -> Estimate:
    """What labeling `objects` more in a campaign will cost, in batches as the spec cuts them.

    imported: labels that are brought along; the spec's share of their images is labeled as well, to check them.
    history: the campaign's finished jobs. first_batch: number of the batch that comes next, for the spec's controls.

    Errors: `InvalidInput` for more than `MOST_JOBS` batches.
    """
    checked = ceil(imported * spec.check_imported)
    objects += checked
    if objects > MOST_JOBS * spec.batch.size:
        raise InvalidInput(
            f"{objects:,} images in batches of {spec.batch.size:,} are more than {MOST_JOBS:,} jobs",
            remedy="Ask about fewer images, or write a larger batch.size.",
            field="objects",
        )
    estimator = _Estimator(spec, history, prices, region)
    jobs = tuple(estimator.job(role, size) for role, size in estimator.jobs(objects, first_batch))
    cost = sum((job.cost for job in jobs), Range.NOTHING)
    all_human = estimator.all_human(objects)
    return Estimate(
        low=cost.low,
        likely=cost.likely,
        high=cost.high,
        ceiling=cost.ceiling,
        all_human=all_human,
        jobs=jobs,
        assumptions=(
            *estimator.assumptions(jobs),
            *([f"{checked:,} of the {imported:,} imported labels are checked by people"] if checked else []),
            *([_CHEAPER] if spec.uses_auto_labeling and cost.likely > all_human else []),
        ),
    )


@dataclass(frozen=True)
class _Estimator:
    spec: CampaignSpec
    history: Sequence[PastJob]
    prices: PriceTable
    region: str

    @property
    def computing(self) -> Computing:
        return Computing(self.spec, self.prices, self.region, self.history)

    def jobs(self, objects: int, first_batch: int) -> list[tuple[Role, int]]:
        """Role and objects of each job to come, in order."""
        spec, has_model = self.spec, any(job.machine_images for job in self.history)
        jobs: list[tuple[Role, int]] = []
        for number, start in enumerate(range(0, objects, spec.batch.size), start=first_batch):
            size = min(spec.batch.size, objects - start)
            jobs.append((Role.WARM if has_model else Role.FIRST, size))
            if number in spec.control_batches:
                jobs.append((Role.CONTROL, size))
            has_model = spec.uses_auto_labeling
        return jobs

    def job(self, role: Role, objects: int) -> JobEstimate:
        share, seconds = self.share(role, objects), answer_seconds(self.spec, self.history)
        compute = self.computing.of_job(objects, share)
        fee = self.prices.service_fee(self.spec.task, LATEST).cost(objects)

        def cost(machine_share: float, seconds: float, compute: Mills) -> Mills:
            return Mills(fee + pay(self.spec, objects - floor(machine_share * objects), seconds) + compute)

        return JobEstimate(
            role=role,
            objects=objects,
            machine_share=share,
            cost=Range(
                low=cost(share.high, seconds.fast, compute.low),
                likely=cost(share.likely, seconds.usual, compute.likely),
                high=cost(share.low, seconds.slow, compute.high),
                ceiling=worst_case(self.spec, objects, prices=self.prices, region=self.region),
            ),
            compute=compute,
        )

    def share(self, role: Role, objects: int) -> ShareBand:
        """Of the objects, by the machine: the prior, and what jobs that had a model, or had none, have shown since."""
        if not self.spec.uses_auto_labeling:
            return ShareBand.NOTHING
        is_warm = role is Role.WARM
        # People label a validation set before the machine may start, and without a model a training set as well.
        up_front = self.spec.max_concurrent_tasks * (1 if is_warm else 2)
        limit = max(0.0, 1 - up_front / objects) if objects else 0.0
        prior = PRIORS[role]
        shares = [job.machine_share for job in self.history if (job.role is Role.WARM) == is_warm]
        if not shares:
            return prior.within(limit)
        weight = len(shares) / (len(shares) + _PRIOR_WEIGHT)
        likely = weight * fmean(shares) + (1 - weight) * prior.likely
        spread = max(abs(share - likely) for share in shares)
        half = max(_NARROWEST, spread, (prior.high - prior.low) / 2 / sqrt(1 + len(shares)))
        return ShareBand(max(0.0, likely - half), likely, min(1.0, likely + half)).within(limit)

    def all_human(self, objects: int) -> Mills:
        fee = self.prices.service_fee(self.spec.task, LATEST).cost(objects)
        workers = pay(self.spec, objects, answer_seconds(self.spec, self.history).usual)
        return Mills(fee + workers + self.computing.by_people_alone(objects))

    def assumptions(self, jobs: Sequence[JobEstimate]) -> list[str]:
        lines = [self.pay_in_words(), self.fee_in_words()]
        if not self.spec.uses_auto_labeling:
            return [*lines, "people label every object"]
        lines.append(
            f"machine shares from the campaign's {len(self.history)} finished job(s), weighed with the notebook's"
            if self.history
            else "machine shares from AWS's notebook (48 % first, 60 % without and 80 % with a pre-trained model)"
        )
        if not self.prices.bills_instances:
            return lines
        if any(job.objects < MIN_AUTO_LABELING_OBJECTS for job in jobs):
            lines.append(
                f"Ground Truth auto-labels only from {MIN_AUTO_LABELING_OBJECTS:,} objects a job; "
                "smaller jobs may cost what people alone cost"
            )
        return [
            *lines,
            "compute: an allowance; training at most 30 minutes and 0.1 s for each sample, not documented by AWS",
        ]

    def fee_in_words(self) -> str:
        if self.prices.service_fee(self.spec.task, LATEST).cost(1):
            return "no other labeling in the same month: the service fee's first tier holds"
        if self.prices.bills_functions:
            return "gt-engine asks no fee; its functions at AWS's list prices of us-east-1, for work as it was measured"
        return "gt-engine asks no fee; the machine that it runs on is not in it"

    def pay_in_words(self) -> str:
        spec = self.spec
        workers = (
            str(spec.most_workers)
            if spec.least_workers == spec.most_workers
            else f"{spec.least_workers} to {spec.most_workers} (reckoned with {spec.most_workers})"
        )
        if spec.is_public:
            return f"{workers} workers for each object at {usd(spec.worker_price)} an answer"
        if spec.wage is None:
            return "the work team's own pay is not in it: the service does not pay private and vendor teams"
        is_measured = any(job.seconds_per_answer is not None for job in self.history)
        shown = "measured" if is_measured else "assumed until a job has ended"
        return (
            f"{workers} worker(s) for each object at {usd(spec.wage)} an hour, "
            f"{answer_seconds(spec, self.history).usual:.0f} seconds an "
            f"answer ({shown}); at most the {spec.task_time_limit_seconds} seconds that a task allows"
        )
