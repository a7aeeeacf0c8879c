"""What each step of a large labeling job costs gt-engine: seconds of processor, requests and bytes, by kind of step.

    python benchmarks/engine_scale.py [--objects 100000] [--at-once 1000] [--task image-classification]
                                      [--machine] [--shorten-training 50] [--folder DIR] [--out scale.json]

The engine's own steps with simulated people, on objects that are files of a folder: what is measured is the engine and
not S3. The manifest repeats 200 small pictures, so that features are made once each; `--machine` turns automated data
labeling on, with trainings of one step in `--shorten-training` and a cache as large as a function's: features of more
than 11,000 objects are packed (36 GB for 100,000). `last_to_first` compares the last tenth of a kind's full steps with
the first tenth: 1 where a step costs what its own objects cost, more where it pays for what is done already.
"""

from __future__ import annotations

import argparse
import io
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

from PIL import Image, ImageOps

sys.path.insert(0, str(Path(__file__).parent.parent))

from gt_engine.autolabel import FeatureStore
from gt_engine.functions.setup import SCRATCH_BYTES
from gt_engine.jobs import stepping
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
from tests.factories import class_label
from tests.fakes import etag_of

PICTURES = 200
KINDS = ("Plain", "Inverted")
NAME = "scale"


class Weighing(MemoryEngineObjects):
    """Objects as files of a folder; requests and bytes are counted. Like S3 it reads no file to tell its ETag."""

    def __init__(self, contents: dict[str, bytes], folder: Path) -> None:
        super().__init__()
        self._folder = folder
        self.requests = self.carried = 0
        for uri, body in contents.items():
            self.write(S3Uri.parse(uri), body, "")
        self._etags = {S3Uri.parse(uri): etag_of(body) for uri, body in contents.items()}

    def head(self, uri: S3Uri) -> ObjectSummary | None:
        try:
            found = self._path(uri).stat()
        except FileNotFoundError:
            return None
        etag = self._etags.get(uri) or f"{found.st_size:x}-{found.st_mtime_ns:x}"
        return ObjectSummary(uri, found.st_size, etag, datetime(2026, 1, 1, tzinfo=UTC))

    def heads(self, uris: Sequence[S3Uri]) -> dict[S3Uri, ObjectSummary]:
        self.requests += 1
        return {uri: head for uri in uris if (head := self.head(uri))}

    def list(self, prefix: S3Uri, *, after: str = "") -> Iterator[ObjectSummary]:
        bucket = self._folder / prefix.bucket
        files = (bucket / prefix.key).parent.rglob("*")
        keys = sorted(str(file.relative_to(bucket)) for file in files if file.is_file())
        uris = (S3Uri(prefix.bucket, key) for key in keys if key.startswith(prefix.key) and key > after)
        yield from (head for uri in uris if (head := self.head(uri)))

    def read(self, uri: S3Uri, *, first_bytes: int | None = None, etag: str | None = None) -> bytes:
        if etag is not None and ((head := self.head(uri)) is None or head.etag != etag):
            raise NotFound(f"there is no object {uri}")
        return self._read(uri, 0, first_bytes)

    def read_range(self, uri: S3Uri, first: int, end: int) -> bytes:
        return self._read(uri, first, end - first)

    def lines(self, uri: S3Uri) -> Iterator[bytes]:
        yield from self.read(uri).splitlines()

    def write(self, uri: S3Uri, body: bytes, content_type: str) -> None:
        self.write_stream(uri, [body], content_type)

    def write_stream(self, uri: S3Uri, chunks: Iterable[bytes], content_type: str) -> None:
        path = self._path(uri)
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("wb") as file:
            for chunk in chunks:
                file.write(chunk)
            self._weigh(file.tell())

    def delete(self, uri: S3Uri) -> None:
        self._path(uri).unlink(missing_ok=True)

    def delete_all(self, prefix: S3Uri) -> None:
        for found in list(self.list(prefix)):
            self.delete(found.uri)

    def _path(self, uri: S3Uri) -> Path:
        return self._folder / uri.bucket / uri.key

    def _read(self, uri: S3Uri, first: int, size: int | None) -> bytes:
        try:
            with self._path(uri).open("rb") as file:
                file.seek(first)
                body = file.read(size)
        except FileNotFoundError:
            raise NotFound(f"there is no object {uri}") from None
        self._weigh(len(body))
        return body

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


