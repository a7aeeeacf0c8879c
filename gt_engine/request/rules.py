"""The rules of CreateLabelingJob that the service model does not hold, as pure functions over the request.

Sources: the developer guide's pages sms-create-labeling-job-api, sms-automated-labeling and input-data-limits, and
the documentation strings of botocore's model (LabelAttributeName, HumanTaskConfig, PublicWorkforceTaskPrice).
Each function raises `ValidationException` where a rule is broken.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from gt_engine.request import job_tags
from gt_engine.request.errors import AccessDeniedException, ValidationException
from gt_service.errors import InvalidInput
from gt_service.job_tags import GOLD_LABELS_TAG
from gt_service.money import Mills, usd
from gt_service.objects import S3Uri
from gt_service.regions import (
    PUBLIC_CROWD_ACCOUNT,
    REGION_ACCOUNTS,
    algorithm_specification_arn,
    annotation_consolidation_arn,
    pre_human_task_arn,
)
from gt_service.task_types import MAX_LABEL_CHARACTERS, TASKS, TaskType

SUPPORTED_TASKS = (
    TaskType.OBJECT_DETECTION,
    TaskType.IMAGE_CLASSIFICATION,
    TaskType.IMAGE_CLASSIFICATION_MULTI_LABEL,
    TaskType.TEXT_CLASSIFICATION,
    TaskType.TEXT_CLASSIFICATION_MULTI_LABEL,
    TaskType.OBJECT_DETECTION_VERIFICATION,
    TaskType.OBJECT_DETECTION_ADJUSTMENT,
)
AUTO_LABELED_TASKS = (TaskType.OBJECT_DETECTION, TaskType.IMAGE_CLASSIFICATION)

MAX_TASK_TIME_SECONDS = 28_800
MAX_PUBLIC_AVAILABILITY_SECONDS = 43_200
MAX_PRIVATE_AVAILABILITY_SECONDS = 2_592_000
_PII_FREE = "FreeOfPersonallyIdentifiableInformation"
_WORKTEAM = re.compile(r"arn:aws[a-z\-]*:sagemaker:([a-z0-9\-]*):([0-9]{12}):workteam/([^/]+)/([^/]+)")


@dataclass(frozen=True)
class Workteam:
    """A work team as its ARN names it. `crowd`: public-crowd, private-crowd or vendor-crowd."""

    region: str
    account: str
    crowd: str
    name: str

    @property
    def is_public(self) -> bool:
        return self.crowd == "public-crowd"

    @property
    def arn(self) -> str:
        return f"arn:aws:sagemaker:{self.region}:{self.account}:workteam/{self.crowd}/{self.name}"


def check_request(request: Mapping[str, Any], *, region: str, account: str, by_people: bool = False) -> TaskType:
    """Everything that the request alone can tell; the task type that it asks for.

    by_people: the work team has people. Without them it is simulated, and cannot answer without gold labels.
    """
    task = _task(request["HumanTaskConfig"], region)
    _check_data_source(request["InputConfig"])
    _check_attribute(request["LabelAttributeName"], task)
    _check_role(request["RoleArn"], account)
    workteam = parse_workteam(request["HumanTaskConfig"]["WorkteamArn"], region=region, account=account)
    _check_workforce(request, task, workteam)
    _check_times(request["HumanTaskConfig"], workteam)
    _check_ui(request["HumanTaskConfig"]["UiConfig"])
    _check_algorithm(request.get("LabelingJobAlgorithmsConfig"), task, region)
    if "LabelCategoryConfigS3Uri" not in request:
        raise ValidationException(
            f"LabelCategoryConfigS3Uri is required for the built-in task type {task.facts.function}."
        )
    tags = job_tags.checked(request, task)
    if not by_people and GOLD_LABELS_TAG not in tags:
        raise ValidationException(
            f"Nobody can answer: the work team {workteam.arn} has no people, and there are no gold labels to simulate "
            "them from. Create the work team (CreateWorkteam) and invite its workers (gt-engine workers invite), or "
            f"give the labeling job the tag '{GOLD_LABELS_TAG}' with the S3 URI of a gold labels file."
        )
    return task


def parse_workteam(arn: str, *, region: str, account: str) -> Workteam:
    """The work team of an ARN that may be used here: the public one, or a private one of this account."""
    match = _WORKTEAM.fullmatch(arn)
    if not match:
        raise ValidationException(f"WorkteamArn '{arn}' does not name a public, private or vendor work team.")
    team = Workteam(*match.groups())
    if team.region != region:
        raise ValidationException(f"WorkteamArn '{arn}' is not in region {region}.")
    if team.crowd == "public-crowd" and (team.account, team.name) == (PUBLIC_CROWD_ACCOUNT, "default"):
        return team
    if team.crowd == "private-crowd" and team.account == account:
        return team
    if team.crowd == "vendor-crowd":
        raise ValidationException(f"WorkteamArn '{arn}' names a vendor's work team; this engine has none.")
    raise ValidationException(
        f"WorkteamArn '{arn}' does not belong to account {account} and is not the public work team."
    )


def parse_uri(text: str, field: str) -> S3Uri:
    """The place in S3 that a request's field names."""
    try:
        return S3Uri.parse(text)
    except InvalidInput:
        raise ValidationException(f"{field}: '{text}' is not an S3 URI (s3://bucket/key).") from None


