"""The task types' limits and prices against botocore's documentation. A wrong price is a job that is refused."""

import re

import pytest

from gt_service.money import usd
from gt_service.task_types import TaskType
from tests.botocore_texts import documentation


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


def test_auto_labeling_tightens_what_a_segmentation_job_may_hold() -> None:
    facts = TaskType.SEMANTIC_SEGMENTATION.facts
    assert (facts.label_limit(auto_labeling=True), facts.label_limit(auto_labeling=False)) == (20, None)
    assert facts.pixel_limit(auto_labeling=True) == 1920 * 1080 < facts.pixel_limit(auto_labeling=False)


def test_a_task_without_an_algorithm_keeps_its_limits_when_auto_labeling_is_asked_for() -> None:
    facts = TaskType.IMAGE_CLASSIFICATION_MULTI_LABEL.facts
    assert facts.label_limit(auto_labeling=True) == 50
    assert facts.pixel_limit(auto_labeling=True) == 100_000_000
