"""The engine's records in DynamoDB, and the only conditional writes on them.

`<prefix>-jobs`    one item per labeling job, keyed by its name in lower case (names differ without regard to case)
`<prefix>-models`  one item per model that a job trained, keyed by its name

A job's item has two writers. The runner owns `version`, `phase`, the counters and the rest of the progress; the API
owns `stop_requested` and the tags. Neither ever overwrites the other's.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Protocol

from botocore.exceptions import ClientError

from gt_engine.aws import error_code
from gt_service.errors import Conflict, NotFound, UnknownState

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient


class Phase(StrEnum):
    """How far the runner has brought a job. What callers see is `JobRecord.status`."""

    INITIALIZING = "Initializing"
    IN_PROGRESS = "InProgress"
    COMPLETED = "Completed"
    FAILED = "Failed"
    STOPPED = "Stopped"

    @property
    def has_ended(self) -> bool:
        return self in {Phase.COMPLETED, Phase.FAILED, Phase.STOPPED}


@dataclass(frozen=True)
class Counters:
    """LabelCounters. `unlabeled` is what is still without a label and has not failed."""

    human: int = 0
    machine: int = 0
    failed: int = 0
    unlabeled: int = 0

    @property
    def total(self) -> int:
        return self.human + self.machine


@dataclass(frozen=True)
class JobRecord:
    """A labeling job as the table holds it. `request` is CreateLabelingJob's, without its tags."""

    name: str
    arn: str
    reference_code: str
    request: Mapping[str, Any]
    created_at: datetime
    modified_at: datetime
    tags: Mapping[str, str] = field(default_factory=dict)
    version: int = 0
    phase: Phase = Phase.INITIALIZING
    stop_requested: bool = False
    counters: Counters = field(default_factory=Counters)
    failure_reason: str | None = None
    final_model_arn: str | None = None
    announced: bool = False

    @property
    def status(self) -> str:
        """LabelingJobStatus: Stopping is a job that still runs and was asked to stop."""
        if self.stop_requested and not self.phase.has_ended:
            return "Stopping"
        return self.phase.value

    @property
    def has_work(self) -> bool:
        """Whether the runner has something left to do: a step, or an event that was not yet taken."""
        return not self.phase.has_ended or not self.announced


@dataclass(frozen=True)
class ModelRecord:
    """A model that a labeling job trained. `s3_uri` is its model.tar.gz."""

    name: str
    arn: str
    s3_uri: str
    job_arn: str
    role_arn: str
    task: str
    classes: tuple[str, ...]
    created_at: datetime


class Store(Protocol):
    """Jobs and models. Tests use a fake of the same shape."""

    def create_job(self, job: JobRecord) -> None: ...

    def job(self, name: str) -> JobRecord: ...

    def jobs(self) -> Iterable[JobRecord]: ...

    def advance(self, job: JobRecord, *, unless_stop_requested: bool) -> JobRecord: ...

    def request_stop(self, name: str, now: datetime) -> None: ...

    def mark_announced(self, name: str) -> None: ...

    def tag(self, name: str, tags: Mapping[str, str]) -> None: ...

    def untag(self, name: str, keys: Sequence[str]) -> None: ...

    def put_model(self, model: ModelRecord) -> None: ...

    def model(self, name: str) -> ModelRecord: ...

    def models(self) -> Iterable[ModelRecord]: ...


