"""The engine's part of the template and its zip: what it may do, and what is in it."""

from __future__ import annotations

import json
import re
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from gt_cli import packaging
from gt_cli.deployment import with_engine_code
from gt_cli.engine_package import is_ballast
from gt_cli.packaging import Package, build
from gt_engine.functions import setup
from gt_engine.functions.waking import TOGETHER_SECONDS
from gt_engine.outputs import events
from gt_engine.store.tables import Tables
from gt_service.errors import InvalidInput

FUNCTIONS = {"EngineApi", "EngineSteps", "EngineChunks"}


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> Package:
    return build(tmp_path_factory.mktemp("package"), with_engine=True)


@pytest.fixture(scope="module")
def resources(package: Package) -> dict[str, Any]:
    found: dict[str, Any] = package.body()["Resources"]
    return found


def statements(resources: dict[str, Any], role: str) -> Iterator[dict[str, Any]]:
    for policy in resources[role]["Properties"]["Policies"]:
        yield from policy["PolicyDocument"]["Statement"]


def actions(resources: dict[str, Any], role: str) -> set[str]:
    found: set[str] = set()
    for statement in statements(resources, role):
        found |= {statement["Action"]} if isinstance(statement["Action"], str) else set(statement["Action"])
    return found


def test_cloudformation_takes_the_template(package: Package) -> None:
    assert packaging.lint_problems(package.template) == []
    assert list(packaging.template_problems(package.body(), package.template.stat().st_size)) == []


def test_the_app_is_told_where_its_engine_is_and_how_to_sign(package: Package) -> None:
    """Nobody has to copy an address or a key from one stack to another."""
    told = package.body()["Globals"]["Function"]["Environment"]["Variables"]
    assert told["GT_BACKEND"] == "gt-engine-serverless"
    assert {"Fn::GetAtt": ["EngineUrl", "FunctionUrl"]} in told["AWS_ENDPOINT_URL_SAGEMAKER"]["Fn::If"]
    assert told["GT_ENGINE_KEYS_PARAMETER"] == {"Fn::Sub": "/${AWS::StackName}/engine-keys"}
    assert "SageMakerEndpointUrl" not in package.body()["Parameters"]


def test_the_zip_holds_the_engine_and_not_the_command_line(package: Package) -> None:
    assert package.engine_zip is not None
    with zipfile.ZipFile(package.engine_zip) as archive:
        names = archive.namelist()
    assert {name.split("/")[0] for name in names} == {"gt_engine", "gt_service"}
    for function in FUNCTIONS:
        module = package.body()["Resources"][function]["Properties"]["Handler"].rpartition(".")[0]
        assert f"{module.replace('.', '/')}.py" in names


def test_all_functions_get_the_code_that_was_uploaded(package: Package) -> None:
    changed = with_engine_code(package.body(), "bucket", "key.zip")["Resources"]
    assert [changed[name]["Properties"]["Code"]["S3Key"] for name in sorted(FUNCTIONS)] == ["key.zip"] * 3


@pytest.mark.parametrize("function", sorted(FUNCTIONS))
def test_every_function_has_a_role_an_alarm_and_a_log_that_expires(resources: dict[str, Any], function: str) -> None:
    assert resources[function]["Properties"]["Role"] == {"Fn::GetAtt": [f"{function}Role", "Arn"]}
    assert f"{function}ErrorsAlarm" in resources
    assert resources[f"{function}LogGroup"]["Properties"]["RetentionInDays"] == 30


@pytest.mark.parametrize(
    "role", [f"{name}Role" for name in sorted(FUNCTIONS)] + ["EngineTimerRole", "EngineChunksMapRole"]
)
def test_no_role_may_do_everything(resources: dict[str, Any], role: str) -> None:
    for statement in statements(resources, role):
        assert statement["Resource"] != "*", statement
    assert not [action for action in actions(resources, role) if "*" in action]


def test_each_function_may_do_its_own_part(resources: dict[str, Any]) -> None:
    """A picture that breaks its reader's library finds itself where nothing can be started, sent or deleted."""
    reads_images = actions(resources, "EngineChunksRole")
    allowed = {"s3:GetObject", "s3:PutObject", "s3:ListBucket", "s3:AbortMultipartUpload", "dynamodb:GetItem"}
    assert reads_images - allowed == {
        "kms:Decrypt",
        "kms:GenerateDataKey",
        "logs:CreateLogStream",
        "logs:PutLogEvents",
    }
    assert not actions(resources, "EngineApiRole") & {"iam:PassRole", "states:StartExecution"}
    (passes,) = [one for one in statements(resources, "EngineStepsRole") if one["Action"] == "iam:PassRole"]
    assert passes["Resource"] == {"Fn::GetAtt": ["EngineTimerRole", "Arn"]}


