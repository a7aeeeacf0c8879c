"""What a labeling job costs an engine without a server: processor seconds and requests, measured; dollars, reckoned.

    python benchmarks/serverless.py [--objects 500] [--shorten-training 1] [--out benchmarks/results/serverless.json]

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
import time
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, fields, replace
from datetime import date
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent.parent))
sys.path.insert(0, str(Path(__file__).parent))

from engine_scale import NAME, Step, Weighing, play

from gt_cli.demo.sources import draw_all
from gt_cli.label_lines import gold_manifest
from gt_engine.autolabel import FeatureStore
from gt_engine.jobs.chunks import Chunk
from gt_engine.jobs.context import JobContext
from gt_engine.jobs.machine import LearningMachine
from gt_engine.jobs.steps.predicting import PREDICT
from gt_service.backends import GT_ENGINE_SERVERLESS
from gt_service.computing import Work, dollars
from gt_service.objects import PART_BYTES, ObjectSummary, S3Uri
from gt_service.prices import PriceTable
from tests.engine import BUCKET, GOLD, bird_inputs, job_record, memory_tools, request

JOB_OBJECTS = 50_000
INSTANCE_MONTH = 60.74 + 1.60 + 3.65  # docs/how-to/run-the-engine-on-aws.md
PRICES = PriceTable.of(GT_ENGINE_SERVERLESS)
THIS_DAY = date(2026, 11, 26)


@dataclass
class Predictions:
    """Tells the predictions of rounds from their trainings, as functions do them: in chunks of their own."""

    counting: Counting
    work: dict[str, float] = field(
        default_factory=lambda: {"chunks": 0, "objects": 0, "processor_seconds": 0, "get": 0}
    )

    def are_elsewhere(self, objects: int) -> bool:
        return False

    def result(self, job: JobContext, chunk: Chunk, do: Callable[[], bytes]) -> bytes:
        if not chunk.verb.startswith(PREDICT):
            return do()
        began, before = time.process_time(), self.counting.kinds["get"]
        result = do()
        self.work["chunks"] += 1
        self.work["objects"] += min(chunk.size, chunk.objects - chunk.first)
        self.work["processor_seconds"] += time.process_time() - began
        self.work["get"] += self.counting.kinds["get"] - before
        return result


class Counting(Weighing):
    """Tells reads from writes and listings, as S3's prices do."""

    def __init__(self, contents: dict[str, bytes], folder: Path) -> None:
        self.kinds: Counter[str] = Counter()
        super().__init__(contents, folder)
        self.kinds.clear()

    def heads(self, uris: Sequence[S3Uri]) -> dict[S3Uri, ObjectSummary]:
        self.kinds["put"] += 1  # listings cost what writes do
        return super().heads(uris)

    def read(self, uri: S3Uri, **options: Any) -> bytes:
        self.kinds["get"] += 1
        return super().read(uri, **options)

    def read_range(self, uri: S3Uri, first: int, end: int) -> bytes:
        self.kinds["get"] += 1
        return super().read_range(uri, first, end)

    def write_stream(self, uri: S3Uri, chunks: Iterable[bytes], content_type: str) -> None:
        before = self.carried
        super().write_stream(uri, chunks, content_type)
        size = self.carried - before
        self.kinds["put"] += 3 + size // PART_BYTES if size > PART_BYTES else 1


def inputs_of(objects: int) -> dict[str, bytes]:
    """Drawn scenes in the place of the tests' small pictures."""
    contents = bird_inputs(1)
    del contents[f"s3://{BUCKET}/images/0.jpg"]
    drawn, sources = draw_all(objects, seed=11), []
    for picture in drawn.images:
        source = f"s3://{BUCKET}/images/{picture.name}"
        contents[source] = picture.read()
        sources.append(json.dumps({"source-ref": source}).encode())
    contents[f"s3://{BUCKET}/input.manifest"] = b"\n".join(sources) + b"\n"
    contents[f"s3://{BUCKET}/class_labels.json"] = json.dumps({"labels": [{"label": drawn.labels[0]}]}).encode()
    contents[GOLD] = gold_manifest(drawn.images, f"s3://{BUCKET}/images/")
    return contents


def measure(objects: int, shorten_training: int) -> dict[str, Any]:
    with tempfile.TemporaryDirectory() as folder:
        counting = Counting(inputs_of(objects), Path(folder) / "s3")
        tools = memory_tools(Path(folder), {})
        tools = replace(
            tools,
            objects=counting,
            features=FeatureStore(Path(folder)),
            machine=LearningMachine(threads=1, shorten_training=shorten_training),
            settings=replace(tools.settings, packs_features=True),
            chunks=(predictions := Predictions(counting)),
        )
        tools.store.create_job(job_record(request(NAME)))
        found: dict[str, dict[str, Any]] = {}
        for step in play(tools, counting):
            add(found.setdefault(step.kind, {"steps": 0, "processor_seconds": 0.0, "get": 0, "put": 0}), step, counting)
        counters = tools.store.job(NAME).counters
    return {
        "objects": objects,
        "shorten_training": shorten_training,
        "human": counters.human,
        "machine": counters.machine,
        "peak_megabytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss >> 10,
        "kinds": found,
        # A part of the rounds and of the last training, as chunks of their own.
        "predictions": {
            name: round(predictions.work[name], 2) for name in ("chunks", "objects", "processor_seconds", "get")
        },
    }


def add(kind: dict[str, Any], step: Step, counting: Counting) -> None:
    kind["steps"] += 1
    kind["processor_seconds"] = round(kind["processor_seconds"] + step.processor_seconds, 2)
    for name, count in counting.kinds.items():
        kind[name] += count
    counting.kinds.clear()


def work(measured: dict[str, Any], objects: int) -> Work:
    """That of labeling so many images, without people's answers: some of it grows with them, some with jobs."""
    jobs = max(1, -(-objects // JOB_OBJECTS))
    rounds = measured["kinds"]["AutoLabel"]["steps"]
    predictions = round(objects * measured["predictions"]["objects"] / measured["objects"])
    return Work(objects, objects, jobs * rounds, jobs, predictions)


def priced(work: Work) -> dict[str, float]:
    """Dollars by piece, at list prices."""
    pieces = {one.name: replace(Work(), **{one.name: getattr(work, one.name)}) for one in fields(Work)}
    return {name: round(float(dollars(one, PRICES, THIS_DAY)), 4) for name, one in pieces.items()}


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--objects", type=int, default=500)
    parser.add_argument("--shorten-training", type=int, default=1)
    parser.add_argument("--out", type=Path)
    arguments = parser.parse_args()
    measured = measure(arguments.objects, arguments.shorten_training)
    labeled = {f"{objects:,} images": priced(work(measured, objects)) for objects in (1_000, 1_000_000)}
    for parts in labeled.values():
        parts["all"] = round(sum(parts.values()), 4)
    million = labeled["1,000,000 images"]["all"]
    result = {
        **measured,
        "dollars": labeled,
        "dollars_per_1,000_answers": priced(Work(answers=1_000))["answers"],
        "images_a_month_at_which_an_instance_costs_the_same": round(INSTANCE_MONTH / million * 1e6),
    }
    text = json.dumps(result, indent=2) + "\n"
    if arguments.out:
        arguments.out.write_text(text)
    print(text)


if __name__ == "__main__":
    main()
