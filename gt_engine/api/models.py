"""CreateModel, DescribeModel, ListModels, DeleteModel: the models that jobs leave, and those that users bring."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from gt_engine.api.listing import listed, name_contains, within
from gt_engine.autolabel import model_facts
from gt_engine.autolabel.own_model.model_file import Parts, parts_of
from gt_engine.autolabel.own_model.onnx_file import MAX_ONNX_BYTES
from gt_engine.autolabel.own_model.opinions import class_numbers
from gt_engine.autolabel.own_model.runner import Runner
from gt_engine.autolabel.own_model.sandbox import Limits
from gt_engine.aws import EngineObjects
from gt_engine.request import rules
from gt_engine.request.errors import ConflictException, ValidationException
from gt_engine.settings import Settings
from gt_engine.store import DynamoStore, ModelKind, ModelRecord
from gt_service.errors import Conflict, InvalidInput, NotFound
from gt_service.objects import ObjectSummary, S3Uri
from gt_service.task_types import TaskType

Response = dict[str, Any]
FIELD = "PrimaryContainer.ModelDataUrl"
MOST_BYTES = 2 * MAX_ONNX_BYTES
TRIAL = Limits(load_seconds=15, run_seconds=5)
"""The call waits for it, and callers wait half a minute."""


def object_at(text: str, field: str, objects: EngineObjects) -> ObjectSummary:
    """What lies where a request's field says. Errors: `ValidationException`."""
    uri = rules.parse_uri(text, field)
    found = objects.head(uri)
    if found is None:
        raise ValidationException(f"{field}: there is no object {uri}.")
    return found


