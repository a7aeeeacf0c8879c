"""The package that is deployed: what is in it, and what the template promises."""

from __future__ import annotations

import json
import re
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from gt_cli import packaging
from gt_cli.packaging import Package, PackagingError, build, content_problems, is_ballast, template_problems
from gt_service.openapi.models import Problem
from gt_service.store.models import TableNames, Tables
from gt_service.store.notifications import NotificationItem
from gt_service.store.requests import RequestItem

FUNCTIONS = {"APIHandler", "Authorize", "OnUploads", "OnBatchReady", "OnJobStateChange", "OnJobCompleted"}
FUNCTIONS |= {"OnNotification", "Reconcile"}
BUCKETS = ("InboxBucket", "ResultsBucket")
QUEUES = {"UploadsQueue": "OnUploads", "BatchesQueue": "OnBatchReady", "CompletionsQueue": "OnJobCompleted"}
QUEUES |= {"NotificationsQueue": "OnNotification"}


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> Package:
    return build(tmp_path_factory.mktemp("package"))


@pytest.fixture(scope="module")
def resources(package: Package) -> dict[str, Any]:
    found: dict[str, Any] = package.body()["Resources"]
    return found


def of_type(resources: dict[str, Any], kind: str) -> dict[str, Any]:
    return {name: r["Properties"] for name, r in resources.items() if r["Type"] == kind}


def statements(resources: dict[str, Any], function: str) -> Iterator[dict[str, Any]]:
    role = resources[resources[function]["Properties"]["Role"]["Fn::GetAtt"][0]]["Properties"]
    for policy in role["Policies"]:
        yield from policy["PolicyDocument"]["Statement"]


def test_the_zip_holds_our_code_and_nothing_of_engine_or_command_line(package: Package) -> None:
    with zipfile.ZipFile(package.zip) as archive:
        top = {name.split("/")[0] for name in archive.namelist()}
    assert {"app.py", "chalicelib", "gt_service", "chalice"} <= top
    assert not top & set(packaging.FOREIGN_PACKAGES)


def test_cloudformation_takes_the_template(package: Package) -> None:
    assert packaging.lint_problems(package.template) == []
    assert list(template_problems(package.body(), package.template.stat().st_size)) == []


def test_every_function_has_a_role_of_its_own(resources: dict[str, Any]) -> None:
    functions = of_type(resources, "AWS::Serverless::Function")
    roles = {name: properties["Role"]["Fn::GetAtt"][0] for name, properties in functions.items()}
    assert set(functions) == FUNCTIONS
    assert len(set(roles.values())) == len(FUNCTIONS)


@pytest.mark.parametrize("function", sorted(FUNCTIONS))
def test_no_function_may_do_everything(resources: dict[str, Any], function: str) -> None:
    for statement in statements(resources, function):
        assert not [action for action in statement["Action"] if action.endswith("*")]
        if statement["Action"] == ["sagemaker:ListWorkteams"]:
            continue  # it changes nothing, and IAM lets nobody list some teams alone
        assert "*" not in ([statement["Resource"]] if isinstance(statement["Resource"], str) else statement["Resource"])


def test_only_what_plans_jobs_may_start_them_and_only_as_the_labeling_role(resources: dict[str, Any]) -> None:
    def allowed(function: str, action: str) -> list[Any]:
        return [s for s in statements(resources, function) if action in s["Action"]]

    starters = {name for name in FUNCTIONS if allowed(name, "sagemaker:CreateLabelingJob")}
    assert starters == {"OnBatchReady", "OnJobStateChange", "Reconcile"}
    for name in FUNCTIONS:
        passes = allowed(name, "iam:PassRole")
        assert bool(passes) == (name in starters)
        for statement in passes:
            assert statement["Resource"] == {"Fn::GetAtt": ["LabelingRole", "Arn"]}
            assert statement["Condition"] == {"StringEquals": {"iam:PassedToService": "sagemaker.amazonaws.com"}}


@pytest.mark.parametrize("bucket", BUCKETS)
def test_buckets_are_private_encrypted_versioned_and_kept(resources: dict[str, Any], bucket: str) -> None:
    properties = resources[bucket]["Properties"]
    assert set(properties["PublicAccessBlockConfiguration"].values()) == {True}
    assert len(properties["PublicAccessBlockConfiguration"]) == 4
    assert properties["VersioningConfiguration"] == {"Status": "Enabled"}
    rule = properties["BucketEncryption"]["ServerSideEncryptionConfiguration"][0]
    assert rule["ServerSideEncryptionByDefault"]["SSEAlgorithm"] == "aws:kms"
    assert resources[bucket]["DeletionPolicy"] == "Retain"
    (statement,) = resources[f"{bucket}Policy"]["Properties"]["PolicyDocument"]["Statement"]
    assert (statement["Effect"], statement["Condition"]) == ("Deny", {"Bool": {"aws:SecureTransport": "false"}})


