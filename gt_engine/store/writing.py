"""The conditions of the engine's writes, and what comes of a refused one.

Every condition's docstring says which race it closes.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from botocore.exceptions import BotoCoreError, ClientError
from pynamodb.exceptions import PynamoDBException
from pynamodb.expressions.condition import Condition

from gt_engine.store.records import Phase
from gt_engine.store.tables import JobItem, ModelItem, OfferItem, SessionItem, TaskItem, WorkerItem, WorkteamItem


@contextmanager
def aws_errors() -> Iterator[None]:
    """DynamoDB's troubles leave the store as botocore's errors, as those of every other service do."""
    try:
        yield
    except PynamoDBException as error:
        if isinstance(error.cause, BotoCoreError | ClientError):
            raise error.cause from error
        raise


def job_at(version: int) -> Condition:
    """Closes: two processes do the same step, because one outlived a killed engine."""
    condition: Condition = JobItem.version == version
    return condition


def no_stop_requested() -> Condition:
    """Closes: a stop arrives while the job completes, and is never honoured."""
    condition: Condition = JobItem.stop_requested.does_not_exist()
    return condition


def job_runs() -> Condition:
    """Closes: a stop arrives just after the job's end, and marks a job that nobody will touch again."""
    condition: Condition = JobItem.phase.is_in(Phase.INITIALIZING.value, Phase.IN_PROGRESS.value)
    return condition


def model_is_there() -> Condition:
    """Closes: two calls of DeleteModel, which are both told that they deleted it."""
    condition: Condition = ModelItem.key.exists()
    return condition


def job_is_there() -> Condition:
    """Closes: an update of a job that is missing makes an item of tags alone."""
    condition: Condition = JobItem.key.exists()
    return condition


def task_at(version: int) -> Condition:
    """Closes: two workers take the last place of an object, an answer comes while its time runs out, or an answer is
    changed while its label is made. One of the two is written; the other looks again."""
    condition: Condition = TaskItem.version == version
    return condition


def worker_at(version: int) -> Condition:
    """Closes: a sign-in, an invitation or a pause brings back somebody who was disabled or forgotten meanwhile."""
    condition: Condition = WorkerItem.version == version if version else WorkerItem.version.does_not_exist()
    return condition


def session_is_there() -> Condition:
    """Closes: a request prolongs a session that was ended a moment ago, and so brings it back."""
    condition: Condition = SessionItem.key.exists()
    return condition


def workteam_is_there() -> Condition:
    """Closes: an update brings a deleted team back."""
    condition: Condition = WorkteamItem.key.exists()
    return condition


def offer_is_there() -> Condition:
    """Closes: a step that outlived its engine brings back the offer of a job that has ended."""
    condition: Condition = OfferItem.key.exists()
    return condition
