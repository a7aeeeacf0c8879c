"""The operations that the engine offers: each takes a checked request and gives the members of the response."""

from __future__ import annotations

import json
from base64 import b32encode
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any

from gt_engine.api.listing import listed, name_contains, within
from gt_engine.api.models import ModelOperations, object_at
from gt_engine.api.ui_templates import render_ui_template
from gt_engine.api.workforces import WorkforceOperations
from gt_engine.aws import EngineObjects
from gt_engine.request import job_tags, rules
from gt_engine.request.errors import ResourceInUse, ResourceLimitExceeded, ResourceNotFound, ValidationException
from gt_engine.settings import Settings
from gt_engine.store import DynamoStore, JobRecord
from gt_engine.workforce.teams import TeamStore
from gt_service.errors import Conflict, NotFound
from gt_service.job_tags import GOLD_LABELS_TAG
from gt_service.objects import S3Uri
from gt_service.task_types import TaskType

Response = dict[str, Any]
AS_GIVEN = (
    "LabelAttributeName",
    "RoleArn",
    "LabelCategoryConfigS3Uri",
    "HumanTaskConfig",
    "StoppingConditions",
    "LabelingJobAlgorithmsConfig",
)
MAX_TAGS = 50
QUIET = timedelta(minutes=10)
"""A job that is asked about and has not moved for so long is looked at: its last waking may have been lost."""
PREVIEW_SECONDS = 3600
"""How long the addresses in a page of RenderUiTemplate lead to the task's files."""


