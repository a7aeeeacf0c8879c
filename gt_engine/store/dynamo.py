"""The store on DynamoDB."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from pynamodb.expressions.operand import Path
from pynamodb.expressions.update import Action
from pynamodb.models import Model

from gt_engine.store.records import Counters, JobRecord, ModelKind, ModelRecord, Phase
from gt_engine.store.tables import JobItem, M, ModelItem, Tables, aws_errors, items_of
from gt_service.errors import Conflict, NotFound, UnknownState
from gt_service.store.models import record
from gt_service.store.writing import Lost, is_new, lost_if_refused, saved, updated

log = logging.getLogger(__name__)


class DynamoStore:
    """Jobs and models, in DynamoDB. Errors: botocore's, and what each method names."""

    def __init__(self, prefix: str, region: str) -> None:
        self.tables = Tables(prefix, region)

    def create_tables(self) -> None:
        """Makes the tables that are not there yet and waits until all can be used."""
        with aws_errors():
            self.tables.create()

    def create_job(self, job: JobRecord) -> None:
        """Errors: `Conflict` where the name is taken."""
        item = self.tables.jobs(
            key=job.name.lower(),
            name=job.name,
            arn=job.arn,
            reference_code=job.reference_code,
            request=dict(job.request),
            created_at=job.created_at,
            tags=job.tags,
            by_people=job.by_people or None,
            **_progress(job),
        )
        with aws_errors():
            if not saved(item, is_new(self.tables.jobs)):
                raise Conflict(f"there is a labeling job {job.name!r} already", field="LabelingJobName")

    def job(self, name: str) -> JobRecord:
        """Errors: `NotFound`, `UnknownState` where the item is not one that this version reads."""
        return _job(self._raw(self.tables.jobs, name.lower(), f"there is no labeling job {name!r}"))

    def jobs(self) -> Iterator[JobRecord]:
        """Every job that can be read; an item that cannot stops nothing but itself."""
        with aws_errors():
            for raw in items_of(self.tables.jobs):
                try:
                    job = _job(raw)
                except UnknownState as problem:
                    log.error("an item of the jobs table was passed over", extra={"reason": problem.message})
                else:
                    yield job

    def advance(self, job: JobRecord, *, unless_stop_requested: bool) -> JobRecord:
        """Writes the runner's part of the record as the next version; the record as it then is.

        Errors: `Conflict` where another process has written that version, or where a stop was asked for and
        `unless_stop_requested` is set.
        """
        written = _progress(job) | {"version": job.version + 1}
        # Closes: two processes do the same step, because one outlived a killed engine.
        condition = JobItem.version == job.version
        if unless_stop_requested:
            # Closes: a stop arrives while the job completes, and is never honoured.
            condition &= JobItem.stop_requested.does_not_exist()
        item = self.tables.jobs(key=job.name.lower())
        try:
            with aws_errors(), lost_if_refused():
                data = item.update([_set_or_remove(name, value) for name, value in written.items()], condition)
        except Lost:
            raise Conflict(f"labeling job {job.name!r} has moved on from version {job.version}") from None
        return _job(data["Attributes"])

    def request_stop(self, name: str, now: datetime) -> None:
        """Marks a job that has not ended; a job that has is left as it is. Errors: `NotFound`."""
        actions = (JobItem.stop_requested.set(now), JobItem.modified_at.set(now))
        # Closes: a stop arrives just after the job's end, and marks a job that nobody will touch again.
        runs = JobItem.phase.is_in(Phase.INITIALIZING.value, Phase.IN_PROGRESS.value)
        with aws_errors():
            if not updated(self.tables.jobs(key=name.lower()), *actions, condition=runs):
                self.job(name)

    def mark_announced(self, name: str) -> None:
        """The state-change event was taken. Before this is written a crash sends the event again, never not at all."""
        with aws_errors():
            self.tables.jobs(key=name.lower()).update([JobItem.announced.set(True)])

    def tag(self, name: str, tags: Mapping[str, str]) -> None:
        """Errors: `NotFound`."""
        self._update_tags(name, [Path(JobItem.tags)[key].set(value) for key, value in tags.items()])

    def untag(self, name: str, keys: Sequence[str]) -> None:
        """Errors: `NotFound`."""
        self._update_tags(name, [Path(JobItem.tags)[key].remove() for key in keys])

    def put_model(self, model: ModelRecord) -> None:
        """Writing it again is harmless: a training done twice gives the same record."""
        with aws_errors():
            self._model_item(model).save()

    def create_model(self, model: ModelRecord) -> None:
        """Errors: `Conflict` where the name is taken."""
        with aws_errors():
            if not saved(self._model_item(model), is_new(self.tables.models)):
                raise Conflict(f"there is a model {model.name!r} already")

    def delete_model(self, name: str) -> None:
        """Errors: `NotFound`."""
        try:
            with aws_errors(), lost_if_refused():
                # Closes: two calls of DeleteModel, which are both told that they deleted it.
                self.tables.models(key=name).delete(ModelItem.key.exists())
        except Lost:
            raise NotFound(f"there is no model {name!r}") from None

    def _model_item(self, model: ModelRecord) -> ModelItem:
        members = {**vars(model), "classes": list(model.classes), "kind": model.kind.value}
        return self.tables.models(key=members.pop("name"), **members)

    def model(self, name: str) -> ModelRecord:
        """Errors: `NotFound`."""
        return _model(self._raw(self.tables.models, name, f"there is no model {name!r}"))

    def models(self) -> Iterator[ModelRecord]:
        with aws_errors():
            yield from map(_model, items_of(self.tables.models))

    def _raw(self, model: type[Model], key: str, missing: str) -> Mapping[str, Any]:
        with aws_errors():
            answer: Mapping[str, Any] = model._get_connection().get_item(key, consistent_read=True)
        if "Item" not in answer:
            raise NotFound(missing)
        raw: Mapping[str, Any] = answer["Item"]
        return raw

    def _update_tags(self, name: str, actions: list[Action]) -> None:
        with aws_errors():
            # Closes: an update of a job that is missing makes an item of tags alone.
            if not updated(self.tables.jobs(key=name.lower()), *actions, condition=JobItem.key.exists()):
                raise NotFound(f"there is no labeling job {name!r}")


