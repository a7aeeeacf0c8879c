"""Ground Truth's files as the service leaves them, built line by line: layouts, names and bytes as in real output.

`LabelingJob` gathers what people and the machine did, iteration by iteration, and writes the job's whole S3 tree and
its training logs. Nothing in it knows how gt-service reads them.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from gt_service.campaign import CampaignSpec
from gt_service.outputs.logs import LogLine
from tests.fakes import MemoryObjects

BOX = (40, 30, 100, 80)
START = datetime(2026, 5, 1, 8, 0, tzinfo=UTC)
REGION = "us-east-1"
PUBLIC_TEAM = f"arn:aws:sagemaker:{REGION}:394669845002:workteam/public-crowd/default"
PRIVATE_TEAM = f"arn:aws:sagemaker:{REGION}:111122223333:workteam/private-crowd/birders"
VENDOR_TEAM = f"arn:aws:sagemaker:{REGION}:444455556666:workteam/vendor-crowd/labelers"


class MemoryLogs:
    """`TrainingLogs` in a dictionary of training job names."""

    def __init__(self) -> None:
        self.jobs: dict[str, list[LogLine]] = {}

    def lines(self, training_job: str) -> Iterator[LogLine]:
        yield from self.jobs.get(training_job, ())


def compact(value: Any) -> str:
    """JSON as Ground Truth writes it."""
    return json.dumps(value, separators=(",", ":"))


def box_label(
    boxes: Sequence[tuple[float, float, float, float]] = (BOX,),
    *,
    job: str,
    human: bool,
    attribute: str = "category",
    at: datetime = START,
    confidence: float = 0.21,
    labels: Sequence[str] = ("Bird",),
    class_ids: Sequence[int] | None = None,
) -> dict[str, Any]:
    """A label attribute and its metadata; boxes are (left, top, width, height)."""
    ids = list(class_ids) if class_ids is not None else [0] * len(boxes)
    return {
        attribute: {
            "image_size": [{"width": 320, "height": 240, "depth": 3}],
            "annotations": [
                {"class_id": number, "width": w, "top": t, "height": h, "left": left}
                for number, (left, t, w, h) in zip(ids, boxes, strict=True)
            ],
        },
        f"{attribute}-metadata": {
            "objects": [{"confidence": confidence} for _ in boxes],
            "class-map": {str(number): labels[number] for number in ids},
            "type": "groundtruth/object-detection",
            "human-annotated": "yes" if human else "no",
            "creation-date": at.strftime("%Y-%m-%dT%H:%M:%S.%f"),
            "job-name": f"labeling-job/{job}",
        },
    }


def class_label(name: str, number: int, *, job: str, human: bool, attribute: str = "category") -> dict[str, Any]:
    """A single-class label attribute and its metadata."""
    return {
        attribute: number,
        f"{attribute}-metadata": {
            "confidence": 0.95,
            "job-name": f"labeling-job/{job}",
            "class-name": name,
            "human-annotated": "yes" if human else "no",
            "creation-date": START.strftime("%Y-%m-%dT%H:%M:%S.%f"),
            "type": "groundtruth/image-classification",
        },
    }


def answer(worker: int, content: Any, at: datetime = START, *, seconds: float | None = 20.0) -> dict[str, Any]:
    """One worker's answer, in the newer form where `seconds` is given."""
    record = {
        "answerContent": content,
        "submissionTime": at.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "workerId": worker_id(worker),
    }
    if seconds is not None:
        record["acceptanceTime"] = (at - timedelta(seconds=seconds)).strftime("%Y-%m-%dT%H:%M:%SZ")
        record["timeSpentInSeconds"] = seconds
    return record


def worker_id(number: int) -> str:
    return f"public.{REGION}.WORKER{number:020}"


def box_answer(boxes: Sequence[tuple[float, float, float, float]] | None = (BOX,), label: str = "Bird") -> Any:
    """What the bounding-box element submits; None as the boxes is what it submits for an empty image at times."""
    drawn = None
    if boxes is not None:
        drawn = [{"height": h, "label": label, "left": left, "top": t, "width": w} for left, t, w, h in boxes]
    return {"boundingBox": {"boundingBoxes": drawn, "inputImageProperties": {"height": 240, "width": 320}}}


