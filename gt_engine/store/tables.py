"""The engine's tables, in pynamodb's terms. Nothing outside this package imports them.

`<prefix>-jobs`    one item per labeling job, keyed by its name in lower case (names differ without regard to case)
`<prefix>-models`  one item per model that a job trained, keyed by its name

People who label:

`<prefix>-workteams`  the workforce (key `workforce`) and its teams (`team/` and the name in lower case)
`<prefix>-workers`    one item per worker, keyed by the worker's id
`<prefix>-sessions`   sessions and invitations, keyed by kind and digest; `expires` is their time to live
`<prefix>-offers`     one item per labeling job that people work on
`<prefix>-tasks`      one item per data object on offer: job, place in the order of asking
`<prefix>-answers`    every worker's own answers: worker, time of acceptance
"""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any, TypeVar

from botocore.exceptions import BotoCoreError, ClientError
from pynamodb.attributes import Attribute, BooleanAttribute, JSONAttribute, UnicodeAttribute
from pynamodb.constants import ACTIVE, MAP, STRING
from pynamodb.exceptions import PynamoDBException, TableError
from pynamodb.models import Model
from pynamodb.pagination import PageIterator

from gt_service.store.models import IntegerAttribute, bound, shared_connection

M = TypeVar("M", bound=Model)

log = logging.getLogger(__name__)


class MomentAttribute(Attribute[datetime]):
    """A time in UTC, as ISO 8601 has it."""

    attr_type = STRING

    def serialize(self, value: datetime) -> str:
        return value.isoformat()

    def deserialize(self, value: str) -> datetime:
        return datetime.fromisoformat(value).astimezone(UTC)


class TagsAttribute(Attribute[Mapping[str, str]]):
    """A map of texts, whose keys are the caller's."""

    attr_type = MAP

    def serialize(self, value: Mapping[str, str]) -> dict[str, Any]:
        return {key: {STRING: text} for key, text in value.items()}

    def deserialize(self, value: Mapping[str, Any]) -> dict[str, str]:
        return {key: text[STRING] for key, text in value.items()}


class JobItem(Model):
    """Two writers share an item. The runner owns `version`, `phase`, the counters and the rest of the progress; the
    API owns `stop_requested` and the tags. Neither ever overwrites the other's.

    counters: human, machine, failed, unlabeled. stop_requested: when a stop was asked for.
    """

    key = UnicodeAttribute(hash_key=True)
    name = UnicodeAttribute()
    arn = UnicodeAttribute()
    reference_code = UnicodeAttribute()
    request = JSONAttribute()
    created_at = MomentAttribute()
    modified_at = MomentAttribute()
    tags = TagsAttribute()
    version = IntegerAttribute()
    phase = UnicodeAttribute()
    stop_requested = MomentAttribute(null=True)
    counters = JSONAttribute()
    failure_reason = UnicodeAttribute(null=True)
    final_model_arn = UnicodeAttribute(null=True)
    announced = BooleanAttribute()
    by_people = BooleanAttribute(null=True)


class ModelItem(Model):
    key = UnicodeAttribute(hash_key=True)
    arn = UnicodeAttribute()
    s3_uri = UnicodeAttribute()
    job_arn = UnicodeAttribute(null=True)
    role_arn = UnicodeAttribute()
    task = UnicodeAttribute()
    classes = JSONAttribute()
    created_at = MomentAttribute()
    kind = UnicodeAttribute(null=True)


class WorkteamItem(Model):
    """document: the record as JSON; times in ISO 8601."""

    key = UnicodeAttribute(hash_key=True)
    document = JSONAttribute()


class WorkerItem(Model):
    """version: none where an earlier engine wrote the item last."""

    key = UnicodeAttribute(hash_key=True)
    sub = UnicodeAttribute()
    name = UnicodeAttribute()
    email = UnicodeAttribute(null=True)
    groups = JSONAttribute()
    is_enabled = BooleanAttribute()
    issuer = UnicodeAttribute(null=True)
    pause = JSONAttribute(null=True)
    version = IntegerAttribute(null=True)


