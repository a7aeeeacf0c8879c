"""Ground Truth's own rules of CreateLabelingJob: a job that the service would refuse must be refused here too."""

from __future__ import annotations

from typing import Any

import pytest

from gt_engine.request import job_tags, rules
from gt_engine.request.errors import AccessDeniedException, ApiError, ValidationException
from gt_engine.workforce.proposals import ProposalRule
from gt_service.job_tags import (
    LEAST_WORKERS_TAG,
    PROPOSALS_BLIND_TAG,
    PROPOSALS_WRONG_TAG,
    QUALITY_LOSS_TAG,
    QUALITY_METHOD_TAG,
    QUALITY_SCOPE_TAG,
    QUALITY_TARGET_TAG,
)
from gt_service.regions import REGION_ACCOUNTS
from gt_service.task_types import TaskType
from tests.engine import ACCOUNT, FUNCTION_ACCOUNT, REGION, request

PRIVATE = f"arn:aws:sagemaker:{REGION}:{ACCOUNT}:workteam/private-crowd/us"


def check(**changes: Any) -> TaskType:
    return rules.check_request(request(**changes), region=REGION, account=ACCOUNT)


def refusal(**changes: Any) -> str:
    with pytest.raises(ApiError) as caught:
        check(**changes)
    assert isinstance(caught.value, ValidationException)
    return caught.value.message


def test_the_notebooks_request_is_taken() -> None:
    assert check() is TaskType.OBJECT_DETECTION


@pytest.mark.parametrize(
    ("function", "task"),
    [
        ("ImageMultiClass", TaskType.IMAGE_CLASSIFICATION),
        ("ImageMultiClassMultiLabel", TaskType.IMAGE_CLASSIFICATION_MULTI_LABEL),
        ("TextMultiClass", TaskType.TEXT_CLASSIFICATION),
        ("TextMultiClassMultiLabel", TaskType.TEXT_CLASSIFICATION_MULTI_LABEL),
        ("AdjustmentBoundingBox", TaskType.OBJECT_DETECTION_ADJUSTMENT),
        ("VerificationBoundingBox", TaskType.OBJECT_DETECTION_VERIFICATION),
    ],
)
def test_every_task_that_simulated_workers_can_do_is_taken(function: str, task: TaskType) -> None:
    assert check(task=function, auto=False) is task


@pytest.mark.parametrize(
    "function", ["SemanticSegmentation", "NamedEntityRecognition", "AdjustmentSemanticSegmentation"]
)
def test_a_task_that_nobody_here_can_do_is_refused_by_name(function: str) -> None:
    assert f"No simulated worker can do the task type {function}" in refusal(task=function, auto=False)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("source", "reserved"),
        ("source-ref", "reserved"),
        ("birds-metadata", "must not end with '-metadata'"),
        ("birds-ref", "must not end with '-ref'"),
    ],
)
def test_attribute_names_that_would_break_the_manifest_are_refused(name: str, expected: str) -> None:
    assert expected in refusal(LabelAttributeName=name)


def test_functions_of_another_region_or_account_are_refused() -> None:
    """The mistake of most public reports: an ARN copied from an example of another region."""
    wrong = f"arn:aws:lambda:{REGION}:{REGION_ACCOUNTS['us-west-2']}:function:PRE-BoundingBox"
    assert "not one of Ground Truth's own functions" in refusal(PreHumanTaskLambdaArn=wrong)


def test_functions_of_two_tasks_are_refused() -> None:
    other = f"arn:aws:lambda:{REGION}:{FUNCTION_ACCOUNT}:function:ACS-ImageMultiClass"
    assert "expected" in refusal(AnnotationConsolidationConfig={"AnnotationConsolidationLambdaArn": other})


def test_the_algorithm_must_be_the_tasks_and_the_regions() -> None:
    base = f"arn:aws:sagemaker:{REGION}:027400017018:labeling-job-algorithm-specification"
    wrong = {"LabelingJobAlgorithmSpecificationArn": f"{base}/image-classification"}
    assert f"(expected '{base}/object-detection')" in refusal(LabelingJobAlgorithmsConfig=wrong)


def test_auto_labeling_of_a_task_without_it_is_refused() -> None:
    assert "not available for TextMultiClass" in refusal(task="TextMultiClass", auto=True)


