"""The functions, wired to a deployment in memory."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from types import SimpleNamespace

import boto3
import chalice.test
import pytest
from botocore.config import Config
from chalice.local import LambdaContext
from chalice.test import Client

from app import app
from chalicelib import notifications, wiring
from gt_service.ingest.inbox import InboxWalk
from gt_service.ingest.intake import Intake
from gt_service.store.requests import Requests
from tests.world import INBOX, REGION, World


@pytest.fixture
def wired(world: World, monkeypatch: pytest.MonkeyPatch) -> World:
    """Whatever the functions ask of `wiring` comes from the world; nobody is told of news."""
    monkeypatch.setattr(wiring, "now", world.now)
    monkeypatch.setattr(wiring, "settings", lambda: SimpleNamespace(deployment=world.deployment))
    monkeypatch.setattr(wiring, "store", lambda: world.store)
    requests = Requests("requests", REGION)
    requests._items.create_table(wait=True)
    monkeypatch.setattr(wiring, "requests", lambda: requests)
    monkeypatch.setattr(wiring, "objects", lambda: world.objects)
    monkeypatch.setattr(wiring, "intake", lambda: Intake(world.store, world.objects, world.backend))
    walk = lambda: InboxWalk(world.store, world.objects, wiring.intake(), INBOX)  # noqa: E731
    monkeypatch.setattr(wiring, "inbox_walk", walk)
    monkeypatch.setattr(wiring, "sagemaker", lambda: world.sagemaker)
    keys = {"aws_access_key_id": "test", "aws_secret_access_key": "test"}
    signer = boto3.client("s3", region_name=REGION, config=Config(signature_version="s3v4"), **keys)
    monkeypatch.setattr(wiring, "signer", lambda: signer)
    monkeypatch.setattr(wiring, "chain", lambda: world.chain)
    monkeypatch.setattr(wiring, "settlement", lambda: world.settlement)
    monkeypatch.setattr(wiring, "QueueSignals", lambda: world)
    monkeypatch.setattr(notifications, "tell", lambda name: None)
    # Chalice's client gives a function 3 seconds, whatever its configuration says.
    monkeypatch.setattr(chalice.test, "LambdaContext", partial(LambdaContext, max_runtime_ms=300_000))
    return world


@pytest.fixture
def client(wired: World) -> Iterator[Client]:
    with Client(app, stage_name="service") as client:
        yield client
