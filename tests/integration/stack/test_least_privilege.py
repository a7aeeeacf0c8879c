"""What each function may not do, tried with its own deployed policy against the running stack."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import boto3
import httpx
import pytest
from botocore.exceptions import ClientError

from gt_cli.deployment import stack_name
from gt_cli.stack import REGION, LocalStack
from tests.seeding import TEAM
from tests.waiting import PATIENCE

pytestmark = pytest.mark.integration

FUNCTIONS = (
    "APIHandler",
    "Authorize",
    "OnUploads",
    "OnBatchReady",
    "OnJobStateChange",
    "OnJobCompleted",
    "OnNotification",
    "Reconcile",
)

Call = Callable[["Caller"], Any]


class Caller:
    """Calls AWS with the permissions of one function."""

    def __init__(self, stack: LocalStack, session: boto3.Session) -> None:
        self.outputs = stack.outputs
        self._endpoint = stack.endpoint_url
        self._session = session

    def client(self, service: str) -> Any:
        return self._session.client(service, endpoint_url=self._endpoint)  # type: ignore[call-overload]


def role_of(stack: LocalStack, function: str) -> str:
    cloudformation, functions = stack.session.client("cloudformation"), stack.session.client("lambda")
    resource = cloudformation.describe_stack_resource(StackName=stack_name("local"), LogicalResourceId=function)
    name = resource["StackResourceDetail"]["PhysicalResourceId"]
    role: str = functions.get_function_configuration(FunctionName=name)["Role"]
    return role.rsplit("/", 1)[-1]


@pytest.fixture(scope="module")
def callers(stack: LocalStack) -> Iterator[dict[str, Caller]]:
    """A user for each function, with exactly the policies of the function's deployed role."""
    iam = stack.session.client("iam")
    found = {}
    for function in FUNCTIONS:
        role, user = role_of(stack, function), f"as-{function}"
        iam.create_user(UserName=user)
        for policy in iam.list_role_policies(RoleName=role)["PolicyNames"]:
            document = iam.get_role_policy(RoleName=role, PolicyName=policy)["PolicyDocument"]
            iam.put_user_policy(UserName=user, PolicyName=policy, PolicyDocument=json.dumps(document))
        key = iam.create_access_key(UserName=user)["AccessKey"]
        session = boto3.Session(key["AccessKeyId"], key["SecretAccessKey"], region_name=REGION)
        found[function] = Caller(stack, session)
    yield found
    for function in FUNCTIONS:
        user = f"as-{function}"
        for key in iam.list_access_keys(UserName=user)["AccessKeyMetadata"]:
            iam.delete_access_key(UserName=user, AccessKeyId=key["AccessKeyId"])
        for policy in iam.list_user_policies(UserName=user)["PolicyNames"]:
            iam.delete_user_policy(UserName=user, PolicyName=policy)
        iam.delete_user(UserName=user)


def read_token(caller: Caller) -> Any:
    return caller.client("dynamodb").get_item(TableName=caller.outputs["TokensTable"], Key={"digest": {"S": "x"}})


def write_token(caller: Caller) -> Any:
    return caller.client("dynamodb").put_item(TableName=caller.outputs["TokensTable"], Item={"digest": {"S": "x"}})


def read_campaign(caller: Caller) -> Any:
    return caller.client("dynamodb").get_item(TableName=caller.outputs["CampaignsTable"], Key={"name": {"S": "x"}})


def close_notification(caller: Caller) -> Any:
    return caller.client("dynamodb").update_item(
        TableName=caller.outputs["NotificationsTable"], Key={"campaign": {"S": "x"}, "id": {"S": "x"}}
    )


def write_job(caller: Caller) -> Any:
    item = {"campaign": {"S": "x"}, "name": {"S": "x"}}
    return caller.client("dynamodb").put_item(TableName=caller.outputs["JobsTable"], Item=item)


def delete_job(caller: Caller) -> Any:
    key = {"campaign": {"S": "x"}, "name": {"S": "x"}}
    return caller.client("dynamodb").delete_item(TableName=caller.outputs["JobsTable"], Key=key)