def check_label_categories(document: object, task: TaskType, *, auto_labeling: bool, source: str) -> tuple[str, ...]:
    """The labels of a label category file, in the order that gives them their class ids.

    Shape: `{"document-version": "2018-11-28", "labels": [{"label": "Bird"}]}`; the version may be absent.
    """
    labels = document.get("labels") if isinstance(document, dict) else None
    entries = labels if isinstance(labels, list) else []
    names = [
        name for entry in entries if isinstance(entry, dict) and isinstance(name := entry.get("label"), str) and name
    ]
    if not isinstance(labels, list) or len(names) != len(entries):
        raise ValidationException(f'{source} must hold {{"labels": [{{"label": "…"}}, …]}}.')
    too_long = [name for name in names if len(name) > MAX_LABEL_CHARACTERS]
    if too_long:
        raise ValidationException(
            f"Label '{too_long[0][:40]}…' in {source} is longer than {MAX_LABEL_CHARACTERS} characters."
        )
    if len(set(names)) != len(names):
        twice = next(name for name in names if names.count(name) > 1)
        raise ValidationException(f"Label '{twice}' occurs more than once in {source}.")
    most = task.facts.label_limit(auto_labeling=auto_labeling)
    if len(names) < task.facts.min_labels or (most is not None and len(names) > most):
        limits = f"at least {task.facts.min_labels}" + (f" and at most {most}" if most else "")
        raise ValidationException(f"{task.facts.function} takes {limits} labels; {source} has {len(names)}.")
    return tuple(names)


def is_auto_labeling(request: Mapping[str, Any]) -> bool:
    return "LabelingJobAlgorithmsConfig" in request


def _task(config: Mapping[str, Any], region: str) -> TaskType:
    if region not in REGION_ACCOUNTS:
        raise ValidationException(f"Ground Truth has no labeling functions in region {region}.")
    pre = config.get("PreHumanTaskLambdaArn")
    consolidation = config.get("AnnotationConsolidationConfig", {}).get("AnnotationConsolidationLambdaArn")
    if pre is None or consolidation is None:
        raise ValidationException(
            "PreHumanTaskLambdaArn and AnnotationConsolidationConfig are required for built-in task types."
        )
    by_pre = next((task for task in TASKS if pre_human_task_arn(task, region) == pre), None)
    if by_pre is None:
        raise ValidationException(
            f"PreHumanTaskLambdaArn '{pre}' is not one of Ground Truth's own functions in region {region}; "
            "this engine runs built-in task types only."
        )
    if annotation_consolidation_arn(by_pre, region) != consolidation:
        raise ValidationException(
            f"AnnotationConsolidationLambdaArn '{consolidation}' does not belong to PreHumanTaskLambdaArn '{pre}' "
            f"(expected '{annotation_consolidation_arn(by_pre, region)}')."
        )
    if by_pre not in SUPPORTED_TASKS:
        offered = ", ".join(task.facts.function for task in SUPPORTED_TASKS)
        raise ValidationException(
            f"No simulated worker can do the task type {by_pre.facts.function}; this engine offers {offered}."
        )
    return by_pre


