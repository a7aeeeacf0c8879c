"""boto3 and the AWS CLI cannot tell the engine from Ground Truth."""

from __future__ import annotations

import json
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from botocore.exceptions import ClientError

from gt_cli.stack import LocalSession, child_environment
from gt_engine.api.operations import Operations
from gt_engine.api.shapes import operation_model, service_model
from tests.engine import ACCOUNT, BUCKET, REGION
from tests.engine_server import Engine, birds, ended, request_in, upload
from tests.waiting import PATIENCE

pytestmark = pytest.mark.integration

TEAM = f"arn:aws:sagemaker:{REGION}:{ACCOUNT}:workteam/private-crowd"


@pytest.fixture(scope="module")
def sagemaker(engine: Engine) -> Any:
    return engine.client()


@pytest.fixture(scope="module")
def inputs(aws: LocalSession) -> str:
    return birds(aws, "api", 12)


def refused(call: Any, **arguments: Any) -> tuple[str, str]:
    with pytest.raises(ClientError) as caught:
        call(**arguments)
    return caught.value.response["Error"]["Code"], caught.value.response["Error"]["Message"]


def create(sagemaker: Any, inputs: str, name: str, **changes: Any) -> str:
    arn: str = sagemaker.create_labeling_job(**request_in(inputs, name, auto=False, **changes))["LabelingJobArn"]
    return arn


def test_a_job_from_creation_to_its_description(sagemaker: Any, inputs: str, name: str) -> None:
    before = datetime.now(UTC) - timedelta(seconds=1)
    arn = create(sagemaker, inputs, name)
    assert arn == f"arn:aws:sagemaker:{REGION}:{ACCOUNT}:labeling-job/{name}"
    described = ended(sagemaker, name)
    sent = request_in(inputs, name, auto=False)
    for member in (
        "LabelAttributeName",
        "InputConfig",
        "RoleArn",
        "LabelCategoryConfigS3Uri",
        "HumanTaskConfig",
        "Tags",
    ):
        assert described[member] == sent[member]
    assert described["OutputConfig"]["S3OutputPath"] == sent["OutputConfig"]["S3OutputPath"]  # with its last slash
    assert described["LabelCounters"] == {
        "TotalLabeled": 12,
        "HumanLabeled": 12,
        "MachineLabeled": 0,
        "FailedNonRetryableError": 0,
        "Unlabeled": 0,
    }
    assert (
        before < described["CreationTime"] <= described["LastModifiedTime"] < datetime.now(UTC) + timedelta(seconds=1)
    )
    assert described["JobReferenceCode"].startswith(ACCOUNT)
    root = f"{sent['OutputConfig']['S3OutputPath']}{name}"
    assert described["LabelingJobOutput"] == {"OutputDatasetS3Uri": f"{root}/manifests/output/output.manifest"}
    required = service_model().shape_for("DescribeLabelingJobResponse").required_members
    assert set(required) <= described.keys()


def test_a_taken_name_is_in_use_in_any_case_of_letters(sagemaker: Any, inputs: str, name: str) -> None:
    """The caller who lost the answer to its first call must learn that the job exists, not pay for a second."""
    create(sagemaker, inputs, name)
    for again in (name, name.upper()):
        code, message = refused(sagemaker.create_labeling_job, **request_in(inputs, again, auto=False))
        assert code == "ResourceInUse"
        assert f"labeling-job/{name}" in message


def test_rules_come_back_as_validation_exceptions(sagemaker: Any, inputs: str, name: str) -> None:
    body = request_in(inputs, name, auto=False, LabelAttributeName="birds-metadata")
    assert refused(sagemaker.create_labeling_job, **body) == (
        "ValidationException",
        "LabelAttributeName 'birds-metadata' must not end with '-metadata'.",
    )
    code, message = refused(sagemaker.create_labeling_job, **request_in(inputs, "under_score", auto=False))
    assert code == "ValidationException"
    assert message.startswith("1 validation error detected: Value 'under_score' at 'labelingJobName'")


@pytest.mark.parametrize(
    ("member", "place"),
    [("LabelCategoryConfigS3Uri", ()), ("ManifestS3Uri", ("InputConfig", "DataSource", "S3DataSource"))],
)
def test_what_is_not_in_s3_is_named(
    sagemaker: Any, inputs: str, name: str, member: str, place: tuple[str, ...]
) -> None:
    body = request_in(inputs, name, auto=False)
    inside = body
    for part in place:
        inside = inside[part]
    inside[member] = f"s3://{BUCKET}/no/such/thing"
    code, message = refused(sagemaker.create_labeling_job, **body)
    assert (code, message) == ("ValidationException", f"{member}: there is no object s3://{BUCKET}/no/such/thing.")


