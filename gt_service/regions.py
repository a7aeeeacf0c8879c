"""Where Ground Truth works, and the ARNs of what it runs there for each task type. Tables and nothing else.

Sources: the SageMaker developer guide (page sms-create-labeling-job-api) and the documentation strings of botocore's
service model `sagemaker/2017-07-24` (HumanTaskConfig, AnnotationConsolidationConfig, LabelingJobAlgorithmsConfig).
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from gt_service.errors import InvalidInput
from gt_service.task_types import TaskType

REGION_ACCOUNTS: Mapping[str, str] = MappingProxyType(
    {
        "ap-northeast-1": "477331159723",
        "ap-northeast-2": "845288260483",
        "ap-south-1": "565803892007",
        "ap-southeast-1": "377565633583",
        "ap-southeast-2": "454466003867",
        "ca-central-1": "918755190332",
        "eu-central-1": "203001061592",
        "eu-west-1": "568282634449",
        "eu-west-2": "487402164563",
        "us-east-1": "432418664414",
        "us-east-2": "266458841044",
        "us-west-2": "081040173940",
    }
)
"""The account that owns Ground Truth's own Lambda functions (PRE-… and ACS-…) in each region that offers them."""

ALGORITHM_ACCOUNT = "027400017018"
PUBLIC_CROWD_ACCOUNT = "394669845002"


def pre_human_task_arn(task: TaskType, region: str) -> str:
    """The Lambda function that turns a manifest line into a worker's task."""
    return f"arn:aws:lambda:{region}:{_account(region)}:function:PRE-{task.facts.function}"


def annotation_consolidation_arn(task: TaskType, region: str) -> str:
    """The Lambda function that makes one label of several workers' answers."""
    return f"arn:aws:lambda:{region}:{_account(region)}:function:ACS-{task.facts.function}"


def algorithm_specification_arn(task: TaskType, region: str) -> str | None:
    """The algorithm that labels by machine; None where the task type has none."""
    _account(region)
    if task.facts.algorithm is None:
        return None
    name = f"labeling-job-algorithm-specification/{task.facts.algorithm}"
    return f"arn:aws:sagemaker:{region}:{ALGORITHM_ACCOUNT}:{name}"


def public_workteam_arn(region: str) -> str:
    """The public workforce (Amazon Mechanical Turk) of a region."""
    _account(region)
    return f"arn:aws:sagemaker:{region}:{PUBLIC_CROWD_ACCOUNT}:workteam/public-crowd/default"


def human_task_ui_arn(task: TaskType, region: str) -> str | None:
    """The ready-made worker page of a task type; None where the task takes a template."""
    _account(region)
    if task.facts.human_task_ui is None:
        return None
    return f"arn:aws:sagemaker:{region}:{PUBLIC_CROWD_ACCOUNT}:human-task-ui/{task.facts.human_task_ui}"


def _account(region: str) -> str:
    try:
        return REGION_ACCOUNTS[region]
    except KeyError:
        raise InvalidInput(
            f"Ground Truth has no labeling functions in region {region!r}",
            remedy="Use one of " + ", ".join(REGION_ACCOUNTS) + ".",
            field="region",
        ) from None