def _check_data_source(config: Mapping[str, Any]) -> None:
    source = config["DataSource"]
    if "SnsDataSource" in source:
        raise ValidationException("Streaming labeling jobs (SnsDataSource) are not offered by this engine.")
    if "S3DataSource" not in source:
        raise ValidationException("DataSource must have an S3DataSource.")


def _check_attribute(name: str, task: TaskType) -> None:
    if name in {"source", "source-ref"}:
        raise ValidationException(f"LabelAttributeName '{name}' is reserved.")
    if name.endswith("-metadata"):
        raise ValidationException(f"LabelAttributeName '{name}' must not end with '-metadata'.")
    if name.endswith("-ref") and not task.facts.attribute_ends_in_ref:
        raise ValidationException(f"LabelAttributeName '{name}' must not end with '-ref' for {task.facts.function}.")


def _check_role(role: str, account: str) -> None:
    parts = role.split(":")
    if len(parts) > 4 and parts[4] != account:
        raise AccessDeniedException("Cross-account pass role is not allowed.")


def _check_workforce(request: Mapping[str, Any], task: TaskType, workteam: Workteam) -> None:
    price = request["HumanTaskConfig"].get("PublicWorkforceTaskPrice")
    if not workteam.is_public:
        if price is not None:
            raise ValidationException("PublicWorkforceTaskPrice may be given with the public workforce only.")
        return
    if price is None:
        raise ValidationException("PublicWorkforceTaskPrice is required with the public workforce.")
    amount = task_price(price)
    if amount not in task.facts.prices:
        allowed = ", ".join(usd(allowed) for allowed in task.facts.prices)
        raise ValidationException(
            f"PublicWorkforceTaskPrice {usd(amount)} is not allowed for {task.facts.function}; allowed: {allowed}."
        )
    if _PII_FREE not in request["InputConfig"].get("DataAttributes", {}).get("ContentClassifiers", ()):
        raise ValidationException(f"The public workforce needs the content classifier {_PII_FREE}.")


def task_price(price: Mapping[str, Any]) -> Mills:
    """PublicWorkforceTaskPrice in mills."""
    amount = price.get("AmountInUsd", {})
    return Mills(amount.get("Dollars", 0) * 1000 + amount.get("Cents", 0) * 10 + amount.get("TenthFractionsOfACent", 0))


def _check_times(config: Mapping[str, Any], workteam: Workteam) -> None:
    if config["TaskTimeLimitInSeconds"] > MAX_TASK_TIME_SECONDS:
        raise ValidationException(f"TaskTimeLimitInSeconds must not exceed {MAX_TASK_TIME_SECONDS} (8 hours).")
    most = MAX_PUBLIC_AVAILABILITY_SECONDS if workteam.is_public else MAX_PRIVATE_AVAILABILITY_SECONDS
    if config.get("TaskAvailabilityLifetimeInSeconds", 0) > most:
        raise ValidationException(f"TaskAvailabilityLifetimeInSeconds must not exceed {most} for {workteam.crowd}.")


def _check_ui(config: Mapping[str, Any]) -> None:
    if ("UiTemplateS3Uri" in config) == ("HumanTaskUiArn" in config):
        raise ValidationException("UiConfig must have exactly one of UiTemplateS3Uri and HumanTaskUiArn.")
    if "HumanTaskUiArn" in config:
        raise ValidationException(
            "HumanTaskUiArn is for named entity, video and point cloud tasks; give UiTemplateS3Uri."
        )


def _check_algorithm(config: Mapping[str, Any] | None, task: TaskType, region: str) -> None:
    if config is None:
        return
    given, expected = config["LabelingJobAlgorithmSpecificationArn"], algorithm_specification_arn(task, region)
    if task not in AUTO_LABELED_TASKS:
        raise ValidationException(f"Automated data labeling is not available for {task.facts.function} in this engine.")
    if given != expected:
        raise ValidationException(
            f"LabelingJobAlgorithmSpecificationArn '{given}' does not fit the task type {task.facts.function} "
            f"in region {region} (expected '{expected}')."
        )
