"""What a labeling job costs an engine without a server: processor seconds and requests, measured; dollars, reckoned.

    python benchmarks/serverless.py [--objects 500] [--hurry 1] [--out benchmarks/results/serverless.json]

The engine's own steps and chunks with real features, a real learner and simulated people, on objects in memory: S3's
own time is not in it, and is added as an assumption. A million images are 20 jobs of 50,000: what grows with images
is multiplied, what a job costs by itself is added for each job.
"""

from __future__ import annotations

import argparse
import json
import resource
import sys
import tempfile
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent.parent))
sys.path.insert(0, str(Path(__file__).parent))

from engine_scale import NAME, Step, Weighing, play

from gt_cli.demo.pictures import gold_manifest
from gt_cli.demo.sources import draw_all
from gt_engine.autolabel import FeatureStore
from gt_engine.jobs.life_cycle import PREPARE_AT_ONCE
from gt_engine.jobs.machine import LearningMachine
from gt_service.objects import PART_BYTES, ObjectSummary, S3Uri
from tests.engine import BUCKET, GOLD, bird_inputs, job_record, memory_tools, request

# List prices of us-east-1, 2025-07, without free tiers.
GB_SECOND = 0.0000166667
INVOCATION = 0.20 / 1e6
DISK_GB_SECOND = 0.0000000309  # of the 10 GB that functions may have, those above half a gigabyte
S3_GET, S3_PUT = 0.0004 / 1000, 0.005 / 1000
S3_GB_MONTH = 0.023
FIFO_REQUEST = 0.50 / 1e6
TRANSITION = 0.025 / 1000
DYNAMODB_WRITE, DYNAMODB_READ = 0.625 / 1e6, 0.125 / 1e6
INSTANCE_MONTH = 60.74 + 1.60 + 3.65

CHUNK_GB, STEP_GB, DISK_GB = 1.769, 3.008, 9.5
S3_SECONDS = 0.030
"""Assumed of one request; sixteen are on their way at a time."""
AT_A_TIME = 16
JOB_OBJECTS = 50_000


class Counting(Weighing):
    """Tells reads from writes and listings, as S3's prices do."""

    def __init__(self, contents: dict[str, bytes]) -> None:
        super().__init__(contents)
        self.kinds: Counter[str] = Counter()

    def heads(self, uris: Sequence[S3Uri]) -> dict[S3Uri, ObjectSummary]:
        self.kinds["put"] += 1  # listings cost what writes do
        return super().heads(uris)

    def read(self, uri: S3Uri, **options: Any) -> bytes:
        self.kinds["get"] += 1
        return super().read(uri, **options)

    def read_range(self, uri: S3Uri, first: int, end: int) -> bytes:
        self.kinds["get"] += 1
        return super().read_range(uri, first, end)

    def write(self, uri: S3Uri, body: bytes, content_type: str) -> None:
        self.kinds["put"] += 1
        super().write(uri, body, content_type)

    def write_stream(self, uri: S3Uri, chunks: Iterable[bytes], content_type: str) -> None:
        body = b"".join(chunks)
        self.kinds["put"] += 2 + len(body) // PART_BYTES if len(body) > PART_BYTES else 0
        super().write(uri, body, content_type)


def inputs_of(objects: int) -> dict[str, bytes]:
    """Drawn scenes in the place of the tests' small pictures."""
    contents = bird_inputs(1)
    del contents[f"s3://{BUCKET}/images/0.jpg"]
    drawn, sources = draw_all(objects, seed=11), []
    for picture in drawn.pictures:
        source = f"s3://{BUCKET}/images/{picture.name}"
        contents[source] = picture.read()
        sources.append(json.dumps({"source-ref": source}).encode())
    contents[f"s3://{BUCKET}/input.manifest"] = b"\n".join(sources) + b"\n"
    contents[f"s3://{BUCKET}/class_labels.json"] = json.dumps({"labels": [{"label": drawn.labels[0]}]}).encode()
    contents[GOLD] = gold_manifest(drawn, f"s3://{BUCKET}/images/")
    return contents


