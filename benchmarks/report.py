"""The report of a 100,000-object job, our way and the notebook's, from the same S3.

    python benchmarks/report.py [--objects 100000] [--human 0.3] [--per-file 23] [--runs 3] [--out report.json]

An S3 server of this file holds one labeling job's tree. Each way runs in a process of its own, by turns:

* ours: `read_job_output`, the costs, and the report as a JSON document;
* the notebook's: `aws s3 cp --recursive` of the consolidation responses and of `activelearning`, `aws s3 ls` of the
  trainings, then counting as its cell counts.

Neither draws. Both end with the number of images and boxes by people and by machine, which must be equal: the tree has
none of the traits that the notebook miscounts. `--per-file` is how many objects one consolidation file holds: 23 on
average in the one job of a public workforce whose whole output is published. Of private and vendor teams none is; the
single files that documentation, samples and one capture show hold one object or two.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import multiprocessing
import os
import platform
import re
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Callable
from datetime import UTC, datetime
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, quote, unquote, urlsplit
from xml.sax.saxutils import escape

sys.path.insert(0, str(Path(__file__).parent.parent))

CLASSES_PER_IMAGE = 2
CONCURRENT = 1_000
"""Objects with workers at a time, Ground Truth's default: the machine labels after every so many human labels."""


def tree(objects: int, human_share: float, per_file: int) -> tuple[dict[str, bytes], dict[str, Any]]:
    """A job's files by key in bucket `results`, and its description, as tests/factories.py makes them."""
    from tests.factories import LabelingJob
    from tests.fakes import MemoryObjects

    job = LabelingJob("large-0001", batch_files=per_file, max_concurrent=CONCURRENT)
    job.boxes_of = lambda number: [(40 + number % 50, 30, 100, 80)] * (1 + number % CLASSES_PER_IMAGE)
    human = int(objects * human_share)
    rounds = min(9, max(1, human // CONCURRENT))  # the cell reads one digit of the iteration's number
    for number in range(1, rounds + 1):
        last = number == rounds
        done = job.objects
        people = human // rounds if not last else human - (human // rounds) * (rounds - 1)
        machine = 0 if number == 1 else (objects - human) // (rounds - 1)
        if last:
            machine = objects - done - people
        job.iteration(number, human=people, machine=machine)
        job.trained(number, samples=people)
    store = MemoryObjects()
    description = job.write(store)
    return {key.removeprefix("s3://results/"): body for key, body in store.contents.items()}, description


# An S3 server, as much of one as boto3 and the AWS command line ask of it.


def serve(pipe: Connection, options: argparse.Namespace) -> None:
    """Holds the tree and answers GET, HEAD and ListObjectsV2 until the parent ends it."""
    files, description = tree(options.objects, options.human, options.per_file)
    keys = sorted(files)
    asyncio.run(_serve(files, keys, pipe, {**description, "files": len(files)}))


async def _serve(files: dict[str, bytes], keys: list[str], pipe: Connection, about: dict[str, Any]) -> None:
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
                method, target, _ = head.split(" ", 2)
                status, body = _response(files, keys, target)
                lines = [
                    f"HTTP/1.1 {status}",
                    f"Content-Length: {len(body)}",
                    'ETag: "d41d8cd98f00b204e9800998ecf8427e"',
                    "Last-Modified: Fri, 01 May 2026 08:00:00 GMT",
                ]
                writer.write("\r\n".join([*lines, "", ""]).encode() + (b"" if method == "HEAD" else body))
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    pipe.send((server.sockets[0].getsockname()[1], about))
    await server.serve_forever()


def _response(files: dict[str, bytes], keys: list[str], target: str) -> tuple[str, bytes]:
    parts = urlsplit(target)
    key = unquote(parts.path).removeprefix("/results").lstrip("/")
    if not key:
        return "200 OK", _listing(files, keys, {name: values[0] for name, values in parse_qs(parts.query).items()})
    if key not in files:
        return "404 Not Found", b"<Error><Code>NoSuchKey</Code></Error>"
    return "200 OK", files[key]


def _listing(files: dict[str, bytes], keys: list[str], asked: dict[str, str]) -> bytes:
    prefix = asked.get("prefix", "")
    start = int(asked.get("continuation-token") or bisect_left(keys, prefix))
    end = min(start + 1000, bisect_left(keys, prefix + "\U0010ffff"))
    form = asked.get("encoding-type", "")
    written = quote if form == "url" else escape
    found = "".join(
        f"<Contents><Key>{written(key)}</Key><LastModified>2026-05-01T08:00:00.000Z</LastModified>"
        f"<ETag>&quot;0&quot;</ETag><Size>{len(files[key])}</Size><StorageClass>STANDARD</StorageClass></Contents>"
        for key in keys[start:end]
    )
    more = end < len(keys) and keys[end].startswith(prefix)
    token = f"<NextContinuationToken>{end}</NextContinuationToken>" if more else ""
    return (
        f'<?xml version="1.0"?><ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/">'
        f"<Name>results</Name><Prefix>{escape(prefix)}</Prefix>"
        f"<EncodingType>{form}</EncodingType><KeyCount>{end - start}</KeyCount><MaxKeys>1000</MaxKeys>"
        f"<IsTruncated>{str(more).lower()}</IsTruncated>"
        f"{token}{found}</ListBucketResult>"
    ).encode()


# The two ways. Each prints its counts as JSON.


def ours(endpoint: str, description: dict[str, Any]) -> dict[str, int]:
    import boto3
    from botocore.config import Config

    from gt_service.outputs import read_job_output
    from gt_service.outputs.bulk import BulkObjects
    from gt_service.prices import PriceTable
    from gt_service.records.names import Role
    from gt_service.reports.ended_job import EndedJob, Scores
    from gt_service.reports.publish import report_json
    from gt_service.reports.quality import AuditSample
    from gt_service.reports.report import job_report
    from tests.factories import MemoryLogs, spec

    objects = BulkObjects(boto3.client("s3", endpoint_url=endpoint, config=Config(signature_version="s3v4")))
    sample = AuditSample(description["LabelingJobName"])
    output = read_job_output(objects, MemoryLogs(), description, each=sample.add)
    job, scores = EndedJob(description, spec(), Role.FIRST, 1), Scores(sample=sample.result())
    report = job_report(job, output, PriceTable.current(), scores, now=datetime.now(UTC))
    report_json(report)
    counts: dict[str, int] = report["counts"]
    return {key: counts[key] for key in ("human_images", "human_boxes", "machine_images", "machine_boxes", "answers")}


def notebooks(endpoint: str, description: dict[str, Any]) -> dict[str, int]:
    """What the notebook's cell does, in our words: copy two folders, then count what is in them."""
    root = description["OutputConfig"]["S3OutputPath"] + description["LabelingJobName"]
    aws = [str(Path(sys.executable).parent / "aws"), "--endpoint-url", endpoint, "s3"]
    images: dict[str, defaultdict[int, int]] = {"human": defaultdict(int), "machine": defaultdict(int)}
    boxes: dict[str, defaultdict[int, int]] = {"human": defaultdict(int), "machine": defaultdict(int)}
    seen: set[str] = set()
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        for source in ("annotations/consolidated-annotation/consolidation-response", "activelearning"):
            target = str(place / source.split("/")[-1])
            subprocess.run([*aws, "cp", f"{root}/{source}", target, "--recursive", "--quiet"], check=True)
        for path in place.glob("consolidation-response/**/*.json"):
            iteration = int(str(path).split("/")[-2][-1])
            datetime.strptime(path.name, "%Y-%m-%d_%H:%M:%S.json")  # noqa: DTZ007 - as the cell does
            for record in json.loads(path.read_text()):
                found = len(record["consolidatedAnnotation"]["content"]["category"]["annotations"])
                if record["datasetObjectId"] not in seen:
                    seen.add(record["datasetObjectId"])
                    images["human"][iteration] += 1
                    boxes["human"][iteration] += found
        for path in place.glob("activelearning/**/auto_annotator_output.txt"):
            iteration = int(str(path).split("/")[-3])
            for line in path.read_text().splitlines():
                record = json.loads(" ".join(line.split()[1:]))
                created = record["category-metadata"]["creation-date"]
                datetime.strptime(created, "%Y-%m-%dT%H:%M:%S.%f")  # noqa: DTZ007 - as the cell does
                images["machine"][iteration] += 1
                boxes["machine"][iteration] += len(record["category"]["annotations"])
        subprocess.run([*aws, "ls", f"{root}/training/", "--recursive"], check=True, capture_output=True)
    return {
        f"{who}_{kind}": sum(counted[who].values())
        for who in ("human", "machine")
        for kind, counted in (("images", images), ("boxes", boxes))
    }


WAYS: dict[str, Callable[[str, dict[str, Any]], dict[str, int]]] = {"ours": ours, "notebook": notebooks}


def run_way(way: str) -> None:
    """In a process of its own: reads the description from standard input, prints counts, seconds and peak memory."""
    given = json.load(sys.stdin)
    description = {**given["description"], "CreationTime": datetime.fromisoformat(given["description"]["CreationTime"])}
    description["LastModifiedTime"] = datetime.fromisoformat(given["description"]["LastModifiedTime"])
    begin = time.perf_counter()
    counts = WAYS[way](given["endpoint"], description)
    seconds = time.perf_counter() - begin
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    usage = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    cpu = sum(each.ru_utime + each.ru_stime for each in usage)
    json.dump({"counts": counts, "seconds": seconds, "cpu_seconds": cpu, "peak_mb": peak}, sys.stdout)


def measure(way: str, endpoint: str, description: dict[str, Any]) -> dict[str, Any]:
    """Seconds are of the whole process: the interpreter's start and its imports are part of both ways."""
    environment = {
        **os.environ,
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_EC2_METADATA_DISABLED": "true",
        "OMP_NUM_THREADS": "1",
    }
    given = json.dumps({"endpoint": endpoint, "description": description}, default=str)
    begin = time.perf_counter()
    done = subprocess.run(
        [sys.executable, __file__, "--way", way], input=given, capture_output=True, text=True, env=environment
    )
    if done.returncode:
        raise SystemExit(f"{way} failed:\n{done.stderr[-2000:]}")
    return {**json.loads(done.stdout), "whole_seconds": time.perf_counter() - begin}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--objects", type=int, default=100_000)
    parser.add_argument("--human", type=float, default=0.3, help="share labeled by people")
    parser.add_argument("--per-file", type=int, default=23, help="objects in one consolidation file")
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--out", type=Path)
    parser.add_argument("--way", choices=WAYS, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.way:
        run_way(options.way)
        return
    here, there = multiprocessing.Pipe()
    server = multiprocessing.get_context("spawn").Process(target=serve, args=(there, options), daemon=True)
    server.start()
    port, description = here.recv()
    files = description.pop("files")
    try:
        runs: dict[str, list[dict[str, Any]]] = {way: [] for way in WAYS}
        for number in range(options.runs):
            for way in WAYS:
                found = measure(way, f"http://127.0.0.1:{port}", description)
                runs[way].append(found)
                took = f"{found['whole_seconds']:.2f} s, {found['cpu_seconds']:.2f} s of processor time"
                print(f"run {number + 1} {way}: {took}, peak {found['peak_mb']:.0f} MB", flush=True)
    finally:
        server.terminate()
    result = conclude(options, files, runs)
    print(json.dumps(result, indent=1))
    if options.out:
        options.out.write_text(json.dumps(result, indent=1) + "\n")


def conclude(options: argparse.Namespace, files: int, runs: dict[str, list[dict[str, Any]]]) -> dict[str, Any]:
    """Medians, their ratio, and whether both ways counted the same."""
    seconds = {way: statistics.median(run["whole_seconds"] for run in found) for way, found in runs.items()}
    cpu = {way: statistics.median(run["cpu_seconds"] for run in found) for way, found in runs.items()}
    counts = {way: found[0]["counts"] for way, found in runs.items()}
    common = counts["notebook"].keys()
    if any(run["counts"] != counts[way] for way, found in runs.items() for run in found):
        raise SystemExit("two runs of one way counted differently")
    return {
        "objects": options.objects,
        "files": files,
        "objects_per_consolidation_file": options.per_file,
        "human_share": options.human,
        "seconds": {way: round(value, 2) for way, value in seconds.items()},
        "ratio": round(seconds["notebook"] / seconds["ours"], 1),
        "cpu_seconds": {way: round(value, 2) for way, value in cpu.items()},
        "cpu_ratio": round(cpu["notebook"] / cpu["ours"], 1),
        "peak_mb": {way: round(max(run["peak_mb"] for run in found)) for way, found in runs.items()},
        "counts": counts,
        "equal_counts": all(counts["ours"][key] == counts["notebook"][key] for key in common),
        "machine": f"{os.cpu_count()} cores, {platform.platform()}, Python {platform.python_version()}",
        "load": re.sub(r"[()]", "", str(os.getloadavg())),
    }


if __name__ == "__main__":
    main()
