"""The tables against what botocore's own documentation of the API says. A wrong ARN is a job that never starts."""

import gzip
import html
import json
import re
from functools import cache
from pathlib import Path

import botocore
import pytest

from gt_service import regions
from gt_service.errors import InvalidInput
from gt_service.money import usd
from gt_service.regions import REGION_ACCOUNTS, TaskType


@cache
def documentation(shape: str) -> str:
    """What botocore's service model says of a shape: its own text and that of its members, as plain text."""
    (path,) = Path(botocore.__file__).parent.glob("data/sagemaker/*/service-2.json.gz")
    found = json.loads(gzip.decompress(path.read_bytes()))["shapes"][shape]
    whole = [found.get("documentation", ""), *(m.get("documentation", "") for m in found.get("members", {}).values())]
    return html.unescape(re.sub(r"<[^>]+>", " ", " ".join(whole)))


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


@pytest.mark.parametrize(
    ("heading", "task"),
    [
        ("bounding box tasks", TaskType.OBJECT_DETECTION),
        ("image classification, text classification, and custom tasks", TaskType.IMAGE_CLASSIFICATION),
        ("image classification, text classification, and custom tasks", TaskType.TEXT_CLASSIFICATION),
        ("semantic segmentation tasks", TaskType.SEMANTIC_SEGMENTATION),
    ],
)
def test_prices_are_the_documented_ladder(heading: str, task: TaskType) -> None:
    text = documentation("PublicWorkforceTaskPrice")
    ladder = text.split(f"prices for {heading}")[1].split("Use one of")[0]
    documented = [round(float(price) * 1000) for price in re.findall(r"\b\d\.\d{3}\b", ladder)]
    assert list(task.facts.prices) == sorted(documented)
    assert usd(task.facts.suggested_price) == usd(min(task.facts.prices))


def test_public_work_team_is_the_notebooks() -> None:
    expected = "arn:aws:sagemaker:us-west-2:394669845002:workteam/public-crowd/default"
    assert regions.public_workteam_arn("us-west-2") == expected


def test_a_region_without_ground_truth_is_refused_with_the_list() -> None:
    with pytest.raises(InvalidInput) as refusal:
        regions.pre_human_task_arn(TaskType.OBJECT_DETECTION, "eu-north-1")
    assert refusal.value.field == "region"
    assert "eu-west-1" in refusal.value.remedy


def test_auto_labeling_tightens_what_a_segmentation_job_may_hold() -> None:
    facts = TaskType.SEMANTIC_SEGMENTATION.facts
    assert (facts.label_limit(auto_labeling=True), facts.label_limit(auto_labeling=False)) == (20, None)
    assert facts.pixel_limit(auto_labeling=True) == 1920 * 1080 < facts.pixel_limit(auto_labeling=False)


def test_a_task_without_an_algorithm_keeps_its_limits_when_auto_labeling_is_asked_for() -> None:
    facts = TaskType.IMAGE_CLASSIFICATION_MULTI_LABEL.facts
    assert facts.label_limit(auto_labeling=True) == 50
    assert facts.pixel_limit(auto_labeling=True) == 100_000_000
