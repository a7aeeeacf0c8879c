"""What a labeling job cost, and what it saved against what. Pure: counts and terms in, mills out.

The price of a job (pricing page): the service fee for each labeled object, whoever labeled it; the workers, paid for
each answer, also for answers to objects that got no label, and whatever the job's status; compute by the second. A
private work team is not paid by the service; where the owner says what an hour of it costs, that is the workers' part.
gt-engine on functions: compute is what the functions used, of the job as a whole.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

from gt_service.computing import Work, computing, looked_at
from gt_service.errors import UnknownState
from gt_service.money import Mills
from gt_service.outputs.answers import WorkerStats
from gt_service.outputs.job_output import Iteration, JobOutput, TrainingRun
from gt_service.prices import PriceTable, Workforce, wages
from gt_service.regions import TaskType

NOTHING = Mills(0)
LEAST_WORKERS_TAG = "gt-engine:least-workers"


@dataclass(frozen=True)
class Cost:
    """Money by where it goes."""

    service: Mills = NOTHING
    workers: Mills = NOTHING
    compute: Mills = NOTHING

    @property
    def total(self) -> Mills:
        return Mills(self.service + self.workers + self.compute)

    def __add__(self, other: Cost) -> Cost:
        return Cost(
            Mills(self.service + other.service),
            Mills(self.workers + other.workers),
            Mills(self.compute + other.compute),
        )


@dataclass(frozen=True)
class Terms:
    """What a labeling job was asked to do for what price, from its own request.

    price_per_answer   what the request pays a worker of the public workforce; 0 with other workforces, which the
                       service does not pay
    wage               mills an hour of a private work team, where its owner says so
    least_workers      so many are asked at least, and workers_per_object at most; None where the number is fixed
    """

    task: TaskType
    region: str
    workforce: Workforce
    workers_per_object: int
    price_per_answer: Mills
    max_concurrent_tasks: int
    auto_labeling: bool
    started: date
    wage: Mills | None = None
    least_workers: int | None = None

    @classmethod
    def of(cls, description: Mapping[str, Any], task: TaskType, wage: Mills | None = None) -> Terms:
        """From the response of DescribeLabelingJob."""
        human = description["HumanTaskConfig"]
        workforce = Workforce.of(human["WorkteamArn"])
        least = next((tag["Value"] for tag in description.get("Tags", ()) if tag["Key"] == LEAST_WORKERS_TAG), None)
        amount = human.get("PublicWorkforceTaskPrice", {}).get("AmountInUsd")
        if workforce is Workforce.PUBLIC and amount is None:
            raise UnknownState(f"{description['LabelingJobName']} is public work without a price")
        return cls(
            task=task,
            region=description["LabelingJobArn"].split(":")[3],
            workforce=workforce,
            workers_per_object=human["NumberOfHumanWorkersPerDataObject"],
            price_per_answer=_mills(amount or {}) if workforce is Workforce.PUBLIC else NOTHING,
            max_concurrent_tasks=human.get("MaxConcurrentTaskCount", 1000),
            auto_labeling="LabelingJobAlgorithmsConfig" in description,
            started=description["CreationTime"].astimezone(UTC).date(),
            wage=wage if workforce is Workforce.PRIVATE else None,
            least_workers=None if least is None else int(least),
        )

    @property
    def is_of_own_people(self) -> bool:
        """Whether people of the owner's answer, at the engine's portal where it has one."""
        return self.workforce is Workforce.PRIVATE

    def answers_each(self, output: JobOutput) -> float:
        """Answers to an object that people label: as many as there were, where they are asked as needed."""
        if self.least_workers is None or not output.human_images:
            return self.workers_per_object
        return output.answers / output.human_images

    def answers_cost(self, answers: int, seconds_each: float | None) -> Mills:
        """What workers get for so many answers that took so long on average; nothing of a wage where no time is
        known."""
        if self.wage is not None:
            return wages(answers * (seconds_each or 0), self.wage)
        return Mills(answers * self.price_per_answer)

    def human_cost(self, objects: int, seconds_each: float | None, answers_each: float) -> Mills:
        """What workers get for labeling so many objects, so many answering each."""
        return self.answers_cost(round(objects * answers_each), seconds_each)


@dataclass(frozen=True)
class JobCost:
    """A job's cost, whole and by iteration (the same numbers in the same order as `JobOutput.iterations`)."""

    total: Cost
    iterations: Mapping[int, Cost]


