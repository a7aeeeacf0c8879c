"""Who may put what into the inbox, by the stack's two policies for people."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml

from gt_service.ingest.keys import SPEC_FILES, Purpose, classify

TEMPLATE = Path(__file__).parents[3] / ".chalice" / "infrastructure.yaml"
INBOX = "${InboxBucket.Arn}/"


class Loader(yaml.SafeLoader):
    """CloudFormation's short forms as what they hold."""


Loader.add_multi_constructor("!", lambda loader, _, node: getattr(node, "value", None))


@cache
def resources() -> dict[str, Any]:
    return dict(yaml.load(TEMPLATE.read_text("utf-8"), Loader)["Resources"])


def may_put(policy: str, key: str) -> bool:
    """As IAM decides: a denial goes before any permission, and * stands for any characters, slashes as well."""
    decided = {"Allow": False, "Deny": False}
    for statement in resources()[policy]["Properties"]["PolicyDocument"]["Statement"]:
        actions, places = (
            [given] if isinstance(given, str) else given for given in (statement["Action"], statement["Resource"])
        )
        patterns = (re.escape(place).replace(r"\*", ".*") for place in places)
        if "s3:PutObject" in actions and any(re.fullmatch(pattern, INBOX + key) for pattern in patterns):
            decided[statement["Effect"]] = True
    return decided["Allow"] and not decided["Deny"]


SPECS = [f"birds/{name}" for name in sorted(SPEC_FILES)]
GOLD = [
    "birds/gold/gold.manifest",
    "birds/gold/a/b.json",
    "birds/examples/examples.manifest",
    "birds/examples/1.jpg",
    "birds/models/a.onnx",
]
LABELS = ["birds/labels/old.manifest"]
IMAGES = ["birds/images/1.jpg", "birds/1.jpg", "birds/images/day 2/1.png", "birds/images/gold.jpg", "x/campaign.jpg"]


@pytest.mark.parametrize("key", [*SPECS, *GOLD, *LABELS])
def test_whoever_may_drop_images_lifts_no_budget_and_forges_no_gold(key: str) -> None:
    """A spec names the budget, and gold labels are what the work is judged by."""
    assert classify(key, 1).purpose is not Purpose.IMAGE, "the service would not take it for that anyway"
    assert not may_put("UploaderPolicy", key)
    assert may_put("OwnerPolicy", key)


@pytest.mark.parametrize("key", IMAGES)
def test_images_may_be_dropped_by_both(key: str) -> None:
    assert classify(key, 1).purpose is Purpose.IMAGE
    assert may_put("UploaderPolicy", key)
    assert may_put("OwnerPolicy", key)


def test_every_queue_and_topic_refuses_plain_http() -> None:
    """What is in them names images, campaigns and costs."""
    kinds = {"AWS::SQS::QueuePolicy": "Queues", "AWS::SNS::TopicPolicy": "Topics"}
    closed = {
        name
        for resource in resources().values()
        if resource.get("Type") in kinds and "aws:SecureTransport" in str(resource)
        for name in resource["Properties"][kinds[resource["Type"]]]
    }
    assert closed == {
        name for name, resource in resources().items() if resource.get("Type") in {"AWS::SQS::Queue", "AWS::SNS::Topic"}
    }