@pytest.mark.parametrize("bucket", BUCKETS)
def test_worker_pages_may_draw_rotated_images(resources: dict[str, Any], bucket: str) -> None:
    rule, *others = resources[bucket]["Properties"]["CorsConfiguration"]["CorsRules"]
    assert rule["AllowedMethods"] == ["GET"]
    assert rule["ExposedHeaders"] == ["Access-Control-Allow-Origin"]
    uploads = [{"AllowedMethods": ["POST"], "AllowedOrigins": ["*"]}] if bucket == "InboxBucket" else []
    assert others == uploads, "by signed forms, and into the inbox alone"


@pytest.mark.parametrize(("queue", "function"), QUEUES.items())
def test_a_message_is_hidden_long_enough_and_never_lost(resources: dict[str, Any], queue: str, function: str) -> None:
    properties = resources[queue]["Properties"]
    assert properties["VisibilityTimeout"] >= 6 * resources[function]["Properties"]["Timeout"]
    (event,) = resources[function]["Properties"]["Events"].values()
    assert event["Properties"]["Queue"] == {"Fn::Sub": f"${{{queue}.Arn}}"}
    assert event["Properties"]["FunctionResponseTypes"] == ["ReportBatchItemFailures"]
    letters = properties["RedrivePolicy"]["deadLetterTargetArn"]["Fn::GetAtt"][0]
    alarms = of_type(resources, "AWS::CloudWatch::Alarm").values()
    watched = [alarm["Dimensions"][0]["Value"].get("Fn::GetAtt", [""])[0] for alarm in alarms]
    assert letters in watched


def test_events_that_cannot_be_delivered_are_kept_and_alarmed(resources: dict[str, Any]) -> None:
    (event,) = resources["OnJobStateChange"]["Properties"]["Events"].values()
    assert event["Properties"]["Pattern"]["source"] == ["aws.sagemaker", "gt.engine"]
    assert event["Properties"]["DeadLetterConfig"] == {"Arn": {"Fn::GetAtt": ["EventsDeadLetters", "Arn"]}}
    assert "EventsDeadLettersAlarm" in resources


def test_every_function_is_alarmed_and_its_log_expires(resources: dict[str, Any]) -> None:
    groups = of_type(resources, "AWS::Logs::LogGroup").values()
    kept = {group["LogGroupName"]["Fn::Sub"]: group["RetentionInDays"] for group in groups}
    assert kept == {f"/aws/lambda/${{{name}}}": 30 for name in FUNCTIONS}
    assert {f"{name}ErrorsAlarm" for name in FUNCTIONS} <= set(resources)


def test_every_function_sends_traces_where_they_are_asked_for_and_may_only_then(resources: dict[str, Any]) -> None:
    """A function that is left out would leave a hole in each trace; one that always may could do more than it does."""
    for name, function in of_type(resources, "AWS::Serverless::Function").items():
        role = resources[function["Role"]["Fn::GetAtt"][0]]["Properties"]
        assert function["Tracing"] == {"Ref": "Tracing"}, name
        granted = {"Fn::If": ["SendsTraces", [{"Ref": "TracingPolicy"}], {"Ref": "AWS::NoValue"}]}
        assert role["ManagedPolicyArns"] == granted, name
    assert resources["TracingPolicy"]["Condition"] == "SendsTraces"


@pytest.mark.parametrize("policy", ["ViewerPolicy", "OperatorPolicy"])
def test_policies_of_callers_open_this_api_only_where_requests_are_signed(
    resources: dict[str, Any], policy: str
) -> None:
    """The stage's name stands in them by hand: with another, no machine would be let in."""
    (statement,) = resources[policy]["Properties"]["PolicyDocument"]["Statement"]
    opened = statement["Resource"] if isinstance(statement["Resource"], list) else [statement["Resource"]]
    stage = resources["RestAPI"]["Properties"]["StageName"]
    assert statement["Action"] == "execute-api:Invoke"
    for resource in opened:
        api, of_stage, _, prefix, *_ = resource["Fn::Sub"].split(":")[-1].split("/")
        assert (api, of_stage, prefix) == ("${RestAPI}", stage, "iam")


