"""The tables against what botocore's own documentation of the API says. A wrong ARN is a job that never starts."""

import re

import pytest

from gt_service import regions
from gt_service.errors import InvalidInput
from gt_service.regions import REGION_ACCOUNTS
from gt_service.task_types import TaskType
from tests.botocore_texts import documentation

ALL = [pytest.param(task, region, id=f"{task}-{region}") for task in TaskType for region in REGION_ACCOUNTS]


@pytest.mark.parametrize(("task", "region"), ALL)
def test_lambda_arns_are_those_of_the_documentation(task: TaskType, region: str) -> None:
    before = re.findall(r"arn:aws:lambda:[\w:-]+", documentation("HumanTaskConfig"))
    after = re.findall(r"arn:aws:lambda:[\w:-]+", documentation("AnnotationConsolidationConfig"))
    assert regions.pre_human_task_arn(task, region) in before
    assert regions.annotation_consolidation_arn(task, region) in after


def test_no_documented_region_is_missing() -> None:
    documented = re.findall(r"arn:aws:lambda:([a-z0-9-]+):(\d+):function:PRE-", documentation("HumanTaskConfig"))
    assert dict(documented) == dict(REGION_ACCOUNTS)


def test_algorithms_are_exactly_the_documented_ones() -> None:
    text = documentation("LabelingJobAlgorithmsConfig")
    documented = {
        f"arn:aws:sagemaker:us-east-1:{account}:{name}"
        for account, name in re.findall(r"(\d{12}):(labeling-job-algorithm-specification/[\w-]+)", text)
    }
    assert {regions.algorithm_specification_arn(task, "us-east-1") for task in TaskType} - {None} == documented


def test_named_entities_use_the_documented_worker_page() -> None:
    arn = regions.human_task_ui_arn(TaskType.NAMED_ENTITY_RECOGNITION, "eu-west-2")
    assert arn is not None
    assert arn.split(":", 4)[-1] in documentation("UiConfig")


def test_public_work_team_is_the_notebooks() -> None:
    expected = "arn:aws:sagemaker:us-west-2:394669845002:workteam/public-crowd/default"
    assert regions.public_workteam_arn("us-west-2") == expected


def test_a_region_without_ground_truth_is_refused_with_the_list() -> None:
    with pytest.raises(InvalidInput) as refusal:
        regions.pre_human_task_arn(TaskType.OBJECT_DETECTION, "eu-north-1")
    assert refusal.value.field == "region"
    assert "eu-west-1" in refusal.value.remedy
