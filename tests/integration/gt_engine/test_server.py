"""Who may call, how the server starts and stops, and what it survives."""

from __future__ import annotations

import json
import os
import random
import re
import signal
import subprocess
import sys
import time
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from chalicelib.wiring import engine_keys
from gt_cli.stack import LocalSession, child_environment
from tests.engine import ACCOUNT, BUCKET
from tests.engine_server import Engine, birds, ended, output_files, output_paths, request_in
from tests.waiting import soon

pytestmark = pytest.mark.integration

KEYS = {"AKIDOFFRIENDS": "their secret"}


def command(*options: str, state_dir: Path) -> subprocess.CompletedProcess[str]:
    arguments = [sys.executable, "-m", "gt_engine.main", "--state-dir", str(state_dir), "--account", ACCOUNT, *options]
    return subprocess.run(
        arguments, env=child_environment("http://127.0.0.1:9"), capture_output=True, text=True, timeout=60
    )


def test_an_open_engine_does_not_listen_to_the_world(tmp_path: Path) -> None:
    done = command("--host", "0.0.0.0", state_dir=tmp_path)
    assert done.returncode == 2
    assert "can be reached from other machines and no access keys are set" in done.stderr


def test_an_engine_without_aws_says_so_and_ends(tmp_path: Path) -> None:
    done = command(state_dir=tmp_path)
    assert done.returncode == 1
    assert "gt-engine: Could not connect" in done.stderr


def test_calls_must_be_signed_where_keys_are_set(aws: LocalSession, tmp_path: Path) -> None:
    keys = tmp_path / "keys.json"
    keys.write_text(json.dumps(KEYS))
    engine = Engine(
        aws.endpoint_url, tmp_path / "state", ["--access-keys", str(keys), "--table-prefix", "signed"]
    ).start()
    try:
        friend = {"aws_access_key_id": "AKIDOFFRIENDS", "aws_secret_access_key": "their secret"}
        session = LocalSession(engine.url)
        assert session.client("sagemaker", **friend).list_labeling_jobs()["LabelingJobSummaryList"] == []
        with pytest.raises(ClientError, match="UnrecognizedClientException"):
            session.client("sagemaker").list_labeling_jobs()
        with pytest.raises(ClientError, match="InvalidSignatureException"):
            session.client("sagemaker", **(friend | {"aws_secret_access_key": "guessed"})).list_labeling_jobs()
        # The app signs with what is in its parameter, which is the engine's own file.
        ssm = aws.client("ssm")
        ssm.put_parameter(Name="/gt-service-signed/engine-keys", Type="SecureString", Value=keys.read_text())
        key_id, secret = engine_keys(ssm, "/gt-service-signed/engine-keys")
        app = session.client("sagemaker", aws_access_key_id=key_id, aws_secret_access_key=secret)
        assert app.list_labeling_jobs()["LabelingJobSummaryList"] == []
    finally:
        assert engine.stop() == 0


def test_the_state_change_reaches_eventbridge(aws: LocalSession, engine: Engine, name: str) -> None:
    """The app's next job starts from this event."""
    events, sqs = aws.client("events"), aws.client("sqs")
    queue = sqs.create_queue(QueueName=name)["QueueUrl"]
    queue_arn = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    pattern = {
        "source": ["aws.sagemaker", "gt.engine"],
        "detail-type": ["SageMaker Ground Truth Labeling Job State Change"],
        "detail": {"LabelingJobStatus": ["Completed", "Failed", "Stopped"]},
    }
    events.put_rule(Name=name, EventPattern=json.dumps(pattern))
    events.put_targets(Rule=name, Targets=[{"Id": "queue", "Arn": queue_arn}])
    client = engine.client()
    arn = client.create_labeling_job(**request_in(birds(aws, name, 12), name, auto=False))["LabelingJobArn"]
    ended(client, name)
    messages = soon(lambda: sqs.receive_message(QueueUrl=queue, WaitTimeSeconds=1).get("Messages"), 120)
    event = json.loads(messages[0]["Body"])
    assert event["resources"] == [arn]
    assert event["detail"] == {"LabelingJobStatus": "Completed"}
    events.remove_targets(Rule=name, Ids=["queue"])
    events.delete_rule(Name=name)


