"""Brings a package into an account: artifacts to S3, a change set to CloudFormation, waited for.

The local stack and AWS are deployed by the same functions; only the client's endpoint differs.
"""

from __future__ import annotations

import copy
import hashlib
import json
import secrets
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError, WaiterError

from gt_cli.packaging import Package
from gt_service.errors import GtServiceError

if TYPE_CHECKING:
    from boto3.session import Session
    from mypy_boto3_cloudformation import CloudFormationClient
    from mypy_boto3_cloudformation.literals import CapabilityType
    from mypy_boto3_cloudformation.type_defs import ChangeTypeDef, StackEventTypeDef
    from mypy_boto3_s3 import S3Client

CAPABILITIES: tuple[CapabilityType, ...] = ("CAPABILITY_IAM", "CAPABILITY_AUTO_EXPAND")


class DeploymentError(GtServiceError):
    """CloudFormation refused or rolled back; the message holds the stack's own events."""

    code = "deployment_failed"


def stack_name(stage: str) -> str:
    """The stack of an installation. In small letters: bucket names begin with it."""
    return f"gt-service-{stage}"


def artifact_bucket(session: Session) -> str:
    """The account's bucket for packages in this region; made, private, where it is missing."""
    account = session.client("sts").get_caller_identity()["Account"]
    bucket = f"gt-service-artifacts-{account}-{session.region_name}"
    s3 = session.client("s3")
    try:
        s3.head_bucket(Bucket=bucket, ExpectedBucketOwner=account)
    except ClientError as error:
        if error.response["Error"]["Code"] != "404":
            raise DeploymentError(f"the artifact bucket {bucket} cannot be used: {error}") from None
        place: Any = {"LocationConstraint": session.region_name}
        s3.create_bucket(
            Bucket=bucket, **({} if session.region_name == "us-east-1" else {"CreateBucketConfiguration": place})
        )
        s3.put_public_access_block(
            Bucket=bucket,
            PublicAccessBlockConfiguration={
                "BlockPublicAcls": True,
                "BlockPublicPolicy": True,
                "IgnorePublicAcls": True,
                "RestrictPublicBuckets": True,
            },
        )
    return bucket


def upload(s3: S3Client, package: Package, bucket: str) -> str:
    """Puts zips and template into the artifact bucket, named by their contents; answers the template's key."""
    code = f"s3://{bucket}/{_upload_zip(s3, package.zip, bucket)}"
    template = _with(package.body(), "AWS::Serverless::Function", CodeUri=code)
    if package.engine_zip is not None:
        template = with_engine_code(template, bucket, _upload_zip(s3, package.engine_zip, bucket))
    text = json.dumps(template).encode()
    template_key = f"gt-service/{hashlib.sha256(text).hexdigest()[:32]}.template.json"
    s3.put_object(Bucket=bucket, Key=template_key, Body=text, ContentType="application/json")
    return template_key


def _upload_zip(s3: S3Client, path: Path, bucket: str) -> str:
    """Its key."""
    with path.open("rb") as file:
        key = f"gt-service/{hashlib.file_digest(file, 'sha256').hexdigest()[:32]}.zip"
    s3.upload_file(str(path), bucket, key, ExtraArgs={"ContentType": "application/zip"})
    return key


def with_engine_code(template: Mapping[str, Any], bucket: str, key: str) -> dict[str, Any]:
    """The template with the code of the engine's functions, which are no functions of Chalice's."""
    return _with(template, "AWS::Lambda::Function", Code={"S3Bucket": bucket, "S3Key": key})


def _with(template: Mapping[str, Any], kind: str, **properties: Any) -> dict[str, Any]:
    """The template with these properties of every resource of a kind."""
    changed: dict[str, Any] = copy.deepcopy(dict(template))
    for resource in changed["Resources"].values():
        if resource["Type"] == kind:
            resource["Properties"] |= properties
    return changed


def engine_keys(session: Session, name: str, *, key_id: str | None = None) -> tuple[str, str]:
    """The pair that the app signs its calls of an engine without a server with; made where there is none yet.

    key_id: of a new pair; one of our own making otherwise. The template cannot do it: CloudFormation makes no secret
    parameters, which are what costs nothing.
    """
    ssm = session.client("ssm")
    parameter = f"/{name}/engine-keys"
    try:
        text = ssm.get_parameter(Name=parameter, WithDecryption=True)["Parameter"]["Value"]
    except ssm.exceptions.ParameterNotFound:
        text = json.dumps({key_id or f"GTENGINE{secrets.token_hex(6).upper()}": secrets.token_urlsafe(32)})
        ssm.put_parameter(Name=parameter, Type="SecureString", Value=text)
    first: tuple[str, str] = next(iter(json.loads(text).items()))
    return first


