"""The engine's API and portal behind a function URL: the same app that a server runs."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from typing import Any
from urllib.parse import urlsplit

from mangum import Mangum

from gt_engine.assemble import engine_app
from gt_engine.functions.setup import setup
from gt_engine.store import DynamoStore

LARGEST_ANSWER_BYTES = 4 * 2**20
"""Of a file of a task: Lambda takes answers of 6 MB, and bytes grow by a third on the way to it."""


def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """A request to the function URL."""
    url = setup().settings.public_url or f"https://{event['requestContext']['domainName']}"
    return _app(url)(_as_asked(event, url), context)


@cache
def _app(url: str) -> Mangum:
    """url: where browsers and callers reach the engine; known with the first request, for the template cannot tell a
    function its own address."""
    own = setup()
    settings = replace(own.settings, public_url=url)
    store = DynamoStore(settings.table_prefix, settings.region)
    key, most = own.portal_key, LARGEST_ANSWER_BYTES
    return Mangum(engine_app(settings, store, own.waker.wake, key=key, largest_answer_bytes=most), lifespan="off")


def _as_asked(event: dict[str, Any], url: str) -> dict[str, Any]:
    """The request as its sender wrote it: a proxy in front of the function URL (CloudFront, a laptop's) must name the
    function's own host, for AWS finds the function by it. Signatures and the portal's pages go by the other name."""
    parts = urlsplit(url)
    headers = {**event["headers"], "host": parts.netloc, "x-forwarded-proto": parts.scheme}
    return {**event, "headers": headers}