def relative(files: dict[str, bytes], created: datetime, root: str, name: str) -> dict[str, bytes]:
    """Files as they would be for a job created at the zero of time: runs of the same job can then be compared."""
    zero = datetime(2000, 1, 1)  # noqa: DTZ001 - Ground Truth's times have no zone
    start = created.astimezone(UTC).replace(tzinfo=None, microsecond=0)

    def shift(found: re.Match[bytes]) -> bytes:
        text = found.group().decode()
        form = "%Y-%m-%d_%H:%M:%S" if "_" in text else "%Y-%m-%dT%H:%M:%S" + (".%f" if "." in text else "")
        moment = datetime.strptime(text, form)  # noqa: DTZ007
        return str(timedelta(seconds=round((moment - start).total_seconds())) + zero).encode()

    moments = re.compile(rb"\d{4}-\d\d-\d\d[T_]\d\d:\d\d:\d\d(\.\d+)?")
    named = {path.encode(): body.replace(name.encode(), b"NAME") for path, body in files.items()}
    return {
        moments.sub(shift, path).decode(): moments.sub(shift, body) if not path.endswith(b".gz") else b""
        for path, body in named.items()
    }


KILLS = 3


def killed_again_and_again(aws: LocalSession, engine: Engine, body: dict[str, Any], seed: int) -> int:
    """Kills the engine at random moments while it works and starts it again; how often before the job had ended.

    Where people label, work shows in files; a training writes none until its end, so there the moment is one in time.
    """
    chance, path = random.Random(seed), body["OutputConfig"]["S3OutputPath"]
    trains = "LabelingJobAlgorithmsConfig" in body
    engine.client().create_labeling_job(**body)
    for kills in range(KILLS):
        if trains:
            until = time.monotonic() + chance.uniform(2, 8)
            soon(lambda at=until: time.monotonic() >= at or has_ended(engine, body["LabelingJobName"]), 200)
        else:
            enough = writes(aws, path) + chance.randint(1, 60)
            soon(lambda at=enough: writes(aws, path) >= at or has_ended(engine, body["LabelingJobName"]), 200)
        if has_ended(engine, body["LabelingJobName"]):
            return kills
        engine.kill()
        engine.start()
    return KILLS


def has_ended(engine: Engine, name: str) -> bool:
    found = engine.client().describe_labeling_job(LabelingJobName=name)
    return found["LabelingJobStatus"] in {"Completed", "Failed", "Stopped"}


def writes(aws: LocalSession, path: str) -> int:
    pages = aws.client("s3").get_paginator("list_objects_v2")
    found = pages.paginate(Bucket=BUCKET, Prefix=path.removeprefix(f"s3://{BUCKET}/"))
    return sum(page["KeyCount"] for page in found)


