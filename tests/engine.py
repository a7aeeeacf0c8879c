"""What the labeling engine's tests share: requests, tiny images, stand-ins for S3, DynamoDB, Logs and EventBridge."""

from __future__ import annotations

import io
import json
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
from botocore.exceptions import ClientError
from PIL import Image

from gt_engine.autolabel import FeatureStore, JobPlan, Progress
from gt_engine.autolabel.images import ImageFacts, ImageProblem, decode
from gt_engine.autolabel.labeling import Lesson
from gt_engine.autolabel.learner import Predictions
from gt_engine.autolabel.rounds import decide
from gt_engine.autolabel.second_look import Mistake, Suspicion
from gt_engine.jobs.machine import Labeled, SecondLook, Trained
from gt_engine.jobs.steps import Tools
from gt_engine.jobs.steps.ending import SIGNING_KEY
from gt_engine.labels import BoxLabel, Label, box_label
from gt_engine.settings import Settings
from gt_engine.store import JobRecord, ModelRecord
from gt_service.errors import Conflict, NotFound
from gt_service.notifications.messages import SnsMessage
from gt_service.objects import ObjectSummary, S3Uri
from tests.fakes import MemoryObjects
from tests.workforce_memory import MemoryMembers, MemoryTasks, MemoryTeams

REGION, ACCOUNT = "us-east-1", "123456789012"
BUCKET = "engine-tests"
GOLD = f"s3://{BUCKET}/gold.manifest"
SIZE = 48

FUNCTION_ACCOUNT = "432418664414"
_LAMBDA = f"arn:aws:lambda:{REGION}:{FUNCTION_ACCOUNT}:function"
_FUNCTIONS = {"object-detection": "BoundingBox", "image-classification": "ImageMultiClass"}


def request(
    name: str = "birds-0001", *, task: str = "object-detection", auto: bool = True, **changes: Any
) -> dict[str, Any]:
    """A CreateLabelingJob request that the service takes; `changes` go into HumanTaskConfig or the top level."""
    function = _FUNCTIONS.get(task, task)
    body: dict[str, Any] = {
        "LabelingJobName": name,
        "LabelAttributeName": "category",
        "InputConfig": {
            "DataSource": {"S3DataSource": {"ManifestS3Uri": f"s3://{BUCKET}/input.manifest"}},
            "DataAttributes": {"ContentClassifiers": ["FreeOfPersonallyIdentifiableInformation", "FreeOfAdultContent"]},
        },
        "OutputConfig": {"S3OutputPath": f"s3://{BUCKET}/output/"},
        "RoleArn": f"arn:aws:iam::{ACCOUNT}:role/labeling",
        "LabelCategoryConfigS3Uri": f"s3://{BUCKET}/class_labels.json",
        "HumanTaskConfig": {
            "WorkteamArn": f"arn:aws:sagemaker:{REGION}:394669845002:workteam/public-crowd/default",
            "UiConfig": {"UiTemplateS3Uri": f"s3://{BUCKET}/instructions.template"},
            "PreHumanTaskLambdaArn": f"{_LAMBDA}:PRE-{function}",
            "TaskKeywords": ["image", "object", "detection"],
            "TaskTitle": "Draw a box around each bird",
            "TaskDescription": "Please draw a box around each bird",
            "NumberOfHumanWorkersPerDataObject": 3,
            "TaskTimeLimitInSeconds": 300,
            "TaskAvailabilityLifetimeInSeconds": 21600,
            "MaxConcurrentTaskCount": 20,
            "AnnotationConsolidationConfig": {"AnnotationConsolidationLambdaArn": f"{_LAMBDA}:ACS-{function}"},
            "PublicWorkforceTaskPrice": {"AmountInUsd": {"Dollars": 0, "Cents": 3, "TenthFractionsOfACent": 6}},
        },
        "Tags": [{"Key": "gt-service:gold-labels", "Value": GOLD}],
    }
    if auto:
        arn = f"arn:aws:sagemaker:{REGION}:027400017018:labeling-job-algorithm-specification/{task}"
        body["LabelingJobAlgorithmsConfig"] = {"LabelingJobAlgorithmSpecificationArn": arn}
    for key, value in changes.items():
        place = body["HumanTaskConfig"] if key in _HUMAN_TASK_CONFIG else body
        if value is None:
            place.pop(key, None)
        else:
            place[key] = deepcopy(value)
    return body