class SessionItem(Model):
    """key: `session/` or `invitation/` and the digest. until: the end exactly; expires: for DynamoDB, in seconds."""

    key = UnicodeAttribute(hash_key=True)
    worker = UnicodeAttribute()
    until = MomentAttribute()
    expires = IntegerAttribute()


class OfferItem(Model):
    """document: what does not change while the job runs."""

    key = UnicodeAttribute(hash_key=True)
    document = JSONAttribute()
    until = MomentAttribute()
    first = IntegerAttribute()
    asked = IntegerAttribute()


class TaskItem(Model):
    """assignments: what became of the object at each worker, as JSON."""

    job = UnicodeAttribute(hash_key=True)
    place = IntegerAttribute(range_key=True)
    object_id = UnicodeAttribute()
    part = IntegerAttribute()
    wanted = IntegerAttribute()
    assignments = UnicodeAttribute()
    closed = BooleanAttribute()
    version = IntegerAttribute()
    most = IntegerAttribute(null=True)
    agreed = BooleanAttribute(null=True)


class AnswerItem(Model):
    """moment: `Work.listed_at`, job and place: the same answer, changed, is the same item."""

    worker = UnicodeAttribute(hash_key=True)
    moment = UnicodeAttribute(range_key=True)
    job = UnicodeAttribute()
    place = IntegerAttribute()
    nonce = UnicodeAttribute()
    accepted_at = MomentAttribute()
    submitted_at = MomentAttribute()
    milliseconds = IntegerAttribute()


class Tables:
    """The models, bound to the tables whose names begin with a prefix."""

    def __init__(self, prefix: str, region: str) -> None:
        self.jobs = bound(JobItem, f"{prefix}-jobs", region)
        self.models = bound(ModelItem, f"{prefix}-models", region)
        self.workteams = bound(WorkteamItem, f"{prefix}-workteams", region)
        self.workers = bound(WorkerItem, f"{prefix}-workers", region)
        self.sessions = bound(SessionItem, f"{prefix}-sessions", region)
        self.offers = bound(OfferItem, f"{prefix}-offers", region)
        self.tasks = bound(TaskItem, f"{prefix}-tasks", region)
        self.answers = bound(AnswerItem, f"{prefix}-answers", region)
        self._all: list[type[Model]] = [*vars(self).values()]
        self.connection = shared_connection(self._all, region)

    def create(self) -> None:
        """Makes the tables that are not there yet and waits until all can be used."""
        for model in self._all:
            try:
                model.create_table()
            except TableError as error:
                # Another engine makes it at this moment.
                if error.cause_response_code != "ResourceInUseException":
                    raise
        for model in self._all:
            while self.connection.describe_table(model.Meta.table_name)["TableStatus"] != ACTIVE:
                time.sleep(0.5)
        self._let_sessions_expire()

    def _let_sessions_expire(self) -> None:
        """DynamoDB removes sessions and invitations that are over. An engine whose role was made before it needed that
        permission works without: nobody gets in by what is over."""
        client: Any = self.connection.client
        table = self.sessions.Meta.table_name
        try:
            about = client.describe_time_to_live(TableName=table)["TimeToLiveDescription"]
            if about["TimeToLiveStatus"] in {"DISABLED", "DISABLING"}:
                setting = {"Enabled": True, "AttributeName": SessionItem.expires.attr_name}
                client.update_time_to_live(TableName=table, TimeToLiveSpecification=setting)
        except ClientError as refused:
            # ValidationException: another engine has done it at this moment.
            if refused.response["Error"]["Code"] not in {"AccessDeniedException", "ValidationException"}:
                raise
            log.warning("sessions that are over stay in the table", extra={"table": table, "reason": str(refused)})


@contextmanager
def aws_errors() -> Iterator[None]:
    """DynamoDB's troubles leave the store as botocore's errors, as those of every other service do."""
    try:
        yield
    except PynamoDBException as error:
        if isinstance(error.cause, BotoCoreError | ClientError):
            raise error.cause from error
        raise


def items_of(model: type[M]) -> Iterator[Mapping[str, Any]]:
    """Every item of a table as it lies there, for the caller to make sense of each by itself."""
    for page in PageIterator[Mapping[str, Any]](model._get_connection().scan, (), {"consistent_read": True}):
        yield from page["Items"]