def job_cost(output: JobOutput, terms: Terms, prices: PriceTable) -> JobCost:
    training = _training_cost(output.iterations, output.training, terms, prices)
    costs: dict[int, Cost] = {}
    month = _month(terms.started)
    already = 0
    fee = prices.service_fee(terms.task, terms.started)
    seconds = seconds_per_answer(output.workers)
    for iteration in output.iterations:
        now = month if iteration.ended_at is None else _month(iteration.ended_at)
        already = already if now == month else 0
        month = now
        costs[iteration.number] = Cost(
            service=fee.cost(iteration.labeled, already=already),
            workers=terms.answers_cost(iteration.answers, seconds),
            compute=Mills(training[iteration.number]),
        )
        already += iteration.labeled
    compute = training[None] + computing(work_of(output, terms), prices, terms.started)
    total = sum(costs.values(), Cost()) + Cost(compute=Mills(compute))
    return JobCost(total, costs)


def work_of(output: JobOutput, terms: Terms) -> Work:
    """What a job has done, as its files tell: for what it used of functions, where that is paid for."""
    *rounds, _ = output.training or [None]
    labeled = {each.number: each.labeled for each in output.iterations}
    predictions = sum(
        output.objects - sum(count for number, count in labeled.items() if number < run.iteration)
        for run in rounds
        if run is not None
    )
    return Work(
        objects=output.objects,
        images=looked_at(output.objects, terms.task),
        trainings=len(rounds),
        last_trainings=min(1, len(output.training)),
        predictions=predictions,
        answers=output.answers if terms.is_of_own_people else 0,
    )


def unseen_cost(output: JobOutput, counters: Mapping[str, int], terms: Terms, prices: PriceTable) -> Cost:
    """What the labels cost that the service counts (LabelCounters) and the job's files do not hold (any more).

    They are paid for all the same. How many answered each is not known: all that were asked, less the answers that the
    files hold beyond those to their own labels.
    """
    human = max(0, counters.get("HumanLabeled", 0) - output.human_images)
    machine = max(0, counters.get("MachineLabeled", 0) - output.machine_images)
    fee = prices.service_fee(terms.task, terms.started)
    spare = max(0, output.answers - output.human_images * terms.workers_per_object)
    answers = terms.answers_cost(max(0, human * terms.workers_per_object - spare), seconds_per_answer(output.workers))
    return Cost(fee.cost(human + machine, already=output.labeled), answers)


def seconds_per_answer(workers: Sequence[WorkerStats]) -> float | None:
    """Mean seconds of an answer, over those whose time is known; None without any."""
    timed = sum(worker.timed for worker in workers)
    return sum(worker.timed * (worker.mean_seconds or 0) for worker in workers) / timed if timed else None


def all_human_cost(
    objects: int, terms: Terms, prices: PriceTable, *, seconds_each: float | None, answers_each: float
) -> Cost:
    """What the same number of objects costs where people label every one, each answer in the time that was measured."""
    fee = prices.service_fee(terms.task, terms.started)
    answers = round(objects * answers_each) if terms.is_of_own_people else 0
    work = Work(objects, looked_at(objects, terms.task), answers=answers)
    return Cost(
        fee.cost(objects),
        terms.human_cost(objects, seconds_each, answers_each),
        computing(work, prices, terms.started),
    )


def all_machine_cost(objects: int, terms: Terms, prices: PriceTable) -> Cost:
    """The ceiling of any saving: the service fee alone, were no person needed and no compute."""
    return Cost(prices.service_fee(terms.task, terms.started).cost(objects))


def up_front_objects(iterations: Sequence[Iteration]) -> int | None:
    """How many objects people labeled before the machine labeled its first; None where it labeled none."""
    first = next((each.number for each in iterations if each.machine_images), None)
    if first is None:
        return None
    return sum(each.human_images for each in iterations if each.number < first)


def _training_cost(
    iterations: Sequence[Iteration], runs: Sequence[TrainingRun], terms: Terms, prices: PriceTable
) -> Counter[int | None]:
    """Compute by iteration; None for trainings of a job without iterations."""
    costs: Counter[int | None] = Counter()
    compute = prices.compute(terms.task, terms.region)
    if compute is None:
        return costs
    rate = prices.instance(compute.training, terms.started)
    numbers = [each.number for each in iterations]
    for run in runs:
        # A training belongs to the iteration of its folder or, where that labeled nothing, to the next one that did.
        place = min((n for n in numbers if n >= run.iteration), default=max(numbers, default=None))
        costs[place] += rate.cost(run.curve.seconds or 0)
    return costs


def _mills(amount: Mapping[str, int]) -> Mills:
    return Mills(1000 * amount.get("Dollars", 0) + 10 * amount.get("Cents", 0) + amount.get("TenthFractionsOfACent", 0))


def _month(day: date | datetime) -> tuple[int, int]:
    return day.year, day.month