class DynamoStore:
    """`Store` on DynamoDB."""

    def __init__(self, dynamodb: DynamoDBClient, prefix: str) -> None:
        self._db = dynamodb
        self.jobs_table = f"{prefix}-jobs"
        self.models_table = f"{prefix}-models"

    def create_tables(self) -> None:
        """Makes the tables that are not there yet and waits until both can be used."""
        for table in (self.jobs_table, self.models_table):
            try:
                self._db.create_table(
                    TableName=table,
                    KeySchema=[{"AttributeName": "key", "KeyType": "HASH"}],
                    AttributeDefinitions=[{"AttributeName": "key", "AttributeType": "S"}],
                    BillingMode="PAY_PER_REQUEST",
                )
            except self._db.exceptions.ResourceInUseException:
                continue  # made by an earlier start, or at this moment by another engine
        for table in (self.jobs_table, self.models_table):
            self._db.get_waiter("table_exists").wait(TableName=table, WaiterConfig={"Delay": 1, "MaxAttempts": 60})

    def create_job(self, job: JobRecord) -> None:
        """Errors: `Conflict` where the name is taken.

        The condition closes the race of two calls that create the same name: exactly one of them makes the job.
        """
        item = {
            "key": {"S": job.name.lower()},
            "name": {"S": job.name},
            "arn": {"S": job.arn},
            "reference_code": {"S": job.reference_code},
            "request": {"S": json.dumps(job.request)},
            "created_at": {"S": job.created_at.isoformat()},
            "tags": {"M": {key: {"S": value} for key, value in job.tags.items()}},
            **_progress(job),
        }
        try:
            self._db.put_item(
                TableName=self.jobs_table,
                Item=item,
                ConditionExpression="attribute_not_exists(#key)",
                ExpressionAttributeNames={"#key": "key"},
            )
        except self._db.exceptions.ConditionalCheckFailedException:
            raise Conflict(f"there is a labeling job {job.name!r} already", field="LabelingJobName") from None

    def job(self, name: str) -> JobRecord:
        """Errors: `NotFound`."""
        found = self._db.get_item(TableName=self.jobs_table, Key=_key(name.lower()), ConsistentRead=True)
        if "Item" not in found:
            raise NotFound(f"there is no labeling job {name!r}")
        return _job(found["Item"])

    def jobs(self) -> Iterator[JobRecord]:
        return (_job(item) for item in self._scan(self.jobs_table))

    def advance(self, job: JobRecord, *, unless_stop_requested: bool) -> JobRecord:
        """Writes the runner's part of the record as the next version; the record as it then is.

        Errors: `Conflict` where another process has written that version, or where a stop was asked for and
        `unless_stop_requested` is set. The version closes the race of two processes that do the same step (one
        outlived a killed engine); the stop condition closes the race of a stop that arrives while a job completes.
        """
        progress = _progress(replace(job, version=job.version + 1))
        names = {f"#{name}": name for name in (*progress, "stop_requested")}
        values = {f":{name}": value for name, value in progress.items()} | {":was": {"N": str(job.version)}}
        is_this_version = "#version = :was"
        no_stop = " AND attribute_not_exists(#stop_requested)" if unless_stop_requested else ""
        if not no_stop:
            del names["#stop_requested"]
        gone = [name for name in ("failure_reason", "final_model_arn") if name not in progress]
        names |= {f"#{name}": name for name in gone}
        sets = ", ".join(f"#{name} = :{name}" for name in progress)
        removes = f" REMOVE {', '.join(f'#{name}' for name in gone)}" if gone else ""
        try:
            answer = self._db.update_item(
                TableName=self.jobs_table,
                Key=_key(job.name.lower()),
                UpdateExpression=f"SET {sets}{removes}",
                ConditionExpression=is_this_version + no_stop,
                ExpressionAttributeNames=names,
                ExpressionAttributeValues=values,
                ReturnValues="ALL_NEW",
            )
        except self._db.exceptions.ConditionalCheckFailedException:
            raise Conflict(f"labeling job {job.name!r} has moved on from version {job.version}") from None
        return _job(answer["Attributes"])

    def request_stop(self, name: str, now: datetime) -> None:
        """Marks a job that has not ended; a job that has is left as it is. Errors: `NotFound`.

        The condition closes the race of a stop that arrives just after the job's end.
        """
        try:
            self._db.update_item(
                TableName=self.jobs_table,
                Key=_key(name.lower()),
                UpdateExpression="SET #stop = :now, #modified = :now",
                ConditionExpression="#phase IN (:initializing, :in_progress)",
                ExpressionAttributeNames={"#stop": "stop_requested", "#modified": "modified_at", "#phase": "phase"},
                ExpressionAttributeValues={
                    ":now": {"S": now.isoformat()},
                    ":initializing": {"S": Phase.INITIALIZING},
                    ":in_progress": {"S": Phase.IN_PROGRESS},
                },
            )
        except self._db.exceptions.ConditionalCheckFailedException:
            self.job(name)

    def mark_announced(self, name: str) -> None:
        """The state-change event was taken. Before this is written a crash sends the event again, never not at all."""
        self._db.update_item(
            TableName=self.jobs_table,
            Key=_key(name.lower()),
            UpdateExpression="SET announced = :yes",
            ExpressionAttributeValues={":yes": {"BOOL": True}},
        )

    def tag(self, name: str, tags: Mapping[str, str]) -> None:
        sets = ", ".join(f"tags.#k{place} = :v{place}" for place in range(len(tags)))
        self._update_tags(
            name,
            f"SET {sets}",
            {f"#k{place}": key for place, key in enumerate(tags)},
            {f":v{place}": {"S": value} for place, value in enumerate(tags.values())},
        )

    def untag(self, name: str, keys: Sequence[str]) -> None:
        removes = ", ".join(f"tags.#k{place}" for place in range(len(keys)))
        self._update_tags(name, f"REMOVE {removes}", {f"#k{place}": key for place, key in enumerate(keys)}, {})

    def put_model(self, model: ModelRecord) -> None:
        """Writing it again is harmless: a training done twice gives the same record."""
        self._db.put_item(
            TableName=self.models_table,
            Item={
                "key": {"S": model.name},
                "arn": {"S": model.arn},
                "s3_uri": {"S": model.s3_uri},
                "job_arn": {"S": model.job_arn},
                "role_arn": {"S": model.role_arn},
                "task": {"S": model.task},
                "classes": {"S": json.dumps(model.classes)},
                "created_at": {"S": model.created_at.isoformat()},
            },
        )

    def model(self, name: str) -> ModelRecord:
        """Errors: `NotFound`."""
        found = self._db.get_item(TableName=self.models_table, Key=_key(name), ConsistentRead=True)
        if "Item" not in found:
            raise NotFound(f"there is no model {name!r}")
        return _model(found["Item"])

    def models(self) -> Iterator[ModelRecord]:
        return (_model(item) for item in self._scan(self.models_table))

    def _scan(self, table: str) -> Iterator[Mapping[str, Any]]:
        for page in self._db.get_paginator("scan").paginate(TableName=table, ConsistentRead=True):
            yield from page["Items"]

    def _update_tags(self, name: str, expression: str, names: dict[str, str], values: dict[str, Any]) -> None:
        """Errors: `NotFound`. The condition keeps an update of a missing job from making an item of tags alone."""
        try:
            self._db.update_item(
                TableName=self.jobs_table,
                Key=_key(name.lower()),
                UpdateExpression=expression,
                ConditionExpression="attribute_exists(#key)",
                ExpressionAttributeNames=names | {"#key": "key"},
                **({"ExpressionAttributeValues": values} if values else {}),  # type: ignore[arg-type]
            )
        except ClientError as error:
            if error_code(error) != "ConditionalCheckFailedException":
                raise
            raise NotFound(f"there is no labeling job {name!r}") from None


