"""Broken constraints are told as SageMaker tells them, or users cannot find their mistake with AWS's own documents."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any

import pytest

from gt_engine.api.shapes import operation_model, parse_input, service_model
from gt_engine.request.errors import SerializationException, ValidationException
from tests.engine import request


def messages(**changes: Any) -> str:
    with pytest.raises(ValidationException) as caught:
        parse_input("CreateLabelingJob", request(**changes))
    return caught.value.message


def test_a_good_request_comes_back_as_it_was() -> None:
    assert parse_input("CreateLabelingJob", request()) == request()


def test_a_name_with_an_underscore_is_refused_with_the_pattern() -> None:
    assert messages(name="birds_1") == (
        "1 validation error detected: Value 'birds_1' at 'labelingJobName' failed to satisfy constraint: "
        "Member must satisfy regular expression pattern: [a-zA-Z0-9](-*[a-zA-Z0-9]){0,62}"
    )


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        (
            {"NumberOfHumanWorkersPerDataObject": 10},
            "Value '10' at 'humanTaskConfig.numberOfHumanWorkersPerDataObject'",
        ),
        ({"MaxConcurrentTaskCount": 5001}, "Member must have value less than or equal to 5000"),
        ({"TaskTimeLimitInSeconds": 29}, "Member must have value greater than or equal to 30"),
        ({"TaskAvailabilityLifetimeInSeconds": 59}, "at 'humanTaskConfig.taskAvailabilityLifetimeInSeconds'"),
        ({"TaskTitle": "x" * 129}, "Member must have length less than or equal to 128"),
        (
            {"TaskKeywords": ["a", "b", "c", "d", "e", "f"]},
            "Value '[a, b, c, d, e, f]' at 'humanTaskConfig.taskKeywords'",
        ),
        ({"TaskKeywords": ["no_underscore"]}, "Member must satisfy constraint: [Member must have length less than or"),
        ({"StoppingConditions": {"MaxPercentageOfInputDatasetLabeled": 101}}, "less than or equal to 100"),
        ({"StoppingConditions": {"MaxHumanLabeledObjectCount": 0}}, "greater than or equal to 1"),
        ({"RoleArn": "arn:aws:iam::1:user/somebody"}, "at 'roleArn'"),
        (
            {"LabelAttributeName": None},
            "Value null at 'labelAttributeName' failed to satisfy constraint: Member must not",
        ),
        ({"Tags": [{"Key": "", "Value": "x"}]}, "at 'tags.1.member.key'"),
        (
            {"PublicWorkforceTaskPrice": {"AmountInUsd": {"Dollars": 3}}},
            "at 'humanTaskConfig.publicWorkforceTaskPrice.amountInUsd.dollars'",
        ),
        (
            {"LabelingJobAlgorithmsConfig": {"LabelingJobAlgorithmSpecificationArn": "no-arn"}},
            "at 'labelingJobAlgorithmsConfig.labelingJobAlgorithmSpecificationArn'",
        ),
    ],
)
def test_each_kind_of_constraint_names_its_place(changes: dict[str, Any], expected: str) -> None:
    assert expected in messages(**changes)


def test_all_violations_are_told_at_once() -> None:
    told = messages(name="-", TaskTitle="", MaxConcurrentTaskCount=0)
    assert told.startswith("3 validation errors detected: ")
    assert told.count("failed to satisfy constraint") == 3


@pytest.mark.parametrize(
    ("member", "value"),
    [("LabelingJobName", 7), ("LabelingJobName", ["a"]), ("InputConfig", "x"), ("Tags", {}), ("Tags", [None])],
)
def test_a_value_of_the_wrong_type_is_no_validation_error(member: str, value: Any) -> None:
    with pytest.raises(SerializationException):
        parse_input("CreateLabelingJob", request() | {member: value})


@pytest.mark.parametrize("value", [float("inf"), float("-inf"), float("nan"), 1e300 + 0.5, 10.5])
def test_what_is_no_whole_number_is_no_integer(value: float) -> None:
    """JSON's 1e999 is infinite, and was a failure of the engine's."""
    with pytest.raises((SerializationException, ValidationException)):
        parse_input("ListLabelingJobs", {"MaxResults": value})


def workforce(**oidc: Any) -> dict[str, Any]:
    return {"WorkforceName": "people", "OidcConfig": oidc}


def test_nothing_is_no_value_of_a_map() -> None:
    with pytest.raises(SerializationException, match="NULL_VALUE"):
        parse_input("CreateWorkforce", workforce(AuthenticationRequestExtraParams={"prompt": None}))


def test_a_secret_is_not_repeated() -> None:
    """The message goes into the engine's log."""
    with pytest.raises(ValidationException) as refused:
        parse_input("CreateWorkforce", workforce(ClientSecret="geheimnis\n"))
    assert "clientSecret" in refused.value.message
    assert "geheimnis" not in refused.value.message


def test_a_fraction_is_no_integer() -> None:
    with pytest.raises(SerializationException, match="Integer"):
        parse_input("ListLabelingJobs", {"MaxResults": 1.5})


def test_times_come_as_utc_and_unknown_members_are_dropped_as_the_service_does() -> None:
    assert parse_input("ListLabelingJobs", {"CreationTimeAfter": 86400, "NoSuchMember": 1, "NameContains": None}) == {
        "CreationTimeAfter": datetime(1970, 1, 2, tzinfo=UTC)
    }


@pytest.mark.parametrize("value", [1e300, "yesterday"])
def test_a_time_that_is_none_is_refused(value: Any) -> None:
    with pytest.raises(SerializationException, match="Timestamp"):
        parse_input("ListLabelingJobs", {"CreationTimeAfter": value})


def test_an_unknown_status_is_refused_with_those_that_there_are() -> None:
    with pytest.raises(ValidationException, match=r"enum value set: \[Initializing, InProgress"):
        parse_input("ListLabelingJobs", {"StatusEquals": "Running"})


def test_every_pattern_of_the_offered_operations_can_be_used() -> None:
    """A pattern in a dialect that Python does not read would fail every call that carries the member."""
    from gt_engine.api.shapes import _pattern

    seen: set[str] = set()

    def walk(shape: Any) -> None:
        if shape is None or shape.name in seen:
            return
        seen.add(shape.name)
        if "pattern" in shape.metadata:
            assert isinstance(_pattern(shape.metadata["pattern"]), re.Pattern)
        for below in (*getattr(shape, "members", {}).values(), getattr(shape, "member", None)):
            walk(below)

    offered = ("CreateLabelingJob", "ListLabelingJobs", "ListLabelingJobsForWorkteam", "AddTags", "ListModels")
    for name in offered:
        walk(operation_model(name).input_shape)
    assert service_model().service_name == "sagemaker"
    assert len(seen) > 40
