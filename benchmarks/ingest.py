"""What taking in a million images costs: our way, one Lambda per upload, and the notebook's way.

    python benchmarks/ingest.py [--images 400] [--out ingest.json]

MiniStack stands in for S3, DynamoDB and SQS. Each way takes in the same images; botocore's calls are counted, and the
processor time of this process is measured (not MiniStack's, and not waiting). The rest is arithmetic, from figures
that are printed with the result:

* requests × the public prices below;
* a function's duration = its processor time, stretched to the share of a processor that its memory buys, plus its
  calls × `--s3-ms` and `--dynamodb-ms`, which are assumptions about AWS and not measurements;
* images per second = copies of the function × images per second of one.

The ways:

* ours, with 1, 10 and 100 messages for each invocation: the function `on_uploads` as it is deployed;
* one Lambda per upload: the same function called by S3 itself, without a queue between;
* batch: what closing a batch adds for each image of it, `on_batch_ready`'s work without the labeling job;
* the notebook's: `head_object` for each image in a loop, one manifest at the end; nothing is checked or remembered.
"""

from __future__ import annotations

import argparse
import io
import json
import os
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent.parent))

import botocore.client
import numpy as np
from PIL import Image

from gt_cli.stack import Part, child_environment, free_port

PRICES_AS_OF = "2025-07"
"""us-east-1, US dollars, the public list (aws.amazon.com/{s3,dynamodb,sqs,lambda}/pricing), without free tiers.
DynamoDB's on-demand prices are those since November 2024."""
PRICES = {
    "s3_get_or_head": 0.0004 / 1_000,
    "s3_put": 0.005 / 1_000,
    "dynamodb_write_unit": 0.625 / 1_000_000,
    "dynamodb_read_unit": 0.125 / 1_000_000,
    "sqs_request": 0.40 / 1_000_000,
    "lambda_request": 0.20 / 1_000_000,
    "lambda_gb_second": 0.0000166667,
}
MEMORY_MB = 1769
MEMORY_OF_A_PROCESSOR_MB = 1769
COPIES = 20
MILLION = 1_000_000
PAGE = 500
"""Images that a query reads at most."""


@dataclass(frozen=True)
class Run:
    """One way, per image. calls: of botocore, by operation."""

    way: str
    images: int
    per_invocation: int
    calls: dict[str, float]
    cpu_ms: float


WRITE_UNITS = {"one-lambda": 6, "ours": 6, "near": 22, "batch": 0}
"""Of a registration. In a transaction each item counts twice: the image, the same in its index, and its content; near
duplicates add eight bands."""
MOVE_UNITS = 3
"""Of an image that moves into a batch: itself, and out of and into a place of its index."""


@dataclass(frozen=True)
class Bill:
    """For a million images, in US dollars."""

    way: str
    images_per_second_of_one_copy: float
    images_per_second: float
    s3: float
    dynamodb: float
    sqs: float
    functions: float
    total: float


@contextmanager
def counted() -> Iterator[Counter[str]]:
    """Counts every call of every client of this process."""
    calls: Counter[str] = Counter()
    make = botocore.client.BaseClient._make_api_call

    def counting(self: Any, operation: str, parameters: Any) -> Any:
        calls[operation] += 1
        return make(self, operation, parameters)

    botocore.client.BaseClient._make_api_call = counting  # type: ignore[method-assign]
    try:
        yield calls
    finally:
        botocore.client.BaseClient._make_api_call = make  # type: ignore[method-assign]


def photo(number: int) -> bytes:
    """About 50 KB of JPEG like no other number's."""
    noise = np.random.default_rng(number).integers(0, 256, (60, 80, 3), dtype=np.uint8)
    body = io.BytesIO()
    Image.fromarray(noise).resize((640, 480)).save(body, "JPEG", quality=92)
    return body.getvalue()


def measure(way: str, images: int, per_invocation: int, take: Callable[[], None]) -> Run:
    with counted() as calls:
        begin = time.process_time()
        take()
        cpu = time.process_time() - begin
    per_image = {operation: round(count / images, 4) for operation, count in sorted(calls.items())}
    return Run(way, images, per_invocation, per_image, round(cpu / images * 1000, 3))


# ---------------------------------------------------------------- the ways


def ours(campaign: str, keys: list[tuple[str, int, str]], per_invocation: int) -> None:
    from app import app

    for start in range(0, len(keys), per_invocation):
        some = keys[start : start + per_invocation]
        event = {"Records": [message(number, *each) for number, each in enumerate(some, start)]}
        answer = app.handler_map["on_uploads"](event, Context())
        assert answer == {"batchItemFailures": []}, answer


