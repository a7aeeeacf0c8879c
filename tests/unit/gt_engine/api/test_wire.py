"""Who may not call is told before he has sent anything; what cannot be carried out is the caller's fault."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any, cast

import pytest
from botocore.exceptions import EndpointConnectionError, ParamValidationError

from gt_engine.api.operations import Operations
from gt_engine.api.wire import api
from gt_service.errors import AccessDenied
from tests.unit.gt_engine.api.test_signature import signed


def call(
    headers: dict[str, str],
    body: bytes | None,
    *,
    secrets: dict[str, str] | None = None,
    fails: Exception | None = None,
) -> tuple[int, dict[str, Any]]:
    """The answer to `POST /`. body: None for one that never comes, and must not be waited for."""

    def operation(_: dict[str, Any]) -> dict[str, Any]:
        if fails is not None:
            raise fails
        return {}

    settings = SimpleNamespace(secrets=secrets or {}, region="us-east-1")
    app = api(cast(Operations, SimpleNamespace(table=lambda: {"ListModels": operation}, settings=settings)))
    sent: list[dict[str, Any]] = []

    async def receive() -> dict[str, Any]:
        assert body is not None, "the body was waited for"
        return {"type": "http.request", "body": body, "more_body": False}

    async def send(message: Any) -> None:
        sent.append(message)

    scope = {
        "type": "http",
        "method": "POST",
        "path": "/",
        "raw_path": b"/",
        "query_string": b"",
        "scheme": "http",
        "server": ("127.0.0.1", 80),
        "headers": [(name.encode(), value.encode()) for name, value in headers.items()],
    }
    asyncio.run(app(scope, receive, send))
    return sent[0]["status"], json.loads(sent[1]["body"])


LIST_MODELS = {"x-amz-target": "SageMaker.ListModels"}
SECRETS = {"AKIDEXAMPLE": "secret"}


@pytest.mark.parametrize(
    ("headers", "code"),
    [
        (dict, "MissingAuthenticationTokenException"),
        (lambda: signed(key="AKIDSOMEBODY"), "UnrecognizedClientException"),
        (lambda: signed(region="eu-west-1"), "InvalidSignatureException"),
        (lambda: signed() | {"x-amz-date": "20200101T000000Z"}, "InvalidSignatureException"),
        (lambda: signed() | {"x-amz-unsigned": "x"}, "IncompleteSignatureException"),
    ],
)
def test_nobody_is_waited_for_who_may_not_call(headers: Callable[[], dict[str, str]], code: str) -> None:
    """Signed when the test runs: a signature is good for five minutes, and the whole suite takes longer."""
    status, answer = call(headers(), None, secrets=SECRETS)
    assert (status, answer["__type"]) == (403, code)


@pytest.mark.parametrize(
    ("problem", "status", "code"),
    [
        (ParamValidationError(report="Invalid length for parameter Key"), 400, "ValidationException"),
        (AccessDenied("the engine may not use the bucket 'theirs'"), 400, "ValidationException"),
        (EndpointConnectionError(endpoint_url="x"), 500, "InternalFailure"),
    ],
)
def test_whose_fault_a_failure_is(problem: Exception, status: int, code: str) -> None:
    """SDKs send what failed with 500 again, and again: `s3://bucket/` will never have a key."""
    answer = call(LIST_MODELS, b"{}", fails=problem)
    assert (answer[0], answer[1]["__type"]) == (status, code)


def test_what_is_right_is_answered() -> None:
    assert call(LIST_MODELS, b"{}") == (200, {})


def test_a_page_of_another_site_calls_nothing_on_this_machine() -> None:
    """Without keys the engine listens to this machine alone: its browser is on it, and brings whoever it visits."""
    status, answer = call(LIST_MODELS | {"origin": "https://evil.example"}, b"{}")
    assert (status, answer["__type"]) == (400, "AccessDeniedException")
    assert call(LIST_MODELS, b"{}") == (200, {})


@pytest.mark.parametrize("body", [b'{"a": "\\ud83d"}', b'{"a": NaN}', b"[" * 100_000])
def test_what_no_file_could_hold_is_not_json(body: bytes) -> None:
    """Half an emoji in a title would else fail the job at its end, when it is paid and its certificate is written."""
    status, answer = call(LIST_MODELS, body)
    assert (status, answer["__type"]) == (400, "SerializationException")