def _key(value: str) -> dict[str, Any]:
    return {"key": {"S": value}}


def _progress(job: JobRecord) -> dict[str, Any]:
    """The runner's part of an item."""
    counters = job.counters
    part: dict[str, Any] = {
        "version": {"N": str(job.version)},
        "phase": {"S": job.phase.value},
        "modified_at": {"S": job.modified_at.isoformat()},
        "counters": {"S": json.dumps([counters.human, counters.machine, counters.failed, counters.unlabeled])},
        "announced": {"BOOL": job.announced},
    }
    if job.failure_reason is not None:
        part["failure_reason"] = {"S": job.failure_reason}
    if job.final_model_arn is not None:
        part["final_model_arn"] = {"S": job.final_model_arn}
    return part


def _job(item: Mapping[str, Any]) -> JobRecord:
    try:
        return JobRecord(
            name=item["name"]["S"],
            arn=item["arn"]["S"],
            reference_code=item["reference_code"]["S"],
            request=json.loads(item["request"]["S"]),
            created_at=_moment(item["created_at"]["S"]),
            modified_at=_moment(item["modified_at"]["S"]),
            tags={key: value["S"] for key, value in item["tags"]["M"].items()},
            version=int(item["version"]["N"]),
            phase=Phase(item["phase"]["S"]),
            stop_requested="stop_requested" in item,
            counters=Counters(*json.loads(item["counters"]["S"])),
            failure_reason=item["failure_reason"]["S"] if "failure_reason" in item else None,
            final_model_arn=item["final_model_arn"]["S"] if "final_model_arn" in item else None,
            announced=item["announced"]["BOOL"],
        )
    except (KeyError, ValueError) as problem:
        raise UnknownState(f"the item of labeling job {item.get('key')} cannot be read: {problem!r}") from problem


def _model(item: Mapping[str, Any]) -> ModelRecord:
    return ModelRecord(
        name=item["key"]["S"],
        arn=item["arn"]["S"],
        s3_uri=item["s3_uri"]["S"],
        job_arn=item["job_arn"]["S"],
        role_arn=item["role_arn"]["S"],
        task=item["task"]["S"],
        classes=tuple(json.loads(item["classes"]["S"])),
        created_at=_moment(item["created_at"]["S"]),
    )


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)
