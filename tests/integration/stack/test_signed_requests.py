"""Requests signed with AWS credentials on the running stack, which checks signatures and IAM's policies as AWS does."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

import httpx
import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from gt_cli.stack import REGION, LocalStack
from tests import seeding
from tests.waiting import PATIENCE

pytestmark = pytest.mark.integration

NAME = "signed"
PAGE = Path(__file__).parents[3] / "docs" / "how-to" / "call-the-api.md"
POLICIES = {"viewer": "ViewerPolicyArn", "operator": "OperatorPolicyArn", "nobody": None}
ASSUMED_BY_ANYONE = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "sts:AssumeRole"}],
}


@pytest.fixture(scope="module")
def seeded(stack: LocalStack) -> LocalStack:
    with pytest.MonkeyPatch.context() as environment:
        seeding.notebooks_chain(stack, seeding.store_of(stack, environment), NAME)
    return stack


@pytest.fixture(scope="module")
def users(seeded: LocalStack) -> Iterator[Mapping[str, Credentials]]:
    """One with each of the stack's policies, and one with none."""
    iam, found = seeded.session.client("iam"), {}
    for user, output in POLICIES.items():
        iam.create_user(UserName=user)
        if output:
            iam.attach_user_policy(UserName=user, PolicyArn=seeded.outputs[output])
        key = iam.create_access_key(UserName=user)["AccessKey"]
        found[user] = Credentials(key["AccessKeyId"], key["SecretAccessKey"])
    yield found
    for user, output in POLICIES.items():
        if output:
            iam.detach_user_policy(UserName=user, PolicyArn=seeded.outputs[output])
        iam.delete_access_key(UserName=user, AccessKeyId=found[user].access_key)
        iam.delete_user(UserName=user)


@pytest.fixture(scope="module")
def role(seeded: LocalStack, users: Mapping[str, Credentials]) -> Iterator[Credentials]:
    """A machine's: a role with the operator's policy, assumed for an hour."""
    iam, sts = seeded.session.client("iam"), seeded.session.client("sts")
    made = iam.create_role(RoleName="robot", AssumeRolePolicyDocument=json.dumps(ASSUMED_BY_ANYONE))
    iam.attach_role_policy(RoleName="robot", PolicyArn=seeded.outputs["OperatorPolicyArn"])
    given = sts.assume_role(RoleArn=made["Role"]["Arn"], RoleSessionName="one")["Credentials"]
    yield Credentials(given["AccessKeyId"], given["SecretAccessKey"], given["SessionToken"])
    iam.detach_role_policy(RoleName="robot", PolicyArn=seeded.outputs["OperatorPolicyArn"])
    iam.delete_role(RoleName="robot")


def ask(
    stack: LocalStack, method: str, path: str, signer: Credentials, body: bytes = b"", **headers: str
) -> httpx.Response:
    request = AWSRequest(method, f"{stack.api_url}/iam{path}", {"Content-Type": "application/json", **headers}, body)
    SigV4Auth(signer, "execute-api", REGION).add_auth(request)
    return httpx.request(method, str(request.url), headers=dict(request.headers), content=body, timeout=30)


def refused(answer: httpx.Response) -> bool:
    """The words are the gateway's, and the local one does not take those that the template gives it."""
    return answer.status_code == 403


@pytest.mark.parametrize("path", ["/campaigns", f"/campaigns/{NAME}", f"/campaigns/{NAME}/jobs?MaxResults=1"])
@pytest.mark.parametrize("user", ["viewer", "operator"])
def test_whoever_has_a_policy_may_look(
    seeded: LocalStack, users: Mapping[str, Credentials], user: str, path: str
) -> None:
    answer = ask(seeded, "GET", path, users[user])
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/json")