def close(campaign: str, size: int) -> None:
    from chalicelib import wiring
    from gt_service.ingest.batching import Batching

    batching = Batching(wiring.store(), wiring.objects(), wiring.settings().deployment)
    found = wiring.store().campaigns.get(campaign)
    assert found.spec is not None
    assert batching.choose(found, found.spec, 1, size, "full", wiring.now())
    batching.fill(wiring.store().batches.get(campaign, 1), wiring.now())


class Context:
    aws_request_id = "benchmark"
    function_name = "on_uploads"
    memory_limit_in_mb = MEMORY_MB
    invoked_function_arn = "arn:aws:lambda:us-east-1:000000000000:function:on_uploads"

    def get_remaining_time_in_millis(self) -> int:
        return 60_000


def message(number: int, key: str, size: int, etag: str) -> dict[str, Any]:
    now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.000Z")
    item = {"key": key, "size": size, "eTag": etag, "sequencer": f"{number:018X}"}
    record = {
        "eventVersion": "2.1",
        "eventName": "ObjectCreated:Put",
        "eventTime": now,
        "s3": {"bucket": {"name": "inbox"}, "object": item},
    }
    return {
        "messageId": str(number),
        "receiptHandle": "r",
        "body": json.dumps({"Records": [record]}),
        "attributes": {},
        "messageAttributes": {},
        "md5OfBody": "",
        "eventSource": "aws:sqs",
        "eventSourceARN": "arn:aws:sqs:us-east-1:000000000000:uploads",
        "awsRegion": "us-east-1",
    }


def notebook(keys: list[tuple[str, int, str]]) -> None:
    """As its cells do it: look at each image's size, then write the manifest line by line."""
    from chalicelib import wiring

    lines = []
    for key, _, _ in keys:
        if wiring.s3().head_object(Bucket="inbox", Key=key)["ContentLength"] / 1024**2 > 6:
            continue
        lines.append('{"source-ref": "s3://inbox/' + key + '"}\n')
    wiring.s3().put_object(Bucket="results", Key="notebook.manifest", Body="".join(lines).encode())


# ---------------------------------------------------------------- the bill


def bill(run: Run, *, s3_ms: float, dynamodb_ms: float) -> Bill:
    queue, function = run.way.startswith("ours"), run.way != "notebook"
    kind = "near" if run.way.endswith("near") else run.way.partition("-10")[0].removesuffix("-1")
    s3_calls = {name: n for name, n in run.calls.items() if name in {"GetObject", "HeadObject", "PutObject"}}
    tables = {
        name: n
        for name, n in run.calls.items()
        if name in {"GetItem", "PutItem", "UpdateItem", "TransactWriteItems", "BatchGetItem", "Query"}
    }
    s3 = sum(n * PRICES["s3_put" if name == "PutObject" else "s3_get_or_head"] for name, n in s3_calls.items())
    dynamodb = (
        tables.get("TransactWriteItems", 0) * WRITE_UNITS.get(kind, 0) * PRICES["dynamodb_write_unit"]
        + (tables.get("PutItem", 0) + tables.get("UpdateItem", 0)) * MOVE_UNITS * PRICES["dynamodb_write_unit"]
        + (tables.get("GetItem", 0) + tables.get("BatchGetItem", 0) * 8) * PRICES["dynamodb_read_unit"]
        # An image takes some 400 bytes: a strongly consistent page of them reads 4 KB for each ten.
        + tables.get("Query", 0) * PAGE * 400 / 4096 * PRICES["dynamodb_read_unit"]
    )
    # S3's send is the bucket owner's; a message is received and deleted with nine others where there are so many.
    sqs = (1 + 2 / min(run.per_invocation, 10)) * PRICES["sqs_request"] if queue else 0.0
    sqs += run.calls.get("SendMessage", 0) * PRICES["sqs_request"]
    stretched = run.cpu_ms * (MEMORY_OF_A_PROCESSOR_MB / MEMORY_MB if function else 1)
    seconds = (stretched + sum(s3_calls.values()) * s3_ms + sum(tables.values()) * dynamodb_ms) / 1000
    functions = 0.0
    if function:
        functions = PRICES["lambda_request"] / run.per_invocation
        functions += seconds * MEMORY_MB / 1024 * PRICES["lambda_gb_second"]
    parts = {name: round(one * MILLION, 2) for name, one in (("s3", s3), ("dynamodb", dynamodb), ("sqs", sqs))}
    return Bill(
        way=run.way,
        images_per_second_of_one_copy=round(1 / seconds, 1),
        images_per_second=round((COPIES if function else 1) / seconds, 1),
        functions=round(functions * MILLION, 2),
        total=round((s3 + dynamodb + sqs + functions) * MILLION, 2),
        **parts,
    )


# ---------------------------------------------------------------- the run


