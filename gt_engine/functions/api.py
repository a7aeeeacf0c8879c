"""The engine's API and portal behind a function URL: the same app that a server runs."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from typing import Any
from urllib.parse import urlsplit

from mangum import Mangum

from gt_engine.api.operations import Operations
from gt_engine.api.wire import api
from gt_engine.aws import EngineObjects, s3_client
from gt_engine.functions.setup import setup
from gt_engine.portal.app import portal_routes
from gt_engine.portal.assemble import open_portal
from gt_engine.store import DynamoStore
from gt_engine.store.workforce import DynamoTeams

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
    store = DynamoStore(own.settings.table_prefix, own.settings.region)
    teams = DynamoTeams(store.tables)
    if teams.portal() != url:
        teams.put_portal(url)
    settings = replace(own.settings, public_url=url)
    objects = EngineObjects(s3_client(settings.region, settings.buckets))
    operations = Operations(settings, store, teams, objects, own.waker.wake)
    portal = open_portal(settings, store, own.waker.wake, key=own.portal_key, largest_answer_bytes=LARGEST_ANSWER_BYTES)
    return Mangum(api(operations, portal_routes(portal)), lifespan="off")


def _as_asked(event: dict[str, Any], url: str) -> dict[str, Any]:
    """The request as its sender wrote it: a proxy in front of the function URL (CloudFront, a laptop's) must name the
    function's own host, for AWS finds the function by it. Signatures and the portal's pages go by the other name."""
    parts = urlsplit(url)
    headers = {**event["headers"], "host": parts.netloc, "x-forwarded-proto": parts.scheme}
    return {**event, "headers": headers}
