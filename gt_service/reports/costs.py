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
from functools import cached_property
from typing import Any

from gt_service.computing import Work, computing, looked_at
from gt_service.errors import UnknownState
from gt_service.job_tags import LEAST_WORKERS_TAG
from gt_service.money import Mills
from gt_service.outputs.job_output import Iteration, JobOutput
from gt_service.prices import PriceTable, ServiceFee, Workforce, wages
from gt_service.task_types import TaskType

NOTHING = Mills(0)


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

    def answers_cost(self, answers: int, seconds_each: float | None) -> Mills:
        """What workers get for so many answers that took so long on average; nothing of a wage where no time is
        known."""
        if self.wage is not None:
            return wages(answers * (seconds_each or 0), self.wage)
        return Mills(answers * self.price_per_answer)


@dataclass(frozen=True)
class JobCost:
    """A job's cost, whole and by iteration (the same numbers in the same order as `JobOutput.iterations`)."""

    total: Cost
    iterations: Mapping[int, Cost]


@dataclass(frozen=True)
class Bill:
    """What a job cost by its files, its terms and the prices of its day, and what it is compared to."""

    output: JobOutput
    terms: Terms
    prices: PriceTable

    @cached_property
    def fee(self) -> ServiceFee:
        return self.prices.service_fee(self.terms.task, self.terms.started)

    @cached_property
    def seconds(self) -> float | None:
        """Mean seconds of an answer, over those whose time is known; None without any."""
        workers = self.output.workers
        timed = sum(worker.timed for worker in workers)
        return sum(worker.timed * (worker.mean_seconds or 0) for worker in workers) / timed if timed else None

    @cached_property
    def answers_each(self) -> float:
        """Answers to an object that people label: as many as there were, where they are asked as needed."""
        if self.terms.least_workers is None or not self.output.human_images:
            return self.terms.workers_per_object
        return self.output.answers / self.output.human_images

    @cached_property
    def cost(self) -> JobCost:
        training = self._training()
        costs: dict[int, Cost] = {}
        month, already = _month(self.terms.started), 0
        for iteration in self.output.iterations:
            now = month if iteration.ended_at is None else _month(iteration.ended_at)
            already = already if now == month else 0
            month = now
            costs[iteration.number] = Cost(
                service=self.fee.cost(iteration.labeled, already=already),
                workers=self.terms.answers_cost(iteration.answers, self.seconds),
                compute=Mills(training[iteration.number]),
            )
            already += iteration.labeled
        compute = Mills(training[None] + self.computing(self.work))
        return JobCost(sum(costs.values(), Cost()) + Cost(compute=compute), costs)

    @cached_property
    def work(self) -> Work:
        """What the job has done, as its files tell: for what it used of functions, where that is paid for."""
        output = self.output
        *rounds, _ = output.training or [None]
        labeled = {each.number: each.labeled for each in output.iterations}
        predictions = sum(
            output.objects - sum(count for number, count in labeled.items() if number < run.iteration)
            for run in rounds
            if run is not None
        )
        return Work(
            objects=output.objects,
            images=looked_at(output.objects, self.terms.task),
            trainings=len(rounds),
            last_trainings=min(1, len(output.training)),
            predictions=predictions,
            answers=output.answers if self.terms.is_of_own_people else 0,
        )

    def computing(self, work: Work) -> Mills:
        return computing(work, self.prices, self.terms.started)

    def unseen(self, counters: Mapping[str, int]) -> Cost:
        """What the labels cost that the service counts (LabelCounters) and the job's files do not hold (any more).

        They are paid for all the same. How many answered each is not known: all that were asked, less the answers that
        the files hold beyond those to their own labels.
        """
        output, most = self.output, self.terms.workers_per_object
        human = max(0, counters.get("HumanLabeled", 0) - output.human_images)
        machine = max(0, counters.get("MachineLabeled", 0) - output.machine_images)
        spare = max(0, output.answers - output.human_images * most)
        answers = self.terms.answers_cost(max(0, human * most - spare), self.seconds)
        return Cost(self.fee.cost(human + machine, already=output.labeled), answers)

    def people(self, objects: int) -> Mills:
        """What workers get for labeling so many objects, each answer in the time that was measured."""
        return self.terms.answers_cost(round(objects * self.answers_each), self.seconds)

    def hours(self, objects: int) -> float | None:
        """How long people take for them; None where no time is known."""
        return None if self.seconds is None else round(self.seconds * objects * self.answers_each / 3600, 3)

    def all_human(self, objects: int) -> Cost:
        """What so many objects cost where people label every one."""
        answers = round(objects * self.answers_each) if self.terms.is_of_own_people else 0
        work = Work(objects, looked_at(objects, self.terms.task), answers=answers)
        return Cost(self.fee.cost(objects), self.people(objects), self.computing(work))

    def all_machine(self, objects: int) -> Cost:
        """The ceiling of any saving: the service fee alone, were no person needed and no compute."""
        return Cost(self.fee.cost(objects))

    def _training(self) -> Counter[int | None]:
        """Compute by iteration; None for trainings of a job without iterations."""
        costs: Counter[int | None] = Counter()
        compute = self.prices.compute(self.terms.task, self.terms.region)
        if compute is None:
            return costs
        rate = self.prices.instance(compute.training, self.terms.started)
        numbers = [each.number for each in self.output.iterations]
        for run in self.output.training:
            # A training belongs to the iteration of its folder or, where that labeled nothing, to the next that did.
            place = min((n for n in numbers if n >= run.iteration), default=max(numbers, default=None))
            costs[place] += rate.cost(run.curve.seconds or 0)
        return costs


def up_front_objects(iterations: Sequence[Iteration]) -> int | None:
    """How many objects people labeled before the machine labeled its first; None where it labeled none."""
    first = next((each.number for each in iterations if each.machine_images), None)
    if first is None:
        return None
    return sum(each.human_images for each in iterations if each.number < first)


def _mills(amount: Mapping[str, int]) -> Mills:
    return Mills(1000 * amount.get("Dollars", 0) + 10 * amount.get("Cents", 0) + amount.get("TenthFractionsOfACent", 0))


def _month(day: date | datetime) -> tuple[int, int]:
    return day.year, day.month