def measure(objects: int, hurry: int) -> dict[str, Any]:
    with tempfile.TemporaryDirectory() as folder:
        counting = Counting(inputs_of(objects))
        tools = memory_tools(Path(folder), {})
        tools = replace(
            tools,
            objects=counting,
            features=FeatureStore(Path(folder)),
            machine=LearningMachine(threads=1, hurry=hurry),
            settings=replace(tools.settings, packs_features=True),
        )
        tools.store.create_job(job_record(request(NAME)))
        found: dict[str, dict[str, Any]] = {}
        for step in play(tools, counting):
            add(found.setdefault(step.kind, {"steps": 0, "processor_seconds": 0.0, "get": 0, "put": 0}), step, counting)
        counters = tools.store.job(NAME).counters
    return {
        "objects": objects,
        "hurry": hurry,
        "human": counters.human,
        "machine": counters.machine,
        "peak_megabytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss >> 10,
        "kinds": found,
    }


def add(kind: dict[str, Any], step: Step, counting: Counting) -> None:
    kind["steps"] += 1
    kind["processor_seconds"] = round(kind["processor_seconds"] + step.processor_seconds, 2)
    for name, count in counting.kinds.items():
        kind[name] += count
    counting.kinds.clear()


def dollars(measured: dict[str, Any], objects: int) -> dict[str, float]:
    """Of labeling so many images, at list prices; people's pages are another line of the docs."""
    jobs = max(1, -(-objects // JOB_OBJECTS))
    looking = measured["kinds"]["Prepare"]
    others = [kind for name, kind in measured["kinds"].items() if name != "Prepare"]
    per_image = 1 / measured["objects"]
    chunks = objects / PREPARE_AT_ONCE
    waiting = (looking["get"] + looking["put"]) * S3_SECONDS / AT_A_TIME
    chunk_seconds = objects * per_image * (looking["processor_seconds"] + waiting)
    # Trainings learn from at most some hundreds of labels: they cost a job, not an image. The rest grows with images.
    training = sum(kind["processor_seconds"] for name, kind in measured["kinds"].items() if name == "TrainFinal")
    rest = sum(kind["processor_seconds"] for kind in others) - training
    gets, puts = (sum(kind[name] for kind in others) * objects * per_image for name in ("get", "put"))
    step_seconds = jobs * training + objects * per_image * rest + (gets + puts) * S3_SECONDS / AT_A_TIME
    steps = objects * per_image * sum(kind["steps"] for kind in others) + chunks
    parts = {
        "chunks, computing": chunk_seconds * (CHUNK_GB * GB_SECOND + DISK_GB * DISK_GB_SECOND),
        "chunks, S3": objects * per_image * (looking["get"] * S3_GET + looking["put"] * S3_PUT),
        "chunks, map": chunks * (INVOCATION + 3 * TRANSITION),
        "steps, computing": step_seconds * (STEP_GB * GB_SECOND + DISK_GB * DISK_GB_SECOND),
        "steps, S3": gets * S3_GET + puts * S3_PUT,
        "steps, queue and tables": steps * (3 * FIFO_REQUEST + INVOCATION + 2 * DYNAMODB_WRITE + 3 * DYNAMODB_READ),
        "features for a month": objects * 0.36e6 / 1e9 * S3_GB_MONTH / 30,  # they lie there for a day
    }
    return {name: round(amount, 4) for name, amount in parts.items()} | {"all": round(sum(parts.values()), 4)}


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--objects", type=int, default=500)
    parser.add_argument("--hurry", type=int, default=1)
    parser.add_argument("--out", type=Path)
    arguments = parser.parse_args()
    measured = measure(arguments.objects, arguments.hurry)
    thousand, million = (dollars(measured, objects) for objects in (1_000, 1_000_000))
    result = {
        **measured,
        "dollars": {"1,000 images": thousand, "1,000,000 images": million},
        "images_a_month_at_which_an_instance_costs_the_same": round(INSTANCE_MONTH / million["all"] * 1e6),
    }
    text = json.dumps(result, indent=2) + "\n"
    if arguments.out:
        arguments.out.write_text(text)
    print(text)


if __name__ == "__main__":
    main()
