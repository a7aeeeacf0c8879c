"""What the local stack has answered for is there after `kill -9` at any moment, and a stack starts again in its folder.

KILLS says how often the stack is killed; `make kills` does it for longer.
"""

from __future__ import annotations

import hashlib
import json
import os
import random
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import datetime
from pathlib import Path
from urllib.parse import unquote_plus

import httpx
import pytest
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from gt_cli.parts import Part
from gt_cli.ports import free_port
from gt_cli.stack import LocalSession, LocalStack, _start_ministack, local_stack
from gt_cli.work_folder import FolderInUse
from tests.waiting import PATIENCE

pytestmark = pytest.mark.integration

KILLS = int(os.environ.get("KILLS", "4"))
ONE_TRY = Config(retries={"total_max_attempts": 1}, read_timeout=10)


class Memory:
    """A worker that writes one value after the other, and knows which were answered for."""

    def __init__(self, name: str, endpoint_url: str, seed: int) -> None:
        self.name = name
        self.answered = 0
        self.asked = 0
        session = LocalSession(endpoint_url)
        self._s3 = session.client("s3", config=ONE_TRY)
        self._dynamodb = session.client("dynamodb", config=ONE_TRY)
        self._random = random.Random(seed)
        self.errors: list[str] = []

    def write_until(self, killed: threading.Event) -> None:
        while not killed.is_set():
            self.asked = self.answered + 1
            try:
                if "object" in self.name:
                    self._s3.put_object(Bucket="kept", Key=f"things/{self.name}", Body=self.body(self.asked))
                else:
                    self._write_item(self.asked)
            except (BotoCoreError, ClientError) as error:
                if not killed.is_set():
                    self.errors.append(str(error))
                return
            self.answered = self.asked

    def body(self, number: int) -> bytes:
        return f"{self.name} {number} ".encode() * (1 + number % 7 * 3000)

    def _write_item(self, number: int) -> None:
        dynamodb = self._dynamodb
        key = {"id": {"S": self.name}}
        item = {**key, "number": {"N": str(number)}, "more": {"S": "x" * self._random.randrange(3000)}}
        match number % 5:
            case 0:
                dynamodb.put_item(TableName="kept", Item=item)
            case 1:
                dynamodb.transact_write_items(
                    TransactItems=[
                        {"Put": {"TableName": "kept", "Item": item}},
                        {"Put": {"TableName": "kept", "Item": item | {"id": {"S": f"{self.name}-twin"}}}},
                    ]
                )
            case (
                2
            ):  # holds only over the item of before: a replay of requests would fail where a replay of items does not
                dynamodb.update_item(
                    TableName="kept",
                    Key=key,
                    UpdateExpression="SET #n = #n + :one",
                    ConditionExpression="#n = :before",
                    ExpressionAttributeNames={"#n": "number"},
                    ExpressionAttributeValues={":one": {"N": "1"}, ":before": {"N": str(number - 1)}},
                )
            case 3:
                dynamodb.batch_write_item(RequestItems={"kept": [{"PutRequest": {"Item": item}}]})
            case 4:
                dynamodb.delete_item(TableName="kept", Key={"id": {"S": f"{self.name}-twin"}})
                dynamodb.put_item(TableName="kept", Item=item)

    def check(self) -> None:
        """What was answered last is there, or what was asked and not answered, whole."""
        number = self._object() if "object" in self.name else self._item()
        assert number in (self.answered, self.asked)
        self.answered = number

    def _object(self) -> int:
        try:
            answer = self._s3.get_object(Bucket="kept", Key=f"things/{self.name}")
        except self._s3.exceptions.NoSuchKey:
            return 0
        body = answer["Body"].read()
        number = int(body.split()[1])
        assert body == self.body(number)
        assert answer["ETag"].strip('"') == hashlib.md5(body).hexdigest()
        return number

    def _item(self) -> int:
        answer = self._dynamodb.get_item(TableName="kept", Key={"id": {"S": self.name}}, ConsistentRead=True)
        return int(answer["Item"]["number"]["N"]) if "Item" in answer else 0