def delete_campaign(caller: Caller) -> Any:
    return caller.client("dynamodb").delete_item(TableName=caller.outputs["CampaignsTable"], Key={"name": {"S": "x"}})


def scan_campaigns(caller: Caller) -> Any:
    return caller.client("dynamodb").scan(TableName=caller.outputs["CampaignsTable"])


def write_batch(caller: Caller) -> Any:
    item = {"campaign": {"S": "x"}, "number": {"N": "1"}}
    return caller.client("dynamodb").put_item(TableName=caller.outputs["BatchesTable"], Item=item)


def write_spec(caller: Caller) -> Any:
    return caller.client("s3").put_object(Bucket=caller.outputs["InboxBucket"], Key="x/campaign.json", Body=b"{}")


def write_gold(caller: Caller) -> Any:
    return caller.client("s3").put_object(Bucket=caller.outputs["InboxBucket"], Key="x/gold/gold.manifest", Body=b"{}")


def list_uploads(caller: Caller) -> Any:
    return caller.client("s3").list_objects_v2(Bucket=caller.outputs["InboxBucket"])


def delete_upload(caller: Caller) -> Any:
    return caller.client("s3").delete_object(Bucket=caller.outputs["InboxBucket"], Key="x/images/x.png")


def write_image(caller: Caller) -> Any:
    return caller.client("s3").put_object(Bucket=caller.outputs["InboxBucket"], Key="x/images/x.png", Body=b"x")


def write_result(caller: Caller) -> Any:
    return caller.client("s3").put_object(Bucket=caller.outputs["ResultsBucket"], Key="x/reports/x.json", Body=b"x")


def delete_result(caller: Caller) -> Any:
    return caller.client("s3").delete_object(Bucket=caller.outputs["ResultsBucket"], Key="x/reports/x.json")


def take_uploads(caller: Caller) -> Any:
    return caller.client("sqs").receive_message(QueueUrl=caller.outputs["UploadsQueue"])


def send_upload(caller: Caller) -> Any:
    return caller.client("sqs").send_message(QueueUrl=caller.outputs["UploadsQueue"], MessageBody="x")


def take_batches(caller: Caller) -> Any:
    return caller.client("sqs").receive_message(QueueUrl=caller.outputs["BatchesQueue"])


def send_completion(caller: Caller) -> Any:
    return caller.client("sqs").send_message(QueueUrl=caller.outputs["CompletionsQueue"], MessageBody="x")


FORBIDDEN: dict[str, tuple[Call, ...]] = {
    "Authorize": (write_token, read_campaign, write_result, take_uploads),
    "APIHandler": (  # it reserves the job of a second look, as its owner asks, and signs forms that upload images
        *(write_token, delete_job, write_batch, delete_campaign),
        *(write_gold, write_spec, delete_upload, list_uploads, write_result, take_batches),
    ),
    "OnUploads": (
        *(read_token, write_job, write_batch, scan_campaigns),
        *(write_image, delete_upload, write_result, take_batches, send_completion),
    ),
    "OnBatchReady": (
        *(read_token, scan_campaigns, delete_campaign),
        *(write_image, delete_upload, delete_result, take_uploads),
    ),
    "OnJobStateChange": (read_token, scan_campaigns, write_image, delete_result, take_uploads, delete_campaign),
    "OnJobCompleted": (read_token, write_job, write_batch, write_image, delete_result, take_uploads, take_batches),
    "OnNotification": (read_token, read_campaign, write_image, write_result, take_batches),
    "Reconcile": (write_token, write_image, delete_upload, delete_result, delete_campaign, take_uploads, send_upload),
}
ALLOWED: dict[str, Call] = {
    "Authorize": read_token,
    "APIHandler": read_campaign,
    "OnUploads": read_campaign,
    "OnBatchReady": read_campaign,
    "OnJobStateChange": read_campaign,
    "OnJobCompleted": read_campaign,
    "OnNotification": close_notification,
    "Reconcile": read_campaign,
}


