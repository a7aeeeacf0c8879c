"""A second look through the deployed template: labels that seem wrong go to people by themselves, and come back."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from typing import Any

import httpx
import pytest

from gt_cli.api import Api
from gt_cli.demo.plan import SIMULATED_TEAM
from gt_cli.demo.sources import draw_all
from gt_cli.label_lines import gold_manifest
from gt_cli.stack import LocalStack
from gt_service.corrections.files import read_corrections
from gt_service.objects import S3Objects, S3Uri

pytestmark = [pytest.mark.e2e, pytest.mark.long, pytest.mark.timeout(900)]

CAMPAIGN = "doubtful"
IMAGES = 80
SHARE = 0.2
PATIENCE = 600


@pytest.fixture(scope="module")
def jobs(stack: LocalStack) -> Mapping[str, Any]:
    """By role, once both have their reports."""
    pictures, s3, inbox = draw_all(IMAGES, seed=5), stack.session.client("s3"), stack.outputs["InboxBucket"]
    prefix = f"s3://{inbox}/{CAMPAIGN}"
    gold = gold_manifest(pictures.images, f"{prefix}/images/")
    s3.put_object(Bucket=inbox, Key=f"{CAMPAIGN}/gold/gold.manifest", Body=gold)
    spec = {
        "task": "object-detection",
        "labels": list(pictures.labels),
        "workforce": SIMULATED_TEAM,
        "batch": {"size": IMAGES},
        "max_concurrent_tasks": 40,
        "gold_labels": f"{prefix}/gold/gold.manifest",
        "review": {"share": SHARE},
        "budget": "100",
    }
    with Api(stack.api_url, stack.headers) as api:
        api.put_spec(CAMPAIGN, json.dumps(spec))
        for picture in pictures.images:
            s3.put_object(Bucket=inbox, Key=f"{CAMPAIGN}/images/{picture.name}", Body=picture.read())
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            stack.check()
            found = {job["role"]: job for job in api.jobs(CAMPAIGN)}
            if found.keys() >= {"first", "review"} and all(job["report_s3_uri"] for job in found.values()):
                return found
            time.sleep(2)
    raise AssertionError(f"no review was reported: {found}")


def test_the_share_of_people_s_labels_that_seem_wrong_is_reviewed_once(jobs: Mapping[str, Any]) -> None:
    assert jobs.keys() == {"first", "review"}
    review = jobs["review"]
    assert (review["name"], review["status"]) == (f"{CAMPAIGN}-0001-review", "Completed")
    assert 1 <= review["objects"] <= -(-SHARE * jobs["first"]["counters"]["HumanLabeled"] // 1)


def test_what_was_corrected_is_the_campaign_s_label(jobs: Mapping[str, Any], stack: LocalStack) -> None:
    objects, results = S3Objects(stack.session.client("s3")), stack.outputs["ResultsBucket"]
    corrections = read_corrections(objects, S3Uri(results, CAMPAIGN))
    output = objects.lines(
        S3Uri(results, f"{CAMPAIGN}/output/{jobs['review']['name']}/manifests/output/output.manifest")
    )
    status = {
        line["source-ref"]: line["category-review-metadata"]["adjustment-status"] for line in map(json.loads, output)
    }
    assert {source for source, each in status.items() if each == "adjusted"} == corrections.keys()
    labels = [json.loads(line) for line in objects.lines(S3Uri(results, f"{CAMPAIGN}/labels/output.manifest"))]
    assert len(labels) == IMAGES
    by_review = {
        line["source-ref"]
        for line in labels
        if line["category-metadata"]["job-name"] == f"labeling-job/{jobs['review']['name']}"
    }
    assert by_review == corrections.keys()


def test_the_owner_sees_what_is_left_and_sends_it_too(jobs: Mapping[str, Any], stack: LocalStack) -> None:
    with Api(stack.api_url, stack.headers) as api:
        found = api.second_look(CAMPAIGN, 3)
        assert found["judged"] == jobs["first"]["counters"]["HumanLabeled"]
        if found["suspects"]:
            assert httpx.get(found["suspects"][0]["url"], timeout=PATIENCE).status_code == 200
            job = api.send_second_look(CAMPAIGN, 1)
            assert (job["name"], job["objects"]) == (f"{CAMPAIGN}-0001-review1", 1)
