"""What labeling costs: dated rows with their source, and the sums that follow from them. Integers of a mill only.

Three parts make the price of a job (developer guide, pricing page):

* the service fee, for each labeled object, whoever labeled it, in monthly tiers;
* the workers: with the public workforce the price that the request itself names, for each answer; nothing for a
  private work team; with a vendor what the vendor's listing in AWS Marketplace says, which no API tells;
* compute: the instances that train and predict, by the second.

gt-engine charges for none of them; where it runs as functions of the account, AWS bills what they use by small units
(what a job uses of them: `gt_service.computing`). People who are paid by the hour cost their wage for the time that
they worked, whatever the backend.

What a worker of the public workforce may be paid is a matter of the task type: `gt_service.task_types`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from enum import StrEnum
from math import ceil
from types import MappingProxyType
from typing import TypeVar

from gt_service.backends import Backend
from gt_service.errors import InvalidInput
from gt_service.money import Mills
from gt_service.task_types import TaskType

SECONDS_PER_HOUR = 3600


class Workforce(StrEnum):
    """Who labels, as the work team's ARN tells."""

    PUBLIC = "public"
    PRIVATE = "private"
    VENDOR = "vendor"

    @classmethod
    def of(cls, workteam_arn: str) -> Workforce:
        """The kind of a work team. An ARN of none of the three kinds is an `InvalidInput`."""
        for kind in cls:
            if f":workteam/{kind}-crowd/" in workteam_arn:
                return kind
        raise InvalidInput(f"{workteam_arn!r} is not a work team of a known kind", field="WorkteamArn")


@dataclass(frozen=True)
class Tier:
    """`fee` for each object up to the `up_to`-th of a calendar month; None has no end."""

    up_to: int | None
    fee: Mills


@dataclass(frozen=True)
class ServiceFee:
    """The service fee of some task types, valid from `since` until a later row takes its place; `read` on that day."""

    since: date
    read: date
    tasks: frozenset[TaskType]
    tiers: tuple[Tier, ...]
    source: str

    def cost(self, objects: int, *, already: int = 0) -> Mills:
        """The fee for `objects` more in a month that has seen `already`."""
        total, done, left = 0, already, objects
        for tier in self.tiers:
            room = left if tier.up_to is None else min(left, max(0, tier.up_to - done))
            total += room * tier.fee
            done, left = done + room, left - room
        return Mills(total)


