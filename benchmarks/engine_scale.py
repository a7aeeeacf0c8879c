"""What each step of a large labeling job costs gt-engine: seconds of processor, requests and bytes, by kind of step.

    python benchmarks/engine_scale.py [--objects 100000] [--at-once 1000] [--machine] [--shorten-training 50]
                                      [--out scale.json]

The engine's own steps with simulated people, on objects in memory: what is measured is the engine and not S3. The
manifest repeats 200 small pictures, so that features are made once each; `--machine` turns automated data labeling on,
with trainings of one step in `--shorten-training`. `last_to_first` compares the last tenth of a kind's full steps
with the first tenth: 1 where a step costs what its own objects cost, more where it pays for what is done already.
"""

from __future__ import annotations

import argparse
import json
import logging
import resource
import statistics
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent.parent))

from gt_engine.autolabel import FeatureStore
from gt_engine.jobs import worker
from gt_engine.jobs.machine import LearningMachine
from gt_engine.jobs.steps import Tools
from gt_engine.store import Counters
from gt_service.errors import NotFound
from gt_service.objects import ObjectSummary, S3Uri
from tests.engine import (
    BUCKET,
    GOLD,
    MemoryEngineObjects,
    MemoryEvents,
    bird_inputs,
    job_record,
    memory_tools,
    request,
)
from tests.fakes import etag_of

PICTURES = 200
NAME = "scale"


class Weighing(MemoryEngineObjects):
    """Counts requests and bytes. ETags are kept: a real S3 does not read a file to tell it."""

    def __init__(self, contents: dict[str, bytes]) -> None:
        super().__init__(contents)
        self.requests = self.carried = 0
        self._etags = {uri: etag_of(body) for uri, body in contents.items()}

    def head(self, uri: S3Uri) -> ObjectSummary | None:
        body = self.contents.get(str(uri))
        if body is None:
            return None
        etag = self._etags.setdefault(str(uri), etag_of(body))
        return ObjectSummary(uri, len(body), etag, datetime(2026, 1, 1, tzinfo=UTC))

    def heads(self, uris: Sequence[S3Uri]) -> dict[S3Uri, ObjectSummary]:
        self.requests += 1
        return {uri: head for uri in uris if (head := self.head(uri))}

    def read(self, uri: S3Uri, *, first_bytes: int | None = None, etag: str | None = None) -> bytes:
        body = self.contents.get(str(uri))
        if body is None or (etag is not None and etag != self._etags.get(str(uri))):
            raise NotFound(f"there is no object {uri}")
        self._weigh(len(body))
        return body[:first_bytes]

    def read_range(self, uri: S3Uri, first: int, end: int) -> bytes:
        self._weigh(end - first)
        return self.contents[str(uri)][first:end]

    def lines(self, uri: S3Uri) -> Iterator[bytes]:
        yield from self.read(uri).splitlines()

    def write(self, uri: S3Uri, body: bytes, content_type: str) -> None:
        self._weigh(len(body))
        self.contents[str(uri)] = body
        self._etags.pop(str(uri), None)

    def write_stream(self, uri: S3Uri, chunks: Iterable[bytes], content_type: str) -> None:
        self.write(uri, b"".join(chunks), content_type)

    def _weigh(self, size: int) -> None:
        self.requests += 1
        self.carried += size


@dataclass(frozen=True)
class Step:
    kind: str
    objects: int
    processor_seconds: float
    seconds: float
    requests: int
    carried: int


def inputs_of(objects: int) -> dict[str, bytes]:
    """A job's inputs: the pictures again and again, each line an object of its own."""
    contents = bird_inputs(PICTURES)
    for name in (f"s3://{BUCKET}/input.manifest", GOLD):
        lines = contents[name].splitlines()
        wanted = objects if name != GOLD else PICTURES
        contents[name] = b"".join(lines[number % PICTURES] + b"\n" for number in range(wanted))
    return contents


def play(tools: Tools, weighing: Weighing) -> Iterator[Step]:
    """The steps of the job, one after the other."""
    kinds = Kinds()
    log = logging.getLogger(worker.__name__)
    log.setLevel(logging.INFO)
    log.addHandler(kinds)
    log.propagate = False
    while True:
        before = tools.store.job(NAME)
        kinds.last = "Announce"
        weighing.requests = weighing.carried = 0
        began, processor = time.monotonic(), time.process_time()
        more = worker.take_step(NAME, tools, MemoryEvents())
        done = _labeled(tools.store.job(NAME).counters) - _labeled(before.counters)
        yield Step(
            kinds.last,
            done,
            time.process_time() - processor,
            time.monotonic() - began,
            weighing.requests,
            weighing.carried,
        )
        if not more:
            return


def _labeled(counters: Counters) -> int:
    return counters.human + counters.machine


class Kinds(logging.Handler):
    """Which kind of step it was, as the engine's log says."""

    last = "Announce"

    def emit(self, record: logging.LogRecord) -> None:
        self.last = getattr(record, "work", self.last)


def summary(steps: Sequence[Step]) -> dict[str, Any]:
    """One kind of step."""
    full = [step for step in steps if step.objects == max(step.objects for step in steps)]
    tenth = max(1, len(full) // 10)

    def median(part: Sequence[Step], name: str) -> float:
        return statistics.median(getattr(step, name) for step in part)

    first, last = full[:tenth], full[-tenth:]
    result: dict[str, Any] = {
        "steps": len(steps),
        "processor_seconds": round(sum(step.processor_seconds for step in steps), 2),
        "seconds": round(sum(step.seconds for step in steps), 2),
        "requests": sum(step.requests for step in steps),
        "megabytes": round(sum(step.carried for step in steps) / 1e6, 2),
    }
    if len(full) >= 4:
        for name, part in (("first", first), ("last", last)):
            seconds = round(median(part, "processor_seconds"), 3)
            result[name] = {"processor_seconds": seconds, "bytes": round(median(part, "carried"))}
        result["last_to_first"] = {
            name: round(median(last, name) / median(first, name), 2)
            for name in ("processor_seconds", "requests", "carried")
        }
    return result


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--objects", type=int, default=5_000)
    parser.add_argument("--at-once", type=int, default=200)
    parser.add_argument("--machine", action="store_true")
    parser.add_argument("--shorten-training", type=int, default=50)
    parser.add_argument("--out", type=Path)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        weighing = Weighing(inputs_of(arguments.objects))
        tools = replace(memory_tools(Path(folder), {}), objects=weighing)
        if arguments.machine:
            machine = LearningMachine(threads=1, shorten_training=arguments.shorten_training)
            tools = replace(tools, features=FeatureStore(Path(folder)), machine=machine)
        body = request(NAME, auto=arguments.machine, MaxConcurrentTaskCount=arguments.at_once)
        tools.store.create_job(job_record(body))
        steps: dict[str, list[Step]] = {}
        for step in play(tools, weighing):
            steps.setdefault(step.kind, []).append(step)
            print(f"\r{sum(map(len, steps.values()))} steps, now {step.kind}        ", end="", file=sys.stderr)
        counters = tools.store.job(NAME).counters
    result = {
        "objects": arguments.objects,
        "at_once": arguments.at_once,
        "machine": arguments.machine,
        "status": tools.store.job(NAME).status,
        "human": counters.human,
        "by_machine": counters.machine,
        "peak_megabytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss >> 10,
        "kinds": {kind: summary(found) for kind, found in steps.items()},
    }
    text = json.dumps(result, indent=2) + "\n"
    if arguments.out:
        arguments.out.write_text(text)
    print("\n" + text)


if __name__ == "__main__":
    main()
