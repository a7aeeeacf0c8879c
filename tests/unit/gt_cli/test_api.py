"""Calls of the service's API as the command line makes them."""

from __future__ import annotations

import httpx
import pytest

from gt_cli import api
from gt_cli.api import Api, ApiError


def api_answering(*statuses: int) -> tuple[Api, list[str]]:
    """One that is answered in turn, and what was asked."""
    asked: list[str] = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request.method)
        return httpx.Response(statuses[min(len(asked), len(statuses)) - 1], json={"status": "running"})

    service = Api("https://api", {})
    service._client = httpx.Client(base_url="https://api", transport=httpx.MockTransport(answer))
    return service, asked


def test_a_read_that_is_late_at_the_gateway_is_tried_again() -> None:
    """A function that starts slowly would end a demo or a watched campaign."""
    service, asked = api_answering(502, 504, 200)
    assert service.campaign("birds") == {"status": "running"}
    assert len(asked) == 3


def test_what_stays_late_is_told() -> None:
    service, asked = api_answering(503)
    with pytest.raises(ApiError, match="503"):
        service.campaign("birds")
    assert len(asked) == api.TRIES


def test_what_changes_something_is_asked_once() -> None:
    """A batch closed twice would be two batches."""
    service, asked = api_answering(502)
    with pytest.raises(ApiError):
        service.close_batch("birds")
    assert asked == ["POST"]
