"""How long a page of the labeled images of a large campaign takes, and what it holds in memory.

    python -m benchmarks.labeled_images --images 1000000

Makes the index of a campaign of jobs of 1,250 images, with as many classes as asked for, and then asks for pages as the
page's function does: reads and unpacks the index, filters, reads the chunks of the images shown and renders. Every read
takes `--read-ms` longer than memory does, as S3 would; chunks are made when they are read. Prints the median and the
slowest in milliseconds, the size of the index, how long it took to put together, and the memory at its highest.
"""

from __future__ import annotations

import json
import os
import random
import resource
import statistics
import time
from typing import Any

import click

from gt_service.gallery.index import Index, Segment, bits_of, packed, source_hash, unpacked
from gt_service.gallery.looking import Filter, gallery_page
from gt_service.gallery.rows import Row
from gt_service.gallery.writing import CHUNK, campaign_index
from gt_service.objects import S3Uri
from gt_service.pages import render
from gt_service.pages.gallery import grid_values
from tests.fakes import MemoryObjects

JOB_IMAGES = 1_250
CAMPAIGN = S3Uri("results", "large")


def row(job: int, number: int, classes: int) -> Row:
    """Always the same of an image."""
    chance = random.Random(job * JOB_IMAGES + number)
    sure = round((number + chance.random()) / JOB_IMAGES, 4)
    boxes = [[f"class {chance.randrange(classes)}", 10, 20, 200, 150, sure] for _ in range(chance.randrange(6))]
    source = f"s3://inbox/large/images/{job:05}-{number:05}.jpg"
    human = chance.random() < 0.3
    return {"source": source, "human": human, "size": [1280, 960], "boxes": boxes, "confidence": sure}


class SlowObjects(MemoryObjects):
    """S3 from afar, with a campaign's chunks that need no room."""

    def __init__(self, classes: int, read_ms: float) -> None:
        super().__init__()
        self._classes, self._read_ms = classes, read_ms

    def read(self, uri: S3Uri, **more: Any) -> bytes:
        time.sleep(self._read_ms / 1000)
        if not uri.key.endswith(".json"):
            return super().read(uri, **more)
        _, _, job, _, chunk = uri.key.split("/")
        first = int(chunk.removesuffix(".json")) * CHUNK
        numbers = range(first, min(first + CHUNK, JOB_IMAGES))
        return json.dumps([row(int(job), number, self._classes) for number in numbers]).encode()


def job_index(job: int, classes: int) -> Index:
    rows = [row(job, number, classes) for number in range(JOB_IMAGES)]
    folder = CAMPAIGN / f"reports/{job}/images"
    content = packed(
        labels=[f"class {number}" for number in range(classes)],
        segments=[Segment(f"large-{job:04}", len(rows), folder)],
        bits=bits_of(rows),
        sources=(source_hash(each["source"]) for each in rows),
    )
    return unpacked(content)


@click.command()
@click.option("--images", default=1_000_000, show_default=True)
@click.option("--classes", default=10, show_default=True)
@click.option("--read-ms", default=20.0, show_default=True)
@click.option("--times", default=9, show_default=True)
def main(images: int, classes: int, read_ms: float, times: int) -> None:
    indices = [job_index(job, classes) for job in range(images // JOB_IMAGES)]
    start = time.process_time()
    content = campaign_index(indices, {}, [f"class {number}" for number in range(classes)])
    together = time.process_time() - start
    del indices
    objects = SlowObjects(classes, read_ms)
    place = CAMPAIGN / "labels/images.bits"
    objects.write(place, content, "application/octet-stream")
    filters = {
        "all": (Filter(), 0),
        "all, in the middle": (Filter(), images // 2),
        "machine, one class": (Filter(who="machine", label="class 1"), 2_400),
        "people, nothing on it, 80 to 90 %": (Filter(who="people", only="nothing", sure=3), 240),
        "one job": (Filter(job="large-0007"), 24),
    }
    found = {}
    for name, (wanted, first) in filters.items():
        took, used = [], []
        for _ in range(times):
            begun, worked = time.perf_counter(), time.process_time()
            page = gallery_page(objects, unpacked(objects.read(place)), wanted, first)
            values = grid_values("large", page, job=None, address=lambda uri: f"https://s3/{uri.key}")
            render.render("gallery.html", root="../../", principal=None, values=values)
            took.append((time.perf_counter() - begun) * 1000)
            used.append((time.process_time() - worked) * 1000)
        found[name] = {
            "median_ms": round(statistics.median(took)),
            "slowest_ms": round(max(took)),
            "processor_ms": round(statistics.median(used)),
        }
    facts = {
        "images": images,
        "classes": classes,
        "read_ms": read_ms,
        "load": round(os.getloadavg()[0], 1),
        "index_megabytes": round(len(content) / 1e6, 2),
        "put_together_seconds": round(together, 1),
        "highest_memory_megabytes": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024),
    }
    print(json.dumps({**facts, "pages": found}, indent=2))


if __name__ == "__main__":
    main()
