"""How long the status page takes on the local stack, with many jobs and images on record.

    python -m benchmarks.pages --jobs 1000 --images 20000

Seeds one campaign, then asks for each page a number of times, one after the other, and prints the median and the
slowest in milliseconds, as a browser would see them (API Gateway, function and tables included, page uncached).
`processor_ms` is what a page costs the stack (MiniStack and function), which neighbours on the machine do not change:
a page cannot be faster than that, and on a machine with nothing else to do takes hardly longer.
"""

from __future__ import annotations

import json
import os
import statistics
import sys
import tempfile
import time
from contextlib import suppress
from pathlib import Path

import click
import httpx
import pytest

from gt_cli.stack import LocalStack, local_stack
from gt_service.store import Store
from gt_service.store.shards import shard_of
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
            item = store.tables.images(
                shard=shard_of("large", key), key=key, place=place, etag=f"{number:032x}", size=1
            )
            item.open_place = place if place == "rejected" else None
            item.event_time, item.sequencer = "2026-05-01T08:00:00.000Z", "0" * 32
            written.save(item)


def processor_seconds() -> float:
    """Of all processes below this one: the stack's."""
    parents, ticks = {}, {}
    for process in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):  # it has ended meanwhile
            fields = (process / "stat").read_text().rpartition(")")[2].split()
            parents[int(process.name)], ticks[int(process.name)] = int(fields[1]), int(fields[11]) + int(fields[12])
    below, found = {os.getpid()}, set[int]()
    while below:
        below = {process for process, parent in parents.items() if parent in below}
        found |= below
    return sum(ticks[process] for process in found) / os.sysconf("SC_CLK_TCK")


def measure(stack: LocalStack, page: str, times: int) -> dict[str, int]:
    headers, cookies = {"Accept": "text/html"}, {"gt-service-token": stack.token}
    took = []
    with httpx.Client(headers=headers, cookies=cookies, timeout=120) as browser:
        browser.get(f"{stack.api_url}/{page}").raise_for_status()  # wakes the function up
        used = processor_seconds()
        for _ in range(times):
            start = time.perf_counter()
            browser.get(f"{stack.api_url}/{page}").raise_for_status()
            took.append((time.perf_counter() - start) * 1000)
        used = processor_seconds() - used
    return {
        "median_ms": round(statistics.median(took)),
        "slowest_ms": round(max(took)),
        "processor_ms": round(used / times * 1000),
    }


@click.command()
@click.option("--jobs", default=1000, show_default=True)
@click.option("--images", default=20_000, show_default=True)
@click.option("--times", default=15, show_default=True)
def main(jobs: int, images: int, times: int) -> None:
    with tempfile.TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as environment:
        work = Path(folder)
        parameters = {"ReconcileSchedule": "rate(1 hour)"}
        with local_stack(work, logs=work / "logs", shorten_training=10, parameters=parameters) as stack:
            store = seeding.store_of(stack, environment)
            start = time.perf_counter()
            seed(stack, store, jobs, images)
            print(f"seeded in {time.perf_counter() - start:.0f} s", file=sys.stderr)
            found = {page: measure(stack, page, times) for page in PAGES}
    load = round(os.getloadavg()[1], 1)
    print(json.dumps({"jobs": jobs, "images": images, "times": times, "load": load, "pages": found}, indent=2))


if __name__ == "__main__":
    main()
