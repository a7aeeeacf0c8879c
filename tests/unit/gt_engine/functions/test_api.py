"""Requests as they reach the engine behind a function URL."""

from __future__ import annotations

from typing import Any

from gt_engine.functions.api import _as_asked

EVENT: dict[str, Any] = {
    "headers": {"host": "abc.lambda-url.us-east-1.on.aws", "x-forwarded-proto": "https", "accept": "*/*"},
    "requestContext": {"domainName": "abc.lambda-url.us-east-1.on.aws"},
}


def test_a_request_by_another_name_is_taken_by_that_name() -> None:
    """Signatures cover the name that the caller used, and pages are known by it."""
    asked = _as_asked(EVENT, "http://labels.example.org:8080")
    assert asked["headers"] == {"host": "labels.example.org:8080", "x-forwarded-proto": "http", "accept": "*/*"}
    assert EVENT["headers"]["host"] == "abc.lambda-url.us-east-1.on.aws"