@pytest.mark.parametrize(
    ("cents", "tenths", "allowed"), [(3, 6, True), (3, 5, False), (120, 0, True), (1, 2, False), (0, 0, False)]
)
def test_prices_follow_the_ladder_of_the_task(cents: int, tenths: int, *, allowed: bool) -> None:
    dollars, cents = divmod(cents, 100)
    price = {"AmountInUsd": {"Dollars": dollars, "Cents": cents, "TenthFractionsOfACent": tenths}}
    if allowed:
        check(PublicWorkforceTaskPrice=price)
    else:
        assert "is not allowed for BoundingBox; allowed: $0.036" in refusal(PublicWorkforceTaskPrice=price)


def test_a_class_may_cost_less_than_a_box() -> None:
    check(
        task="image-classification", PublicWorkforceTaskPrice={"AmountInUsd": {"Cents": 1, "TenthFractionsOfACent": 2}}
    )


def test_the_public_workforce_needs_a_price_and_a_private_one_takes_none() -> None:
    assert "is required" in refusal(PublicWorkforceTaskPrice=None)
    assert "public workforce only" in refusal(WorkteamArn=PRIVATE)
    check(WorkteamArn=PRIVATE, PublicWorkforceTaskPrice=None)


def test_the_public_workforce_needs_the_word_that_there_is_nothing_personal() -> None:
    changes = request()["InputConfig"] | {"DataAttributes": {"ContentClassifiers": ["FreeOfAdultContent"]}}
    assert "FreeOfPersonallyIdentifiableInformation" in refusal(InputConfig=changes)


@pytest.mark.parametrize(
    ("arn", "expected"),
    [
        (PRIVATE.replace("us-east-1", "eu-west-1"), "is not in region us-east-1"),
        (PRIVATE.replace(ACCOUNT, "999999999999"), "does not belong to account"),
        (PRIVATE.replace("private-crowd", "vendor-crowd"), "vendor's work team"),
        (f"arn:aws:sagemaker:{REGION}:{ACCOUNT}:workteam/us", "does not name"),
        (f"arn:aws:sagemaker:{REGION}:{ACCOUNT}:workteam/public-crowd/default", "does not belong"),
    ],
)
def test_work_teams_of_elsewhere_are_refused(arn: str, expected: str) -> None:
    assert expected in refusal(WorkteamArn=arn)


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"TaskTimeLimitInSeconds": 28_801}, "28800"),
        ({"TaskAvailabilityLifetimeInSeconds": 43_201}, "43200"),
        (
            {"WorkteamArn": PRIVATE, "PublicWorkforceTaskPrice": None, "TaskAvailabilityLifetimeInSeconds": 2_592_001},
            "2592000",
        ),
        ({"UiConfig": {}}, "exactly one"),
        (
            {"UiConfig": {"HumanTaskUiArn": f"arn:aws:sagemaker:{REGION}:394669845002:human-task-ui/X"}},
            "UiTemplateS3Uri",
        ),
        ({"LabelCategoryConfigS3Uri": None}, "LabelCategoryConfigS3Uri is required"),
        ({"InputConfig": {"DataSource": {"SnsDataSource": {"SnsTopicArn": "arn:aws:sns:a:1:b"}}}}, "Streaming"),
        ({"InputConfig": {"DataSource": {}}}, "S3DataSource"),
        ({"PreHumanTaskLambdaArn": None}, "required for built-in task types"),
        ({"Tags": []}, "gt-service:gold-labels"),
        ({"Tags": None}, "gt-service:gold-labels"),
    ],
)
def test_limits_and_missing_parts(changes: dict[str, Any], expected: str) -> None:
    assert expected in refusal(**changes)


def test_another_accounts_role_is_refused() -> None:
    with pytest.raises(AccessDeniedException, match="Cross-account"):
        check(RoleArn="arn:aws:iam::999999999999:role/labeling")


@pytest.mark.parametrize(
    ("tags", "expected"),
    [
        ([{"Key": "aws:x", "Value": ""}], "reserved"),
        ([{"Key": "a", "Value": "1"}, {"Key": "a", "Value": "2"}], "Duplicate tag keys"),
    ],
)
def test_tags_that_aws_refuses(tags: list[dict[str, str]], expected: str) -> None:
    with pytest.raises(ValidationException, match=expected):
        job_tags.check_tags(tags)