_HUMAN_TASK_CONFIG = {
    "WorkteamArn",
    "UiConfig",
    "PreHumanTaskLambdaArn",
    "TaskKeywords",
    "TaskTitle",
    "NumberOfHumanWorkersPerDataObject",
    "TaskTimeLimitInSeconds",
    "TaskAvailabilityLifetimeInSeconds",
    "MaxConcurrentTaskCount",
    "AnnotationConsolidationConfig",
    "PublicWorkforceTaskPrice",
}


def picture(number: int) -> tuple[bytes, list[dict[str, int]]]:
    """A small JPEG with one or two red boxes, and the boxes as annotations. The same for the same number."""
    rng = np.random.default_rng(number)
    pixels = rng.integers(60, 120, (SIZE, SIZE, 3), dtype=np.uint8)
    boxes = []
    for _ in range(int(rng.integers(1, 3))):
        width, height = (int(n) for n in rng.integers(10, 20, 2))
        left, top = int(rng.integers(0, SIZE - width)), int(rng.integers(0, SIZE - height))
        pixels[top : top + height, left : left + width] = (250, 40, 40)
        boxes.append({"class_id": 0, "left": left, "top": top, "width": width, "height": height})
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "JPEG", quality=90)
    return file.getvalue(), boxes


def gold_line(source: str, boxes: list[dict[str, int]], *, name: str = "Bird") -> bytes:
    return json.dumps(
        {
            "source-ref": source,
            "gold": {"annotations": boxes, "image_size": [{"width": SIZE, "height": SIZE, "depth": 3}]},
            "gold-metadata": {"class-map": {"0": name}, "type": "groundtruth/object-detection"},
        }
    ).encode()


def bird_inputs(count: int) -> dict[str, bytes]:
    """Everything that `request()` refers to, for `count` images: contents by S3 URI."""
    contents: dict[str, bytes] = {}
    manifest, gold = [], []
    for number in range(count):
        source = f"s3://{BUCKET}/images/{number}.jpg"
        contents[source], boxes = picture(number)
        manifest.append(json.dumps({"source-ref": source}).encode())
        gold.append(gold_line(source, boxes))
    contents[f"s3://{BUCKET}/input.manifest"] = b"\n".join(manifest) + b"\n"
    contents[GOLD] = b"\n".join(gold) + b"\n"
    contents[f"s3://{BUCKET}/class_labels.json"] = json.dumps({"labels": [{"label": "Bird"}]}).encode()
    contents[f"s3://{BUCKET}/instructions.template"] = b"<crowd-form></crowd-form>"
    return contents


class MemoryEngineObjects(MemoryObjects):
    """`gt_engine.aws.EngineObjects` in a dictionary. `fail_after`: writes from then on raise, as of a dead process."""

    def __init__(self, contents: dict[str, bytes] | None = None) -> None:
        super().__init__(contents)
        self.fail_after: int | None = None
        self.writes = 0

    def head(self, uri: S3Uri) -> ObjectSummary | None:
        return (
            next((found for found in self.list(uri) if found.uri == uri), None) if str(uri) in self.contents else None
        )

    def heads(self, uris: Sequence[S3Uri]) -> dict[S3Uri, ObjectSummary]:
        """Every other object, as where a bucket holds much more than what was asked for."""
        found = (self.head(uri) for uri in sorted(uris, key=str)[::2])
        return {head.uri: head for head in found if head is not None}

    def read_range(self, uri: S3Uri, first: int, end: int) -> bytes:
        return self.read(uri)[first:end]

    def write_over(self, uri: S3Uri, body: bytes, content_type: str, etag: str | None) -> bool:
        there = self.head(uri)
        if (there.etag if there else None) != etag:
            return False
        self.write(uri, body, content_type)
        return True

    def delete(self, uri: S3Uri) -> None:
        self.contents.pop(str(uri), None)

    def delete_all(self, prefix: S3Uri) -> None:
        for found in list(self.list(prefix)):
            del self.contents[str(found.uri)]

    def address(self, uri: S3Uri, seconds: int) -> str:
        return f"https://s3/{uri.bucket}/{uri.key}?expires={seconds}"

    def bucket_is_there(self, bucket: str) -> bool:
        return bucket == BUCKET

    def write(self, uri: S3Uri, body: bytes, content_type: str) -> None:
        if self.fail_after is not None and self.writes >= self.fail_after:
            raise Killed
        self.writes += 1
        super().write(uri, body, content_type)