@contextmanager
def ministack(directory: Path) -> Iterator[str]:
    port = free_port()
    scratch = directory / "tmp"
    scratch.mkdir()
    environment = child_environment() | {"GATEWAY_PORT": str(port), "BIND_HOST": "127.0.0.1", "TMPDIR": str(scratch)}
    part = Part("ministack", [sys.executable, "-m", "ministack"], environment=environment, logs=directory)
    try:
        endpoint = f"http://127.0.0.1:{port}"
        wait_for(endpoint)
        yield endpoint
    finally:
        part.stop()


def wait_for(endpoint: str) -> None:
    import httpx

    for _ in range(600):
        try:
            if httpx.get(f"{endpoint}/_ministack/health", timeout=2).is_success:
                return
        except httpx.TransportError:
            time.sleep(0.2)
    raise TimeoutError("MiniStack does not answer")


def settings(endpoint: str) -> dict[str, str]:
    names = {f"GT_{name}_TABLE": name.lower() for name in ("CAMPAIGNS", "IMAGES", "BATCHES", "JOBS", "TOKENS")}
    queues = {f"GT_{name}_QUEUE_URL": f"{endpoint}/000000000000/{name.lower()}" for name in ("BATCHES", "COMPLETIONS")}
    return child_environment(endpoint) | names | queues | {
        "GT_INBOX_BUCKET": "inbox",
        "GT_RESULTS_BUCKET": "results",
        "GT_LABELING_ROLE_ARN": "arn:aws:iam::000000000000:role/labeling",
        "GT_BACKEND": "gt-engine",
        "GT_STAGE": "dev",
        "GT_NOTIFICATIONS_TABLE": "notifications",
        "GT_REQUESTS_TABLE": "requests",
        "GT_NOTIFICATIONS_QUEUE_URL": f"{endpoint}/000000000000/notifications",
        "GT_NOTIFICATIONS_PARAMETER": "/gt-service/channels",
        "POWERTOOLS_LOG_LEVEL": "ERROR",
        "POWERTOOLS_METRICS_DISABLED": "true",
    }  # fmt: skip


def drop(campaign: str, images: int) -> list[tuple[str, int, str]]:
    """Uploads the images; key, size and ETag of each."""
    from chalicelib import wiring

    found = []
    for number in range(images):
        body = photo(number)
        key = f"{campaign}/images/{number:06}.jpg"
        tag = wiring.s3().put_object(Bucket="inbox", Key=key, Body=body)["ETag"].strip('"')
        found.append((key, len(body), tag))
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--images", type=int, default=400)
    parser.add_argument("--s3-ms", type=float, default=30)
    parser.add_argument("--dynamodb-ms", type=float, default=8)
    parser.add_argument("--out", type=Path)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as directory, ministack(Path(directory)) as endpoint:
        os.environ.update(settings(endpoint))
        from chalicelib import wiring

        for bucket in ("inbox", "results"):
            wiring.s3().create_bucket(Bucket=bucket)
        wiring.sqs().create_queue(QueueName="batches")
        wiring.store().tables.create()
        spec = {"task": "object-detection", "labels": ["Bird"], "auto_labeling": False}
        spec["workforce"] = "arn:aws:sagemaker:us-east-1:111122223333:workteam/private-crowd/birders"
        runs = []
        for name, per_invocation, near in (
            ("warm-up", 10, False),
            ("one-lambda", 1, False),
            ("ours-1", 1, False),
            ("ours-10", 10, False),
            ("ours-100", 100, False),
            ("ours-10-near", 10, True),
        ):
            text = json.dumps(spec | {"skip_near_duplicates": near})
            wiring.intake().put_spec(name, text, "campaign.json", wiring.now())
            keys = drop(name, options.images if name != "warm-up" else 20)
            runs.append(measure(name, len(keys), per_invocation, lambda: ours(name, keys, per_invocation)))  # noqa: B023
            if name == "ours-10":
                runs.append(measure("batch", len(keys), len(keys), lambda: close(name, len(keys))))  # noqa: B023
        runs.append(measure("notebook", len(keys), 1, lambda: notebook(keys)))
    del runs[0]
    times = {"s3_ms": options.s3_ms, "dynamodb_ms": options.dynamodb_ms}
    bills = [bill(run, **times) for run in runs]
    found = {
        "made_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "prices_as_of": PRICES_AS_OF,
        "prices": PRICES,
        "assumed": times | {"memory_mb": MEMORY_MB, "copies": COPIES},
        "runs": [asdict(run) for run in runs],
        "bills_per_million": [asdict(each) for each in bills],
    }
    text = json.dumps(found, indent=1)
    print(text)
    if options.out:
        options.out.write_text(text + "\n", "utf-8")


if __name__ == "__main__":
    main()