@dataclass(frozen=True)
class ModelOperations:
    """What the wire calls about models."""

    settings: Settings
    store: DynamoStore
    objects: EngineObjects
    now: Callable[[], datetime]

    def table(self) -> dict[str, Callable[[dict[str, Any]], Response]]:
        return {
            "CreateModel": self.create_model,
            "DescribeModel": self.describe_model,
            "ListModels": self.list_models,
            "DeleteModel": self.delete_model,
        }

    def create_model(self, request: dict[str, Any]) -> Response:
        """Registers a model for InitialActiveLearningModelArn. It is loaded and tried, in a process with limits.

        Of SageMaker's members only PrimaryContainer.ModelDataUrl means something here: an ONNX file, or a .tar.gz with
        one, or with a model that this engine, or another one of its kind, has trained.
        """
        name = request["ModelName"]
        container = request.get("PrimaryContainer", {})
        if "ModelDataUrl" not in container or request.get("Containers"):
            raise ValidationException("PrimaryContainer must have a ModelDataUrl; nothing else can be a model here.")
        uri = self._data(container["ModelDataUrl"])
        try:
            self.store.model(name)
        except NotFound:
            pass
        else:
            raise self._taken(name)
        record = self._described(name, uri, request.get("ExecutionRoleArn", ""))
        try:
            self.store.create_model(record)
        except Conflict:
            raise self._taken(name) from None
        return {"ModelArn": record.arn}

    def describe_model(self, request: dict[str, Any]) -> Response:
        model = self._model(request["ModelName"])
        image = "gt-engine" if model.kind is not ModelKind.OWN_MODEL else "onnx"
        return {
            "ModelName": model.name,
            "PrimaryContainer": {"Image": image, "ModelDataUrl": model.s3_uri, "Mode": "SingleModel"},
            "ExecutionRoleArn": model.role_arn,
            "CreationTime": model.created_at,
            "ModelArn": model.arn,
            "EnableNetworkIsolation": model.kind is not ModelKind.TRAINED,
        }

    def list_models(self, request: dict[str, Any]) -> Response:
        wanted = [
            model
            for model in self.store.models()
            if within(model.created_at, request, "CreationTime") and name_contains(model.name, request)
        ]
        return listed(
            "Models",
            wanted,
            request,
            lambda model: {"ModelName": model.name, "ModelArn": model.arn, "CreationTime": model.created_at},
            {"CreationTime": lambda model: model.created_at.isoformat(), "Name": lambda model: model.name},
            order="Descending",
        )

    def delete_model(self, request: dict[str, Any]) -> Response:
        """Takes the model out of the list; its file stays. Not while a job that runs began with it."""
        model = self._model(request["ModelName"])
        for job in self.store.jobs():
            if not job.phase.has_ended and job.initial_model_arn == model.arn:
                raise ConflictException(f"Labeling job {job.name} began with the model {model.arn} and has not ended.")
        try:
            self.store.delete_model(model.name)
        except NotFound:
            raise self._no_model(model.name) from None
        return {}

    def check_model(self, arn: str, task: TaskType, classes: tuple[str, ...]) -> None:
        """Whether a job may start from a model. One that learnt binds task, classes and their order, for with any other
        its answers would mean something else; one of the user's own binds the task, and has classes in common."""
        field = f"InitialActiveLearningModelArn '{arn}'"
        if not arn.startswith(self._prefix):
            raise ValidationException(f"{field} is not a model of this account and region.")
        try:
            model = self.store.model(arn.removeprefix(self._prefix))
        except NotFound:
            raise ValidationException(f'InitialActiveLearningModelArn: could not find model "{arn}".') from None
        if model.task != task:
            raise ValidationException(f"{field} was trained for {model.task}; this labeling job is for {task}.")
        if model.kind is ModelKind.OWN_MODEL:
            if model.classes and not class_numbers(model.classes, classes):
                raise ValidationException(
                    f"{field} knows none of the labels {list(classes)}; it knows {list(model.classes)[:20]}."
                )
        elif model.classes != classes:
            raise ValidationException(
                f"{field} was trained with the labels {list(model.classes)}; this labeling job has {list(classes)}. "
                "Labels and their order must be the same."
            )
        if self.objects.head(S3Uri.parse(model.s3_uri)) is None:
            raise ValidationException(f"{field}: its data {model.s3_uri} no longer exists.")

    def _described(self, name: str, uri: S3Uri, role: str) -> ModelRecord:
        """The record of a model file, after it has been tried. Errors: `ValidationException`."""
        try:
            parts = parts_of(self.objects.read(uri), field=FIELD)
            task, classes = self._facts(parts)
        except (InvalidInput, NotFound) as problem:
            remedy = f" {problem.remedy}" if problem.remedy else ""
            raise ValidationException(f"{FIELD} '{uri}': {problem.message}.{remedy}") from None
        return ModelRecord(
            name=name,
            arn=self._prefix + name,
            s3_uri=str(uri),
            job_arn=None,
            role_arn=role,
            task=task,
            classes=classes,
            created_at=self.now(),
            kind=_kind(parts),
        )

    def _facts(self, parts: Parts) -> tuple[str, tuple[str, ...]]:
        if parts.own_model is not None:
            providers = self.settings.onnx_providers
            with Runner(parts.own_model, field=FIELD, limits=TRIAL, providers=providers) as runner:
                facts = runner.facts
            if parts.trained is None:
                return facts.task.value, facts.labels or ()
        trained = model_facts(parts.trained or b"")
        return trained.task.value, trained.classes

    def _data(self, text: str) -> S3Uri:
        found = object_at(text, FIELD, self.objects)
        if found.size > MOST_BYTES:
            raise ValidationException(
                f"{FIELD}: {found.uri} has {found.size >> 20} MB; {MAX_ONNX_BYTES >> 20} MB of ONNX are allowed."
            )
        return found.uri

    def _model(self, name: str) -> ModelRecord:
        try:
            return self.store.model(name)
        except NotFound:
            raise self._no_model(name) from None

    def _no_model(self, name: str) -> ValidationException:
        return ValidationException(f'Could not find model "{self._prefix}{name}".')

    def _taken(self, name: str) -> ValidationException:
        return ValidationException(f'Cannot create already existing model "{self._prefix}{name}".')

    @property
    def _prefix(self) -> str:
        return f"arn:aws:sagemaker:{self.settings.region}:{self.settings.account}:model/"


def _kind(parts: Parts) -> ModelKind:
    if parts.trained is None:
        return ModelKind.OWN_MODEL
    return ModelKind.TRAINED if parts.own_model is None else ModelKind.STACKED