def test_what_the_gateway_answers_by_itself_has_the_apis_shape(resources: dict[str, Any]) -> None:
    """Programs that read `code` must be able to read a refused token's answer too."""
    refusals = resources["RestAPI"]["Properties"]["GatewayResponses"]
    assert {"UNAUTHORIZED", "ACCESS_DENIED", "DEFAULT_4XX", "DEFAULT_5XX"} <= set(refusals)
    for refusal in refusals.values():
        template = refusal["ResponseTemplates"]["application/json"]
        Problem.model_validate_json(template.replace("$context.error.messageString", '"why"'))


@pytest.mark.parametrize(
    ("header", "is_asked"),
    [
        ("Bearer gts_abc-DEF_123", True),
        ("bearer a=", True),
        ("Bearer ", False),
        ("Basic abc", False),
        ("Bearer é", False),
    ],
)
def test_only_what_may_be_a_token_starts_a_function(resources: dict[str, Any], header: str, is_asked: bool) -> None:
    """Anybody can send garbage, and each would be a call of the authorizer that is paid for."""
    definitions = resources["RestAPI"]["Properties"]["DefinitionBody"]["securityDefinitions"]
    authorizer = definitions["authorize"]["x-amazon-apigateway-authorizer"]
    assert authorizer["type"] == "token"
    assert (re.fullmatch(authorizer["identityValidationExpression"], header) is not None) == is_asked


def test_the_tables_are_those_that_the_code_asks_for(resources: dict[str, Any]) -> None:
    tables = Tables(TableNames("campaigns", "images", "batches", "jobs", "tokens"), "us-east-1")
    models = {
        "CampaignsTable": tables.campaigns,
        "ImagesTable": tables.images,
        "BatchesTable": tables.batches,
        "JobsTable": tables.jobs,
        "TokensTable": tables.tokens,
        "NotificationsTable": NotificationItem,
        "RequestsTable": RequestItem,
    }
    for name, model in models.items():
        properties = resources[name]["Properties"]
        assert _keys(properties) == _keys({"KeySchema": model._get_schema()["key_schema"]})
        assert properties["PointInTimeRecoverySpecification"] == {"PointInTimeRecoveryEnabled": True}
    (deployed,) = resources["ImagesTable"]["Properties"]["LocalSecondaryIndexes"]
    assert deployed["IndexName"] == tables.images.open_places.Meta.index_name
    assert _keys(deployed) == _keys({"KeySchema": tables.images.open_places._get_schema()["key_schema"]})


def _keys(described: dict[str, Any]) -> dict[str, str]:
    return {key["KeyType"]: key["AttributeName"] for key in described["KeySchema"]}


def test_a_production_package_is_refused_on_a_python_that_loses_numpy(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(packaging.sys, "version_info", (3, 11, 7))
    with pytest.raises(PackagingError, match=r"3\.12") as refused:
        build(tmp_path, production=True)
    assert "PYTHON=python3.12" in refused.value.remedy


@pytest.mark.parametrize(
    ("name", "ballast"),
    [
        ("botocore/data/ec2/2016-11-15/service-2.json", True),
        ("botocore/data/sagemaker/2017-07-24/service-2.json", False),
        ("botocore/data/endpoints.json", False),
        ("numpy/_core/tests/test_api.py", True),
        ("numpy/testing/__init__.py", False),
        ("tests/test_ours.py", False),
        ("scipy/__init__.py", False),
        ("scipy/fftpack/_basic.py", False),
        ("scipy/_external/packaging_version/version.py", False),
        ("scipy/optimize/_minimize.py", True),
        ("pywt/__init__.py", True),
        ("gt_service/pages/static/pico.min.css", False),
    ],
)
def test_only_what_no_function_uses_is_left_out_of_the_zip(name: str, ballast: bool) -> None:
    assert is_ballast(name) is ballast


def test_a_zip_without_numpy_or_with_two_botocores_is_not_fit() -> None:
    names = ["app.py", "gt_service/__init__.py", "botocore/__init__.py", "boto3/vendor/botocore/__init__.py"]
    problems = " ".join(content_problems([*names, "gt_engine/__init__.py"]))
    assert "numpy is in the zip 0 times" in problems
    assert "botocore is in the zip 2 times" in problems
    assert "gt_engine is in the zip" in problems


def test_a_template_over_a_quota_is_not_fit() -> None:
    role = {"Type": "AWS::IAM::Role", "Properties": {"Policies": [{"PolicyDocument": {"Statement": ["x" * 11_000]}}]}}
    template = {"Resources": {f"R{n}": role for n in range(501)}}
    problems = list(template_problems(template, len(json.dumps(template))))
    assert any("501 resources" in problem for problem in problems)
    assert any("policies of R0" in problem for problem in problems)
    assert any("bytes; CloudFormation" in problem for problem in problems)