def test_an_operator_may_change_and_a_viewer_may_not(seeded: LocalStack, users: Mapping[str, Credentials]) -> None:
    pause, resume = f"/campaigns/{NAME}/pause", f"/campaigns/{NAME}/resume"  # the campaign that is there is paused
    assert refused(ask(seeded, "POST", resume, users["viewer"]))
    assert ask(seeded, "GET", f"/campaigns/{NAME}", users["viewer"]).json()["status"] == "paused"
    resumed = ask(seeded, "POST", resume, users["operator"])
    assert (resumed.status_code, resumed.json()["status"] != "paused") == (202, True)
    assert refused(ask(seeded, "POST", pause, users["viewer"]))
    assert ask(seeded, "POST", pause, users["operator"]).status_code == 202


def test_a_viewer_may_ask_what_it_would_cost(seeded: LocalStack, users: Mapping[str, Credentials]) -> None:
    """As viewers with a token may: it changes nothing."""
    body = json.dumps({"objects": 100, "campaign": NAME}).encode()
    assert ask(seeded, "POST", "/estimates", users["viewer"], body).status_code == 200
    assert refused(ask(seeded, "POST", "/estimates", users["nobody"], body))


def test_a_role_signs_with_its_sessions_credentials(seeded: LocalStack, role: Credentials) -> None:
    """As Lambda functions, instances and pipelines do."""
    assert ask(seeded, "GET", "/campaigns", role).status_code == 200
    once = {"Idempotency-Key": "one"}
    answers = [ask(seeded, "POST", f"/campaigns/{NAME}/resume", role, **once) for _ in range(2)]
    assert answers[0].status_code == answers[1].status_code
    assert answers[1].headers["idempotency-replayed"] == "true"


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_nobody_else_gets_in(seeded: LocalStack, users: Mapping[str, Credentials], method: str) -> None:
    path = f"/campaigns/{NAME}" if method == "GET" else f"/campaigns/{NAME}/pause"
    operator = users["operator"]
    assert refused(httpx.request(method, f"{seeded.api_url}/iam{path}", timeout=PATIENCE))
    assert refused(httpx.request(method, f"{seeded.api_url}/iam{path}", headers=seeded.headers, timeout=PATIENCE))
    assert refused(ask(seeded, method, path, Credentials(operator.access_key, "wrong")))
    assert refused(ask(seeded, method, path, Credentials("AKIAUNKNOWN000000000", "wrong")))
    assert refused(ask(seeded, method, path, users["nobody"]))


def test_a_signature_opens_only_what_is_below_iam(seeded: LocalStack, users: Mapping[str, Credentials]) -> None:
    request = AWSRequest("GET", f"{seeded.api_url}/campaigns")
    SigV4Auth(users["operator"], "execute-api", REGION).add_auth(request)
    assert httpx.get(str(request.url), headers=dict(request.headers), timeout=PATIENCE).status_code == 401


def environment(stack: LocalStack, signer: Credentials) -> dict[str, str]:
    return {
        **os.environ,
        "GT_SERVICE_URL": stack.api_url,
        "AWS_DEFAULT_REGION": REGION,
        "AWS_ACCESS_KEY_ID": str(signer.access_key),
        "AWS_SECRET_ACCESS_KEY": str(signer.secret_key),
        "AWS_SESSION_TOKEN": str(signer.token),
    }


def test_the_python_of_the_how_to_works(seeded: LocalStack, role: Credentials) -> None:
    (snippet,) = re.findall(r"^```python\n(.*?)^```$", PAGE.read_text("utf-8"), re.DOTALL | re.MULTILINE)
    done = subprocess.run(
        [sys.executable, "-c", snippet], env=environment(seeded, role), capture_output=True, text=True, check=True
    )
    assert any(line.startswith(f"{NAME} ") for line in done.stdout.splitlines())


def test_the_curl_of_the_how_to_works(seeded: LocalStack, role: Credentials) -> None:
    (line,) = re.findall(r"^curl --aws-sigv4 .*$", PAGE.read_text("utf-8"), re.MULTILINE)
    done = subprocess.run(["sh", "-c", line], env=environment(seeded, role), capture_output=True, text=True, check=True)
    assert NAME in [campaign["name"] for campaign in json.loads(done.stdout)["campaigns"]]