class Killed(BaseException):
    """The process died here: nothing catches it."""


class MemoryStore:
    """`gt_engine.store.DynamoStore` in dictionaries, with the same conditions."""

    def __init__(self) -> None:
        self.records: dict[str, JobRecord] = {}
        self.kept_models: dict[str, ModelRecord] = {}

    def create_job(self, job: JobRecord) -> None:
        if job.name.lower() in self.records:
            raise Conflict(f"there is a labeling job {job.name!r} already")
        self.records[job.name.lower()] = job

    def job(self, name: str) -> JobRecord:
        try:
            return self.records[name.lower()]
        except KeyError:
            raise NotFound(f"there is no labeling job {name!r}") from None

    def jobs(self) -> Iterable[JobRecord]:
        return list(self.records.values())

    def advance(self, job: JobRecord, *, unless_stop_requested: bool) -> JobRecord:
        there = self.job(job.name)
        if there.version != job.version or (unless_stop_requested and there.stop_requested):
            raise Conflict(f"labeling job {job.name!r} has moved on")
        after = replace(job, version=job.version + 1, stop_requested=there.stop_requested, tags=there.tags)
        self.records[job.name.lower()] = after
        return after

    def request_stop(self, name: str, now: datetime) -> None:
        if not self.job(name).phase.has_ended:
            self._change(name, stop_requested=True, modified_at=now)

    def mark_announced(self, name: str) -> None:
        self._change(name, announced=True)

    def tag(self, name: str, tags: Mapping[str, str]) -> None:
        self._change(name, tags={**self.job(name).tags, **tags})

    def untag(self, name: str, keys: Sequence[str]) -> None:
        self._change(name, tags={key: value for key, value in self.job(name).tags.items() if key not in keys})

    def put_model(self, model: ModelRecord) -> None:
        self.kept_models[model.name] = model

    def create_model(self, model: ModelRecord) -> None:
        if model.name in self.kept_models:
            raise Conflict(f"there is a model {model.name!r} already")
        self.kept_models[model.name] = model

    def delete_model(self, name: str) -> None:
        self.model(name)
        del self.kept_models[name]

    def model(self, name: str) -> ModelRecord:
        try:
            return self.kept_models[name]
        except KeyError:
            raise NotFound(f"there is no model {name!r}") from None

    def models(self) -> Iterable[ModelRecord]:
        return list(self.kept_models.values())

    def _change(self, name: str, **changes: Any) -> None:
        self.records[name.lower()] = replace(self.job(name), **changes)


@dataclass
class MemoryLogs:
    streams: dict[tuple[str, str], list[str]] = field(default_factory=dict)

    def replace(self, group: str, stream: str, messages: Sequence[str]) -> None:
        self.streams[(group, stream)] = list(messages)

    def append(self, group: str, stream: str, messages: Sequence[str]) -> None:
        self.streams.setdefault((group, stream), []).extend(messages)


@dataclass
class MemoryTopics:
    """Takes what is published to topics that are not `closed`."""

    closed: bool = False
    published: list[tuple[str, SnsMessage]] = field(default_factory=list)

    def publish(self, topic_arn: str, message: SnsMessage) -> None:
        if self.closed:
            raise ClientError({"Error": {"Code": "AuthorizationError", "Message": "no sns:Publish"}}, "Publish")
        self.published.append((topic_arn, message))


@dataclass
class MemoryEvents:
    """Takes events, after refusing the first `refusals`."""

    refusals: int = 0
    sent: list[dict[str, Any]] = field(default_factory=list)

    def send(self, entry: Any) -> bool:
        if self.refusals:
            self.refusals -= 1
            return False
        self.sent.append(entry)
        return True


class SizesOnly(FeatureStore):
    """A feature store without a backbone: it looks at images and computes nothing."""

    def __init__(self, directory: Path) -> None:
        super().__init__(directory)
        self.known: dict[str, ImageFacts | ImageProblem] = {}

    def prepare(self, items: Any, *, on_chunk: Any = None) -> dict[str, ImageFacts | ImageProblem]:
        for key, load in items:
            try:
                decoded = decode(load(), 8)
            except Exception as problem:  # noqa: BLE001 - as the real one does
                decoded = ImageProblem("UnreadableObject", str(problem))
            self.known[key] = decoded if isinstance(decoded, ImageProblem) else decoded[0]
        return {key: self.known[key] for key in self.known}

    def facts(self, key: str) -> ImageFacts | ImageProblem | None:
        return self.known.get(key)


