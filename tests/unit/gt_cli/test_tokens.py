"""Who has access, and taking it away without the token at hand."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import boto3
import pytest
from click.testing import CliRunner, Result

from gt_cli import deployment, tokens
from gt_cli.main import cli

TABLE = "tokens"
SOON = datetime(2099, 1, 1, tzinfo=UTC)


@pytest.fixture
def dynamodb(aws: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    asked: list[str] = []
    monkeypatch.setattr(deployment, "outputs", lambda _, stack: asked.append(stack) or {"TokensTable": TABLE})
    client = boto3.client("dynamodb", region_name="us-east-1")
    client.create_table(
        TableName=TABLE,
        KeySchema=[{"AttributeName": "digest", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "digest", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
    )
    client.asked = asked
    return client


def run(*arguments: str) -> Result:
    return CliRunner().invoke(cli, ["token", *arguments, "--region", "us-east-1"])


def issue(dynamodb: Any, principal: str, expires: datetime = SOON) -> str:
    return tokens.issue(dynamodb, TABLE, "viewer", principal=principal, expires=expires)


def test_whoever_leaves_loses_all_access_without_their_tokens(dynamodb: Any) -> None:
    """A token is shown once; who had it may be gone with it."""
    theirs = [issue(dynamodb, "left@example.com") for _ in range(3)]
    stays = issue(dynamodb, "stays@example.com")
    answer = run("revoke", "--for", "left@example.com")
    assert (answer.exit_code, "Revoked 3" in answer.output) == (0, True)
    now = datetime.now(UTC)
    assert not any(tokens.is_valid(dynamodb, TABLE, token, now) for token in theirs)
    assert tokens.is_valid(dynamodb, TABLE, stays, now)
    assert run("revoke", "--for", "left@example.com").exit_code == 1


def test_the_list_names_people_and_ends_and_no_token(dynamodb: Any) -> None:
    token = issue(dynamodb, "a@example.com")
    issue(dynamodb, "[b]@example.com", datetime.now(UTC) - timedelta(days=1))
    shown = run("list").output
    assert "a@example.com" in shown
    assert "2099-01-01" in shown
    assert "expired" in shown
    assert "[b]@example.com" in shown
    assert token not in shown
    assert "[b]" not in run("list", "--for", "a@example.com").output


def test_a_token_or_a_person_is_needed(dynamodb: Any) -> None:
    assert run("revoke").exit_code == 2
    assert run("revoke", "gts_x", "--for", "a@example.com").exit_code == 2
    assert run("revoke", issue(dynamodb, "a")).exit_code == 0


@pytest.mark.parametrize(
    ("endpoint", "stack"), [(None, "gt-service-dev"), ("http://127.0.0.1:4566", "gt-service-local")]
)
def test_on_a_laptop_the_local_stack_is_meant(
    dynamodb: Any, monkeypatch: pytest.MonkeyPatch, endpoint: str | None, stack: str
) -> None:
    """`up` sets the endpoint; that the stage is called local, nobody told."""
    if endpoint:
        monkeypatch.setenv("AWS_ENDPOINT_URL", endpoint)
    else:
        monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    run("list")
    assert dynamodb.asked == [stack]
