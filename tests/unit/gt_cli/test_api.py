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


@pytest.mark.parametrize("asked", ["close_batch", "close_batch_if_any", "campaign"])
def test_a_service_that_does_not_answer_is_told_in_words(asked: str) -> None:
    """Whoever pauses a campaign while the network is away would read a traceback."""

    def lost(_: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("no route to host")

    service = Api("https://api", {})
    service._client = httpx.Client(base_url="https://api", transport=httpx.MockTransport(lost))
    with pytest.raises(ApiError, match="https://api does not answer: no route to host"):
        getattr(service, asked)("birds")


@pytest.mark.parametrize("body", ["<html>Welcome to the hotel</html>", "[]"])
def test_what_is_no_answer_of_the_service_is_told_in_words(body: str) -> None:
    """A page of somebody else's, such as a network's that wants a sign-in."""
    service = Api("https://api", {})
    answer = httpx.MockTransport(lambda _: httpx.Response(200, text=body))
    service._client = httpx.Client(base_url="https://api", transport=answer)
    with pytest.raises(ApiError, match="GET /campaigns/birds: 200"):
        service.campaign("birds")


@pytest.mark.parametrize(("url", "token"), [("https://api:port", "abc"), ("https://api", "„abc“")])
def test_an_address_or_a_token_that_nothing_can_be_sent_with_is_told_in_words(url: str, token: str) -> None:
    """Copied from a mail, with its quotation marks."""
    with pytest.raises(ApiError, match="no request can be made"):
        Api(url, {"Authorization": f"Bearer {token}"})


def test_what_changes_something_is_asked_once() -> None:
    """A batch closed twice would be two batches."""
    service, asked = api_answering(502)
    with pytest.raises(ApiError):
        service.close_batch("birds")
    assert asked == ["POST"]
