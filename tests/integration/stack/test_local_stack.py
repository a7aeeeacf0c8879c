"""The deployed template on the running stack: access, dead letters, second deployments."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest

from gt_cli import tokens
from gt_cli.commands.redrive import redrive
from gt_cli.deployment import DeploymentError, deploy, outputs, stack_name
from gt_cli.packaging import build
from gt_cli.stack import ARTIFACTS, LocalStack
from tests.waiting import PATIENCE

pytestmark = pytest.mark.integration


def test_health_needs_no_token(stack: LocalStack) -> None:
    assert httpx.get(f"{stack.api_url}/health", timeout=PATIENCE).status_code == 200


@pytest.mark.parametrize("end", ["", "/"])
def test_the_printed_address_opens_in_a_browser(stack: LocalStack, end: str) -> None:
    """Without the slash it led a folder too high, to "Missing Authentication Token"."""
    page = httpx.get(f"{stack.api_url}{end}", headers={"Accept": "text/html"}, follow_redirects=True, timeout=PATIENCE)
    assert (page.status_code, page.url.path.endswith("/login")) == (200, True)


def test_everything_else_does(stack: LocalStack) -> None:
    assert httpx.get(f"{stack.api_url}/campaigns", timeout=PATIENCE).status_code == 401
    forged = {"Authorization": "Bearer gts_forged"}
    assert httpx.get(f"{stack.api_url}/campaigns", headers=forged, timeout=PATIENCE).status_code == 403
    assert httpx.get(f"{stack.api_url}/campaigns", headers=stack.headers, timeout=PATIENCE).status_code == 200


def test_a_token_that_has_expired_opens_nothing(stack: LocalStack) -> None:
    dynamodb = stack.session.client("dynamodb")
    past = datetime.now(UTC) - timedelta(seconds=1)
    token = tokens.issue(dynamodb, stack.outputs["TokensTable"], "viewer", principal="late", expires=past)
    late = {"Authorization": f"Bearer {token}"}
    assert httpx.get(f"{stack.api_url}/campaigns", headers=late, timeout=PATIENCE).status_code == 403


def test_a_token_is_not_stored_and_can_be_revoked(stack: LocalStack) -> None:
    dynamodb, table = stack.session.client("dynamodb"), stack.outputs["TokensTable"]
    soon = datetime.now(UTC) + timedelta(minutes=5)
    token = tokens.issue(dynamodb, table, "viewer", principal="ann", expires=soon)
    assert token not in str(dynamodb.scan(TableName=table)["Items"])
    assert tokens.revoke(dynamodb, table, token)
    assert not tokens.revoke(dynamodb, table, token)


def test_dead_letters_go_through_the_service_again(stack: LocalStack) -> None:
    sqs = stack.session.client("sqs")
    body = '{"Event": "s3:TestEvent"}'
    sqs.send_message(QueueUrl=stack.outputs["UploadsDeadLetters"], MessageBody=body)
    assert redrive(sqs, stack.outputs)["Uploads"] == 1
    assert redrive(sqs, stack.outputs)["Uploads"] == 0


def test_deploying_the_same_again_changes_nothing(stack: LocalStack, tmp_path: Path) -> None:
    parameters = {
        "Stage": "local",
        "SageMakerEndpointUrl": stack.engine_url,
        "ReconcileSchedule": "rate(1 minute)",
        "Scale": "laptop",
        "EncryptedTransportOnly": "false",
    }
    again = deploy(stack.session, build(tmp_path), stack_name("local"), bucket=ARTIFACTS, parameters=parameters)
    assert again == dict(stack.outputs)


def test_a_stack_that_is_not_there_says_how_to_make_it(stack: LocalStack) -> None:
    with pytest.raises(DeploymentError) as missing:
        outputs(stack.session.client("cloudformation"), "gt-service-nowhere")
    assert "make deploy" in missing.value.remedy