def deploy(
    session: Session,
    package: Package,
    name: str,
    *,
    bucket: str,
    parameters: Mapping[str, str],
    confirm: Callable[[list[ChangeTypeDef]], bool] = lambda _: True,
    tags: Mapping[str, str] | None = None,
) -> dict[str, str]:
    """Creates or updates the stack through a change set that `confirm` has seen; answers the stack's outputs.

    Errors: DeploymentError, with the resources that failed and why.
    """
    cloudformation = session.client("cloudformation")
    s3 = session.client("s3")
    template_key = upload(s3, package, bucket)
    known = _status(cloudformation, name)
    exists = known is not None and known != "REVIEW_IN_PROGRESS"
    change_set = f"deploy-{template_key.rsplit('/', 1)[-1][:16]}"
    if known is not None:  # an earlier change set of the same contents, shown and not applied, would be in the way
        cloudformation.delete_change_set(StackName=name, ChangeSetName=change_set)
    cloudformation.create_change_set(
        StackName=name,
        ChangeSetName=change_set,
        ChangeSetType="UPDATE" if exists else "CREATE",
        TemplateURL=s3.generate_presigned_url("get_object", Params={"Bucket": bucket, "Key": template_key}),
        Parameters=[{"ParameterKey": k, "ParameterValue": v} for k, v in parameters.items()],
        Capabilities=list(CAPABILITIES),
        Tags=[{"Key": k, "Value": v} for k, v in {"app": "gt-service", **(tags or {})}.items()],
    )
    if _has_changes(cloudformation, name, change_set) and confirm(list(_changes(cloudformation, name, change_set))):
        cloudformation.execute_change_set(StackName=name, ChangeSetName=change_set)
        _wait(cloudformation, name, "stack_update_complete" if exists else "stack_create_complete")
    return outputs(cloudformation, name)


def outputs(cloudformation: CloudFormationClient, name: str) -> dict[str, str]:
    """The outputs of a stack by name. Errors: DeploymentError where there is no such stack."""
    try:
        stack = cloudformation.describe_stacks(StackName=name)["Stacks"][0]
    except ClientError as error:
        raise DeploymentError(f"there is no stack {name}: {error}", remedy="Run `make deploy` first.") from None
    return {output["OutputKey"]: output["OutputValue"] for output in stack.get("Outputs", [])}


def destroy(session: Session, name: str) -> None:
    """Deletes the stack and waits. Buckets, tables and the key are kept: they hold what was paid for."""
    cloudformation = session.client("cloudformation")
    cloudformation.delete_stack(StackName=name)
    _wait(cloudformation, name, "stack_delete_complete")


def _status(cloudformation: CloudFormationClient, name: str) -> str | None:
    try:
        return cloudformation.describe_stacks(StackName=name)["Stacks"][0]["StackStatus"]
    except ClientError as error:
        if "does not exist" in str(error):
            return None
        raise


def _has_changes(cloudformation: CloudFormationClient, name: str, change_set: str) -> bool:
    try:
        cloudformation.get_waiter("change_set_create_complete").wait(
            StackName=name, ChangeSetName=change_set, WaiterConfig={"Delay": 1, "MaxAttempts": 300}
        )
    except WaiterError:
        described = cloudformation.describe_change_set(StackName=name, ChangeSetName=change_set)
        reason = described.get("StatusReason", "no reason given")
        if "didn't contain changes" in reason or "No updates" in reason:
            return False
        raise DeploymentError(f"CloudFormation refuses the template: {reason}") from None
    return True


def _changes(cloudformation: CloudFormationClient, name: str, change_set: str) -> Iterator[ChangeTypeDef]:
    for page in cloudformation.get_paginator("describe_change_set").paginate(StackName=name, ChangeSetName=change_set):
        yield from page["Changes"]


def _wait(cloudformation: CloudFormationClient, name: str, waiter: Any) -> None:
    try:
        cloudformation.get_waiter(waiter).wait(StackName=name, WaiterConfig={"Delay": 1, "MaxAttempts": 3600})
    except WaiterError as error:
        failures = "\n".join(
            f"* {event.get('LogicalResourceId')} ({event.get('ResourceType')}): {event.get('ResourceStatusReason')}"
            for event in _failures(cloudformation, name)
        )
        raise DeploymentError(f"the stack {name} failed ({error}):\n{failures}") from None


def _failures(cloudformation: CloudFormationClient, name: str) -> Iterator[StackEventTypeDef]:
    for page in cloudformation.get_paginator("describe_stack_events").paginate(StackName=name):
        for event in page["StackEvents"]:
            if "FAILED" in event.get("ResourceStatus", ""):
                yield event