@dataclass(frozen=True)
class Operations:
    """What the wire calls. `wake` tells the runner that a job has work; `now` is the clock."""

    settings: Settings
    store: DynamoStore
    teams: TeamStore
    objects: EngineObjects
    wake: Callable[[str], None]
    now: Callable[[], datetime] = lambda: datetime.now(UTC)

    def table(self) -> dict[str, Callable[[dict[str, Any]], Response]]:
        """Every operation by its name in the service model."""
        return {
            "CreateLabelingJob": self.create_labeling_job,
            "DescribeLabelingJob": self.describe_labeling_job,
            "ListLabelingJobs": self.list_labeling_jobs,
            "StopLabelingJob": self.stop_labeling_job,
            "RenderUiTemplate": self.render_ui_template,
            "AddTags": self.add_tags,
            "ListTags": self.list_tags,
            "DeleteTags": self.delete_tags,
            **self._models.table(),
            **WorkforceOperations(self.settings, self.store, self.teams, self.now).table(),
        }

    @property
    def _models(self) -> ModelOperations:
        return ModelOperations(self.settings, self.store, self.objects, self.now)

    def create_labeling_job(self, request: dict[str, Any]) -> Response:
        """Checks everything that can be known now; what is inside the manifest shows when the job initializes."""
        name, region, account = request["LabelingJobName"], self.settings.region, self.settings.account
        team = request["HumanTaskConfig"]["WorkteamArn"]
        by_people = any(workteam.arn == team for workteam in self.teams.teams())
        task = rules.check_request(request, region=region, account=account, by_people=by_people)
        arn = f"arn:aws:sagemaker:{region}:{account}:labeling-job/{name.lower()}"
        jobs = list(self.store.jobs())
        taken = next((job for job in jobs if job.name.lower() == name.lower()), None)
        if taken is not None:
            raise _name_is_taken(taken.arn)
        self._check_objects(request, task)
        active = sum(not job.phase.has_ended for job in jobs)
        if active >= self.settings.max_active_jobs:
            raise ResourceLimitExceeded(
                f"The account-level service limit 'Number of active labeling jobs' is {self.settings.max_active_jobs} "
                f"Instances, with current utilization of {active} Instances and a request delta of 1 Instances."
            )
        now = self.now()
        job = JobRecord(
            name=name,
            arn=arn,
            reference_code=account + b32encode(sha256(arn.encode()).digest()).decode()[:16],
            request={key: value for key, value in request.items() if key != "Tags"},
            created_at=now.replace(microsecond=now.microsecond // 1000 * 1000),
            modified_at=now,
            tags=job_tags.by_key(request),
            by_people=by_people,
        )
        try:
            self.store.create_job(job)
        except Conflict:
            raise _name_is_taken(arn) from None
        self.wake(name)
        return {"LabelingJobArn": arn}

    def describe_labeling_job(self, request: dict[str, Any]) -> Response:
        job = self._job(request["LabelingJobName"])
        if job.has_work and self.now() - job.modified_at > QUIET:
            self.wake(job.name)
        return {
            **_seen(job),
            **{name: job.request[name] for name in AS_GIVEN if name in job.request},
            "JobReferenceCode": job.reference_code,
            "OutputConfig": {"KmsKeyId": ""} | job.request["OutputConfig"],
            "Tags": _tags(job.tags),
        }

    def list_labeling_jobs(self, request: dict[str, Any]) -> Response:
        status = request.get("StatusEquals")
        jobs = [
            job
            for job in self.store.jobs()
            if within(job.created_at, request, "CreationTime")
            and within(job.modified_at, request, "LastModifiedTime")
            and name_contains(job.name, request)
            and status in {None, job.status}
        ]
        sort_keys: Mapping[str, Callable[[JobRecord], str]] = {
            "CreationTime": lambda job: job.created_at.isoformat(),
            "Name": lambda job: job.name.lower(),
            "Status": lambda job: job.status,
        }
        return listed("LabelingJobSummaryList", jobs, request, _summary, sort_keys)

    def stop_labeling_job(self, request: dict[str, Any]) -> Response:
        """A job that has ended stays as it is."""
        job = self._job(request["LabelingJobName"])
        self.store.request_stop(job.name, self.now())
        self.wake(job.name)
        return {}

    def render_ui_template(self, request: dict[str, Any]) -> Response:
        def grant(uri: str) -> str:
            return self.objects.address(S3Uri.parse(uri), PREVIEW_SECONDS) if uri.startswith("s3://") else uri

        return render_ui_template(request, grant=grant, origin=self.settings.public_url)

    def add_tags(self, request: dict[str, Any]) -> Response:
        job = self._tagged(request["ResourceArn"])
        job_tags.check_tags(request["Tags"])
        added = job_tags.by_key(request)
        tags = {**job.tags, **added}
        job_tags.check_kept(job.tags, tags)
        if len(tags) > MAX_TAGS:
            raise ResourceLimitExceeded(f"A resource can have at most {MAX_TAGS} tags.")
        if added:
            self.store.tag(job.name, added)
        return {"Tags": _tags(tags)}

    def list_tags(self, request: dict[str, Any]) -> Response:
        job = self._tagged(request["ResourceArn"])
        return listed(
            "Tags", _tags(job.tags), {"MaxResults": MAX_TAGS} | request, dict, {"Name": lambda tag: str(tag["Key"])}
        )

    def delete_tags(self, request: dict[str, Any]) -> Response:
        job = self._tagged(request["ResourceArn"])
        keys = [key for key in dict.fromkeys(request["TagKeys"]) if key in job.tags]
        job_tags.check_kept(job.tags, {key: value for key, value in job.tags.items() if key not in keys})
        if keys:
            self.store.untag(job.name, keys)
        return {}

    def _job(self, name: str) -> JobRecord:
        try:
            return self.store.job(name)
        except NotFound:
            raise ResourceNotFound(f"Labeling job {name} was not found.") from None

    def _tagged(self, arn: str) -> JobRecord:
        prefix, _, name = arn.partition(":labeling-job/")
        if prefix != f"arn:aws:sagemaker:{self.settings.region}:{self.settings.account}" or not name:
            raise ValidationException(
                f"{arn} is not a labeling job of this account and region; only those have tags here."
            )
        try:
            return self.store.job(name)
        except NotFound:
            raise ValidationException(f"Could not find the labeling job with the specified ARN: {arn}") from None

    def _check_objects(self, request: Mapping[str, Any], task: TaskType) -> None:
        """What the request refers to in S3 and among the models must be there and fit."""
        output = rules.parse_uri(request["OutputConfig"]["S3OutputPath"], "S3OutputPath")
        if not self.objects.bucket_is_there(output.bucket):
            raise ValidationException(f"S3OutputPath: the bucket {output.bucket} does not exist.")
        source = request["InputConfig"]["DataSource"]["S3DataSource"]
        object_at(source["ManifestS3Uri"], "ManifestS3Uri", self.objects)
        object_at(request["HumanTaskConfig"]["UiConfig"]["UiTemplateS3Uri"], "UiTemplateS3Uri", self.objects)
        gold = job_tags.by_key(request).get(GOLD_LABELS_TAG)
        if gold is not None:
            object_at(gold, f"tag {GOLD_LABELS_TAG}", self.objects)
        categories = object_at(request["LabelCategoryConfigS3Uri"], "LabelCategoryConfigS3Uri", self.objects).uri
        try:
            document = json.loads(self.objects.read(categories))
        except ValueError:
            raise ValidationException(f"LabelCategoryConfigS3Uri: {categories} is not JSON.") from None
        classes = rules.check_label_categories(
            document, task, auto_labeling=rules.is_auto_labeling(request), source=str(categories)
        )
        arn = request.get("LabelingJobAlgorithmsConfig", {}).get("InitialActiveLearningModelArn")
        if arn is not None:
            self._models.check_model(arn, task, classes)


def _name_is_taken(arn: str) -> ResourceInUse:
    return ResourceInUse(
        "Labeling job names must be unique within an AWS account and region, and a labeling job already exists with "
        f"this name ({arn})"
    )


def _seen(job: JobRecord) -> Response:
    """What both Describe and List say of a job. Of its end: why it failed, and where its output is if it read its
    manifest."""
    counters = job.counters
    seen: Response = {
        "LabelingJobName": job.name,
        "LabelingJobArn": job.arn,
        "CreationTime": job.created_at,
        "LastModifiedTime": job.modified_at,
        "LabelingJobStatus": job.status,
        "LabelCounters": {
            "TotalLabeled": counters.total,
            "HumanLabeled": counters.human,
            "MachineLabeled": counters.machine,
            "FailedNonRetryableError": counters.failed,
            "Unlabeled": counters.unlabeled,
        },
        "InputConfig": job.request["InputConfig"],
    }
    if job.failure_reason is not None:
        seen["FailureReason"] = job.failure_reason
    if job.phase.has_ended and counters.total + counters.failed + counters.unlabeled:
        model = {} if job.final_model_arn is None else {"FinalActiveLearningModelArn": job.final_model_arn}
        seen["LabelingJobOutput"] = {"OutputDatasetS3Uri": str(job.tree.output_manifest), **model}
    return seen


def _summary(job: JobRecord) -> Response:
    config = job.request["HumanTaskConfig"]
    return {
        **_seen(job),
        "WorkteamArn": job.workteam_arn,
        "PreHumanTaskLambdaArn": config["PreHumanTaskLambdaArn"],
        "AnnotationConsolidationLambdaArn": config["AnnotationConsolidationConfig"]["AnnotationConsolidationLambdaArn"],
    }


def _tags(tags: Mapping[str, str]) -> list[Response]:
    return [{"Key": key, "Value": value} for key, value in tags.items()]
