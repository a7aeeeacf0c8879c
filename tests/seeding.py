"""Puts campaigns, jobs and images on record in a running stack, without labeling anything."""

from __future__ import annotations

import io
import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from PIL import Image, ImageDraw

from gt_cli.stack import REGION, TEST_CREDENTIALS, LocalStack
from gt_service.campaign import parse_spec
from gt_service.gallery.index import Index
from gt_service.gallery.writing import Gallery, campaign_index
from gt_service.money import Mills
from gt_service.objects import S3Objects
from gt_service.records import Batch, Job
from gt_service.records.names import JobName, Places, Role
from gt_service.records.states import BatchState, CampaignEvent, JobState
from gt_service.store import Store, TableNames
from tests import pages_data as data

START = datetime(2026, 5, 1, 8, 0, tzinfo=UTC)
TEAM = f"arn:aws:sagemaker:{REGION}:111122223333:workteam/private-crowd/birders"
ROLES = {"first": Role.FIRST, "warm": Role.WARM, "control": Role.CONTROL}


def store_of(stack: LocalStack, environment: pytest.MonkeyPatch) -> Store:
    """The stack's tables, for this process."""
    for name, value in {**TEST_CREDENTIALS, "AWS_ENDPOINT_URL": stack.endpoint_url, "AWS_REGION": REGION}.items():
        environment.setenv(name, value)
    names = {
        name: stack.outputs[f"{name.title()}Table"] for name in ("campaigns", "images", "batches", "jobs", "tokens")
    }
    return Store(TableNames(**names), REGION)


def campaign(store: Store, name: str, **changes: Any) -> None:
    """A paused campaign, which the schedule leaves alone."""
    document = {"task": "object-detection", "labels": ["Bird"], "workforce": TEAM, "budget": "500", **changes}
    spec = parse_spec(json.dumps({**document, "name": name}), filename="campaign.json")
    store.campaigns.accept_spec(name, spec, order="1", now=START)
    store.campaigns.apply(name, CampaignEvent.PAUSE, START)


def batch(store: Store, campaign: str, number: int, objects: int = 1250) -> None:
    """A batch that is labeled."""
    closed = START + timedelta(days=number)
    store.batches.create(Batch(campaign, number, BatchState.LABELED, "full", objects, "s3://-/-", None, closed, closed))


def job(store: Store, shown: Mapping[str, Any], campaign: str) -> None:
    """A job as the API shows it (`tests.pages_data.job`), under a campaign of the stack."""
    store.jobs._item(record(shown, campaign)).save()


def record(shown: Mapping[str, Any], campaign: str) -> Job:
    """The stored form of a job as the API shows it."""
    name = JobName(campaign, shown["batch"], shown["role"] == "control", shown["attempt"])
    return Job(
        name=str(name),
        campaign=campaign,
        batch=shown["batch"],
        role=ROLES[shown["role"]],
        attempt=shown["attempt"],
        state=JobState(shown["status"]),
        objects=shown["objects"],
        revision=1,
        task="object-detection",
        labels=("Bird",),
        manifest_uri=shown["manifest_s3_uri"],
        output_uri=shown["output_s3_uri"],
        reserved=Mills(shown["reserved_mills"]),
        reserved_at=datetime.fromisoformat(shown["created_at"]),
        initial_model_arn=shown["initial_model_arn"],
        final_model_arn=shown["final_model_arn"],
        counters=shown["counters"],
        unlabeled=0,
        cost=None if shown["cost_mills"] is None else Mills(shown["cost_mills"]),
        report_uri=shown["report_s3_uri"],
        failure_reason=shown["failure_reason"],
        created_at=datetime.fromisoformat(shown["created_at"]),
        ended_at=datetime.fromisoformat(shown["ended_at"]) if shown["ended_at"] else None,
    )


def notebooks_chain(stack: LocalStack, store: Store, name: str) -> None:
    """The notebook's three jobs with report, labels and images, under a campaign of this name."""
    campaign(store, name)
    s3, inbox, results = stack.session.client("s3"), stack.outputs["InboxBucket"], stack.outputs["ResultsBucket"]
    places_of, indices = Places(results, name), list[Index]()
    for number in (1, 2):
        batch(store, name, number)
    for shown in data.chain()[:3]:
        own = shown["name"].replace("birds", name)
        places = {
            "output_s3_uri": f"s3://{results}/{name}/output/{own}",
            "report_s3_uri": f"s3://{results}/{name}/reports/{own}",
        }
        job(store, {**shown, **places}, name)
        folder = f"s3://{inbox}/{name}/examples/{own}"
        manifest = b"\n".join(data.manifest_lines()).replace(b"s3://inbox/birds/images", folder.encode())
        s3.put_object(Bucket=results, Key=f"{name}/output/{own}/manifests/output/output.manifest", Body=manifest)
        s3.put_object(Bucket=results, Key=f"{name}/reports/{own}/report.json", Body=json.dumps(data.report()).encode())
        page = b"<!doctype html><title>report</title><h1>The report</h1>"
        s3.put_object(Bucket=results, Key=f"{name}/reports/{own}/report.html", Body=page)
        written = Gallery(own, ("Bird",))
        for labeled in data.labeled_objects():
            source = str(labeled.source).replace("s3://inbox/birds/images", folder)
            written.add(labeled._replace(line={**labeled.line, "source-ref": source}))
        index = written.write(S3Objects(s3), places_of.job_images(own))
        indices += [] if shown["role"] == "control" else [index]
        for line in map(json.loads, data.manifest_lines()):
            key = f"{name}/examples/{own}/{line['source-ref'].rsplit('/', 1)[-1]}"
            s3.put_object(Bucket=inbox, Key=key, Body=scene(line), ContentType="image/png")
    s3.put_object(Bucket=results, Key=places_of.images.key, Body=campaign_index(indices, {}, ("Bird",)))
    spec = store.campaigns.get(name).spec
    assert spec is not None
    body = spec.model_dump_json().encode()
    s3.put_object(Bucket=results, Key=places_of.of_spec(1, "campaign.json").key, Body=body)


def scene(record: Mapping[str, Any]) -> bytes:
    """A picture with a bird, of a kind, in each box of a manifest record."""
    image = Image.new("RGB", (320, 240), (176, 200, 222))
    draw = ImageDraw.Draw(image)
    draw.rectangle((0, 170, 320, 240), fill=(96, 130, 84))
    for box in record["category"]["annotations"]:
        left, top, right, bottom = box["left"], box["top"], box["left"] + box["width"], box["top"] + box["height"]
        draw.ellipse((left + 4, top + 8, right - 20, bottom - 4), fill=(120, 72, 40))
        draw.ellipse((right - 38, top + 4, right - 6, top + 34), fill=(140, 88, 52))
    body = io.BytesIO()
    image.save(body, "PNG")
    return body.getvalue()