def inputs_of(objects: int, task: str) -> dict[str, bytes]:
    """A job's inputs: the pictures again and again, each line an object of its own; as classes, every other one is
    upside down in its colours."""
    contents = bird_inputs(PICTURES)
    manifest = contents[f"s3://{BUCKET}/input.manifest"].splitlines()
    contents[f"s3://{BUCKET}/input.manifest"] = b"".join(manifest[i % PICTURES] + b"\n" for i in range(objects))
    if task == "image-classification":
        contents[f"s3://{BUCKET}/class_labels.json"] = json.dumps(
            {"labels": [{"label": one} for one in KINDS]}
        ).encode()
        sources = [json.loads(line)["source-ref"] for line in manifest]
        for source in sources[1::2]:
            contents[source] = inverted(contents[source])
        gold = [
            {"source-ref": source} | class_label(KINDS[i % 2], i % 2, job="gold", human=True, attribute="gold")
            for i, source in enumerate(sources)
        ]
        contents[GOLD] = b"".join(json.dumps(line).encode() + b"\n" for line in gold)
    return contents


def inverted(picture: bytes) -> bytes:
    file = io.BytesIO()
    ImageOps.invert(Image.open(io.BytesIO(picture))).save(file, "JPEG")
    return file.getvalue()


def play(tools: Tools, weighing: Weighing) -> Iterator[Step]:
    """The steps of the job, one after the other."""
    kinds = Kinds()
    log = logging.getLogger(stepping.__name__)
    log.setLevel(logging.INFO)
    log.addHandler(kinds)
    log.propagate = False
    while True:
        before = tools.store.job(NAME)
        kinds.last = "Announce"
        weighing.requests = weighing.carried = 0
        began, processor = time.monotonic(), time.process_time()
        turn = stepping.take_step(NAME, tools, MemoryEvents())
        done = _labeled(tools.store.job(NAME).counters) - _labeled(before.counters)
        yield Step(
            kinds.last,
            done,
            time.process_time() - processor,
            time.monotonic() - began,
            weighing.requests,
            weighing.carried,
        )
        if turn.is_over:
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


def peak_megabytes() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss >> 10


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--objects", type=int, default=5_000)
    parser.add_argument("--at-once", type=int, default=200)
    parser.add_argument("--task", choices=["object-detection", "image-classification"], default="object-detection")
    parser.add_argument("--machine", action="store_true")
    parser.add_argument("--shorten-training", type=int, default=50)
    parser.add_argument("--folder", type=Path, help="where the objects may lie")
    parser.add_argument("--out", type=Path)
    arguments = parser.parse_args()
    steps: dict[str, list[Step]] = {}
    with tempfile.TemporaryDirectory(dir=arguments.folder) as folder:
        weighing = Weighing(inputs_of(arguments.objects, arguments.task), Path(folder) / "s3")
        tools = replace(memory_tools(Path(folder), {}), objects=weighing)
        if arguments.machine:
            machine = LearningMachine(threads=1, shorten_training=arguments.shorten_training)
            tools = replace(
                tools, features=FeatureStore(Path(folder) / "features", most_bytes=SCRATCH_BYTES), machine=machine
            )
        body = request(NAME, task=arguments.task, auto=arguments.machine, MaxConcurrentTaskCount=arguments.at_once)
        tools.store.create_job(job_record(body))
        for step in play(tools, weighing):
            steps.setdefault(step.kind, []).append(step)
            print(f"{sum(map(len, steps.values()))} {step} {peak_megabytes()} MB", file=sys.stderr)
        counters = tools.store.job(NAME).counters
    result = {
        "objects": arguments.objects,
        "at_once": arguments.at_once,
        "task": arguments.task,
        "machine": arguments.machine,
        "status": tools.store.job(NAME).status,
        "human": counters.human,
        "by_machine": counters.machine,
        "peak_megabytes": peak_megabytes(),
        "kinds": {kind: summary(found) for kind, found in steps.items()},
    }
    text = json.dumps(result, indent=2) + "\n"
    if arguments.out:
        arguments.out.write_text(text)
    print(text)


if __name__ == "__main__":
    main()