@pytest.mark.parametrize(
    ("function", "call"),
    [pytest.param(f, call, id=f"{f}-{call.__name__}") for f, calls in FORBIDDEN.items() for call in calls],
)
def test_a_function_may_not(callers: dict[str, Caller], function: str, call: Call) -> None:
    with pytest.raises(ClientError) as refused:
        call(callers[function])
    assert "AccessDenied" in refused.value.response["Error"]["Code"]


@pytest.mark.parametrize("function", FUNCTIONS)
def test_the_same_caller_is_let_in_where_the_function_works(callers: dict[str, Caller], function: str) -> None:
    ALLOWED[function](callers[function])


# ---------------------------------------------------------------- people who write into the inbox


@pytest.fixture(scope="module")
def people(stack: LocalStack) -> Iterator[dict[str, Caller]]:
    """A user with each of the two policies that the stack has for people."""
    iam, found = stack.session.client("iam"), {}
    for policy in ("UploaderPolicyArn", "OwnerPolicyArn"):
        iam.create_user(UserName=policy)
        iam.attach_user_policy(UserName=policy, PolicyArn=stack.outputs[policy])
        key = iam.create_access_key(UserName=policy)["AccessKey"]
        session = boto3.Session(key["AccessKeyId"], key["SecretAccessKey"], region_name=REGION)
        found[policy] = Caller(stack, session)
    yield found
    for policy in found:
        for key in iam.list_access_keys(UserName=policy)["AccessKeyMetadata"]:
            iam.delete_access_key(UserName=policy, AccessKeyId=key["AccessKeyId"])
        iam.detach_user_policy(UserName=policy, PolicyArn=stack.outputs[policy])
        iam.delete_user(UserName=policy)


@pytest.mark.parametrize("call", [write_spec, write_gold], ids=lambda call: call.__name__)
def test_whoever_uploads_images_lifts_no_budget_and_forges_no_gold(people: dict[str, Caller], call: Call) -> None:
    with pytest.raises(ClientError) as refused:
        call(people["UploaderPolicyArn"])
    assert "AccessDenied" in refused.value.response["Error"]["Code"]
    call(people["OwnerPolicyArn"])


@pytest.mark.parametrize("policy", ["UploaderPolicyArn", "OwnerPolicyArn"])
def test_images_may_be_uploaded_and_nothing_else_be_seen(people: dict[str, Caller], policy: str) -> None:
    write_image(people[policy])
    for call in (list_uploads, read_campaign, write_result):
        with pytest.raises(ClientError):
            call(people[policy])


@pytest.mark.parametrize(
    ("key", "body", "status"),
    [
        ("seals/images/day 1/a.png", b"x", 204),
        ("seals/campaign.yaml", b"x", 403),
        ("seals/gold/images/gold.manifest", b"x", 403),
        ("otters/images/a.png", b"x", 403),
        ("seals/images/empty.png", b"", 400),
    ],
)
def test_the_form_of_the_campaigns_page_uploads_its_images_and_nothing_else(
    stack: LocalStack, key: str, body: bytes, status: int
) -> None:
    """S3 itself refuses: whoever has the form has no more than the form says. A browser of any site may read that."""
    spec = b"task: object-detection\nlabels: [Seal]\nworkforce: " + TEAM.encode()
    sent = {**stack.headers, "Content-Type": "application/yaml"}
    httpx.put(f"{stack.api_url}/campaigns/seals", content=spec, headers=sent, timeout=PATIENCE).raise_for_status()
    answer = httpx.post(
        f"{stack.api_url}/campaigns/seals/uploads", json={"files": []}, headers=stack.headers, timeout=PATIENCE
    )
    form = answer.raise_for_status().json()
    page = {"Origin": "https://api.example"}
    posted = httpx.post(
        form["url"], data={**form["fields"], "key": key}, files={"file": body}, headers=page, timeout=PATIENCE
    )
    assert posted.status_code == status
    assert posted.headers["Access-Control-Allow-Origin"] in {"*", page["Origin"]}
