"""The chain: a job's model starts the next job, and only a model that fits."""

from __future__ import annotations

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError

from gt_cli.stack import LocalSession
from tests.engine import ACCOUNT, BUCKET, REGION
from tests.engine_server import Engine, birds, ended, output_files, request_in, upload

pytestmark = [pytest.mark.integration, pytest.mark.timeout(600)]

ALGORITHM = f"arn:aws:sagemaker:{REGION}:027400017018:labeling-job-algorithm-specification/"


@pytest.fixture(scope="module")
def fast(aws: LocalSession, tmp_path_factory: pytest.TempPathFactory) -> Any:
    options = ["--table-prefix", "models", "--max-active-jobs", "2"]
    engine = Engine(
        aws.endpoint_url, tmp_path_factory.mktemp("models"), options, {"GT_ENGINE_SHORTEN_TRAINING": "10"}
    ).start()
    yield engine
    assert engine.stop() == 0


@pytest.fixture(scope="module")
def first(aws: LocalSession, fast: Engine) -> dict[str, Any]:
    """A finished job with a model."""
    fast.client().create_labeling_job(**request_in(birds(aws, "chain", 60), "chain-1", MaxConcurrentTaskCount=12))
    return ended(fast.client(), "chain-1", 400)


def warm(model_arn: str, *, task: str = "object-detection") -> dict[str, str]:
    return {"LabelingJobAlgorithmSpecificationArn": ALGORITHM + task, "InitialActiveLearningModelArn": model_arn}


def test_a_jobs_model_is_described_and_starts_the_next_job(
    aws: LocalSession, fast: Engine, first: dict[str, Any]
) -> None:
    client = fast.client()
    arn = first["LabelingJobOutput"]["FinalActiveLearningModelArn"]
    assert arn.startswith(f"arn:aws:sagemaker:{REGION}:{ACCOUNT}:model/")
    model = client.describe_model(ModelName=arn.rpartition("/")[2])
    assert model["ModelArn"] == arn
    data = model["PrimaryContainer"]["ModelDataUrl"]
    assert data.removeprefix(f"s3://{BUCKET}/chain/output/chain-1/") in output_files(aws, first)
    listed = client.get_paginator("list_models").paginate(NameContains="chain-1", SortBy="Name", SortOrder="Ascending")
    assert arn in [one["ModelArn"] for page in listed for one in page["Models"]]
    body = request_in("chain", "chain-2", MaxConcurrentTaskCount=12, LabelingJobAlgorithmsConfig=warm(arn))
    client.create_labeling_job(**body)
    second = ended(client, "chain-2", 400)
    assert second["LabelingJobStatus"] == "Completed"
    assert second["LabelingJobAlgorithmsConfig"] == warm(arn)
    assert second["LabelingJobOutput"]["FinalActiveLearningModelArn"] != arn


def test_a_model_that_does_not_fit_is_refused(aws: LocalSession, fast: Engine, first: dict[str, Any]) -> None:
    """A model speaks of class numbers: under other labels it would label everything wrong, and nobody would see it."""
    arn = first["LabelingJobOutput"]["FinalActiveLearningModelArn"]

    def refusal(**changes: Any) -> str:
        with pytest.raises(ClientError) as caught:
            fast.client().create_labeling_job(**request_in("chain", "refused", **changes))
        assert caught.value.response["Error"]["Code"] == "ValidationException"
        return str(caught.value.response["Error"]["Message"])

    assert "could not find model" in refusal(LabelingJobAlgorithmsConfig=warm(arn + "x"))
    elsewhere = arn.replace(REGION, "eu-west-1")
    assert "not a model of this account and region" in refusal(LabelingJobAlgorithmsConfig=warm(elsewhere))
    for number, labels in enumerate((["Owl"], ["Bird", "Owl"])):
        document = json.dumps({"labels": [{"label": name} for name in labels]}).encode()
        upload(aws, {f"s3://{BUCKET}/{number}.json": document}, "chain")
        message = refusal(
            LabelCategoryConfigS3Uri=f"s3://{BUCKET}/{number}.json", LabelingJobAlgorithmsConfig=warm(arn)
        )
        assert f"was trained with the labels ['Bird']; this labeling job has {labels}" in message
    upload(aws, {f"s3://{BUCKET}/two.json": b'{"labels":[{"label":"Bird"},{"label":"Owl"}]}'}, "chain")
    message = refusal(
        task="image-classification",
        LabelCategoryConfigS3Uri=f"s3://{BUCKET}/two.json",
        LabelingJobAlgorithmsConfig=warm(arn, task="image-classification"),
    )
    assert "was trained for object-detection; this labeling job is for image-classification" in message


def test_too_many_active_jobs_are_refused(aws: LocalSession, fast: Engine) -> None:
    client = fast.client()
    birds(aws, "many", 200)
    names = ["many-0", "many-1", "many-2"]
    bodies = [request_in("many", name, auto=False, MaxConcurrentTaskCount=11) for name in names]
    for body in bodies[:2]:
        client.create_labeling_job(**body)
    with pytest.raises(ClientError) as caught:
        client.create_labeling_job(**bodies[2])
    assert caught.value.response["Error"]["Code"] == "ResourceLimitExceeded"
    for name in names[:2]:
        client.stop_labeling_job(LabelingJobName=name)
        ended(client, name)