def test_nothing_that_was_answered_is_lost_when_ministack_is_killed(tmp_path: Path) -> None:
    port = free_port(0)
    chance = random.Random(7)
    writers = [Memory(f"{kind}-{n}", f"http://127.0.0.1:{port}", n) for kind in ("item", "object") for n in range(3)]
    for kill in range(KILLS + 1):
        with _ministack(tmp_path, port) as part:
            if kill == 0:
                _create(LocalSession(f"http://127.0.0.1:{port}"))
            for writer in writers:
                writer.check()
            killed = threading.Event()
            threads = [threading.Thread(target=writer.write_until, args=(killed,)) for writer in writers]
            threads.append(threading.Thread(target=_keep_saving, args=(port, killed)))
            for thread in threads:
                thread.start()
            time.sleep(0.6 + chance.random())
            killed.set()
            os.killpg(part.pid, signal.SIGKILL)
            for thread in threads:
                thread.join()
            assert not [error for writer in writers for error in writer.errors]
    assert all(writer.answered > KILLS for writer in writers)  # they did write in between


def test_uploads_are_told_of_again_when_ministack_is_killed(tmp_path: Path) -> None:
    """Forty photos lay in the inbox, and for an hour nobody knew of them."""
    port = free_port(0)
    with _ministack(tmp_path, port) as part:
        session = LocalSession(f"http://127.0.0.1:{port}")
        sqs, s3 = session.client("sqs"), session.client("s3")
        queue = sqs.create_queue(QueueName="uploads")["QueueUrl"]
        arn = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
        _create(session)
        events = [{"QueueArn": arn, "Events": ["s3:ObjectCreated:*"]}]
        s3.put_bucket_notification_configuration(
            Bucket="kept", NotificationConfiguration={"QueueConfigurations": events}
        )
        assert httpx.post(f"{session.endpoint_url}/_gt_service/snapshot", timeout=PATIENCE).is_success
        keys = {f"a folder/{number}.jpg" for number in range(20)}
        for key in keys:
            s3.put_object(Bucket="kept", Key=key, Body=b"bytes")
        written = {key: s3.head_object(Bucket="kept", Key=key)["LastModified"] for key in keys}
        os.killpg(part.pid, signal.SIGKILL)
    with _ministack(tmp_path, port):
        told: dict[str, str] = {}
        deadline = time.monotonic() + 30
        while set(told) < keys and time.monotonic() < deadline:
            for message in sqs.receive_message(QueueUrl=queue, MaxNumberOfMessages=10).get("Messages", []):
                for record in json.loads(message["Body"]).get("Records", []):
                    told[unquote_plus(record["s3"]["object"]["key"])] = record["eventTime"]
        assert set(told) == keys
        for key, moment in told.items():  # no later than the upload: it is the same one
            assert datetime.fromisoformat(moment).replace(microsecond=0) == written[key]


def test_a_full_disk_is_told_and_costs_nothing_that_was_there(tmp_path: Path) -> None:
    """MiniStack itself logs a warning, and says that the object is stored."""
    port = free_port(0)
    with _ministack(tmp_path, port):
        session = LocalSession(f"http://127.0.0.1:{port}")
        _create(session)
        s3 = session.client("s3", config=ONE_TRY)
        s3.put_object(Bucket="kept", Key="a", Body=b"before")
        folder = tmp_path / "ministack" / "s3" / "000000000000" / "kept"
        (folder / "b.tmp").mkdir()  # where the next object's bytes go: writing them fails, for root as well
        with pytest.raises(ClientError) as refused:
            s3.put_object(Bucket="kept", Key="b", Body=b"after")
        assert refused.value.response["ResponseMetadata"]["HTTPStatusCode"] == 503
        assert s3.get_object(Bucket="kept", Key="a")["Body"].read() == b"before"


