"""How long the status page takes on the local stack, with many jobs and images on record.

    python -m benchmarks.pages --jobs 1000 --images 20000

Seeds one campaign, then asks for each page a number of times, one after the other, and prints the median and the
slowest in milliseconds, as a browser would see them (API Gateway, function and tables included, page uncached).
"""

from __future__ import annotations

import json
import statistics
import sys
import tempfile
import time
from pathlib import Path

import click
import httpx
import pytest

from gt_cli.stack import LocalStack, local_stack
from gt_service.store import Store
from gt_service.store.images import _shard
from tests import pages_data as data
from tests import seeding

PAGES = (
    "campaigns",
    "campaigns/large",
    "jobs/large-0001",
    "campaigns/large/images?status=rejected",
    "estimates?objects=5000",
)
REJECTED = 50


def seed(stack: LocalStack, store: Store, jobs: int, images: int) -> None:
    seeding.campaign(store, "large")
    with store.tables.batches.batch_write() as batches:
        for number in range(1, jobs + 1):
            item = store.tables.batches(campaign="large", number=number, state="labeled", reason="full", objects=1250)
            item.members_uri, item.created_at, item.closed_at = "s3://-/-", seeding.START, seeding.START
            batches.save(item)
    with store.tables.jobs.batch_write() as written:
        for number in range(1, jobs + 1):
            shown = data.job(batch=number, role="warm", report_s3_uri=None)
            written.save(store.jobs._item(seeding.record(shown, "large")))
    with store.tables.images.batch_write() as written:
        for number in range(images):
            key = f"large/images/{number:07}.jpg"
            place = "rejected" if number < REJECTED else f"batch#{number // 1250 + 1:04}"
            item = store.tables.images(shard=_shard("large", key), key=key, place=place, etag=f"{number:032x}", size=1)
            item.open_place = place if place == "rejected" else None
            item.event_time, item.sequencer = "2026-05-01T08:00:00.000Z", "0" * 32
            written.save(item)


def measure(stack: LocalStack, page: str, times: int) -> list[float]:
    headers, cookies = {"Accept": "text/html"}, {"gt-service-token": stack.token}
    took = []
    with httpx.Client(headers=headers, cookies=cookies, timeout=120) as browser:
        for _ in range(times + 1):
            start = time.perf_counter()
            browser.get(f"{stack.api_url}/{page}").raise_for_status()
            took.append((time.perf_counter() - start) * 1000)
    return took[1:]  # the first wakes the function up


@click.command()
@click.option("--jobs", default=1000, show_default=True)
@click.option("--images", default=20_000, show_default=True)
@click.option("--times", default=15, show_default=True)
def main(jobs: int, images: int, times: int) -> None:
    with tempfile.TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as environment:
        work = Path(folder)
        parameters = {"ReconcileSchedule": "rate(1 hour)"}
        with local_stack(work, logs=work / "logs", hurry=10, parameters=parameters) as stack:
            store = seeding.store_of(stack, environment)
            start = time.perf_counter()
            seed(stack, store, jobs, images)
            print(f"seeded in {time.perf_counter() - start:.0f} s", file=sys.stderr)
            found = {page: measure(stack, page, times) for page in PAGES}
    shown = {
        page: {"median_ms": round(statistics.median(took)), "slowest_ms": round(max(took))}
        for page, took in found.items()
    }
    print(json.dumps({"jobs": jobs, "images": images, "times": times, "pages": shown}, indent=2))


if __name__ == "__main__":
    main()