def test_gold_labels_and_output_bucket_must_be_there(sagemaker: Any, inputs: str, name: str) -> None:
    tags = [{"Key": "gt-service:gold-labels", "Value": f"s3://{BUCKET}/no-gold"}]
    assert (
        "gold-labels: there is no object"
        in refused(sagemaker.create_labeling_job, **request_in(inputs, name, auto=False, Tags=tags))[1]
    )
    body = request_in(inputs, name, auto=False, OutputConfig={"S3OutputPath": "s3://no-such-bucket-anywhere/x/"})
    assert "does not exist" in refused(sagemaker.create_labeling_job, **body)[1]


def test_label_categories_must_be_json(aws: LocalSession, sagemaker: Any, inputs: str, name: str) -> None:
    upload(aws, {f"s3://{BUCKET}/broken.json": b"{"}, inputs)
    body = request_in(inputs, name, auto=False, LabelCategoryConfigS3Uri=f"s3://{BUCKET}/broken.json")
    assert "is not JSON" in refused(sagemaker.create_labeling_job, **body)[1]


def test_what_does_not_exist_is_reported_as_each_operation_does(sagemaker: Any) -> None:
    assert refused(sagemaker.describe_labeling_job, LabelingJobName="nothing")[0] == "ResourceNotFound"
    assert refused(sagemaker.stop_labeling_job, LabelingJobName="nothing")[0] == "ResourceNotFound"
    with pytest.raises(sagemaker.exceptions.ResourceNotFound):
        sagemaker.describe_labeling_job(LabelingJobName="nothing")
    code, message = refused(sagemaker.describe_model, ModelName="nothing")
    assert (code, message) == (
        "ValidationException",
        f'Could not find model "arn:aws:sagemaker:{REGION}:{ACCOUNT}:model/nothing".',
    )
    assert refused(sagemaker.describe_workteam, WorkteamName="nothing")[0] == "ValidationException"
    assert refused(sagemaker.list_training_jobs)[0] == "UnknownOperationException"


def test_lists_filter_sort_and_page(sagemaker: Any, inputs: str, name: str) -> None:
    names = [f"{name}-{letter}" for letter in "cab"]
    for one in names:
        create(sagemaker, inputs, one)
        ended(sagemaker, one)
    pages = sagemaker.get_paginator("list_labeling_jobs")

    def listed(**filters: Any) -> list[str]:
        found = pages.paginate(NameContains=name, PaginationConfig={"PageSize": 2}, **filters)
        return [job["LabelingJobName"] for page in found for job in page["LabelingJobSummaryList"]]

    assert listed() == names
    assert listed(SortOrder="Descending") == names[::-1]
    assert listed(SortBy="Name") == sorted(names)
    assert listed(StatusEquals="Completed", SortBy="Status") == sorted(names)
    assert listed(StatusEquals="Failed") == []
    times = [sagemaker.describe_labeling_job(LabelingJobName=one)["CreationTime"] for one in names]
    assert listed(CreationTimeAfter=times[0]) == names[1:]
    assert listed(CreationTimeBefore=times[2]) == names[:2]
    changed = sagemaker.describe_labeling_job(LabelingJobName=names[0])["LastModifiedTime"]
    assert names[0] not in listed(LastModifiedTimeAfter=changed + timedelta(milliseconds=1))
    assert listed(LastModifiedTimeBefore=changed + timedelta(milliseconds=1)) == [names[0]]
    first = sagemaker.list_labeling_jobs(NameContains=name, MaxResults=1)
    code, _ = refused(sagemaker.list_labeling_jobs, NameContains="x", MaxResults=1, NextToken=first["NextToken"])
    assert code == "ValidationException"
    summary = sagemaker.list_labeling_jobs(NameContains=names[0])["LabelingJobSummaryList"][0]
    required = service_model().shape_for("LabelingJobSummary").required_members
    assert set(required) <= summary.keys()


def test_work_teams_are_those_that_jobs_name(sagemaker: Any, inputs: str, name: str) -> None:
    arn = f"{TEAM}/{name}"
    create(sagemaker, inputs, name, WorkteamArn=arn, PublicWorkforceTaskPrice=None)
    ended(sagemaker, name)
    team = sagemaker.describe_workteam(WorkteamName=name)["Workteam"]
    assert (team["WorkteamArn"], team["WorkteamName"]) == (arn, name)
    assert [one["WorkteamName"] for one in sagemaker.list_workteams(NameContains=name)["Workteams"]] == [name]
    jobs = sagemaker.list_labeling_jobs_for_workteam(WorkteamArn=arn)["LabelingJobSummaryList"]
    assert [(job["LabelingJobName"], job["LabelCounters"]) for job in jobs] == [
        (name, {"HumanLabeled": 12, "PendingHuman": 0, "Total": 12})
    ]
    assert refused(sagemaker.list_labeling_jobs_for_workteam, WorkteamArn=f"{TEAM}/nobody")[0] == "ResourceNotFound"


