"""A running engine for tests, and what they need to give it jobs and read what it leaves."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

from gt_cli.stack import LocalSession, child_environment
from tests.engine import ACCOUNT, BUCKET, bird_inputs, request
from tests.waiting import soon

PATIENCE_SECONDS = 120


@dataclass
class Engine:
    """A running engine. Tests may kill it and start it again."""

    endpoint_url: str
    state_dir: Path
    options: Sequence[str] = ()
    environment: dict[str, str] = field(default_factory=dict)
    url: str = ""
    process: subprocess.Popen[str] | None = None

    def start(self) -> Engine:
        command = [sys.executable, "-m", "gt_engine.main", "--state-dir", str(self.state_dir), "--account", ACCOUNT]
        self.state_dir.mkdir(parents=True, exist_ok=True)
        environment = child_environment(self.endpoint_url) | {"OMP_NUM_THREADS": "1", **self.environment}
        with (self.state_dir / "engine.log").open("ab") as log:
            self.process = subprocess.Popen(
                [*command, *self.options], env=environment, stdout=subprocess.PIPE, stderr=log, text=True
            )
        assert self.process.stdout
        line = self.process.stdout.readline()
        assert line, f"the engine did not start: {(self.state_dir / 'engine.log').read_text()}"
        self.url = json.loads(line)["url"]
        return self

    def kill(self) -> None:
        assert self.process
        self.process.send_signal(signal.SIGKILL)
        self._gone()

    def stop(self) -> int:
        assert self.process
        self.process.send_signal(signal.SIGTERM)
        return self._gone()

    def _gone(self) -> int:
        assert self.process
        assert self.process.stdout
        status = self.process.wait(30)
        self.process.stdout.close()
        return status

    def client(self) -> Any:
        return LocalSession(self.url).client("sagemaker")


def answers(url: str) -> bool:
    try:
        return httpx.get(url, timeout=2).is_success
    except httpx.TransportError:
        return False


def upload(aws: LocalSession, contents: dict[str, bytes], folder: str) -> None:
    """Inputs of a job, each test's in a folder of its own."""
    s3 = aws.client("s3")
    old, new = f"s3://{BUCKET}/", f"s3://{BUCKET}/{folder}/"

    def put(item: tuple[str, bytes]) -> None:
        uri, body = item
        if not uri.endswith(".jpg"):
            body = body.replace(old.encode(), new.encode())
        s3.put_object(Bucket=BUCKET, Key=f"{folder}/{uri.removeprefix(old)}", Body=body)

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(put, contents.items()))


def request_in(folder: str, name: str, **changes: Any) -> dict[str, Any]:
    """`request()` with its inputs in a folder."""
    text = json.dumps(request(name, **changes)).replace(f"s3://{BUCKET}/", f"s3://{BUCKET}/{folder}/")
    body: dict[str, Any] = json.loads(text)
    return body


def birds(aws: LocalSession, folder: str, count: int) -> str:
    upload(aws, bird_inputs(count), folder)
    return folder


def ended(client: Any, name: str, seconds: float = 240) -> dict[str, Any]:
    def description() -> dict[str, Any] | None:
        found: dict[str, Any] = client.describe_labeling_job(LabelingJobName=name)
        return found if found["LabelingJobStatus"] in {"Completed", "Failed", "Stopped"} else None

    found: dict[str, Any] = soon(description, seconds)
    return found


def output_paths(aws: LocalSession, description: dict[str, Any]) -> dict[str, str]:
    """The key of every file of a job, by its path in the job's tree."""
    folder = description["OutputConfig"]["S3OutputPath"].removeprefix(f"s3://{BUCKET}/")
    prefix = f"{folder}{description['LabelingJobName']}/"
    pages = aws.client("s3").get_paginator("list_objects_v2").paginate(Bucket=BUCKET, Prefix=prefix)
    return {item["Key"].removeprefix(prefix): item["Key"] for page in pages for item in page.get("Contents", ())}


def output_files(aws: LocalSession, description: dict[str, Any]) -> dict[str, bytes]:
    """Every file of a job's output, by its path in the tree; not its temporary ones, which the engine clears up."""
    s3 = aws.client("s3")
    keys = {path: key for path, key in output_paths(aws, description).items() if not path.startswith("temp/")}
    with ThreadPoolExecutor(8) as pool:
        bodies = pool.map(lambda key: s3.get_object(Bucket=BUCKET, Key=key)["Body"].read(), keys.values())
        return dict(zip(keys, bodies, strict=True))
