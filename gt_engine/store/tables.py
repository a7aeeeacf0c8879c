"""The engine's tables, in pynamodb's terms. Nothing outside this package imports them.

`<prefix>-jobs`    one item per labeling job, keyed by its name in lower case (names differ without regard to case)
`<prefix>-models`  one item per model that a job trained, keyed by its name
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any, TypeVar

from pynamodb.attributes import Attribute, BooleanAttribute, JSONAttribute, UnicodeAttribute
from pynamodb.constants import ACTIVE, MAP, STRING
from pynamodb.exceptions import TableError
from pynamodb.models import Model
from pynamodb.pagination import PageIterator

from gt_service.store.models import IntegerAttribute, bound, shared_connection

M = TypeVar("M", bound=Model)


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


class ModelItem(Model):
    key = UnicodeAttribute(hash_key=True)
    arn = UnicodeAttribute()
    s3_uri = UnicodeAttribute()
    job_arn = UnicodeAttribute()
    role_arn = UnicodeAttribute()
    task = UnicodeAttribute()
    classes = JSONAttribute()
    created_at = MomentAttribute()


class Tables:
    """The models, bound to the tables whose names begin with a prefix."""

    def __init__(self, prefix: str, region: str) -> None:
        self.jobs = bound(JobItem, f"{prefix}-jobs", region)
        self.models = bound(ModelItem, f"{prefix}-models", region)
        self._all: tuple[type[Model], ...] = (self.jobs, self.models)
        self.connection = shared_connection(list(self._all), region)

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


def items_of(model: type[M]) -> Iterator[Mapping[str, Any]]:
    """Every item of a table as it lies there, for the caller to make sense of each by itself."""
    for page in PageIterator[Mapping[str, Any]](model._get_connection().scan, (), {"consistent_read": True}):
        yield from page["Items"]