def test_tags_are_added_listed_and_deleted(sagemaker: Any, inputs: str, name: str) -> None:
    arn = create(sagemaker, inputs, name)
    added = sagemaker.add_tags(ResourceArn=arn, Tags=[{"Key": "team", "Value": "birds"}, {"Key": "gt.x", "Value": ""}])
    assert {tag["Key"] for tag in added["Tags"]} == {"gt-service:gold-labels", "team", "gt.x"}
    sagemaker.delete_tags(ResourceArn=arn, TagKeys=["gt.x", "never there"])
    pages = sagemaker.get_paginator("list_tags").paginate(ResourceArn=arn)
    tags = {tag["Key"]: tag["Value"] for page in pages for tag in page["Tags"]}
    assert tags["team"] == "birds"
    assert "gt.x" not in tags
    assert refused(sagemaker.list_tags, ResourceArn=arn + "x")[0] == "ValidationException"
    assert (
        refused(sagemaker.add_tags, ResourceArn=arn, Tags=[{"Key": "aws:x", "Value": ""}])[0] == "ValidationException"
    )


def test_a_stopped_job_stays_stopped(sagemaker: Any, aws: LocalSession, name: str) -> None:
    birds(aws, name, 200)
    sagemaker.create_labeling_job(**request_in(name, name, auto=False, MaxConcurrentTaskCount=11))
    sagemaker.stop_labeling_job(LabelingJobName=name)
    assert sagemaker.describe_labeling_job(LabelingJobName=name)["LabelingJobStatus"] in {"Stopping", "Stopped"}
    described = ended(sagemaker, name)
    assert described["LabelingJobStatus"] == "Stopped"
    assert described["LabelCounters"]["TotalLabeled"] < 200
    sagemaker.stop_labeling_job(LabelingJobName=name)
    again = ended(sagemaker, name)
    assert [again[key] for key in ("LabelingJobStatus", "LabelCounters", "LastModifiedTime")] == [
        described[key] for key in ("LabelingJobStatus", "LabelCounters", "LastModifiedTime")
    ]


def test_the_aws_cli_is_content(engine: Engine, inputs: str, name: str, tmp_path: Path) -> None:
    (tmp_path / "request.json").write_text(json.dumps(request_in(inputs, name, auto=False)))

    def aws(*arguments: str) -> Any:
        command = [str(Path(sys.executable).with_name("aws")), "--endpoint-url", engine.url, "sagemaker", *arguments]
        done = subprocess.run(command, env=child_environment(), capture_output=True, text=True, check=True)
        return json.loads(done.stdout) if done.stdout.strip() else None

    assert aws("create-labeling-job", "--cli-input-json", f"file://{tmp_path}/request.json") == {
        "LabelingJobArn": f"arn:aws:sagemaker:{REGION}:{ACCOUNT}:labeling-job/{name}"
    }
    assert ended(engine.client(), name)["LabelingJobStatus"] == "Completed"
    assert aws("describe-labeling-job", "--labeling-job-name", name)["LabelCounters"]["HumanLabeled"] == 12
    listed = aws("list-labeling-jobs", "--name-contains", name, "--status-equals", "Completed")
    assert [job["LabelingJobName"] for job in listed["LabelingJobSummaryList"]] == [name]
    assert aws("stop-labeling-job", "--labeling-job-name", name) is None


def test_what_is_no_call_of_sagemaker_gets_an_answer_of_its_protocol(engine: Engine) -> None:
    def post(body: bytes, target: str = "SageMaker.ListLabelingJobs") -> httpx.Response:
        return httpx.post(engine.url, content=body, headers={"X-Amz-Target": target}, timeout=PATIENCE)

    for body in (b"{", b"[]", b'{"MaxResults": NaN}', b"[" * 100_000):
        answer = post(body)
        assert (answer.status_code, answer.json()["__type"]) == (400, "SerializationException")
        assert answer.headers["content-type"] == "application/x-amz-json-1.1"
    assert post(b"x" * (4 * 1024 * 1024 + 1)).json()["__type"] == "SerializationException"
    assert (post(b"{}", "DynamoDB.ListTables").status_code, post(b"").status_code) == (404, 200)
    assert httpx.get(f"{engine.url}/health", timeout=PATIENCE).json() == {"status": "ok"}
    assert post(b"{}").headers["x-amzn-requestid"]


def test_every_operation_offered_is_one_of_sagemakers() -> None:
    for operation in Operations.table(Operations(None, None, None, None, print)):  # type: ignore[arg-type]
        assert operation_model(operation).name == operation