def _set_or_remove(name: str, value: object) -> Action:
    attribute = getattr(JobItem, name)
    return attribute.remove() if value is None else attribute.set(value)  # type: ignore[no-any-return]


def _progress(job: JobRecord) -> dict[str, Any]:
    """The runner's part of an item; None for what is not there."""
    counters = job.counters
    return {
        "version": job.version,
        "phase": job.phase.value,
        "modified_at": job.modified_at,
        "counters": [counters.human, counters.machine, counters.failed, counters.unlabeled],
        "announced": job.announced,
        "failure_reason": job.failure_reason,
        "final_model_arn": job.final_model_arn,
    }


def _job(raw: Mapping[str, Any]) -> JobRecord:
    item = _read(JobItem, raw, "labeling job")
    try:
        if not isinstance(item.request, dict):
            raise TypeError("its request is not an object")
        return record(
            JobRecord,
            item,
            phase=Phase(item.phase),
            stop_requested=item.stop_requested is not None,
            counters=Counters(*item.counters),
        )
    except (TypeError, ValueError) as problem:
        raise UnknownState(f"the item of labeling job {item.key!r} cannot be read: {problem!r}") from problem


def _model(raw: Mapping[str, Any]) -> ModelRecord:
    item = _read(ModelItem, raw, "model")
    kind = ModelKind(item.kind or ModelKind.TRAINED)
    return record(ModelRecord, item, name=item.key, classes=tuple(item.classes), kind=kind)


def _read(model: type[M], raw: Mapping[str, Any], what: str) -> M:
    """The item in the model's terms, nothing missing. Errors: `UnknownState`."""
    key = raw.get("key")
    try:
        item = model.from_raw_data(dict(raw))
    except (AttributeError, KeyError, TypeError, ValueError) as problem:
        raise UnknownState(f"the item of {what} {key} cannot be read: {problem!r}") from problem
    missing = [name for name, kind in model.get_attributes().items() if not kind.null and getattr(item, name) is None]
    if missing:
        raise UnknownState(f"the item of {what} {key} cannot be read: it has no {missing[0]!r}")
    return item