@dataclass
class LabelingJob:
    """A labeling job in the making; `write` lays its files.

    Objects are numbered by their line in the manifest. Object n is s3://inbox/birds/images/n.jpg.
    """

    name: str = "birds-0001"
    objects: int = 0
    attribute: str = "category"
    output_path: str = "s3://results/birds/output/"
    workers: int = 3
    workteam: str = PUBLIC_TEAM
    price: tuple[int, int, int] | None = (0, 3, 6)
    status: str = "Completed"
    boxes_of: Any = None
    initial_model: str | None = None
    final_model: str | None = None
    auto_labeling: bool = True
    max_concurrent: int = 200
    batch_files: int = 25
    newer_answers: bool = True
    writes_requests: bool = True
    human: dict[int, list[int]] = field(default_factory=dict)
    machine: dict[int, list[int]] = field(default_factory=dict)
    extra_answers: list[tuple[int, int, int]] = field(default_factory=list)
    lines: dict[int, dict[str, Any]] = field(default_factory=dict)
    training: list[tuple[int, str, bool]] = field(default_factory=list)
    logs: dict[str, list[LogLine]] = field(default_factory=dict)

    @property
    def root(self) -> str:
        return f"{self.output_path.rstrip('/')}/{self.name}"

    @property
    def manifest(self) -> str:
        return f"s3://results/birds/manifests/{self.name}.manifest"

    def iteration(
        self, number: int, *, human: int | Iterable[int] = 0, machine: int | Iterable[int] = 0
    ) -> LabelingJob:
        """People label `human` objects and the machine `machine`: ids, or how many of the next ones."""
        self.human.setdefault(number, []).extend(self._ids(human))
        self.machine.setdefault(number, []).extend(self._ids(machine))
        return self

    def answered(self, number: int, object_id: int, *, answers: int) -> LabelingJob:
        """Workers answer an object in an iteration, but no label is made of it there."""
        self.extra_answers.append((number, object_id, answers))
        self.objects = max(self.objects, object_id + 1)
        return self

    def trained(
        self,
        iteration: int,
        scores: Sequence[float] = (0.2, 0.5, 0.7),
        *,
        samples: int = 190,
        model: bool = True,
        python: int = 2,
        seconds: int = 600,
    ) -> LabelingJob:
        """A training job of an iteration, with its log."""
        name = f"{self.name}-{iteration}-training"
        self.training.append((iteration, name, model))
        self.logs[name] = detection_log(name, scores, samples=samples, python=python, seconds=seconds)
        return self

    def source(self, object_id: int) -> str:
        return f"s3://inbox/birds/images/{object_id}.jpg"

    def line(self, object_id: int) -> dict[str, Any]:
        """The object's line in the output manifest."""
        if object_id in self.lines:
            return self.lines[object_id]
        for number, ids in self.human.items():
            if object_id in ids:
                return {"source-ref": self.source(object_id), **self.label(object_id, number, human=True)}
        for number, ids in self.machine.items():
            if object_id in ids:
                return {"source-ref": self.source(object_id), **self.label(object_id, number, human=False)}
        return {"source-ref": self.source(object_id)}

    def label(self, object_id: int, iteration: int, *, human: bool) -> dict[str, Any]:
        at = self.time(iteration, 1)
        return box_label(self.boxes(object_id), job=self.name, human=human, attribute=self.attribute, at=at)

    def boxes(self, object_id: int) -> Sequence[tuple[float, float, float, float]]:
        return [BOX] if self.boxes_of is None else self.boxes_of(object_id)

    def time(self, iteration: int, seconds: int = 0) -> datetime:
        return START + timedelta(hours=iteration, seconds=seconds)

    def write(self, store: MemoryObjects, logs: MemoryLogs | None = None) -> dict[str, Any]:
        """Lays the whole tree and the logs; returns the response of DescribeLabelingJob."""
        self.write_inputs(store)
        self.write_annotations(store)
        self.write_machine(store)
        self.write_training(store)
        self.write_manifest(store)
        if logs is not None:
            logs.jobs.update(self.logs)
        return self.description()

    def write_inputs(self, store: MemoryObjects) -> None:
        lines = [compact({"source-ref": self.source(number)}) + "\n" for number in range(self.objects)]
        store.contents[self.manifest] = "".join(lines).encode()

    def write_manifest(self, store: MemoryObjects) -> None:
        where = {}
        for human, by_iteration in ((True, self.human), (False, self.machine)):
            where.update({i: (number, human) for number, ids in by_iteration.items() for i in ids if i not in where})
        lines = []
        for object_id in range(self.objects):
            line = self.lines.get(object_id) or {"source-ref": self.source(object_id)}
            if object_id in where and object_id not in self.lines:
                number, human = where[object_id]
                line = {**line, **self.label(object_id, number, human=human)}
            lines.append(compact(line) + "\n")
        store.contents[f"{self.root}/manifests/output/output.manifest"] = "".join(lines).encode()

    def write_annotations(self, store: MemoryObjects) -> None:
        for number, ids in self.human.items():
            for object_id in ids:
                self._write_answers(store, number, object_id, self.workers)
            for index in range(0, len(ids), self.batch_files):
                self._write_consolidation(store, number, ids[index : index + self.batch_files], index)
        for number, object_id, answers in self.extra_answers:
            self._write_answers(store, number, object_id, answers)

    def write_machine(self, store: MemoryObjects) -> None:
        for number, ids in self.machine.items():
            if not ids:
                continue
            lines = [f"{i} {compact(self.label(i, number, human=False))}" for i in ids]
            where = f"{self.root}/activelearning/run-1/{number}/auto-annotator/auto_annotator_output.txt"
            store.contents[where] = ("\n".join(lines) + "\n").encode()

    def write_training(self, store: MemoryObjects) -> None:
        for number, name, has_model in self.training:
            folder = f"{self.root}/training/{number}/run-1/{name}/output"
            store.contents[f"{folder}/{'model.tar.gz' if has_model else 'failure'}"] = b"x"

    def description(self) -> dict[str, Any]:
        """What DescribeLabelingJob answers."""
        human = len({i for ids in self.human.values() for i in ids})
        machine = len({i for ids in self.machine.values() for i in ids})
        config: dict[str, Any] = {
            "WorkteamArn": self.workteam,
            "NumberOfHumanWorkersPerDataObject": self.workers,
            "MaxConcurrentTaskCount": self.max_concurrent,
        }
        if self.price is not None and self.workteam == PUBLIC_TEAM:
            amount = dict(zip(("Dollars", "Cents", "TenthFractionsOfACent"), self.price, strict=True))
            config["PublicWorkforceTaskPrice"] = {"AmountInUsd": amount}
        described: dict[str, Any] = {
            "LabelingJobName": self.name,
            "LabelingJobArn": f"arn:aws:sagemaker:{REGION}:111122223333:labeling-job/{self.name}",
            "LabelingJobStatus": self.status,
            "LabelAttributeName": self.attribute,
            "LabelCounters": {
                "TotalLabeled": human + machine,
                "HumanLabeled": human,
                "MachineLabeled": machine,
                "FailedNonRetryableError": 0,
                "Unlabeled": self.objects - human - machine,
            },
            "CreationTime": START,
            "LastModifiedTime": self.time(1 + max([*self.human, *self.machine, 0])),
            "InputConfig": {"DataSource": {"S3DataSource": {"ManifestS3Uri": self.manifest}}},
            "OutputConfig": {"S3OutputPath": self.output_path},
            "HumanTaskConfig": config,
        }
        if self.auto_labeling:
            arn = f"arn:aws:sagemaker:{REGION}:027400017018:labeling-job-algorithm-specification/object-detection"
            algorithms = {"LabelingJobAlgorithmSpecificationArn": arn}
            if self.initial_model:
                algorithms["InitialActiveLearningModelArn"] = self.initial_model
            described["LabelingJobAlgorithmsConfig"] = algorithms
        if self.final_model:
            described["LabelingJobOutput"] = {
                "OutputDatasetS3Uri": f"{self.root}/manifests/output/output.manifest",
                "FinalActiveLearningModelArn": self.final_model,
            }
        return described

    def _ids(self, which: int | Iterable[int]) -> list[int]:
        ids = list(range(self.objects, self.objects + which)) if isinstance(which, int) else list(which)
        self.objects = max([self.objects, *(number + 1 for number in ids)])
        return ids

    def _answers(self, object_id: int, count: int, at: datetime) -> list[dict[str, Any]]:
        seconds = 15.0 + object_id % 10 if self.newer_answers else None
        boxes = self.boxes(object_id)
        return [answer((object_id + k) % 12, box_answer(boxes), at, seconds=seconds) for k in range(count)]

    def _write_answers(self, store: MemoryObjects, number: int, object_id: int, count: int) -> None:
        at = self.time(number, object_id)
        where = f"{self.root}/annotations/worker-response/iteration-{number}/{object_id}/{_file_time(at)}.json"
        store.contents[where] = compact({"answers": self._answers(object_id, count, at)}).encode()

    def _write_consolidation(self, store: MemoryObjects, number: int, ids: Sequence[int], index: int) -> None:
        at = self.time(number, index)
        folder = f"{self.root}/annotations/consolidated-annotation"
        response = [
            {
                "datasetObjectId": str(i),
                "consolidatedAnnotation": {"content": self.label(i, number, human=True)},
            }
            for i in ids
        ]
        where = f"{folder}/consolidation-response/iteration-{number}/{_file_time(at)}.json"
        store.contents[where] = compact(response).encode()
        if self.writes_requests:
            where = f"{folder}/consolidation-request/iteration-{number}/{_file_time(at)}.json"
            store.contents[where] = compact([self._request(i, at) for i in ids]).encode()

    def _request(self, object_id: int, at: datetime) -> dict[str, Any]:
        return {
            "datasetObjectId": str(object_id),
            "dataObject": {"s3Uri": self.source(object_id)},
            "annotations": [
                {"workerId": a["workerId"], "annotationData": {"content": compact(a["answerContent"])}}
                for a in self._answers(object_id, self.workers, at)
            ],
        }


