"""What gt-engine's functions use of AWS for a labeling job: pieces of work, each measured once, times how often it is
done. Pure; the prices are `gt_service.prices`'.

Nothing of it is read off a bill: pieces were measured on a machine of two processors, with S3's own time assumed. A
test holds the figures here against benchmarks/results (serverless.json, portal.json).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_CEILING, Decimal
from math import ceil, log2

from gt_service.money import Mills
from gt_service.prices import PriceTable, Unit
from gt_service.task_types import TaskType

CHUNK_GB, STEP_GB, API_GB, DISK_GB = 1.769, 3.008, 1.769, 9.5
"""Of the functions, as the template makes them; the disk without the half gigabyte that is free."""
S3_SECONDS = 0.030 / 16
"""Assumed: a request takes 30 ms, and sixteen are on their way at a time."""
REQUEST_SECONDS = 0.1
"""Assumed of a request to the portal, its waiting for S3 and DynamoDB with it."""
WAKE_SECONDS = 0.5
"""Assumed of looking whether an answer changes what is next."""

LOOKED_TOGETHER, PREDICTED_TOGETHER = 250, 1_000
FEATURES_GB_MONTHS = 0.36e-3 / 30
"""Of an image: they lie in S3 for a day at most."""

USUAL_ROUNDS = 5
MOST_ROUNDS, USUAL_OBJECTS = 5, 2_500
"""gt-engine's rounds of a job: so many, and two more for each doubling of so many objects."""
SAFETY = 2
"""What is set aside for computing, times what is reckoned: what dies is done again."""


@dataclass(frozen=True)
class Work:
    """How often each piece of a job's work is done.

    objects         asked about, labeled and written
    images          looked at, with their features
    trainings       before a round of the machine
    last_trainings  on all labels, for the model that the job leaves
    predictions     objects that the rounds predicted, each time that they did
    answers         of people in the portal
    """

    objects: int = 0
    images: int = 0
    trainings: int = 0
    last_trainings: int = 0
    predictions: int = 0
    answers: int = 0


def _on(gigabytes: float, seconds: float, *, reads: float = 0, writes: float = 0, disk: bool = True) -> Counter[Unit]:
    """What a function uses in so many seconds of processor time, with its requests to S3."""
    seconds += (reads + writes) * S3_SECONDS
    used = {Unit.GB_SECOND: seconds * gigabytes, Unit.S3_READ: reads, Unit.S3_WRITE: writes}
    return Counter({**used, Unit.DISK_GB_SECOND: seconds * DISK_GB} if disk else used)


def _mapped(together: int) -> Counter[Unit]:
    """The share that one of so many has in the chunk that they are worked on in."""
    return Counter({Unit.INVOCATION: 1 / together, Unit.TRANSITION: 3 / together})


def _step(count: float) -> Counter[Unit]:
    """Steps: a message, an invocation, and the job's record."""
    requests = {Unit.QUEUE_REQUEST: 3 * count, Unit.INVOCATION: count}
    return Counter({**requests, Unit.TABLE_WRITE: 2 * count, Unit.TABLE_READ: 3 * count})


MEASURED: Mapping[str, tuple[float, float, float]] = {
    "objects": (0.0023, 0.17, 0.576),
    "images": (0.0228, 1.02, 0.061),
    "trainings": (9.86, 15.8, 4.2),
    "last_trainings": (24.2, 59, 2),
    "predictions": (0.0066, 0, 0),
}
"""Of one of each: seconds of processor time, reads of S3, writes and listings."""
STEPS_PER_OBJECT = 0.028
REQUESTS_PER_ANSWER = 8


def _measured(piece: str, gigabytes: float, *, more_reads: float = 0) -> Counter[Unit]:
    seconds, reads, writes = MEASURED[piece]
    return _on(gigabytes, seconds, reads=reads + more_reads, writes=writes)


PIECES: Mapping[str, Mapping[Unit, float]] = {
    "objects": _measured("objects", STEP_GB) + _step(STEPS_PER_OBJECT),
    "images": _measured("images", CHUNK_GB)
    + _mapped(LOOKED_TOGETHER)
    + Counter({Unit.S3_GB_MONTH: FEATURES_GB_MONTHS}),
    # Done again when what it predicts is there; what it has learnt is kept.
    "trainings": _measured("trainings", STEP_GB) + _step(2),
    "last_trainings": _measured("last_trainings", STEP_GB) + _step(1),
    # Each chunk's copy of the function fetches the features anew.
    "predictions": _measured("predictions", CHUNK_GB, more_reads=1) + _mapped(PREDICTED_TOGETHER),
    "answers": _on(API_GB, REQUESTS_PER_ANSWER * REQUEST_SECONDS, writes=2, disk=False)
    + Counter({Unit.INVOCATION: REQUESTS_PER_ANSWER, Unit.TABLE_WRITE: 10, Unit.TABLE_READ: 20})
    + _on(STEP_GB, WAKE_SECONDS)
    + _step(1),
}
"""What one of each uses. The portal's writes and its items of tables are assumed, as its seconds are."""


def looked_at(objects: int, task: TaskType) -> int:
    """How many of a job's objects are images."""
    return objects if task.facts.medium == "image" else 0


def most_rounds(objects: int) -> int:
    """How often the machine may train and predict in a job."""
    return MOST_ROUNDS + 2 * max(0, ceil(log2(objects / USUAL_OBJECTS))) if objects else MOST_ROUNDS


def usage(work: Work) -> Counter[Unit]:
    """What a job's functions use."""
    total: Counter[Unit] = Counter()
    for piece, uses in PIECES.items():
        count = getattr(work, piece)
        total += Counter({unit: count * amount for unit, amount in uses.items()})
    return total


def dollars(work: Work, prices: PriceTable, on: date) -> Decimal:
    """At a day's prices, to the last digit."""
    amounts = usage(work).items()
    return sum((Decimal(str(amount)) * prices.unit(unit, on).dollars for unit, amount in amounts), Decimal(0))


def computing(work: Work, prices: PriceTable, on: date) -> Mills:
    """What the functions of a job cost, rounded up to the mill; nothing where functions are not what is paid for."""
    if not prices.bills_functions:
        return Mills(0)
    return Mills(int((dollars(work, prices, on) * 1000).to_integral_value(ROUND_CEILING)))