def test_a_stack_goes_on_where_it_was_killed(tmp_path: Path) -> None:
    """Ctrl-C, and `kill -9` of everything: the same buckets, address, token, campaigns and images."""
    with local_stack(tmp_path, logs=tmp_path / "logs", keep=True, shorten_training=10) as first:
        with pytest.raises(FolderInUse, match=str(os.getpid())), local_stack(tmp_path, logs=tmp_path, keep=True):
            pass
        spec = b"name: birds\ntask: object-detection\nlabels: [Bird]\nbudget: 5\nbatch_size: 3\n"
        spec += b"workforce: arn:aws:sagemaker:us-east-1:000000000000:workteam/private-crowd/birders\n"
        s3 = first.session.client("s3")
        s3.put_object(Bucket=first.outputs["InboxBucket"], Key="birds/campaign.yaml", Body=spec)
        _await_campaign(first)
        resources = _stack_events(first)
        for part in first.parts:
            os.killpg(part.pid, signal.SIGKILL)
    with local_stack(tmp_path, logs=tmp_path / "logs", keep=True, shorten_training=10) as second:
        assert (second.outputs, second.token, second.api_url, second.engine_url) == (
            first.outputs,
            first.token,
            first.api_url,
            first.engine_url,
        )
        assert _campaigns(second) == ["birds"]
        assert _stack_events(second) == resources  # deploying what is deployed changes nothing
        port = second.endpoint_url.rpartition(":")[2]
    with ExitStack() as taken:
        _listen(taken, int(port))
        third = taken.enter_context(local_stack(tmp_path, logs=tmp_path / "logs", keep=True, shorten_training=10))
        assert third.endpoint_url != second.endpoint_url
        assert third.token == first.token
        assert _campaigns(third) == ["birds"]


@contextmanager
def _ministack(work: Path, port: int) -> Iterator[Part]:
    logs = work / "logs"
    logs.mkdir(exist_ok=True)
    with (work / "lock").open("w") as lock:
        part = _start_ministack(work, port, logs, keep=True, enforce_policies=False, lock=lock.fileno())
        try:
            part.wait_for(lambda: _answers(port))
            yield part
        finally:
            part.stop()


def _answers(port: int) -> bool:
    try:
        return httpx.get(f"http://127.0.0.1:{port}/_ministack/health", timeout=PATIENCE).is_success
    except httpx.TransportError:
        return False


def _create(session: LocalSession) -> None:
    session.client("s3").create_bucket(Bucket="kept")
    session.client("s3").put_bucket_versioning(Bucket="kept", VersioningConfiguration={"Status": "Enabled"})
    session.client("dynamodb").create_table(
        TableName="kept",
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
    )
    assert httpx.post(f"{session.endpoint_url}/_gt_service/snapshot", timeout=PATIENCE).is_success


def _keep_saving(port: int, killed: threading.Event) -> None:
    """Snapshots one after the other, so that the kill falls into one."""
    while not killed.is_set():
        try:
            httpx.post(f"http://127.0.0.1:{port}/_gt_service/snapshot", timeout=10)
        except httpx.TransportError:
            return


def _await_campaign(stack: LocalStack) -> None:
    deadline = time.monotonic() + 60
    while _campaigns(stack) != ["birds"]:
        assert time.monotonic() < deadline, "the campaign was not read"
        time.sleep(0.3)


def _campaigns(stack: LocalStack) -> list[str]:
    answer = httpx.get(f"{stack.api_url}/campaigns", headers=stack.headers, timeout=60)
    assert answer.is_success, answer.text
    return [campaign["name"] for campaign in answer.json()["campaigns"]]


def _stack_events(stack: LocalStack) -> str:
    events = stack.session.client("cloudformation").describe_stack_events(StackName="gt-service-local")["StackEvents"]
    return json.dumps([event["EventId"] for event in events])


def _listen(taken: ExitStack, port: int) -> None:
    import socket

    listener = taken.enter_context(socket.socket())
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind(("127.0.0.1", port))
    listener.listen()
