"""What labeling will cost, before it starts: low, likely and high, the worst case, and what people alone would cost.

How much a machine labels is not known before. The prior is the notebook's: 48 % in a first job, 60 % without and 80 %
with a pre-trained model, with a band as wide as what auto-labelers were seen to do on other data. A campaign's own
jobs take its place as they end. Bands of several jobs are added, not averaged: jobs of a campaign share their data, so
they are good or bad together.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from math import ceil, floor, sqrt
from statistics import fmean

from gt_service.campaign import CampaignSpec
from gt_service.computing import SAFETY, USUAL_ROUNDS, Work, computing, looked_at, most_rounds
from gt_service.errors import InvalidInput
from gt_service.money import Mills, usd
from gt_service.prices import PriceTable, wages
from gt_service.reports.ranges import Estimate, JobEstimate, PastJob, Range, ShareBand
from gt_service.task_types import MIN_AUTO_LABELING_OBJECTS, TaskType

MOST_OBJECTS = 10_000_000

LATEST = date.max
"""Estimates are for what comes: the price table's newest rows."""

TRAINING_SECONDS = 600
INFERENCE_SECONDS = 300
MAX_TRAINING_SECONDS = 1800
MAX_INFERENCE_SECONDS = 900
MAX_SECONDS_PER_SAMPLE = 0.1
"""Assumed: how long one training and one batch transform take, typically and at most. AWS documents no limit."""


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


PRIORS: Mapping[str, ShareBand] = {
    "first": ShareBand(0.15, 0.48, 0.68),
    "control": ShareBand(0.15, 0.60, 0.68),
    "warm": ShareBand(0.25, 0.80, 0.84),
}
"""By role: `likely` from the notebook's conclusion, the bands from trials of auto-labelers on other data."""

_PRIOR_WEIGHT = 1.0
_NARROWEST = 0.12
"""However many jobs agree, the next one may differ by so much: its validation labels are a new draw of 200."""


MOST_JOBS = 2_000
"""Each is listed in an estimate, and each is reckoned."""


def count_of_objects(number: object, *, field: str = "objects", least: int = 1) -> int:
    """How many objects an estimate is asked about. Errors: `InvalidInput`."""
    if isinstance(number, bool) or not isinstance(number, int) or not least <= number <= MOST_OBJECTS:
        raise InvalidInput(f"give a number of images from {least} to {MOST_OBJECTS:,}", field=field)
    return number