@dataclass(frozen=True)
class InstanceRate:
    """One hour of a SageMaker instance, `read` on that day; billed by the second, rounded up to the mill."""

    since: date
    read: date
    instance: str
    mills_per_hour: Mills
    source: str

    def cost(self, seconds: int) -> Mills:
        return Mills(-(-seconds * self.mills_per_hour // SECONDS_PER_HOUR))


@dataclass(frozen=True)
class Compute:
    """The instances that Ground Truth trains and predicts with for an algorithm."""

    training: str
    inference: str


_TIERED = (Tier(50_000, Mills(80)), Tier(1_000_000, Mills(40)), Tier(None, Mills(20)))
_TIER_SOURCE = (
    "The price file behind AWS's page (pricing/2.0/meteredUnitMaps/sagemaker/USD/current/groundtruth.json), us-east-1, "
    "as public notes quote it. The first two tiers also in a public tutorial that cites AWS's page; the third has no "
    "second source. Other regions: not confirmed."
)
_TIERS_READ = date(2026, 10, 5)
_INSTANCE_SOURCE = "aws.amazon.com/sagemaker/pricing, on demand, us-east-1; as quoted by public price tables"
_READ = date(2026, 11, 22)

_COMPUTE: Mapping[TaskType, Compute] = MappingProxyType(
    {
        # Developer guide, sms-automated-labeling, "EC2 instances required to run automated data labeling".
        TaskType.IMAGE_CLASSIFICATION: Compute("ml.p3.2xlarge", "ml.c5.xlarge"),
        TaskType.OBJECT_DETECTION: Compute("ml.p3.2xlarge", "ml.c5.4xlarge"),
        TaskType.TEXT_CLASSIFICATION: Compute("ml.c5.2xlarge", "ml.m4.xlarge"),
        TaskType.SEMANTIC_SEGMENTATION: Compute("ml.p3.2xlarge", "ml.p3.2xlarge"),
    }
)


class Unit(StrEnum):
    """What AWS bills the use of functions by."""

    GB_SECOND = "GB-second of a function"
    DISK_GB_SECOND = "GB-second of a function's disk above half a GB"
    INVOCATION = "invocation of a function"
    S3_READ = "read of S3"
    S3_WRITE = "write or listing of S3"
    S3_GB_MONTH = "GB in S3 for a month"
    QUEUE_REQUEST = "request to a FIFO queue"
    TRANSITION = "state transition of Step Functions"
    TABLE_WRITE = "write of a DynamoDB item"
    TABLE_READ = "read of a DynamoDB item"


@dataclass(frozen=True)
class UnitRate:
    """Dollars for one unit, valid from `since` until a later row takes its place; `read` on that day. Too small for
    mills: a sum of them is rounded up to the mill."""

    since: date
    read: date
    unit: Unit
    dollars: Decimal
    source: str


_Row = TypeVar("_Row", ServiceFee, InstanceRate, UnitRate)


def _latest(rows: Iterable[_Row], on: date, what: str, field: str) -> _Row:
    """The row that is valid on a day. Errors: `InvalidInput` where there is none."""
    begun = [row for row in rows if row.since <= on]
    if not begun:
        raise InvalidInput(f"the price table has no {what} on {on}", field=field)
    return max(begun, key=lambda row: row.since)


@dataclass(frozen=True)
class PriceTable:
    """All prices, by date. `PriceTable.current()` is the one that ships; pass another to calculate with your own."""

    service_fees: tuple[ServiceFee, ...]
    instances: tuple[InstanceRate, ...]
    units: tuple[UnitRate, ...] = ()

    @classmethod
    def current(cls) -> PriceTable:
        """Ground Truth's prices of today."""
        return _CURRENT

    @classmethod
    def of(cls, backend: Backend) -> PriceTable:
        """What a backend charges today."""
        if backend.service_fee:
            return _CURRENT
        return _FUNCTIONS if backend.bills_functions else _FREE_OF_CHARGE

    @property
    def bills_instances(self) -> bool:
        """Whether training and predicting are paid by the second of instances."""
        return bool(self.instances)

    @property
    def bills_functions(self) -> bool:
        """Whether computing is paid by what functions use."""
        return bool(self.units)

    def service_fee(self, task: TaskType, on: date) -> ServiceFee:
        """The row for a task on a day. Errors: `InvalidInput` where the table has none."""
        return _latest((row for row in self.service_fees if task in row.tasks), on, f"service fee for {task}", "task")

    def instance(self, name: str, on: date) -> InstanceRate:
        """The rate of an instance on a day. Errors: `InvalidInput` where the table has none."""
        return _latest((row for row in self.instances if row.instance == name), on, f"rate for {name}", "instance")

    def unit(self, unit: Unit, on: date) -> UnitRate:
        """The rate of a unit on a day. Errors: `InvalidInput` where the table has none."""
        return _latest((row for row in self.units if row.unit is unit), on, f"rate for a {unit}", "unit")

    def compute(self, task: TaskType, region: str) -> Compute | None:
        """The instances of a task's auto-labeling in a region; None where the task type has none, or none is billed."""
        if not self.bills_instances:
            return None
        pair = _COMPUTE.get(task)
        if pair is None or region != "ap-south-1":
            return pair
        swap = {"ml.p3.2xlarge": "ml.p2.8xlarge"}
        return Compute(swap.get(pair.training, pair.training), swap.get(pair.inference, pair.inference))


_GROUND_TRUTH_BEGAN = date(2018, 11, 28)


def _rate(instance: str, mills_per_hour: int, source: str = _INSTANCE_SOURCE) -> InstanceRate:
    return InstanceRate(_GROUND_TRUTH_BEGAN, _READ, instance, Mills(mills_per_hour), source)


_CURRENT = PriceTable(
    service_fees=(ServiceFee(_GROUND_TRUTH_BEGAN, _TIERS_READ, frozenset(TaskType), _TIERED, _TIER_SOURCE),),
    instances=(
        _rate("ml.p3.2xlarge", 3825),
        _rate("ml.c5.xlarge", 204),
        _rate("ml.c5.2xlarge", 408),
        _rate("ml.c5.4xlarge", 816),
        _rate("ml.m4.xlarge", 280),
        _rate("ml.p2.8xlarge", 17_180, "EC2's rate in ap-south-1, the one region that uses it, by 1.25; not confirmed"),
    ),
)

_FREE_OF_CHARGE = PriceTable(
    service_fees=(
        ServiceFee(
            _GROUND_TRUTH_BEGAN,
            date(2026, 11, 26),
            frozenset(TaskType),
            (Tier(None, Mills(0)),),
            "gt-engine is part of gt-service and asks no fee; the machine that it runs on is yours and not counted",
        ),
    ),
    instances=(),
)


def _unit(unit: Unit, dollars: str, page: str) -> UnitRate:
    source = f"aws.amazon.com/{page}/pricing, us-east-1, without free tiers"
    return UnitRate(date(2024, 11, 1), date(2025, 7, 1), unit, Decimal(dollars), source)


_FUNCTIONS = replace(
    _FREE_OF_CHARGE,
    units=(
        _unit(Unit.GB_SECOND, "0.0000166667", "lambda"),
        _unit(Unit.DISK_GB_SECOND, "0.0000000309", "lambda"),
        _unit(Unit.INVOCATION, "0.0000002", "lambda"),
        _unit(Unit.S3_READ, "0.0000004", "s3"),
        _unit(Unit.S3_WRITE, "0.000005", "s3"),
        _unit(Unit.S3_GB_MONTH, "0.023", "s3"),
        _unit(Unit.QUEUE_REQUEST, "0.0000005", "sqs"),
        _unit(Unit.TRANSITION, "0.000025", "step-functions"),
        _unit(Unit.TABLE_WRITE, "0.000000625", "dynamodb"),
        _unit(Unit.TABLE_READ, "0.000000125", "dynamodb"),
    ),
)


def wages(seconds: float, mills_per_hour: Mills) -> Mills:
    """What people earn in some time of work, rounded up to the mill."""
    return Mills(ceil(Decimal(str(seconds)) * mills_per_hour / SECONDS_PER_HOUR))