def test_quality_targets_come_from_tags_and_wrong_ones_are_refused() -> None:
    boxes, classes = TaskType.OBJECT_DETECTION, TaskType.IMAGE_CLASSIFICATION
    assert (job_tags.guarantee({}, boxes).loss, job_tags.guarantee({}, boxes).target) == ("f1", 0.9)
    assert (job_tags.guarantee({}, classes).loss, job_tags.guarantee({}, classes).target) == ("error", 0.95)
    assert job_tags.guarantee({QUALITY_LOSS_TAG: "mean-iou"}, boxes).target == 0.6
    assert job_tags.guarantee({QUALITY_TARGET_TAG: "0.8"}, boxes).target == 0.8
    assert job_tags.guarantee({}, boxes).scope == "machine-labels"
    assert job_tags.guarantee({QUALITY_SCOPE_TAG: "dataset"}, boxes).scope == "dataset"
    for tag, value in (
        (QUALITY_SCOPE_TAG, "batch"),
        (QUALITY_TARGET_TAG, "1.0"),
        (QUALITY_TARGET_TAG, "much"),
        (QUALITY_LOSS_TAG, "error"),
    ):
        with pytest.raises(ValidationException, match=tag):
            job_tags.guarantee({tag: value}, boxes)
    with pytest.raises(ValidationException, match="must be one of"):
        job_tags.guarantee({QUALITY_METHOD_TAG: "plug-in"}, boxes)  # no guarantee at all: not for jobs


def test_proposals_are_a_tag_of_jobs_with_boxes_or_classes() -> None:
    boxes, blind, wrong = TaskType.OBJECT_DETECTION, PROPOSALS_BLIND_TAG, PROPOSALS_WRONG_TAG
    assert job_tags.proposals({}, boxes) is None
    assert job_tags.proposals({wrong: "0.5"}, boxes) is None
    assert job_tags.proposals({blind: "0", wrong: "0"}, boxes) == ProposalRule(0, 0)
    for tags in ({blind: "1"}, {blind: "true"}, {blind: "0.1", wrong: "-0.1"}, {blind: "nan"}):
        with pytest.raises(ValidationException, match="gt-engine:proposals-"):
            job_tags.proposals(tags, boxes)
    with pytest.raises(ValidationException, match="no proposals for"):
        job_tags.proposals({blind: "0.1"}, TaskType.SEMANTIC_SEGMENTATION)


def test_the_least_workers_are_a_number_up_to_the_most() -> None:
    assert job_tags.least_workers({}, 3) == 3
    assert job_tags.least_workers({LEAST_WORKERS_TAG: "1"}, 3) == 1
    for wrong in ("0019", "0", "4", "one", "-1", "1.5", ""):
        with pytest.raises(ValidationException, match="least-workers"):
            job_tags.least_workers({LEAST_WORKERS_TAG: wrong}, 3)


@pytest.mark.parametrize(
    ("document", "expected"),
    [
        ([], "must hold"),
        ({"labels": "Bird"}, "must hold"),
        ({"labels": [{"label": ""}]}, "must hold"),
        ({"labels": [{"label": "Bird"}, {"label": "Bird"}]}, "more than once"),
        ({"labels": [{"label": "x" * 257}]}, "longer than 256"),
        ({"labels": []}, "at least 1 and at most 50"),
        ({"labels": [{"label": str(n)} for n in range(51)]}, "at most 50 labels; classes.json has 51"),
    ],
)
def test_label_categories_that_cannot_be_used(document: Any, expected: str) -> None:
    with pytest.raises(ValidationException, match=expected):
        rules.check_label_categories(document, TaskType.OBJECT_DETECTION, auto_labeling=True, source="classes.json")


def test_classes_need_a_choice() -> None:
    with pytest.raises(ValidationException, match="at least 2"):
        rules.check_label_categories(
            {"labels": [{"label": "Bird"}]}, TaskType.IMAGE_CLASSIFICATION, auto_labeling=False, source="x"
        )


def test_the_order_of_the_labels_is_the_order_of_the_class_ids() -> None:
    document = {"document-version": "2018-11-28", "labels": [{"label": "b"}, {"label": "a"}]}
    assert rules.check_label_categories(document, TaskType.OBJECT_DETECTION, auto_labeling=False, source="x") == (
        "b",
        "a",
    )