def estimate(
    spec: CampaignSpec,
    objects: int,
    *,
    history: Sequence[PastJob] = (),
    prices: PriceTable | None = None,
    region: str = "us-east-1",
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
    table = prices or PriceTable.current()
    jobs = tuple(
        _job(spec, role, size, history, table, region) for role, size in _jobs(spec, objects, history, first_batch)
    )
    cost = sum((job.cost for job in jobs), _NOTHING)
    fee = table.service_fee(spec.task, LATEST)
    _, seconds, _ = _seconds(spec, history)
    all_human = Mills(
        fee.cost(objects) + _workers(spec, objects, seconds) + _computing(spec, objects, objects, 0, table)
    )
    return Estimate(
        low=cost.low,
        likely=cost.likely,
        high=cost.high,
        ceiling=cost.ceiling,
        all_human=all_human,
        jobs=jobs,
        assumptions=(
            *_assumptions(spec, jobs, history, table),
            *([f"{checked:,} of the {imported:,} imported labels are checked by people"] if checked else []),
            *([_CHEAPER] if spec.uses_auto_labeling and cost.likely > all_human else []),
        ),
    )


_CHEAPER = "people alone likely cost less money here: auto_labeling: false in the spec has them label everything"


def worst_case(
    spec: CampaignSpec, objects: int, *, prices: PriceTable | None = None, region: str = "us-east-1"
) -> Mills:
    """The most that one labeling job of `objects` may cost: reserved before it starts.

    Every object is labeled, and answered by all its workers (of whom those with a wage take all the time that a task
    allows), at the first tier of the service fee; and as many
    trainings run as iterations are possible, each as long as assumed at most. On functions: twice what they would use.
    """
    table = prices or PriceTable.current()
    fee = objects * table.service_fee(spec.task, LATEST).tiers[0].fee
    workers = _workers(spec, objects, spec.task_time_limit_seconds)
    return Mills(fee + workers + _compute(spec, objects, ShareBand(0.0, 0.0, 0.0), table, region).ceiling)


def so_far(spec: CampaignSpec, *, human: int, machine: int, prices: PriceTable | None = None) -> Mills:
    """What a running job's labels have cost, by how many people and the machine made: the service fee and the workers.

    Without computing, which is reckoned when the job has ended; never more than `worst_case`.
    """
    fee = (prices or PriceTable.current()).service_fee(spec.task, LATEST).cost(human + machine)
    _, seconds, _ = _seconds(spec, ())
    return Mills(fee + _workers(spec, human, seconds))


_NOTHING = Range(Mills(0), Mills(0), Mills(0), Mills(0))


def _jobs(spec: CampaignSpec, objects: int, history: Sequence[PastJob], first_batch: int) -> list[tuple[str, int]]:
    """Role and objects of each job to come, in order."""
    has_model = any(job.machine_images for job in history)
    jobs: list[tuple[str, int]] = []
    for number, start in enumerate(range(0, objects, spec.batch.size), start=first_batch):
        size = min(spec.batch.size, objects - start)
        jobs.append(("warm" if has_model else "first", size))
        if number in spec.control_batches:
            jobs.append(("control", size))
        has_model = spec.uses_auto_labeling
    return jobs


def _job(
    spec: CampaignSpec, role: str, objects: int, history: Sequence[PastJob], prices: PriceTable, region: str
) -> JobEstimate:
    share = _share(spec, role, objects, history)
    compute = _compute(spec, objects, share, prices, region, history)
    fee = prices.service_fee(spec.task, LATEST).cost(objects)

    def cost(machine_share: float, seconds: float, compute: Mills) -> Mills:
        return Mills(fee + _workers(spec, objects - floor(machine_share * objects), seconds) + compute)

    fast, usual, slow = _seconds(spec, history)

    return JobEstimate(
        role=role,
        objects=objects,
        machine_share=share,
        cost=Range(
            low=cost(share.high, fast, compute.low),
            likely=cost(share.likely, usual, compute.likely),
            high=cost(share.low, slow, compute.high),
            ceiling=worst_case(spec, objects, prices=prices, region=region),
        ),
        compute=compute,
    )


def _share(spec: CampaignSpec, role: str, objects: int, history: Sequence[PastJob]) -> ShareBand:
    if not spec.uses_auto_labeling:
        return ShareBand(0.0, 0.0, 0.0)
    # People label a validation set before the machine may start, and without a model a training set as well.
    up_front = spec.max_concurrent_tasks * (1 if role == "warm" else 2)
    limit = max(0.0, 1 - up_front / objects) if objects else 0.0
    prior = PRIORS[role]
    shares = [job.machine_share for job in history if (job.role == "warm") == (role == "warm")]
    if not shares:
        return prior.within(limit)
    weight = len(shares) / (len(shares) + _PRIOR_WEIGHT)
    likely = weight * fmean(shares) + (1 - weight) * prior.likely
    spread = max(abs(share - likely) for share in shares)
    half = max(_NARROWEST, spread, (prior.high - prior.low) / 2 / sqrt(1 + len(shares)))
    return ShareBand(max(0.0, likely - half), likely, min(1.0, likely + half)).within(limit)


def _compute(
    spec: CampaignSpec,
    objects: int,
    share: ShareBand,
    prices: PriceTable,
    region: str,
    history: Sequence[PastJob] = (),
) -> Range:
    if prices.bills_functions:
        return _functions(spec, objects, share, prices)
    instances = prices.compute(spec.task, region) if spec.uses_auto_labeling else None
    if instances is None or not objects:
        return _NOTHING
    training = prices.instance(instances.training, LATEST)
    inference = prices.instance(instances.inference, LATEST)
    rounds = ceil(objects / spec.max_concurrent_tasks)
    samples = sum(min(objects, spec.max_concurrent_tasks * number) for number in range(1, rounds + 1))
    ceiling = Mills(
        training.cost(rounds * MAX_TRAINING_SECONDS + ceil(samples * MAX_SECONDS_PER_SAMPLE))
        + inference.cost(rounds * MAX_INFERENCE_SECONDS)
    )
    typical = Mills(
        training.cost(ceil(rounds / 2) * TRAINING_SECONDS) + inference.cost(ceil(rounds / 2) * INFERENCE_SECONDS)
    )
    if history:
        typical = Mills(round(fmean(job.compute for job in history)))
    return Range(Mills(0), min(typical, ceiling), ceiling, ceiling)


def _functions(spec: CampaignSpec, objects: int, share: ShareBand, prices: PriceTable) -> Range:
    """What the functions of a job use: the fewer rounds and answers of people, the less."""
    if not objects:
        return _NOTHING
    most = most_rounds(objects)

    def cost(rounds: int, machine_share: float) -> Mills:
        return _computing(spec, objects, objects - floor(machine_share * objects), rounds, prices)

    return Range(
        low=cost(1, share.high),
        likely=cost(min(USUAL_ROUNDS, most), share.likely),
        high=cost(most, share.low),
        ceiling=Mills(SAFETY * cost(most, 0.0)),
    )


def _computing(spec: CampaignSpec, objects: int, by_people: int, rounds: int, prices: PriceTable) -> Mills:
    """What functions use where people label so many of the objects; without rounds: where no machine learns."""
    learns = spec.uses_auto_labeling and rounds > 0
    work = Work(
        objects=objects,
        images=looked_at(objects, spec.task),
        trainings=rounds if learns else 0,
        last_trainings=1 if learns else 0,
        predictions=rounds * objects if learns else 0,
        answers=0 if spec.is_public else _answers(spec, by_people),
    )
    return computing(work, prices, LATEST)


def _answers(spec: CampaignSpec, objects: int) -> int:
    """How many answers so many objects get from people, gold items with them."""
    return floor(objects * spec.most_workers * (1 + spec.gold_share))


def _workers(spec: CampaignSpec, objects: int, seconds: float) -> Mills:
    """What people get who answer for so many objects, so long each."""
    answers = _answers(spec, objects)
    if spec.wage is not None:
        return wages(answers * seconds, spec.wage)
    return Mills(answers * spec.worker_price)


def _seconds(spec: CampaignSpec, history: Sequence[PastJob]) -> tuple[float, float, float]:
    """Seconds of an answer: fast, usual, slow; never above what a task allows."""
    measured = [job.seconds_per_answer for job in history if job.seconds_per_answer is not None]
    usual = fmean(measured) if measured else SECONDS_PER_ANSWER.get(spec.task, _OTHER_SECONDS)
    low, high = _MEASURED_BAND if measured else _SECONDS_BAND
    most = float(spec.task_time_limit_seconds)
    return min(usual * low, most), min(usual, most), min(usual * high, most)


def _assumptions(
    spec: CampaignSpec, jobs: Sequence[JobEstimate], history: Sequence[PastJob], prices: PriceTable
) -> list[str]:
    lines = [_pay(spec, history)]
    if prices.service_fee(spec.task, LATEST).cost(1):
        lines.append("no other labeling in the same month: the service fee's first tier holds")
    else:
        lines.append(
            "gt-engine asks no fee; its functions at AWS's list prices of us-east-1, for work as it was measured"
            if prices.bills_functions
            else "gt-engine asks no fee; the machine that it runs on is not in it"
        )
    if not spec.uses_auto_labeling:
        return [*lines, "people label every object"]
    if history:
        lines.append(f"machine shares from the campaign's {len(history)} finished job(s), weighed with the notebook's")
    else:
        lines.append("machine shares from AWS's notebook (48 % first, 60 % without and 80 % with a pre-trained model)")
    if not prices.bills_instances:
        return lines
    if any(job.objects < MIN_AUTO_LABELING_OBJECTS for job in jobs):
        lines.append(
            f"Ground Truth auto-labels only from {MIN_AUTO_LABELING_OBJECTS:,} objects a job; "
            "smaller jobs may cost what people alone cost"
        )
    lines.append("compute: an allowance; training at most 30 minutes and 0.1 s for each sample, not documented by AWS")
    return lines


def _workers_each(spec: CampaignSpec) -> str:
    if spec.least_workers == spec.most_workers:
        return str(spec.most_workers)
    return f"{spec.least_workers} to {spec.most_workers} (reckoned with {spec.most_workers})"


def _pay(spec: CampaignSpec, history: Sequence[PastJob]) -> str:
    if spec.is_public:
        return f"{_workers_each(spec)} workers for each object at {usd(spec.worker_price)} an answer"
    if spec.wage is None:
        return "the work team's own pay is not in it: the service does not pay private and vendor teams"
    _, seconds, _ = _seconds(spec, history)
    shown = (
        "measured" if any(job.seconds_per_answer is not None for job in history) else "assumed until a job has ended"
    )
    return (
        f"{_workers_each(spec)} worker(s) for each object at {usd(spec.wage)} an hour, {seconds:.0f} seconds an "
        f"answer ({shown}); at most the {spec.task_time_limit_seconds} seconds that a task allows"
    )