def test_a_chunk_may_read_the_model_that_its_job_began_with(resources: dict[str, Any]) -> None:
    """Else every chunk of every job but a chain's first fails on AWS, and the job does all of them by itself."""
    (reads,) = [one for one in statements(resources, "EngineChunksRole") if one["Action"] == "dynamodb:GetItem"]
    tables = ["EngineJobsTable", "EngineModelsTable"]
    assert reads["Resource"] == [{"Fn::GetAtt": [table, "Arn"]} for table in tables]


def test_the_owner_hears_of_a_worker_who_is_paused(resources: dict[str, Any]) -> None:
    (tells,) = [one for one in statements(resources, "EngineApiRole") if one["Action"] == "events:PutEvents"]
    allowed = tells["Condition"]["ForAllValues:StringEquals"]
    assert allowed == {"events:source": events.SOURCE, "events:detail-type": events.WORKER_PAUSED}


def test_a_message_outlives_the_longest_step(resources: dict[str, Any]) -> None:
    queue = resources["EngineStepsQueue"]["Properties"]
    assert queue["VisibilityTimeout"] > resources["EngineSteps"]["Properties"]["Timeout"]
    assert queue["DelaySeconds"] > TOGETHER_SECONDS
    assert queue["FifoQueue"] is True


def test_a_chunk_that_never_began_is_tried_again_when_it_could_not_run_any_more(resources: dict[str, Any]) -> None:
    """Sooner, one that runs would be done twice; later, its job would wait for nothing."""
    (look,) = resources["EngineChunksMap"]["Properties"]["Definition"]["States"]["Chunks"]["ItemProcessor"][
        "States"
    ].values()
    longest = resources["EngineChunks"]["Properties"]["Timeout"]
    assert longest < look["TimeoutSeconds"] <= longest + 60
    assert look["Retry"][-1]["ErrorEquals"] == ["States.ALL"]


def test_functions_are_told_what_they_read(resources: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    told = resources["EngineSteps"]["Properties"]["Environment"]["Variables"]
    assert len(json.dumps(told)) < packaging.LARGEST_ENVIRONMENT_BYTES
    environment = dict.fromkeys(told, "1") | {"AWS_REGION": "us-east-1", "GT_ENGINE_BUCKETS": "inbox results"}
    read = setup.read_setup(environment)
    assert read.settings.secrets == {}, "a function that answers nobody needs no keys of callers"
    assert read.settings.buckets == {"inbox", "results"}
    assert read.settings.chunks_arn == "1"
    with pytest.raises(InvalidInput, match="no keys"):  # an open API on the internet, and addresses that all can sign
        read.portal_key  # noqa: B018
    monkeypatch.setattr(setup, "_secrets", lambda ssm, name: {"key": "secret"})
    assert len(setup.read_setup(environment | {"GT_ENGINE_KEYS_PARAMETER": "keys"}).portal_key) == 32
    sources = Path(setup.__file__).read_text()
    everything = set(told) | set(resources["EngineApi"]["Properties"]["Environment"]["Variables"])
    assert set(re.findall(r"\"(GT_ENGINE_\w+)\"", sources)) - {"GT_ENGINE_CACHE"} == everything


def test_every_table_of_the_engine_is_made_by_the_template(resources: dict[str, Any]) -> None:
    made = {}
    for resource in resources.values():
        if resource["Type"] == "AWS::DynamoDB::Table" and "TableName" in resource["Properties"]:
            properties = resource["Properties"]
            name = properties["TableName"]["Fn::Sub"][0].rpartition("-")[2]
            made[name] = [key["AttributeName"] for key in properties["KeySchema"]]
            assert resource["DeletionPolicy"] == "Retain"
    tables = Tables("prefix", "us-east-1")
    wanted = {}
    for model in tables._all:
        keys = [one for one in model.get_attributes().values() if one.is_hash_key or one.is_range_key]
        name = model.Meta.table_name.removeprefix("prefix-")  # type: ignore[attr-defined]
        wanted[name] = [one.attr_name for one in sorted(keys, key=lambda one: not one.is_hash_key)]
    assert made == wanted


@pytest.mark.parametrize(
    ("name", "dropped"),
    [
        ("scipy/signal/_x.py", True),
        ("scipy/optimize/_lsap.so", False),
        ("botocore/data/ec2/2016-11-15/service-2.json.gz", True),
        ("botocore/data/sagemaker/2017-07-24/service-2.json.gz", False),
        ("onnxruntime/capi/libonnxruntime.so.1.31.1", True),
        ("onnxruntime/capi/onnxruntime_pybind11_state.cpython-312-x86_64-linux-gnu.so", False),
        ("babel/locale-data/de.dat", True),
        ("gt_engine/portal/static/task.js", False),
    ],
)
def test_what_no_function_uses_is_left_out(name: str, dropped: bool) -> None:
    assert is_ballast(name) is dropped