class RememberingMachine:
    """A machine that 'learns' by heart: it finds the middle box in every image, and is right about some of them.

    `confidence` gives how sure it is of an object id.
    """

    def __init__(self) -> None:
        self.lessons: list[tuple[str, ...]] = []

    def through(self, _: object) -> RememberingMachine:
        return self

    def label(self, lesson: Lesson, plan: JobPlan, progress: Progress) -> Labeled:
        trained = self.train(lesson, plan, progress)
        pool, validation = progress.pool(), progress.validation()
        sure = np.array([self.confidence(one) for one in pool])
        of_validation = np.array([self.confidence(one) for one in validation])
        round_ = decide(
            plan,
            progress,
            pool=pool,
            pool_confidences=sure,
            validation=validation,
            validation_confidences=of_validation,
            losses=np.where(of_validation > 0.5, 0.0, 1.0),
            ahead_confidences=np.array([self.confidence(one) for one in progress.ahead]),
        )
        labels: dict[str, Label] = {one: self.guess() for one in round_.machine}
        return Labeled(trained, round_, labels, b'{"prediction":[],"confidence":0.5}\n' * len(pool))

    def train(self, lesson: Lesson, plan: JobPlan, progress: Progress) -> Trained:
        self.lessons.append(tuple(sorted(lesson.labels, key=int)))
        model = json.dumps([lesson.task, lesson.classes, self.lessons[-1], plan.seed]).encode()
        ids = tuple(lesson.labels)
        left_out = Predictions(ids, (self.guess(),) * len(ids), np.full(len(ids), 0.5))
        look = SecondLook(left_out, (0.25,) * len(ids), (Suspicion(0.75, Mistake.MOVED),) * len(ids))
        return Trained(model, len(lesson.labels), (0.25, 0.5), warm=lesson.model is not None, second_look=look)

    def to_take_away(self, model: bytes) -> bytes:
        return b"ONNX of " + model

    def propose(self, lesson: Lesson, plan: JobPlan, object_ids: Collection[str]) -> dict[str, Label]:
        return {one: self.guess() for one in object_ids} if lesson.model else {}

    @staticmethod
    def confidence(object_id: str) -> float:
        return (int(object_id) * 7919 % 100) / 100

    @staticmethod
    def guess() -> BoxLabel:
        return box_label([[10, 10, 30, 30]], [0], (SIZE, SIZE, 3), [0.8])


def settings(directory: Path, **changes: Any) -> Settings:
    return Settings(region=REGION, account=ACCOUNT, state_dir=directory, **changes)


def memory_tools(directory: Path, contents: dict[str, bytes]) -> Tools:
    """They all sign with one key: what one engine began, another goes on with, to the same bytes."""
    directory.mkdir(parents=True, exist_ok=True)
    (directory / SIGNING_KEY).write_bytes(bytes(32))
    return Tools(
        settings=settings(directory),
        store=MemoryStore(),
        objects=MemoryEngineObjects(contents),
        logs=MemoryLogs(),
        features=SizesOnly(directory),
        machine=RememberingMachine(),
        people=MemoryTasks(),
        teams=MemoryTeams(),
        members=MemoryMembers(),
        topics=MemoryTopics(),
    )


def job_record(body: dict[str, Any], *, created_at: datetime = datetime(2026, 3, 1, 12, tzinfo=UTC)) -> JobRecord:
    """The record that CreateLabelingJob would make of a request."""
    name = body["LabelingJobName"]
    return JobRecord(
        name=name,
        arn=f"arn:aws:sagemaker:{REGION}:{ACCOUNT}:labeling-job/{name.lower()}",
        reference_code="reference",
        request={key: value for key, value in body.items() if key != "Tags"},
        created_at=created_at,
        modified_at=created_at,
        tags={tag["Key"]: tag["Value"] for tag in body["Tags"]},
    )


def files_under(contents: Mapping[str, bytes], job: str) -> dict[str, bytes]:
    """The files of a job's output by their path in its tree."""
    root = f"s3://{BUCKET}/output/{job}/"
    return {uri.removeprefix(root): body for uri, body in contents.items() if uri.startswith(root)}


def numbers(lines: bytes) -> Iterator[dict[str, Any]]:
    return (json.loads(line) for line in lines.splitlines())
