"""Stand-ins that behave, shared by the tests."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime
from typing import Any

from botocore.exceptions import ClientError

from gt_service.errors import NotFound
from gt_service.objects import ObjectSummary, S3Uri

_LONG_AGO = datetime(2026, 1, 1, tzinfo=UTC)


class MemoryObjects:
    """`gt_service.objects.ObjectStore` in a dictionary; `contents` maps URI text to bytes, `now` tells the time.

    is_encrypted: with KMS, as the template's buckets are: the same bytes then have another ETag in every object.
    """

    is_encrypted = False

    def __init__(self, contents: dict[str, bytes] | None = None) -> None:
        self.contents: dict[str, bytes] = dict(contents or {})
        self.content_types: dict[str, str] = {}
        self.written_at: dict[str, datetime] = {}
        self.now: Callable[[], datetime] = lambda: _LONG_AGO

    def list(self, prefix: S3Uri, *, after: str = "") -> Iterator[ObjectSummary]:
        for text in sorted(self.contents):
            uri = S3Uri.parse(text)
            if uri.bucket == prefix.bucket and uri.key.startswith(prefix.key) and uri.key > after:
                body = self.contents[text]
                yield ObjectSummary(uri, len(body), self.etag(uri), self.written_at.get(text, _LONG_AGO))

    def read(self, uri: S3Uri, *, first_bytes: int | None = None, etag: str | None = None) -> bytes:
        body = self.contents.get(str(uri))
        if body is None or etag not in {None, self.etag(uri)}:
            raise NotFound(f"there is no object {uri}")
        return body[:first_bytes]

    def etag(self, uri: S3Uri) -> str:
        body = self.contents[str(uri)]
        return etag_of(body + str(uri).encode() if self.is_encrypted else body)

    def read_many(self, uris: Iterable[S3Uri]) -> Iterator[bytes]:
        return map(self.read, uris)

    def lines(self, uri: S3Uri) -> Iterator[bytes]:
        yield from self.read(uri).splitlines()

    def write(self, uri: S3Uri, body: bytes, content_type: str) -> None:
        self.contents[str(uri)] = body
        self.content_types[str(uri)] = content_type
        self.written_at[str(uri)] = self.now().replace(microsecond=0)

    def write_stream(self, uri: S3Uri, chunks: Iterable[bytes], content_type: str) -> None:
        self.write(uri, b"".join(chunks), content_type)


def etag_of(body: bytes) -> str:
    """As S3 has it for an object that was uploaded in one piece."""
    return hashlib.md5(body, usedforsecurity=False).hexdigest()


class FakeSageMaker:
    """boto3's `sagemaker` client for labeling jobs, with the answers of the service and nobody at work.

    A test decides when a job ends and what is labeled by then (`finish`); the output manifest and consolidations are
    written as Ground Truth leaves them. `refusals` maps a job name to the error that creating it answers with.
    """

    def __init__(self, objects: MemoryObjects, now: Callable[[], datetime]) -> None:
        self._objects, self.now = objects, now
        self.jobs: dict[str, dict[str, Any]] = {}
        self.refusals: dict[str, tuple[str, str]] = {}
        self.models: dict[str, str] = {}

    def list_workteams(self, **_: Any) -> Any:
        return {"Workteams": [{"WorkteamArn": "arn:aws:sagemaker:us-east-1:111122223333:workteam/private-crowd/a"}]}

    def create_model(self, *, ModelName: str, PrimaryContainer: Any, ExecutionRoleArn: str) -> Any:  # noqa: N803
        if ModelName in self.refusals:
            raise _client_error("CreateModel", *self.refusals[ModelName])
        arn = f"arn:aws:sagemaker:us-east-1:111122223333:model/{ModelName}"
        if ModelName in self.models:
            raise _client_error("CreateModel", "ValidationException", f'Cannot create already existing model "{arn}".')
        self.models[ModelName] = PrimaryContainer["ModelDataUrl"]
        return {"ModelArn": arn}

    def create_labeling_job(self, **request: Any) -> dict[str, Any]:
        name = request["LabelingJobName"]
        if name in self.refusals:
            raise _client_error("CreateLabelingJob", *self.refusals[name])
        if name.lower() in {known.lower() for known in self.jobs}:
            raise _client_error("CreateLabelingJob", "ResourceInUse", "Labeling Job name must be unique")
        arn = f"arn:aws:sagemaker:us-east-1:111122223333:labeling-job/{name.lower()}"
        self.jobs[name] = {
            **request,
            "LabelingJobArn": arn,
            "LabelingJobStatus": "InProgress",
            "LabelCounters": {
                "TotalLabeled": 0,
                "HumanLabeled": 0,
                "MachineLabeled": 0,
                "FailedNonRetryableError": 0,
                "Unlabeled": sum(request["LabelAttributeName"] not in line for line in self.lines(name, request)),
            },
            "CreationTime": self.now(),
            "LastModifiedTime": self.now(),
            "JobReferenceCode": "111122223333AAAAAAAAAAAAAAAA",
        }
        return {"LabelingJobArn": arn}

    def describe_labeling_job(self, *, LabelingJobName: str) -> dict[str, Any]:  # noqa: N803
        return dict(self._job("DescribeLabelingJob", LabelingJobName))

    def stop_labeling_job(self, *, LabelingJobName: str) -> dict[str, Any]:  # noqa: N803
        if self._job("StopLabelingJob", LabelingJobName)["LabelingJobStatus"] == "InProgress":
            self.finish(LabelingJobName, "Stopped", labeled=0)
        return {}

    def lines(self, name: str, request: dict[str, Any] | None = None) -> list[dict[str, Any]]:
        """What the job was asked to label."""
        source = (request or self.jobs[name])["InputConfig"]["DataSource"]["S3DataSource"]["ManifestS3Uri"]
        return [json.loads(line) for line in self._objects.lines(S3Uri.parse(source))]

    def finish(
        self,
        name: str,
        status: str = "Completed",
        *,
        labeled: int | None = None,
        model: bool = True,
        each_failed: bool = False,
        times: int = 1,
    ) -> None:
        """Ends a job with its first `labeled` objects labeled by people, all of them unless given. Lines that
        have their label already come last, and stay as they are.

        each_failed: whether every other object was tried and failed by itself. times: in how many iterations people
        were asked for the labeled ones.
        """
        job, lines = self.jobs[name], self.lines(name)
        attribute = job["LabelAttributeName"]
        objects = sum(attribute not in line for line in lines)
        done = objects if labeled is None else min(labeled, objects)
        root = S3Uri.parse(job["OutputConfig"]["S3OutputPath"]) / name
        records = [self._label(name, attribute) for _ in range(done)]
        if records:
            for iteration in range(1, times + 1):
                self._write_consolidation(root, job, records, iteration)
        whole = [line | (records[number] if number < done else {}) for number, line in enumerate(lines)]
        body = "".join(json.dumps(line, separators=(",", ":")) + "\n" for line in whole).encode()
        self._objects.write(root / "manifests/output/output.manifest", body, "application/jsonlines")
        job["LabelingJobStatus"] = status
        job["LastModifiedTime"] = self.now()
        job["LabelCounters"] |= {"TotalLabeled": done, "HumanLabeled": done, "Unlabeled": objects - done}
        job["LabelCounters"]["FailedNonRetryableError"] = objects - done if each_failed else 0
        job["LabelingJobOutput"] = {"OutputDatasetS3Uri": str(root / "manifests/output/output.manifest")}
        if model and "LabelingJobAlgorithmsConfig" in job:
            arn = f"arn:aws:sagemaker:us-east-1:111122223333:model/{name}-model"
            job["LabelingJobOutput"]["FinalActiveLearningModelArn"] = arn
        if status == "Failed":
            job["FailureReason"] = "ClientError: the workers went home"

    def _label(self, name: str, attribute: str) -> dict[str, Any]:
        return {
            attribute: {"image_size": [{"width": 64, "height": 48, "depth": 3}], "annotations": []},
            f"{attribute}-metadata": {
                "objects": [],
                "class-map": {},
                "type": "groundtruth/object-detection",
                "human-annotated": "yes",
                "creation-date": "2026-05-01T08:00:00.000001",
                "job-name": f"labeling-job/{name}",
            },
        }

    def _write_consolidation(
        self, root: S3Uri, job: dict[str, Any], records: list[dict[str, Any]], iteration: int
    ) -> None:
        workers = job["HumanTaskConfig"]["NumberOfHumanWorkersPerDataObject"]
        answer = json.dumps({"boundingBox": {"boundingBoxes": [], "inputImageProperties": {"width": 64, "height": 48}}})
        asked = [
            {
                "datasetObjectId": str(number),
                "dataObject": {"s3Uri": "s3://inbox/x"},
                "annotations": [
                    {"workerId": f"private.us-east-1.W{worker}", "annotationData": {"content": answer}}
                    for worker in range(workers)
                ],
            }
            for number in range(len(records))
        ]
        response = [
            {"datasetObjectId": str(number), "consolidatedAnnotation": {"content": record}}
            for number, record in enumerate(records)
        ]
        base = root / "annotations/consolidated-annotation"
        for folder, items in (("consolidation-request", asked), ("consolidation-response", response)):
            place = base / folder / f"iteration-{iteration}/2026-05-01_08:00:00.json"
            self._objects.write(place, json.dumps(items).encode(), "application/json")

    def _job(self, operation: str, name: str) -> dict[str, Any]:
        if name not in self.jobs:
            raise _client_error(operation, "ResourceNotFound", f"Requested resource not found: {name}")
        return self.jobs[name]


def _client_error(operation: str, code: str, message: str) -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": message}}, operation)