def detection_log(
    training_job: str, scores: Sequence[float], *, samples: int, python: int = 2, seconds: int = 600, host: int = 1
) -> list[LogLine]:
    """The log of SageMaker's object detection algorithm, as Python 2 or Python 3 containers print it."""
    stream = f"{training_job}/algo-{host}-1777622400"
    u = "u" if python == 2 else ""
    begin = int(START.timestamp() * 1000)
    step = seconds * 1000 // (len(scores) + 1)
    stamp = "[05/01/2026 08:00:00 INFO 140558353856320]"
    messages = [
        f"{stamp} Final configuration: {{{u}'mini_batch_size': {u}'16', {u}'num_training_samples': {u}'{samples}'}}",
        *(
            f"{stamp} #quality_metric: host=algo-{host}, epoch={epoch}, validation mAP <score>=({score})"
            for epoch, score in enumerate(scores)
        ),
        f"{stamp} #progress_metric: host=algo-{host}, completed 100 %",
    ]
    return [
        LogLine(begin + (seconds * 1000 if index == len(messages) - 1 else index * step), message, stream)
        for index, message in enumerate(messages)
    ]


def spec(**changes: Any) -> CampaignSpec:
    """The notebook's campaign: birds, three workers of the public workforce at $0.036."""
    settings: dict[str, Any] = {
        "name": "birds",
        "task": "object-detection",
        "labels": ["Bird"],
        "workforce": "public",
        "workers_per_object": 3,
        "price_per_task": "0.036",
        "content_classifiers": ["FreeOfPersonallyIdentifiableInformation"],
        **changes,
    }
    return CampaignSpec.model_validate(settings)


def notebook_jobs(workers: int = 3) -> dict[str, LabelingJob]:
    """The notebook's three jobs by role: 650 + 600, 250 + 1,000 and 500 + 750 images by people and machine."""
    model = f"arn:aws:sagemaker:{REGION}:111122223333:model/"
    first = LabelingJob("birds-0001", workers=workers, final_model=model + "birds-0001")
    first.iteration(1, human=10).iteration(2, human=190).iteration(3, human=200)
    first.iteration(4, human=200, machine=350).iteration(5, human=50, machine=250)
    warm = LabelingJob(
        "birds-0002", workers=workers, initial_model=model + "birds-0001", final_model=model + "birds-0002"
    )
    warm.iteration(1, human=10).iteration(2, human=190).iteration(3, human=50, machine=1000)
    control = LabelingJob("birds-0002-control", workers=workers, final_model=model + "birds-0002-control")
    control.iteration(1, human=10).iteration(2, human=190).iteration(3, human=200)
    control.iteration(4, human=100, machine=750)
    return {"first": first, "warm": warm, "control": control}


def _file_time(at: datetime) -> str:
    return at.strftime("%Y-%m-%d_%H:%M:%S")