@pytest.mark.long
@pytest.mark.parametrize(
    ("who", "images", "changes"),
    [
        ("people", 250, {"auto": False, "MaxConcurrentTaskCount": 15}),
        ("machine", 150, {"auto": True, "MaxConcurrentTaskCount": 40}),
    ],
    ids=["people", "machine"],
)
def test_an_engine_that_is_killed_again_and_again_loses_and_doubles_nothing(
    aws: LocalSession, tmp_path: Path, who: str, images: int, changes: dict[str, Any]
) -> None:
    """kill -9 at random moments, in the middle of trainings too: the job ends with the very files of a job that was
    left in peace."""
    folder, name = birds(aws, f"killed-{who}", images), f"job-in-trouble-{who}"
    options = ["--shorten-training", "20", "--table-prefix"]
    engine = Engine(aws.endpoint_url, tmp_path / "state", [*options, f"killed-{who}"]).start()
    try:
        peaceful = Engine(aws.endpoint_url, tmp_path / "peace", [*options, f"peace-{who}"]).start()
        peaceful.client().create_labeling_job(
            **request_in(folder, name, **changes, OutputConfig={"S3OutputPath": f"s3://{BUCKET}/peace/{who}/"})
        )
        calm = ended(peaceful.client(), name)
        peaceful.stop()
        body = request_in(folder, name, **changes, OutputConfig={"S3OutputPath": f"s3://{BUCKET}/trouble/{who}/"})
        kills = killed_again_and_again(aws, engine, body, 1)
        rough = ended(engine.client(), name)
        assert kills >= 1
        assert rough["LabelingJobStatus"] == calm["LabelingJobStatus"] == "Completed"
        assert rough["LabelCounters"] == calm["LabelCounters"]
        soon(lambda: not [path for path in output_paths(aws, rough) if path.startswith("temp/")], 120)
        one, other = (
            relative(output_files(aws, found), found["CreationTime"], "", found["LabelingJobArn"])
            for found in (calm, rough)
        )
        assert one.keys() == other.keys()
        assert one["manifests/output/output.manifest"] == other["manifests/output/output.manifest"]
        different = [path for path in one if one[path] != other[path]]
        assert different == ["certificate.json"]  # each engine signs with a key of its own, and hashes hold the times
    finally:
        engine.stop()


def test_many_jobs_share_the_engine_and_it_keeps_answering(aws: LocalSession, engine: Engine, name: str) -> None:
    """A small job must not wait for a large one to end, and a status must not wait for anything."""
    client = engine.client()
    large = [f"{name}-large-{n}" for n in range(3)]
    folder = birds(aws, name, 180)
    for one in large:
        client.create_labeling_job(**request_in(folder, one, auto=False, MaxConcurrentTaskCount=12))
    small = birds(aws, f"{name}-small", 12)
    client.create_labeling_job(**request_in(small, f"{name}-small", auto=False))
    slowest = 0.0

    def small_has_ended() -> bool:
        nonlocal slowest
        begun = time.monotonic()
        found = client.describe_labeling_job(LabelingJobName=f"{name}-small")
        slowest = max(slowest, time.monotonic() - begun)
        return bool(found["LabelingJobStatus"] == "Completed")

    soon(small_has_ended, 120)
    status = Counter(client.describe_labeling_job(LabelingJobName=one)["LabelingJobStatus"] for one in large)
    assert status["Completed"] < 3
    assert slowest < 10  # seconds: a busy machine is slow, but three jobs of 180 take longer
    for one in large:
        assert ended(client, one)["LabelCounters"]["TotalLabeled"] == 180


def test_a_worker_process_that_is_killed_costs_nothing_but_time(aws: LocalSession, engine: Engine, name: str) -> None:
    """The system takes the largest process when memory runs out: that is one of these."""
    client = engine.client()
    folder = birds(aws, name, 120)
    client.create_labeling_job(**request_in(folder, name, auto=False, MaxConcurrentTaskCount=12))
    soon(lambda: client.describe_labeling_job(LabelingJobName=name)["LabelCounters"]["TotalLabeled"], 120)
    assert engine.process
    threads = Path(f"/proc/{engine.process.pid}/task").glob("*/children")
    children = [int(child) for listed in threads for child in listed.read_text().split()]
    workers = [child for child in children if "spawn_main" in command_line(child)]
    assert workers
    for process in workers:
        os.kill(process, signal.SIGKILL)
    described = ended(client, name)
    assert (described["LabelingJobStatus"], described["LabelCounters"]["HumanLabeled"]) == ("Completed", 120)


def command_line(process: int) -> str:
    return Path(f"/proc/{process}/cmdline").read_text()
